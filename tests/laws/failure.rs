//! The errors and panics of programs. Each carries the node that has raised it.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread,
};

use crate::event::{Failing, Id, UNKNOWN, What, push};

/// The result of a program.
pub type Ended = Result<(), Failed>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Failed(pub Id);

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error of {}", self.0)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Failed {}

/// Returns the node in the text of an error, if it is one of ours.
pub fn of_text(text: &str) -> Option<Id> {
    text.strip_prefix("error of ")?.parse().ok()
}

struct Panicked(Id);

/// Returns the node in the payload of a panic.
pub fn of_payload(payload: &(dyn Any + Send)) -> Id {
    payload.downcast_ref().map_or(UNKNOWN, |Panicked(id)| *id)
}

/// Fails with an error.
pub fn fail(id: Id) -> Ended {
    push(id, What::Raised(Failing::Error));
    Err(Failed(id))
}

/// Panics without calling the panic hook.
pub fn panic(id: Id) -> ! {
    panic_as(id, Failing::Panic)
}

fn panic_as(id: Id, failing: Failing) -> ! {
    push(id, What::Raised(failing));
    resume_unwind(Box::new(Panicked(id)))
}

/// Panics in a drop. If the thread is panicking already, that aborts the process unless the panic of this drop `is_caught`.
pub fn panic_in_drop(id: Id, is_caught: bool) {
    if !thread::panicking() {
        panic(id);
    }
    if is_caught {
        panic_as(id, Failing::SecondPanic);
    }
}

pub type Payload = Box<dyn Any + Send>;

pub fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(run))
}
