//! What the crates of the crater clean up with. A crate of its own, because a path that begins with `crate` is not the same
//! in the root of a crate, where lints have something to say about it, and in its modules.

#![no_std]

extern crate alloc;

pub use alloc::boxed::Box;

pub fn sync() {}

pub async fn later() {}

/// Looks at arguments.
pub fn look<T>(_: T) {}

/// Calls a closure that may move its captures away.
pub fn once<T>(body: impl FnOnce() -> T) -> T {
    body()
}

/// Tells a block the type of its value, in code that never runs.
pub fn never<T>() -> T {
    unreachable!()
}
