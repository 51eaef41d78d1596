//! Cleanups that wait for each other: one is not polled before the one in front of it has ended (P6).

use alloc::collections::VecDeque;
use core::{
    future::Future,
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use super::{BoxFuture, drain::Ticket, enclosing, thread};
use crate::{
    failure::{self, FailureKind},
    unwind::catch,
};

/// One cleanup whose caller has left. It counts as detached for as long as it exists.
pub(crate) struct Job {
    future: BoxFuture,
    location: &'static Location<'static>,
    _ticket: Ticket,
}

impl Job {
    pub(crate) fn new(future: BoxFuture, location: &'static Location<'static>) -> Self {
        Self { future, location, _ticket: Ticket::new() }
    }

    /// Ends the job. What its future still holds is dropped, and a panic on that way is reported.
    fn end(self) {
        let Self { future, location, _ticket } = self;
        if let Err(payload) = catch(|| drop(future)) {
            failure::report_panic(FailureKind::CleanupPanicked, payload, location);
        }
    }

    /// Ends a job that nobody is left to run.
    fn lose(self, reason: &str) {
        failure::report(FailureKind::Lost, reason.into(), self.location);
        self.end();
    }
}

/// A sequence of cleanups: the adopted ones of a body, or what is handed to an executor as one.
///
/// Nearly always there is none, and every poll of a body makes and drops a chain: to drop no queue takes fewer
/// instructions than to drop an empty one.
#[derive(Default)]
pub(crate) struct Chain(Option<VecDeque<Job>>);

impl Chain {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(VecDeque::is_empty)
    }

    pub(crate) fn push(&mut self, job: Job) {
        self.0.get_or_insert_default().push_back(job);
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        if let Some(mut jobs) = other.0.take() {
            self.0.get_or_insert_default().append(&mut jobs);
        }
    }

    /// Runs `run` as something that this chain encloses: what is cancelled inside it is adopted here.
    pub(crate) fn collect(&mut self, run: &mut dyn FnMut()) {
        enclosing::collect(self, run);
    }

    /// Polls the job in front, and goes on to the next when it has ended.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Some(mut job) = self.0.as_mut().and_then(VecDeque::pop_front) {
            // What is cancelled inside a cleanup belongs to it: it comes before the cleanups that wait for this one.
            let mut inner = Self::new();
            let mut polled = Poll::Pending;
            inner.collect(&mut || polled = job.future.as_mut().poll(context));
            if polled.is_pending() {
                inner.append(mem::take(self));
                inner.0.get_or_insert_default().push_front(job);
                *self = inner;
                return Poll::Pending;
            }
            let mut job = Some(job);
            inner.collect(&mut || job.take().into_iter().for_each(Job::end));
            inner.append(mem::take(self));
            *self = inner;
        }
        Poll::Ready(())
    }

    /// Reports every job as lost.
    pub(crate) fn lose(mut self, reason: &str) {
        for job in self.0.take().into_iter().flatten() {
            job.lose(reason);
        }
    }
}

/// As an executor runs it.
impl Future for Chain {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Self::poll(&mut self, context)
    }
}

/// Moves on when it is dropped before its end. Spawning proves nothing: a runtime that is shutting down takes a future
/// and drops it unpolled (<https://docs.rs/tokio/latest/tokio/runtime/struct.Handle.html#method.spawn>). This does.
impl Drop for Chain {
    fn drop(&mut self) {
        if !self.is_empty() {
            thread::submit(mem::take(self));
        }
    }
}
