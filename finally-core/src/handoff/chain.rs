//! Cleanups that run one after the other: all that one drop hands off.

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::{
    future::Future,
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{
    BoxFuture,
    adopted::GroupKey,
    drain::{CountedChain, CountedCleanup},
    executor,
    exempt::{self, Waits},
    group::{Group, OF_BODY, Ticket},
    sync::Arc,
    thread,
};
use crate::failure::{self, FailureKind};

/// One cleanup whose caller has left.
pub(super) struct Job {
    /// None once it has ended.
    cleanup: Option<BoxFuture>,
    location: &'static Location<'static>,
    /// What is handed off inside the cleanup, which ends before the next job starts.
    adopted: GroupKey,
    counted: Option<CountedCleanup>,
}

impl Job {
    pub(super) fn new(
        cleanup: BoxFuture,
        location: &'static Location<'static>,
        adopted: GroupKey,
    ) -> Self {
        Self { cleanup: Some(cleanup), location, adopted, counted: Some(CountedCleanup::new()) }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(cleanup) = &mut self.cleanup {
            match self.adopted.polling(|| cleanup.as_mut().poll(context)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => {}
                Err(payload) => failure::report_panic(FailureKind::CleanupPanicked, payload, self.location),
            }
            self.end();
        }
        self.adopted.poll_end(context)
    }

    /// Drops what the cleanup still holds. A panic on that way is reported.
    fn end(&mut self) {
        let cleanup = self.cleanup.take();
        if let Err(payload) = self.adopted.polling(|| drop(cleanup)) {
            failure::report_panic(FailureKind::CleanupPanicked, payload, self.location);
        }
        self.counted = None;
    }

    /// Ends a job that nobody is left to run.
    fn lose(mut self, reason: &str) {
        if self.cleanup.is_some() {
            failure::report(FailureKind::Lost, reason.into(), self.location);
            self.end();
        }
    }
}

/// Jobs in order, of which one is not polled before the one in front of it has ended (P6).
///
/// It is started as one task, on whatever executor. Before its first job it may have to wait for other chains: several that
/// came out of the drop of one body, which are siblings and run side by side.
pub(super) struct Chain {
    /// Chains that are started when this one is, and end before its first job.
    before: Option<Box<Chain>>,
    /// Counts what ends before its first job.
    after: Option<Arc<Group>>,
    first: Option<Job>,
    rest: VecDeque<Job>,
    /// The other chains that the same drop has kept.
    siblings: Vec<Box<Chain>>,
    /// Counts this chain in the group of the finally around it.
    ticket: Option<Ticket>,
    waits: Option<Arc<Waits>>,
    counted: Option<CountedChain>,
}

impl Chain {
    const ENDED: Self = Self {
        before: None,
        after: None,
        first: None,
        rest: VecDeque::new(),
        siblings: Vec::new(),
        ticket: None,
        waits: None,
        counted: None,
    };

    fn new(before: Option<Box<Self>>, after: Option<Arc<Group>>, first: Option<Job>) -> Self {
        Self {
            before,
            after,
            first,
            rest: VecDeque::new(),
            siblings: Vec::new(),
            ticket: None,
            waits: None,
            counted: Some(CountedChain::new()),
        }
    }

    pub(super) fn of(job: Job) -> Box<Self> {
        Box::new(Self::new(None, None, Some(job)))
    }

    /// A chain without a job, which ends when a group has.
    pub(super) fn waiting(group: Arc<Group>) -> Box<Self> {
        Box::new(Self::new(None, Some(group), None))
    }

    /// The group that a chain without a job waits for.
    pub(super) fn into_group(mut self: Box<Self>) -> Result<Arc<Group>, Box<Self>> {
        match self.after.take_if(|_| self.first.is_none() && self.before.is_none()) {
            Some(group) => {
                self.end();
                Ok(group)
            }
            None => Err(self),
        }
    }

    /// A job that waits for other chains, and for a group.
    pub(super) fn after(chains: Option<Box<Self>>, group: Arc<Group>, job: Job) -> Box<Self> {
        Box::new(Self::new(chains, Some(group), Some(job)))
    }

    /// Appends a job. If there are several chains, the job waits for all of them.
    pub(super) fn followed_by(mut self: Box<Self>, job: Job) -> Box<Self> {
        if !self.siblings.is_empty() {
            return Box::new(Self::new(Some(self), None, Some(job)));
        }
        if self.first.is_some() {
            self.rest.push_back(job);
        } else {
            self.first = Some(job);
        }
        self
    }

    /// Puts other chains beside this one. The shorter list moves, so that n chains move about n times in all.
    pub(super) fn beside(mut self: Box<Self>, mut other: Box<Self>) -> Box<Self> {
        if self.siblings.len() < other.siblings.len() {
            mem::swap(&mut self, &mut other);
        }
        let siblings = mem::take(&mut other.siblings);
        self.siblings.push(other);
        self.siblings.extend(siblings);
        self
    }

    /// Takes each of the chains by itself.
    pub(super) fn into_each(mut self: Box<Self>, mut take: impl FnMut(Box<Self>)) {
        let siblings = mem::take(&mut self.siblings);
        take(self);
        siblings.into_iter().for_each(take);
    }

    /// Drives all of the chains.
    pub(super) fn poll_each(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.siblings.retain_mut(|chain| chain.poll_jobs(context).is_pending());
        let polled = self.poll_jobs(context);
        if self.siblings.is_empty() { polled } else { Poll::Pending }
    }

    /// Counts this chain in the group of the finally around it.
    pub(super) fn join(&mut self, group: &Arc<Group>) {
        self.ticket = Some(group.ticket());
    }

    #[cfg(feature = "tokio")]
    pub(super) const fn is_adopted(&self) -> bool {
        self.ticket.is_some()
    }

    /// Reports every job as lost.
    pub(super) fn lose(mut self: Box<Self>, reason: &str) {
        if let Some(before) = self.before.take() {
            before.into_each(|chain| chain.lose(reason));
        }
        let rest = mem::take(&mut self.rest);
        self.first.take().into_iter().chain(rest).for_each(|job| job.lose(reason));
        self.end();
    }

    fn poll_jobs(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut waits = self.waits.take();
        let polled = exempt::within(&mut waits, || {
            ready!(self.poll_before(context));
            while let Some(job) = &mut self.first {
                ready!(job.poll(context));
                self.first = self.rest.pop_front();
            }
            Poll::Ready(())
        });
        self.waits = waits;
        if polled.is_ready() {
            self.end();
        }
        polled
    }

    fn poll_before(&mut self, context: &Context<'_>) -> Poll<()> {
        if let Some(before) = self.before.take() {
            let group = self.after.get_or_insert_default();
            before.into_each(|mut chain| {
                chain.join(group);
                executor::start(chain);
            });
        }
        if let Some(group) = &self.after {
            ready!(group.poll_end(OF_BODY, context));
            self.after = None;
        }
        Poll::Ready(())
    }

    /// In this order: what waits for this chain counts again, before the chain itself counts no more.
    fn end(&mut self) {
        self.ticket = None;
        self.counted = None;
    }
}

/// As an executor runs it.
impl Future for Chain {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.poll_jobs(context)
    }
}

/// Moves on when it is dropped before its end. Spawning proves nothing: a runtime that is shutting down takes a future
/// and drops it unpolled (<https://docs.rs/tokio/latest/tokio/runtime/struct.Handle.html#method.spawn>). This does.
impl Drop for Chain {
    fn drop(&mut self) {
        // Each of them moves on by itself.
        drop(mem::take(&mut self.siblings));
        if self.counted.is_some() {
            thread::submit(Box::new(mem::replace(self, Self::ENDED)));
        }
    }
}
