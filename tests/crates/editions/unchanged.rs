//! A function behaves under a cleanup as it does without one: the same value, the same panic, as many polls, and all that it holds
//! dropped in the same order, wherever it is cancelled.
//!
//! `functions.rs` is compiled once as it stands and once for each form of cleanup, in each edition.

#![allow(
    dead_code,
    unreachable_code,
    unused_assignments,
    unused_mut,
    unused_variables,
    clippy::all,
    reason = "the functions are odd on purpose"
)]
#![allow(unsafe_code, reason = "unsafe functions take a cleanup, too")]
#![recursion_limit = "512"]

use std::{
    cell::RefCell,
    future::Future,
    panic::{catch_unwind, AssertUnwindSafe},
    pin::Pin,
    sync::Once,
    task::{Context, Poll, Waker},
};

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn log(event: &str) {
    LOG.with(|log| log.borrow_mut().push(event.to_owned()));
}

/// A value that logs its drop.
#[derive(Debug)]
pub struct D(&'static str);

impl D {
    fn name(&self) -> &'static str {
        self.0
    }

    /// Borrows from it, unless `n` is 0.
    fn some(&self, n: u8) -> Option<&str> {
        if n == 0 {
            None
        } else {
            Some(self.0)
        }
    }
}

impl Drop for D {
    fn drop(&mut self) {
        log(&format!("drop {}", self.0));
    }
}

/// Suspends once.
async fn wait() {
    let mut suspended = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut suspended, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await
}

const CLEAN: &str = "clean";

fn clean() {
    log(CLEAN);
}

async fn close() {
    log(CLEAN);
}

/// A call of one of the functions, with its value as text.
pub struct Case {
    call: &'static str,
    run: fn() -> Pin<Box<dyn Future<Output = String>>>,
}

macro_rules! case {
    ($call:expr) => {
        Case { call: stringify!($call), run: || Box::pin(async { format!("{:?}", $call) }) }
    };
}

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => { $($function)* };
}
/// Takes the same attribute as an async function, unless a form says otherwise.
macro_rules! future {
    ($($function:tt)*) => { later! { $($function)* } };
}
macro_rules! at_once {
    ([$($mentioned:ident)*] $($function:tt)*) => { $($function)* };
}
#[path = "functions.rs"]
mod plain;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(crate::clean)] $($function)* };
}
macro_rules! at_once {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(crate::clean)] $($function)* };
}
#[path = "functions.rs"]
mod path;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(|fate| { let _ = fate; crate::clean() })] $($function)* };
}
macro_rules! at_once {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(|fate| { let _ = fate; crate::clean() })] $($function)* };
}
#[path = "functions.rs"]
mod fate;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally({ $(let _ = &$mentioned;)* crate::clean() })] $($function)* };
}
macro_rules! at_once {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally({ $(let _ = &$mentioned;)* crate::clean() })] $($function)* };
}
#[path = "functions.rs"]
mod mentions;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(crate::close())] $($function)* };
}
macro_rules! at_once {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(|| crate::clean())] $($function)* };
}
#[path = "functions.rs"]
mod awaited;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally({ $(let _ = &$mentioned;)* crate::close() })] $($function)* };
}
#[path = "functions.rs"]
mod mentions_and_awaits;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => {
        #[finally::finally({ $(let _ = &$mentioned;)* crate::close().await }, on_cancel = skip)] $($function)*
    };
}
#[path = "functions.rs"]
mod skipped;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => {
        #[finally::finally({ $(let _ = &$mentioned;)* crate::close().await }, on_cancel = block)] $($function)*
    };
}
#[path = "functions.rs"]
mod blocks;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => {
        #[finally::finally({ $(let _ = &$mentioned;)* crate::close().await }, on_cancel = (crate::clean()))] $($function)*
    };
}
#[path = "functions.rs"]
mod replaced;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => {
        #[finally::finally(crate::close())] #[finally::finally({ $(let _ = &$mentioned;)* crate::clean() })] $($function)*
    };
}
macro_rules! at_once {
    ([$($mentioned:ident)*] $($function:tt)*) => {
        #[finally::finally(crate::clean)] #[finally::finally({ $(let _ = &$mentioned;)* crate::clean() })] $($function)*
    };
}
#[path = "functions.rs"]
mod two;

macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(crate::clean, armed = call)] $($function)* };
}
macro_rules! at_once {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(crate::clean())] $($function)* };
}
/// The option is for an `async fn`.
macro_rules! future {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(crate::clean)] $($function)* };
}
#[path = "functions.rs"]
mod armed;

