//! Cleanups that run one after the other: all that one drop hands off.

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
    /// None once it has ended.
    cleanup: Option<BoxFuture>,
    location: &'static Location<'static>,
    /// What is handed off inside the cleanup, which ends before the next job starts.
    adopted: GroupKey,
    /// It is polled and dropped inside of this.
    span: JobSpan,
    /// The cleanups of the chain in the register, which goes from job to job.
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
        // In the steps of `polling`, through which less is inlined.
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

    /// Drops what the cleanup still holds. A panic on that way is reported.
    fn drop_cleanup(&mut self) {
        let cleanup = self.cleanup.take();
        if let Err(payload) = self.adopted.polling(|| drop(cleanup)) {
            failure::report_panic(FailureKind::CleanupPanicked, payload, self.location);
        }
    }
}

/// Jobs in order, of which one is not polled before the one in front of it has ended (P6).
///
/// It is started as one task, on whatever executor. Nearly always it is one job, which waits for nothing else: the executor
/// moves a small future for less than a large one.
pub(super) struct Chain {
    /// Never dropped in its place: a chain that is dropped before its end moves on, and a job that has ended holds nothing. A
    /// chain without a job does not count: nothing is lost with it.
    first: ManuallyDrop<Option<Job>>,
    /// Counts this chain in the group of the finally around it.
    ticket: Option<Ticket>,
    rare: Option<Box<Rare>>,
    /// Those that each job belongs to.
    trackers: Trackers,
}

/// How many jobs a chain of several has room for at first. A cancelled call has one on each level, and to grow three times
/// would cost more than all else that is done for them.
const LEVELS: usize = 16;

/// The parts of a chain that few chains have.
#[derive(Default)]
struct Rare {
    /// The jobs after the first one.
    rest: VecDeque<Job>,
    /// Chains that are started when this one is, and end before its first job: several that came out of the drop of one body,
    /// which are siblings and run side by side.
    before: Option<Box<Chain>>,
    /// Counts what ends before the first job.
    after: Option<Arc<Group>>,
    /// The other chains that the same drop has kept. In their boxes, because each of them may be the first one later.
    #[allow(clippy::vec_box, reason = "they are moved out, and into other lists")]
    siblings: Vec<Box<Chain>>,
    waits: Option<Arc<Waits>>,
    /// How many cleanups have ended that the register still shows. It is locked once for all that end in one poll.
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

    /// A job that waits for other chains, and for a group.
    pub(super) fn after(before: Option<Box<Self>>, after: Option<Arc<Group>>, job: Job) -> Self {
        Self::new(job, Some(Box::new(Rare { before, after, ..Rare::default() })))
    }

    /// A chain without a job, which ends when a group has.
    pub(super) fn waiting(group: Arc<Group>) -> Self {
        let rare = Box::new(Rare { after: Some(group), ..Rare::default() });
        Self::with(None, Some(rare), Trackers::NONE)
    }

    /// The group that a chain without a job waits for.
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

    /// Appends a job. If there are several chains, or one that belongs to other trackers, the job waits for them in a chain of
    /// its own.
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

    /// Puts other chains beside this one. The shorter list moves, so that n chains move about n times in all.
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

    /// Takes each of the chains by itself.
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

    /// Starts this chain, and counts it in a group. One without a job has nothing to start.
    pub(super) fn start_in(self: Box<Self>, group: &Arc<Group>) {
        match self.into_group() {
            Ok(inner) => inner.hold(group),
            Err(mut chain) => {
                chain.join(group);
                executor::start(*chain);
            }
        }
    }

    /// Counts this chain in the group of the finally around it.
    pub(super) fn join(&mut self, group: &Arc<Group>) {
        self.ticket = Some(group.ticket());
    }

    #[cfg(feature = "tokio")]
    pub(super) const fn is_adopted(&self) -> bool {
        self.ticket.is_some()
    }

    /// Enters the cleanups in the register, if they are not there.
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
                    // In this order: after a drain, the register shows nothing.
                    match &mut self.rare {
                        Some(rare) if !rare.rest.is_empty() => {
                            // A drop that blocks may have driven some of them, before the chain was started.
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

    /// In this order: what waits for this chain counts again, before the chain itself counts no more.
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

    /// Waits for what ends before the first job.
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
    #[inline]
    fn drop(&mut self) {
        #[cold]
        fn move_on(chain: &mut Chain) {
            // Each of its siblings moves on by itself.
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
