//! A counting allocator. It becomes the allocator of every test binary that contains this module.

#![allow(unsafe_code, reason = "an allocator is unsafe to write")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ops::Sub,
};

/// The numbers of allocations and bytes of a thread.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub allocations: usize,
    /// The bytes that were allocated.
    pub bytes: usize,
    /// The bytes that were freed.
    pub freed: usize,
}

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { allocations: 0, bytes: 0, freed: 0 }) };
}

/// Returns the counts of this thread since its start.
pub fn counts() -> Counts {
    COUNTS.get()
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            allocations: self.allocations - before.allocations,
            bytes: self.bytes - before.bytes,
            freed: self.freed - before.freed,
        }
    }
}

struct Counting;

impl Counting {
    fn count(change: impl FnOnce(&mut Counts)) {
        // A thread that ends still allocates after its thread-locals are gone.
        let _ = COUNTS.try_with(|cell| {
            let mut counts = cell.get();
            change(&mut counts);
            cell.set(counts);
        });
    }
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(|counts| {
            counts.allocations += 1;
            counts.bytes += layout.size();
        });
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::count(|counts| counts.freed += layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
