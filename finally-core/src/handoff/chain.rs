//! Cleanups that run one after the other, and chains that run side by side.

use alloc::{boxed::Box, vec::Vec};
use core::{
    mem,
    task::{Context, Poll, ready},
};

use super::{
    adopted::GroupKey,
    executor,
    exempt::{self, PendingWaits},
    group::{Group, Ticket},
    job::Job,
    register::{More, Registered},
    running::Place,
    sync::Arc,
    task::Task,
    trackers::{self, Trackers},
    waiters::OF_BODY,
};

/// Jobs in order. A job is not polled before the previous one has ended (P6).
///
/// The drop of a body keeps what is cancelled inside as a chain, and the body's own job is appended to it.
/// The executor runs it as one task.
pub(super) struct Chain {
    jobs: Jobs,
    /// The entry in the register, from the start until the last cleanup ends.
    registered: Option<Registered>,
    /// The parts of that entry that few chains need.
    more: Option<Arc<More>>,
    /// The index of the job that is polled.
    at: usize,
    /// The number of jobs whose cleanups have ended. It is one more than `at` while the cleanups that the job
    /// has handed off have not ended.
    ended: usize,
    /// The group of the cleanups that are handed off inside the current job. They end before the next job
    /// starts.
    adopted: GroupKey,
    /// The trackers that each job belongs to.
    trackers: Trackers,
    /// Counts this chain in the group of the enclosing finally.
    ticket: Option<Ticket>,
    waits: Option<Arc<PendingWaits>>,
    /// Chains that are started together with this one, and end before its first job. They come from the drop
    /// of one body, so they are siblings and run side by side.
    before: Option<Box<Chain>>,
    /// Counts the chains that end before the first job.
    after: Option<Arc<Group>>,
    /// The other chains that the same drop has kept. They are boxed, because each of them may become the
    /// first one later.
    #[allow(clippy::vec_box, reason = "they are moved out, and into other lists")]
    siblings: Vec<Box<Chain>>,
}

/// The first job is in place, because many chains have no other.
#[derive(Default)]
struct Jobs {
    first: Option<Job>,
    rest: Vec<Job>,
}

/// The initial capacity for the jobs after the first one. A cancelled call has a cleanup on each level, and
/// growing the list three times would cost more than all other work for them.
const LEVELS: usize = 12;

impl Jobs {
    /// Returns whether [`push`](Self::push) needs no memory.
    #[inline]
    fn have_room(&self) -> bool {
        self.rest.len() < self.rest.capacity()
    }

    /// Adds a job after the first one.
    #[inline]
    fn push(&mut self, job: Job) {
        if self.rest.capacity() == 0 {
            self.rest = Vec::with_capacity(LEVELS);
        }
        self.rest.push(job);
    }

    /// Gives back the memory of jobs that have ended. They hold nothing, and to look into each of them would cost as much as to
    /// call an allocator.
    #[inline]
    fn end(self) {
        mem::forget(self.first);
        self.rest.into_iter().for_each(mem::forget);
    }

    #[inline]
    fn get_mut(&mut self, index: usize) -> Option<&mut Job> {
        match index.checked_sub(1) {
            None => self.first.as_mut(),
            Some(index) => self.rest.get_mut(index),
        }
    }
}

impl Chain {
    /// Creates a chain without a job, which ends when the group has ended. It is not counted, because nothing
    /// is lost with it.
    pub(super) fn waiting(group: Arc<Group>) -> Box<Self> {
        let mut chain = Box::new(Self::with(None, Trackers::NONE));
        chain.after = Some(group);
        chain
    }

    /// Creates a chain of one job.
    #[inline]
    pub(super) fn of(job: Job, adopted: GroupKey) -> Box<Self> {
        let trackers = trackers::here();
        trackers.chain_began();
        let mut chain = Box::new(Self::with(Some(job), trackers));
        chain.adopted = adopted;
        chain
    }

