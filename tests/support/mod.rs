//! Helpers of the tests: an event log, futures that suspend on demand, runtimes to run them on, and a hook that keeps the
//! failures.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod account;
pub mod hand;
#[macro_use]
#[allow(unused_macros, reason = "each test file uses its part")]
pub mod runtimes;
pub mod scene;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use finally::FailureKind;

/// Events in the order in which they happen.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn push(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    pub fn events(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    pub fn count(&self, event: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|it| *it == event).count()
    }

    /// Returns a value that logs its drop.
    pub fn on_drop(&self, event: &'static str) -> OnDrop {
        OnDrop { log: self.clone(), event, panics: false }
    }

    /// Returns a value that logs its drop, and panics in it.
    pub fn bomb(&self, event: &'static str) -> OnDrop {
        OnDrop { log: self.clone(), event, panics: true }
    }
}

#[derive(Debug)]
pub struct OnDrop {
    log: Log,
    event: &'static str,
    panics: bool,
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.log.push(self.event);
        if self.panics {
            panic!("{}", self.event);
        }
    }
}

/// Returns a future that is pending once, and wakes itself.
pub fn suspend() -> Suspend {
    Suspend { suspended: false }
}

pub struct Suspend {
    suspended: bool,
}

impl Future for Suspend {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.suspended, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Logs `name 0`, suspends, logs `name 1`, and so on until it has suspended `times` times.
pub async fn steps(log: Log, name: &'static str, times: usize) {
    for step in 0..times {
        log.push(format!("{name} {step}"));
        suspend().await;
    }
    log.push(format!("{name} {times}"));
}

/// The end of a body or of a cleanup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Succeeds,
    Fails,
    Panics,
}

pub const ENDS: [End; 3] = [End::Succeeds, End::Fails, End::Panics];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub &'static str);

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Error {}

impl End {
    pub fn reach(self, who: &'static str) -> Result<(), Error> {
        match self {
            Self::Succeeds => Ok(()),
            Self::Fails => Err(Error(who)),
            Self::Panics => std::panic::panic_any(Panic(who)),
        }
    }
}

/// The payload of the panics of these tests, so that a test can recognise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panic(pub &'static str);

/// Begins a test that reads state of the whole process: the detached cleanups, and the failure hook.
///
/// Such tests run one at a time, and each begins and ends without a detached cleanup or a failure.
pub fn exclusive() -> Exclusive {
    static TURN: Mutex<()> = Mutex::new(());

    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    finally::drain_blocking(Some(scene::PATIENCE))
        .expect("an earlier test leaves a cleanup that does not end");
    let failures = Arc::<Mutex<Vec<Seen>>>::default();
    let seen = Arc::clone(&failures);
    finally::set_failure_hook(move |failure| {
        seen.lock().unwrap().push(Seen {
            kind: failure.kind(),
            message: failure.message().to_owned(),
            panic: failure.payload().and_then(|payload| payload.downcast_ref()).copied(),
            file: failure.location().file(),
            line: failure.location().line(),
        });
    });
    Exclusive { failures, _turn: turn }
}

pub struct Exclusive {
    failures: Arc<Mutex<Vec<Seen>>>,
    _turn: MutexGuard<'static, ()>,
}

/// A failure as the hook saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub kind: FailureKind,
    pub message: String,
    pub panic: Option<Panic>,
    pub file: &'static str,
    pub line: u32,
}

impl Exclusive {
    /// Takes the failures that were reported so far.
    pub fn failures(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.failures.lock().unwrap())
    }

    pub fn kinds(&self) -> Vec<FailureKind> {
        self.failures().into_iter().map(|failure| failure.kind).collect()
    }
}

/// Fails the test if a cleanup has not ended, or if the test has not taken all failures.
impl Drop for Exclusive {
    fn drop(&mut self) {
        let drained = finally::drain_blocking(Some(scene::PATIENCE));
        finally::take_failure_hook();
        if !std::thread::panicking() {
            drained.expect("the test leaves a cleanup that does not end");
            assert_eq!(self.failures(), [], "the test leaves failures that it has not looked at");
        }
    }
}

/// Calls a closure that panics, and returns the payload.
pub fn panic_of<R>(call: impl FnOnce() -> R) -> Panic {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
        Ok(_) => panic!("expected a panic"),
        Err(payload) => *payload.downcast().expect("a panic of these tests"),
    }
}

pub mod outcome {
    use super::*;

    /// The result of a run.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum Outcome<T> {
        Returned(T),
        Panicked(Panic),
        Cancelled,
    }

    /// Catches the panic of each poll, and drops the future after its `cancel_after`-th `Pending`, in the same poll.
    pub struct Observed<F> {
        future: Option<Pin<Box<F>>>,
        cancel_after: Option<usize>,
        pendings: usize,
    }

    pub fn observe<F: Future>(future: F) -> Observed<F> {
        Observed { future: Some(Box::pin(future)), cancel_after: None, pendings: 0 }
    }

    pub fn cancel_after<F: Future>(pendings: usize, future: F) -> Observed<F> {
        Observed { cancel_after: Some(pendings), ..observe(future) }
    }

    impl<F: Future> Future for Observed<F> {
        type Output = Outcome<F::Output>;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
            if self.cancel_after == Some(0) {
                self.future = None;
                return Poll::Ready(Outcome::Cancelled);
            }
            let mut future = self.future.take().expect("polled after completion");
            match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| future.as_mut().poll(context))) {
                Ok(Poll::Ready(value)) => Poll::Ready(Outcome::Returned(value)),
                Err(payload) => {
                    Poll::Ready(Outcome::Panicked(*payload.downcast().expect("a panic of these tests")))
                }
                Ok(Poll::Pending) => {
                    self.pendings += 1;
                    if self.cancel_after == Some(self.pendings) {
                        drop(future);
                        return Poll::Ready(Outcome::Cancelled);
                    }
                    self.future = Some(future);
                    Poll::Pending
                }
            }
        }
    }
}
