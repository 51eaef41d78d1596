//! What the compiler and clippy look at in a function that other crates can call, or do not look at if it is async.

#![expect(unsafe_code, clippy::undocumented_unsafe_blocks, reason = "a pointer is read")]

use std::ptr::null;

use finally::finally;

fn clean() {}

fn clean_with(_: u8) {}

async fn rest() {}

/// Numbers.
#[derive(Debug)]
pub struct Numbers(Vec<u8>);

impl Numbers {
    /// Clippy does not take an async method for that of a trait.
    #[finally(clean())]
    pub async fn next(&mut self) -> Option<u8> {
        rest().await;
        self.0.pop()
    }

    /// Adds a number.
    #[finally(clean_with(by))]
    pub async fn add(self, by: u8) -> Vec<u8> {
        rest().await;
        self.0
    }

    /// Is armed by the call.
    #[finally(clean(), armed = call)]
    pub async fn default() -> Self {
        rest().await;
        Self(Vec::new())
    }
}

/// Clippy does not ask for `unsafe` on an async function.
#[finally(clean())]
pub async fn read(number: *const u8) -> u8 {
    rest().await;
    unsafe { number.read() }
}

/// Clippy does not look at the result of an async function.
#[finally(clean())]
pub async fn complex() -> Vec<Vec<Option<(u32, u32, u32, Vec<Vec<u8>>)>>> {
    rest().await;
    Vec::new()
}

/// Stays an async function.
#[finally(clean())]
#[must_use = "it is complex"]
pub async fn used() -> Vec<Vec<Option<(u32, u32, u32, Vec<Vec<u8>>)>>> {
    rest().await;
    Vec::new()
}

/// A function that is not async.
pub fn all() {
    let mut numbers = Numbers(vec![1]);
    drop(numbers.next());
    drop(numbers.add(1));
    drop((Numbers::default(), read(null()), complex(), used()));
}
