//! Cleanups that run one after the other: everything that one drop hands off.

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::{
    future::Future,
    iter,
    mem::{self, ManuallyDrop},
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{
    BoxFuture,
    adopted::GroupKey,
    executor,
    exempt::{self, Waits},
    group::{Group, OF_BODY, Ticket},
    register::{More, Registered},
    running::Place,
    span::JobSpan,
    sync::Arc,
    trackers::{self, Trackers},
};
use crate::{
    engine::unwind::catch,
    failure::{self, FailureKind},
};

/// One cleanup whose caller has left.
pub(super) struct Job {
    /// `None` once it has ended.
    cleanup: Option<BoxFuture>,
    location: &'static Location<'static>,
    /// The group of the cleanups that are handed off inside this one. They end before the next job starts.
    adopted: GroupKey,
    /// The span in which the cleanup is polled and dropped.
    span: JobSpan,
    /// The chain's entry in the register, passed on from job to job.
    registered: Option<Registered>,
}

impl Job {
    pub(super) fn new(cleanup: BoxFuture, location: &'static Location<'static>, adopted: GroupKey) -> Self {
        let span = JobSpan::of_hand_off(location);
        Self { cleanup: Some(cleanup), location, adopted, span, registered: None }
    }

    /// Polls the cleanup, which has not ended, and drops it at its end.
    #[inline]
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let span = mem::take(&mut self.span);
        let polled = span.within(|| self.poll_cleanup(context));
        if polled.is_pending() {
            self.span = span;
        } else {
            span.end(self.location);
        }
        polled
    }

    #[inline(always)]
    fn poll_cleanup(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let cleanup = &mut self.cleanup;
        // The steps of `polling`, spelled out, because the call is not inlined as well.
        let outer = self.adopted.enter();
        let polled = catch(|| {
            if let Some(cleanup) = cleanup {
                ready!(cleanup.as_mut().poll(context));
            }
            *cleanup = None;
            Poll::Ready(())
        });
        self.adopted.leave(outer);
        polled.unwrap_or_else(|payload| {
            failure::report_panic(FailureKind::CleanupPanicked, payload, self.location);
            self.drop_cleanup();
            Poll::Ready(())
        })
    }

    /// Drops the remains of the cleanup. A panic in the drop is reported.
    fn drop_cleanup(&mut self) {
        let cleanup = self.cleanup.take();
        if let Err(payload) = self.adopted.polling(|| drop(cleanup)) {
            failure::report_panic(FailureKind::CleanupPanicked, payload, self.location);
        }
    }
}

/// Jobs in order. A job is not polled before the previous one has ended (P6).
///
/// A chain is started as one task on any executor. It is nearly always a single job that waits for nothing
/// else, so the rare parts are boxed: moving a small future is cheaper for the executor.
pub(super) struct Chain {
    /// It is never dropped in place: a chain that is dropped before its end moves to the background thread, and
    /// a job that has ended holds nothing. A chain without a job is not counted, because nothing is lost with
    /// it.
    first: ManuallyDrop<Option<Job>>,
    /// Counts this chain in the group of the enclosing finally.
    ticket: Option<Ticket>,
    rare: Option<Box<Rare>>,
    /// The trackers that each job belongs to.
    trackers: Trackers,
}

/// The initial capacity for jobs in a chain of several. A cancelled call has a cleanup on each level, and
/// growing the queue three times would cost more than all other work for them.
const LEVELS: usize = 16;

/// The parts of a chain that few chains need.
#[derive(Default)]
struct Rare {
    /// The jobs after the first one.
    rest: VecDeque<Job>,
    /// Chains that are started together with this one, and end before its first job. They come from the drop of
    /// one body, so they are siblings and run side by side.
    before: Option<Box<Chain>>,
    /// Counts the chains that end before the first job.
    after: Option<Arc<Group>>,
    /// The other chains that the same drop has kept. They are boxed, because each of them may become the first
    /// one later.
    #[allow(clippy::vec_box, reason = "they are moved out, and into other lists")]
    siblings: Vec<Box<Chain>>,
    waits: Option<Arc<Waits>>,
    /// The number of ended cleanups that the register still shows. The register is locked once for all that end
    /// in one poll.
    ended: usize,
}

impl Chain {
    const ENDED: Self = Self::with(None, None, Trackers::NONE);

    #[inline(always)]
    fn new(job: Job, rare: Option<Box<Rare>>) -> Self {
        let trackers = trackers::here();
        trackers.chain_began();
        Self::with(Some(job), rare, trackers)
    }

    const fn with(first: Option<Job>, rare: Option<Box<Rare>>, trackers: Trackers) -> Self {
        Self { first: ManuallyDrop::new(first), ticket: None, rare, trackers }
    }

    #[inline(always)]
    pub(super) fn of(job: Job) -> Self {
        Self::new(job, None)
    }