    /// Creates a chain of one job that is in the register and counted.
    pub(super) fn of_begun(job: Job, registered: Registered, ticket: Option<Ticket>) -> Box<Self> {
        let mut chain = Box::new(Self::with(Some(job), registered.trackers()));
        chain.registered = Some(registered);
        chain.ticket = ticket;
        chain
    }

    /// Keeps the cleanups that the first poll of the current job has handed off, and its waits.
    pub(super) fn keep(&mut self, adopted: GroupKey, waits: Option<Arc<PendingWaits>>) {
        self.adopted = adopted;
        self.waits = waits;
    }

    /// Creates a chain of one job that waits for other chains and for a group.
    pub(super) fn after(before: Option<Box<Self>>, after: Option<Arc<Group>>, job: Job) -> Box<Self> {
        let mut chain = Self::of(job, GroupKey::NONE);
        chain.before = before;
        chain.after = after;
        chain
    }

    #[inline(always)]
    const fn with(first: Option<Job>, trackers: Trackers) -> Self {
        Self {
            jobs: Jobs { first, rest: Vec::new() },
            registered: None,
            more: None,
            at: 0,
            ended: 0,
            adopted: GroupKey::NONE,
            trackers,
            ticket: None,
            waits: None,
            before: None,
            after: None,
            siblings: Vec::new(),
        }
    }

    const fn has_jobs(&self) -> bool {
        self.jobs.first.is_some()
    }

    /// Returns the group that a chain without a job waits for, and any other chain as it is.
    pub(super) fn into_group(mut self: Box<Self>) -> Result<Arc<Group>, Box<Self>> {
        if !self.has_jobs() && self.before.is_none() {
            if let Some(group) = self.after.take() {
                group.forget(OF_BODY);
                return Ok(group);
            }
        }
        Err(self)
    }