/// Puts a block around the body of a function, which is its last tree.
macro_rules! around_body {
    ([$($head:tt)*] { $($body:tt)* }) => {
        $($head)* { finally::block::finally! { try { $($body)* } finally { crate::clean() } } }
    };
    ([$($head:tt)*] $next:tt $($rest:tt)*) => { around_body! { [$($head)* $next] $($rest)* } };
}
macro_rules! later {
    ([$($mentioned:ident)*] $($function:tt)*) => { around_body! { [] $($function)* } };
}
/// A block around the body would end before the future has begun.
macro_rules! future {
    ([$($mentioned:ident)*] $($function:tt)*) => { #[finally::finally(crate::clean)] $($function)* };
}
macro_rules! at_once {
    ([$($mentioned:ident)*] $($function:tt)*) => { around_body! { [] $($function)* } };
}
#[path = "functions.rs"]
mod block;

/// Silences the panics, which are compared, and runs cleanups at once that are handed off.
fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|_| {}));
        let run = |mut cleanup: finally::BoxFuture| {
            assert!(cleanup.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        };
        assert!(finally::set_executor(run).is_ok());
    });
}

/// Calls a function and polls it at most so often. The log ends with its value, its panic, or neither of them.
fn run(case: &Case, polls: usize) -> Vec<String> {
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let mut future = (case.run)();
        (0..polls).find_map(|_| match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => {
                log("pending");
                None
            }
        })
    }));
    match ended {
        Ok(Some(value)) => log(&format!("returned {value}")),
        Ok(None) => log("cancelled"),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            log(&format!("panicked {:?}", text.or_else(|| payload.downcast_ref().copied())));
        }
    }
    LOG.with(RefCell::take)
}

/// Compares every case, polled to its end and cancelled before each of its polls. One that returns has cleaned up.
fn compare(form: Vec<Case>, normalize: fn(Vec<String>) -> Vec<String>) {
    prepare();
    let mut differences = Vec::new();
    for (plain, form) in plain::cases().iter().zip(form) {
        for polls in 0..20 {
            let expected = run(plain, polls);
            let mut log = run(&form, polls);
            let events = log.len();
            log.retain(|event| event != CLEAN);
            let has_returned = log.last().is_some_and(|last| last.starts_with("returned"));
            let is_cleaned = log.len() < events;
            if normalize(expected.clone()) != normalize(log.clone()) || has_returned && !is_cleaned {
                differences
                    .push(format!("{}, {polls} polls\n  plain {expected:?}\n  form  {log:?}", form.call));
            }
            if expected.last().is_some_and(|last| last != "cancelled") {
                break;
            }
        }
    }
    // The message of a panic is not shown.
    differences.iter().for_each(|difference| eprintln!("{difference}"));
    assert!(differences.is_empty());
}

fn in_order(log: Vec<String>) -> Vec<String> {
    log
}

/// An argument that a cleanup mentions is dropped after it, and so after the others. A block takes the variables that it moves on any path, and
/// drops it with its own locals.
fn in_any_order(mut log: Vec<String>) -> Vec<String> {
    log.sort_unstable();
    log
}

#[test]
fn under_a_cleanup_by_path() {
    compare(path::cases(), in_order);
}

#[test]
fn under_a_cleanup_that_looks_at_the_fate() {
    compare(fate::cases(), in_order);
}

#[test]
fn under_a_cleanup_that_mentions_arguments() {
    compare(mentions::cases(), in_any_order);
}

#[test]
fn under_a_cleanup_that_is_awaited() {
    compare(awaited::cases(), in_order);
}

#[test]
fn under_a_cleanup_that_mentions_arguments_and_is_awaited() {
    compare(mentions_and_awaits::cases(), in_any_order);
}

#[test]
fn under_a_cleanup_that_is_skipped() {
    compare(skipped::cases(), in_any_order);
}

#[test]
fn under_a_cleanup_that_blocks() {
    compare(blocks::cases(), in_any_order);
}

#[test]
fn under_a_cleanup_that_another_one_replaces() {
    compare(replaced::cases(), in_any_order);
}

#[test]
fn under_two_cleanups() {
    compare(two::cases(), in_any_order);
}

#[test]
fn under_a_cleanup_that_is_armed_by_the_call() {
    compare(armed::cases(), in_order);
}

#[test]
fn in_a_block() {
    compare(block::cases(), in_any_order);
}