    /// Creates a job that waits for other chains and for a group.
    pub(super) fn after(before: Option<Box<Self>>, after: Option<Arc<Group>>, job: Job) -> Self {
        Self::new(job, Some(Box::new(Rare { before, after, ..Rare::default() })))
    }

    /// Creates a chain without a job, which ends when the group has ended.
    pub(super) fn waiting(group: Arc<Group>) -> Self {
        let rare = Box::new(Rare { after: Some(group), ..Rare::default() });
        Self::with(None, Some(rare), Trackers::NONE)
    }

    /// Returns the group that a chain without a job waits for, and any other chain as it is.
    pub(super) fn into_group(mut self: Box<Self>) -> Result<Arc<Group>, Box<Self>> {
        if self.first.is_none() {
            let rare = self.rare.as_deref_mut().filter(|rare| rare.before.is_none());
            if let Some(group) = rare.and_then(|rare| rare.after.take()) {
                self.end(false);
                return Ok(group);
            }
        }
        Err(self)
    }

    /// Appends a job. If there are several chains, or one with other trackers, the job goes into a new chain
    /// that waits for them.
    #[inline]
    pub(super) fn followed_by(mut self: Box<Self>, job: Job) -> Box<Self> {
        let belongs = self.first.is_none() || trackers::are_here(&self.trackers);
        if !belongs || self.sibling_count() > 0 {
            return Self::after_each(self, job);
        }
        if self.first.is_some() {
            self.trackers.cleanup_began();
            self.rare.get_or_insert_with(Rare::of_levels).rest.push_back(job);
        } else {
            self.trackers = trackers::here();
            self.trackers.chain_began();
            self.first = ManuallyDrop::new(Some(job));
        }
        self
    }

    #[cold]
    fn after_each(chains: Box<Self>, job: Job) -> Box<Self> {
        Box::new(Self::after(Some(chains), None, job))
    }

    /// Adds other chains as siblings. The shorter list is moved, so that merging n chains takes about n moves
    /// in total.
    pub(super) fn beside(mut self: Box<Self>, mut other: Box<Self>) -> Box<Self> {
        if self.sibling_count() < other.sibling_count() {
            mem::swap(&mut self, &mut other);
        }
        let moving = other.take_siblings();
        let siblings = &mut self.rare.get_or_insert_default().siblings;
        siblings.push(other);
        siblings.extend(moving);
        self
    }

    fn sibling_count(&self) -> usize {
        self.rare.as_ref().map_or(0, |rare| rare.siblings.len())
    }

    #[allow(clippy::vec_box, reason = "see `Rare::siblings`")]
    fn take_siblings(&mut self) -> Vec<Box<Self>> {
        self.rare.as_mut().map(|rare| mem::take(&mut rare.siblings)).unwrap_or_default()
    }

    /// Passes each of the chains to `take`, without its siblings.
    pub(super) fn into_each(mut self: Box<Self>, mut take: impl FnMut(Box<Self>)) {
        let siblings = self.take_siblings();
        take(self);
        siblings.into_iter().for_each(take);
    }

    /// Drives all of the chains.
    pub(super) fn poll_each(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut siblings = self.take_siblings();
        siblings.retain_mut(|chain| chain.poll_jobs(context).is_pending());
        let polled = self.poll_jobs(context);
        if siblings.is_empty() {
            return polled;
        }
        self.rare.get_or_insert_default().siblings = siblings;
        Poll::Pending
    }

    /// Starts this chain, and counts it in a group. A chain without a job only keeps `group` from ending before
    /// its own group.
    pub(super) fn start_in(self: Box<Self>, group: &Arc<Group>) {
        match self.into_group() {
            Ok(inner) => inner.hold(group),
            Err(mut chain) => {
                chain.join(group);
                executor::start(*chain);
            }
        }
    }

    /// Counts this chain in the group of the enclosing finally.
    pub(super) fn join(&mut self, group: &Arc<Group>) {
        self.ticket = Some(group.ticket());
    }

    #[cfg(feature = "tokio")]
    pub(super) const fn is_adopted(&self) -> bool {
        self.ticket.is_some()
    }

    /// Adds the cleanups to the register, unless they are there already.
    #[inline]
    pub(super) fn register(&mut self) {
        let Some(first) = &mut *self.first else { return };
        if first.registered.is_none() {
            let more = match &self.rare {
                Some(rare) => Some(More::new(rare.rest.iter().map(|job| job.location), &self.trackers)),
                None if self.trackers.are_none() => None,
                None => Some(More::new(iter::empty(), &self.trackers)),
            };
            first.registered = Some(Registered::new(first.location, more));
        }
    }

    /// Changes the place that the register shows.
    pub(super) fn moves_to(&mut self, place: Place) {
        self.register();
        if let Some(registered) = self.first.as_ref().and_then(|job| job.registered.as_ref()) {
            registered.moves_to(place);
        }
    }