    /// Returns whether [`push`](Self::push) can append a job that is handed off here: it belongs to no tracker, and
    /// neither does this chain.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.siblings.is_empty()
            && self.trackers.are_none()
            && trackers::are_here(&Trackers::NONE)
            && self.jobs.have_room()
    }

    /// Appends a job to a chain that has room.
    #[inline]
    pub(super) fn push(&mut self, job: Job) {
        self.jobs.push(job);
        Trackers::NONE.cleanup_began();
    }

    /// Appends a job. If there are several chains, or one with other trackers, the job goes into a new chain
    /// that waits for them.
    pub(super) fn followed_by(mut self: Box<Self>, job: Job) -> Box<Self> {
        if !self.siblings.is_empty() {
            return Self::after(Some(self), None, job);
        }
        if !self.has_jobs() {
            // A drop may have polled it inside another chain.
            self.after.iter().for_each(|group| group.forget(OF_BODY));
            self.trackers = trackers::here();
            self.trackers.chain_began();
            self.jobs.first = Some(job);
        } else if trackers::are_here(&self.trackers) {
            self.trackers.cleanup_began();
            self.jobs.push(job);
        } else {
            return Self::after(Some(self), None, job);
        }
        self
    }

    /// Adds other chains as siblings. The shorter list is moved, so that merging n chains takes about n moves
    /// in total.
    pub(super) fn beside(mut self: Box<Self>, mut other: Box<Self>) -> Box<Self> {
        if self.siblings.len() < other.siblings.len() {
            mem::swap(&mut self, &mut other);
        }
        let moving = mem::take(&mut other.siblings);
        self.siblings.push(other);
        self.siblings.extend(moving);
        self
    }

    /// Passes each of the chains to `take`, without its siblings.
    pub(super) fn into_each(mut self: Box<Self>, take: &mut dyn FnMut(Box<Self>)) {
        let siblings = mem::take(&mut self.siblings);
        take(self);
        for sibling in siblings {
            take(sibling);
        }
    }

    /// Returns the other chains.
    pub(super) fn take_siblings(&mut self) -> Option<Box<Self>> {
        let mut siblings = mem::take(&mut self.siblings);
        let mut first = siblings.pop()?;
        first.siblings = siblings;
        Some(first)
    }

    /// Starts this chain, and counts it in a group. A chain without a job only keeps `group` from ending
    /// before its own group.
    pub(super) fn start_in(self: Box<Self>, group: &Arc<Group>) {
        match self.into_group() {
            Ok(inner) => inner.hold(group),
            Err(chain) => chain.start(Some(group.ticket()), true),
        }
    }

    /// Starts this chain, and the chains that end before its first job.
    pub(super) fn start(self: Box<Self>, ticket: Option<Ticket>, adopted: bool) {
        if self.before.is_none() {
            executor::start(Task::of_chain(self, ticket), adopted);
        } else {
            self.start_each(ticket, |task| executor::start(task, adopted));
        }
    }

    /// Passes the tasks of this chain and of the chains that end before its first job to `start`.
    #[cold]
    fn start_each(self: Box<Self>, ticket: Option<Ticket>, start: impl Fn(Task)) {
        // A list and no recursion, because chains are nested as deeply as the calls that were cancelled.
        let mut starting = Vec::from([(self, ticket)]);
        let mut at = 0;
        while let Some((chain, _)) = starting.get_mut(at) {
            let mut before = Vec::new();
            chain.take_before(|chain, ticket| before.push((chain, Some(ticket))));
            starting.append(&mut before);
            at += 1;
        }
        // Each one comes after those that it waits for, in case the executor runs them at once.
        while let Some((chain, ticket)) = starting.pop() {
            start(Task::of_chain(chain, ticket));
        }
    }

    /// Passes each chain that ends before the first job to `start`, with a ticket of the group that the job
    /// waits for.
    fn take_before(&mut self, mut start: impl FnMut(Box<Self>, Ticket)) {
        let Some(before) = self.before.take() else { return };
        let group = self.after.get_or_insert_default();
        before.into_each(&mut |chain| match chain.into_group() {
            Ok(inner) => inner.hold(group),
            Err(chain) => start(chain, group.ticket()),
        });
    }

    /// Adds the jobs to the register. The ticket counts them in the group of the enclosing finally.
    pub(super) fn begin(&mut self, ticket: Option<Ticket>) {
        self.ticket = ticket;
        // A drop that blocks may have driven jobs before. If all cleanups have ended, the chain only waits
        // for those that they have handed off, and nothing would remove an entry.
        let Some(first) = self.jobs.first.as_ref().filter(|_| self.ended <= self.jobs.rest.len()) else {
            return;
        };
        if !self.jobs.rest.is_empty() || !self.trackers.are_none() {
            let sites = self.jobs.rest.iter().map(|job| job.location).collect();
            self.more = Some(More::new(sites, self.ended, self.trackers.clone()));
        }
        self.registered = Some(Registered::new(first.location, self.more.clone()));
    }

    /// Changes the place that the register shows.
    pub(super) fn moves_to(&self, place: Place) {
        self.registered.iter().for_each(|registered| registered.moves_to(place));
    }

    /// Reports every job as lost. The enclosing finally still waits for the cleanups that this chain waits for.
    pub(super) fn lose(mut self, reason: &str) {
        self.leave();
        let Jobs { first, rest } = mem::take(&mut self.jobs);
        let mut waits = self.waits.take();
        let lost = exempt::within(&mut waits, self.trackers.clone(), || {
            for job in first.into_iter().chain(rest).skip(self.ended) {
                job.lose(&mut self.adopted, reason);
                self.trackers.cleanup_ended();
            }
        });
        self.waits = waits;
        for group in self.after.take().into_iter().chain(self.adopted.take_group()) {
            group.forget(OF_BODY);
            if let Some(ticket) = &self.ticket {
                ticket.extend_to(&group);
            }
        }
        self.end();
        lost.unwrap_or_else(|payload| payload.resume());
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.has_jobs() {
            return self.poll_group(context);
        }
        let mut waits = self.waits.take();
        let polled = exempt::within(&mut waits, self.trackers.clone(), || {
            ready!(self.poll_before(context));
            self.poll_jobs(context)
        });
        self.waits = waits;
        let polled = polled.unwrap_or_else(|payload| payload.resume());
        if polled.is_ready() {
            mem::take(&mut self.jobs).end();
            (self.at, self.ended) = (0, 0);
            self.end();
        }
        polled
    }

    /// Polls a chain without a job. It is not counted, so its wait exempts the chain around it, if there is one.
    #[cold]
    fn poll_group(&self, context: &Context<'_>) -> Poll<()> {
        self.after.as_ref().map_or(Poll::Ready(()), |group| group.poll_end(OF_BODY, context))
    }

    /// Waits for everything that ends before the first job.
    fn poll_before(&mut self, context: &Context<'_>) -> Poll<()> {
        self.take_before(|chain, ticket| chain.start(Some(ticket), true));
        if let Some(group) = &self.after {
            ready!(group.poll_end(OF_BODY, context));
            self.after = None;
        }
        Poll::Ready(())
    }

    #[inline]
    fn poll_jobs(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Some(job) = self.jobs.get_mut(self.at) {
            if self.ended == self.at {
                ready!(job.poll(&mut self.adopted, context));
                self.ended += 1;
                if self.ended > self.jobs.rest.len() {
                    // The register is empty before the last cleanup is counted as ended, and so after a
                    // drain.
                    self.leave();
                } else if let Some(more) = &self.more {
                    more.set_ended(self.ended);
                }
                self.trackers.cleanup_ended();
            }
            ready!(self.adopted.poll_end(context));
            self.at += 1;
        }
        Poll::Ready(())
    }

    fn leave(&mut self) {
        if let Some(registered) = self.registered.take() {
            registered.leave();
        }
    }

    /// Ends a chain that was counted. The ticket is released first, so that the waiters of this chain become
    /// active again before the chain itself stops being active.
    fn end(&mut self) {
        #[cold]
        fn end(waits: &PendingWaits) -> bool {
            waits.end()
        }

        self.ticket = None;
        if self.waits.as_deref().is_none_or(end) {
            self.trackers.one_less_active();
        }
    }
}

