//! `finally! { .. }`: a cleanup for a block in place, and for a future. A test is named after the
//! promise, or as a sentence about the block.

#![allow(
    clippy::needless_return,
    clippy::never_loop,
    clippy::useless_vec,
    reason = "the bodies have all the control flow and all the macros that there are"
)]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod control_flow;
mod future;
mod in_macros;
mod made_by_macro;
mod nesting;
mod promises;
mod section;
mod sharing;
mod types;
