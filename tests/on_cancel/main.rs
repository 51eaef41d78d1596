//! The modes of `on_cancel`, with one module for each.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod block;
mod replace;
mod skip;

use std::{cell::Cell, future::Future, pin::Pin, rc::Rc};

use finally::{FailureKind, finally};
use tokio::sync::oneshot;

use support::{
    ENDS, End, Error, Log, Panic, account, exclusive,
    hand::Hand,
    outcome::{Outcome, cancel_after, observe},
    panic_of, runtimes, steps, suspend,
};