    /// Reports every job as lost.
    pub(super) fn lose(mut self, reason: &str) {
        if let Some(before) = self.rare.as_mut().and_then(|rare| rare.before.take()) {
            before.into_each(|chain| chain.lose(reason));
        }
        let rest = self.rare.as_mut().map(|rare| mem::take(&mut rare.rest)).unwrap_or_default();
        let Some(mut first) = self.first.take() else { return };
        if let Some(registered) = first.registered.take() {
            registered.leave();
        }
        exempt::within(&mut None, &self.trackers, || {
            for mut job in iter::once(first).chain(rest) {
                if job.cleanup.is_some() {
                    mem::take(&mut job.span).within(|| {
                        super::report_lost(reason, job.location);
                        job.drop_cleanup();
                    });
                    self.trackers.cleanup_ended();
                }
            }
        });
        self.end(true);
    }

    #[inline]
    fn poll_jobs(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let counts = self.first.is_some();
        let mut waits = self.rare.as_mut().and_then(|rare| rare.waits.take());
        let polled = exempt::within(&mut waits, &self.trackers, || {
            if let Some(rare) = &mut self.rare {
                ready!(rare.poll(context));
            }
            while let Some(job) = &mut *self.first {
                if job.cleanup.is_some() {
                    ready!(job.poll(context));
                    // The entry is removed before the cleanup is counted as ended, so that the register is
                    // empty after a drain.
                    match &mut self.rare {
                        Some(rare) if !rare.rest.is_empty() => {
                            // A drop that blocks may have driven some of these jobs before the chain was
                            // started. Those were never in the register.
                            rare.ended += usize::from(job.registered.is_some());
                        }
                        _ => {
                            if let Some(registered) = job.registered.take() {
                                registered.leave();
                            }
                        }
                    }
                    self.trackers.cleanup_ended();
                }
                ready!(job.adopted.poll_end(context));
                let Some(mut next) = self.rare.as_mut().and_then(|rare| rare.rest.pop_front()) else {
                    self.first = ManuallyDrop::new(None);
                    break;
                };
                mem::swap(&mut next.registered, &mut job.registered);
                self.first = ManuallyDrop::new(Some(next));
            }
            Poll::Ready(())
        });
        if polled.is_ready() {
            self.end(counts);
        } else if let Some(rare) = &mut self.rare {
            rare.waits = waits;
            if rare.ended > 0 {
                let registered = self.first.as_ref().and_then(|job| job.registered.as_ref());
                registered.into_iter().for_each(|it| it.ended(mem::take(&mut rare.ended)));
            }
        } else if waits.is_some() {
            self.rare = Some(Box::new(Rare { waits, ..Rare::default() }));
        }
        polled
    }

    /// Ends the chain. The ticket is released first, so that the waiters of this chain become active again
    /// before the chain itself stops being active.
    #[inline]
    fn end(&mut self, counted: bool) {
        self.ticket = None;
        if counted {
            self.trackers.one_less_active();
        }
    }
}

impl Rare {
    #[cold]
    fn of_levels() -> Box<Self> {
        Box::new(Self { rest: VecDeque::with_capacity(LEVELS), ..Self::default() })
    }

    /// Waits for everything that ends before the first job.
    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        if let Some(before) = self.before.take() {
            let group = self.after.get_or_insert_default();
            before.into_each(|chain| chain.start_in(group));
        }
        if let Some(group) = &self.after {
            ready!(group.poll_end(OF_BODY, context));
            self.after = None;
        }
        Poll::Ready(())
    }
}

impl Future for Chain {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.poll_jobs(context)
    }
}

/// Moves the chain to the background thread if it is dropped before its end.
///
/// A successful spawn guarantees nothing: a runtime that is shutting down accepts a future and drops it
/// unpolled (<https://docs.rs/tokio/latest/tokio/runtime/struct.Handle.html#method.spawn>). Only this drop
/// catches that.
impl Drop for Chain {
    #[inline]
    fn drop(&mut self) {
        #[cold]
        fn move_on(chain: &mut Chain) {
            // Each sibling moves by itself when it is dropped.
            drop(chain.take_siblings());
            executor::start_dropped(mem::replace(chain, Chain::ENDED));
        }

        if self.first.is_some() {
            move_on(self);
        }
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_chain_that_is_dropped_before_its_start_is_listed_on_the_background_thread() {
        let location = Location::caller();
        let (opens, gate) = mpsc::channel::<()>();
        let cleanup = Box::pin(async move { _ = gate.recv() });
        drop(Chain::of(Job::new(cleanup, location, GroupKey::NONE)));
        let mut running = crate::running();
        running.retain(|it| it.location() == location);
        drop(opens);
        assert_eq!(running.iter().map(crate::Running::place).collect::<Vec<_>>(), [Place::BackgroundThread]);
        crate::drain_blocking(None).unwrap();
    }
}
