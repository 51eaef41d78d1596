//! A list whose free places are used again, so that an element keeps its index.

use alloc::vec::Vec;
use core::mem;

/// Elements of a type `T`. The first one reserves `KEPT` places, and when no element is left, the memory of more
/// places than these is released.
pub(super) struct Slab<T, const KEPT: usize> {
    /// Free places form a linked list.
    places: Vec<Place<T>>,
    free: u32,
    used: usize,
}

enum Place<T> {
    Used(T),
    Free { next: u32 },
}

/// The end of the list of free places.
const END: u32 = u32::MAX;

impl<T, const KEPT: usize> Slab<T, KEPT> {
    pub(super) const EMPTY: Self = Self { places: Vec::new(), free: END, used: 0 };

    /// Returns the index of the new element.
    #[inline]
    pub(super) fn insert(&mut self, element: T) -> u32 {
        self.used += 1;
        let index = self.free;
        match self.places.get_mut(index as usize) {
            Some(place @ &mut Place::Free { next }) => {
                self.free = next;
                *place = Place::Used(element);
                index
            }
            Some(Place::Used(_)) | None => self.push(element),
        }
    }

    /// Adds a place. Reserves many at first, so that reallocation is rare.
    #[cold]
    fn push(&mut self, element: T) -> u32 {
        if self.places.capacity() == 0 {
            self.places.reserve(KEPT);
        }
        self.places.push(Place::Used(element));
        (self.places.len() - 1) as u32
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.places.get_mut(index as usize)? {
            Place::Used(element) => Some(element),
            Place::Free { .. } => None,
        }
    }

    /// Removes an element. It is called once for each.
    #[inline]
    pub(super) fn remove(&mut self, index: u32) -> Option<T> {
        let place = self.places.get_mut(index as usize)?;
        let Place::Used(element) = mem::replace(place, Place::Free { next: self.free }) else { return None };
        self.free = index;
        self.used -= 1;
        if self.used == 0 && self.places.len() > KEPT {
            self.release_memory();
        }
        Some(element)
    }

    #[cold]
    fn release_memory(&mut self) {
        *self = Self::EMPTY;
    }

    /// Calls `take` with each element.
    pub(super) fn for_each(&self, mut take: impl FnMut(&T)) {
        for place in &self.places {
            if let Place::Used(element) = place {
                take(element);
            }
        }
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    const KEPT: usize = 8;

    #[test]
    fn places_that_are_free_are_used_again() {
        let mut slab = Slab::<_, KEPT>::EMPTY;
        assert_eq!(['a', 'b', 'c'].map(|element| slab.insert(element)), [0, 1, 2]);
        assert_eq!([0, 2].map(|index| slab.remove(index)), [Some('a'), Some('c')]);
        assert_eq!(['d', 'e', 'f'].map(|element| slab.insert(element)), [2, 0, 3]);
        assert_eq!([0, 1, 2, 3].map(|index| *slab.get_mut(index).unwrap()), ['e', 'b', 'd', 'f']);
    }

    #[test]
    fn memory_is_given_back_after_a_crowd() {
        let mut slab = Slab::<_, KEPT>::EMPTY;
        let mut indices: Vec<_> = (0..=KEPT).map(|element| slab.insert(element)).collect();
        let last = indices.pop().unwrap();
        for index in indices {
            slab.remove(index);
        }
        assert_eq!(slab.get_mut(last).copied(), Some(KEPT));
        slab.remove(last);
        assert_eq!(slab.places.capacity(), 0);
        assert_eq!(slab.insert(0), 0);
    }

    #[test]
    fn p10_memory_is_kept_after_a_few() {
        let mut slab = Slab::<_, KEPT>::EMPTY;
        for _ in 0..2 {
            let index = slab.insert('a');
            slab.remove(index);
            assert!(slab.places.capacity() >= KEPT);
        }
    }
}
