//! The same handler without this crate, in the three ways in which it is usually written. `docs/server.md` says what each leaves.

pub mod catch_unwind;
pub mod scopeguard;
pub mod task_tracker;
