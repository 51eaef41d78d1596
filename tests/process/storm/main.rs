//! A storm of random programs. They are cancelled anywhere, on runtimes that end in every way, with late and repeated wakes.
//!
//! The storm checks conservation: every body that was entered has been cleaned up once, inner before outer, and
//! every failure that was raised has been delivered to a caller or reported.
//!
//! The programs are the same in every run, but the order of the threads is not. `FINALLY_STORM=1000` runs a thousand rounds of
//! each test instead of a few.

#[path = "../../support/mod.rs"]
mod support;

mod aborted;
mod books;
mod random;
mod round;
mod runtimes_end;
mod trees;
mod wakes;
mod without_a_runtime;
