//! Memory from free lists, with a count of what is asked for. An allocation takes as many instructions whatever was freed before.
//! With the system's allocator the same cancellation takes up to a tenth more or less, depending on no more than the path of the
//! program, which is the first thing in memory.

#![allow(unsafe_code, reason = "an allocator is unsafe to write")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr::null_mut,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// No more than this is asked for by anything that is measured: the cells of tokio's tasks.
const ALIGN: usize = 128;
/// One list for each power of two.
const LISTS: usize = 48;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The first free block of each size. A free block begins with the address of the next one.
    static FREE: [Cell<*mut u8>; LISTS] = const { [const { Cell::new(null_mut()) }; LISTS] };
}

struct Lists;

/// The list of a block, and the block's size and alignment.
fn list(layout: Layout) -> (usize, Layout) {
    assert!(layout.align() <= ALIGN, "an alignment of {}", layout.align());
    let size = layout.size().max(ALIGN).next_power_of_two();
    let layout = Layout::from_size_align(size, ALIGN);
    (size.trailing_zeros() as usize, layout.expect("a power of two"))
}

// SAFETY: blocks of one list have the same size and alignment, at least what is asked for. One that is free is in one list, once,
// and large enough for an address.
unsafe impl GlobalAlloc for Lists {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        LIVE.fetch_add(layout.size(), Relaxed);
        let (list, layout) = list(layout);
        FREE.with(|free| {
            let first = free[list].get();
            if first.is_null() {
                return unsafe { System.alloc(layout) };
            }
            free[list].set(unsafe { first.cast::<*mut u8>().read() });
            first
        })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        let (list, _) = list(layout);
        FREE.with(|free| {
            unsafe { pointer.cast::<*mut u8>().write(free[list].get()) };
            free[list].set(pointer);
        });
    }
}

#[global_allocator]
static ALLOCATOR: Lists = Lists;

/// How often memory has been allocated.
pub fn allocations() -> usize {
    ALLOCATIONS.load(Relaxed)
}

/// How many bytes are allocated now.
pub fn live_bytes() -> usize {
    LIVE.load(Relaxed)
}