/// Starts the jobs on the background thread if the chain is dropped before its end.
impl Drop for Chain {
    #[inline]
    fn drop(&mut self) {
        #[cold]
        fn move_on(chain: &mut Chain) {
            // Each sibling moves by itself when it is dropped.
            drop(mem::take(&mut chain.siblings));
            let chain = Box::new(mem::replace(chain, Chain::with(None, Trackers::NONE)));
            chain.start_each(None, executor::start_dropped);
        }

        if self.has_jobs() {
            move_on(self);
        }
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use core::panic::Location;
    use std::sync::mpsc;

    use super::*;
    use crate::handoff::sync::{Mutex, lock};

    #[test]
    fn a_chain_that_is_dropped_before_its_start_is_listed_on_the_background_thread() {
        let location = Location::caller();
        let (opens, gate) = mpsc::channel::<()>();
        let cleanup = Box::pin(async move { _ = gate.recv() });
        drop(Chain::of(Job::new(cleanup, location), GroupKey::NONE));
        let mut running = crate::running();
        running.retain(|it| it.location() == location);
        drop(opens);
        assert_eq!(running.iter().map(crate::Running::place).collect::<Vec<_>>(), [Place::BackgroundThread]);
        crate::drain_blocking(None).unwrap();
    }

    #[test]
    fn a_chain_that_is_dropped_before_its_start_is_listed_with_those_before_it() {
        let location = Location::caller();
        let (opens, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let job = || {
            let gate = Arc::clone(&gate);
            Job::new(Box::pin(async move { _ = lock(&gate).recv() }), location)
        };
        let siblings = Chain::of(job(), GroupKey::NONE).beside(Chain::of(job(), GroupKey::NONE));
        drop(siblings.followed_by(job()));
        let count = crate::running().iter().filter(|it| it.location() == location).count();
        drop(opens);
        assert_eq!(count, 3);
        crate::drain_blocking(None).unwrap();
    }
}
