//! The future that an executor runs: one cleanup alone, or a chain.

use alloc::boxed::Box;
use core::{
    future::Future,
    mem::{self, ManuallyDrop},
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{
    adopted::GroupKey,
    chain::Chain,
    executor,
    exempt::{self, PendingWaits},
    group::Ticket,
    job::Job,
    register::{More, Registered},
    running::Place,
    sync::Arc,
    trackers::{self, Trackers},
};

/// The cleanups that one drop hands off. They are in the register.
///
/// The state is never dropped in place: a task that is dropped before its end moves to the background thread,
/// and one that has ended holds nothing.
pub(super) struct Task(ManuallyDrop<State>);

enum State {
    Alone(Alone),
    /// `None` once everything has ended.
    Chain(Option<Box<Chain>>),
}

/// A cleanup that is the only one that its drop hands off, hands off none itself, and waits for no drain.
/// Nearly all are like this.
struct Alone {
    job: Job,
    registered: Registered,
    /// Whether it belongs to trackers. They are in the register.
    is_tracked: bool,
    /// Counts this cleanup in the group of the enclosing finally.
    ticket: Option<Ticket>,
}

impl Task {
    const fn with(state: State) -> Self {
        Self(ManuallyDrop::new(state))
    }

    /// Creates the task of one cleanup. The ticket counts it in the group of the enclosing finally.
    #[inline(always)]
    pub(super) fn of(job: Job, ticket: Option<Ticket>) -> Self {
        if !trackers::are_here(&Trackers::NONE) {
            return Self::of_tracked(job, ticket);
        }
        Trackers::NONE.chain_began();
        let registered = Registered::new(job.location, None);
        Self::with(State::Alone(Alone { job, registered, is_tracked: false, ticket }))
    }

    #[cold]
    fn of_tracked(job: Job, ticket: Option<Ticket>) -> Self {
        let trackers = trackers::here();
        trackers.chain_began();
        let registered = Registered::new(job.location, Some(More::of(trackers)));
        Self::with(State::Alone(Alone { job, registered, is_tracked: true, ticket }))
    }

    /// Creates the task of a chain.
    pub(super) fn of_chain(mut chain: Box<Chain>, ticket: Option<Ticket>) -> Self {
        chain.begin(ticket);
        Self::with(State::Chain(Some(chain)))
    }

    /// Changes the place that the register shows.
    pub(super) fn moves_to(&self, place: Place) {
        match &*self.0 {
            State::Alone(alone) => alone.registered.moves_to(place),
            State::Chain(chain) => chain.iter().for_each(|chain| chain.moves_to(place)),
        }
    }

    /// Reports every cleanup as lost.
    pub(super) fn lose(mut self, reason: &str) {
        if let Some(chain) = self.take_chain() {
            chain.lose(reason);
        }
    }

    fn take_chain(&mut self) -> Option<Box<Chain>> {
        match mem::replace(&mut *self.0, State::Chain(None)) {
            State::Alone(Alone { job, registered, is_tracked: _, ticket }) => {
                Some(Chain::of_begun(job, registered, ticket))
            }
            State::Chain(chain) => chain,
        }
    }

    /// Continues as a chain, which keeps these.
    #[cold]
    fn become_chain(&mut self, adopted: GroupKey, waits: Option<Arc<PendingWaits>>) {
        let mut chain = self.take_chain();
        if let Some(chain) = &mut chain {
            chain.keep(adopted, waits);
        }
        *self.0 = State::Chain(chain);
    }

    /// Polls the task. Unlike the `poll` of its future, this is compiled once, and not once for each caller.
    #[cold]
    pub(super) fn poll_outlined(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &*self.0 {
            State::Alone(alone) => {
                let trackers = if alone.is_tracked { alone.registered.trackers() } else { Trackers::NONE };
                self.poll_inside(&trackers, context)
            }
            State::Chain(_) => self.poll_chain(context),
        }
    }

    #[inline(always)]
    fn poll_inside(&mut self, trackers: &Trackers, context: &mut Context<'_>) -> Poll<()> {
        let State::Alone(Alone { job, registered, is_tracked: _, ticket }) = &mut *self.0 else {
            return self.poll_chain(context);
        };
        let (mut waits, mut adopted) = (None, GroupKey::NONE);
        let polled = exempt::within(&mut waits, trackers.clone(), || job.poll(&mut adopted, context))
            .unwrap_or_else(|payload| payload.resume());
        if waits.is_some() || !adopted.is_none() {
            self.become_chain(adopted, waits);
            // A cleanup that has ended is not polled again. The chain waits for the cleanups that it has handed off.
            return if polled.is_ready() { self.poll_chain(context) } else { Poll::Pending };
        }
        ready!(polled);
        // The entry is removed before the cleanup is counted as ended, so that the register is empty after a
        // drain.
        registered.leave();
        let ticket = ticket.take();
        self.0 = ManuallyDrop::new(State::Chain(None));
        trackers.cleanup_ended();
        // The waiters become active again before this stops being active.
        drop(ticket);
        trackers.one_less_active();
        Poll::Ready(())
    }

    fn poll_chain(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let State::Chain(state) = &mut *self.0 {
            if let Some(chain) = state {
                ready!(chain.poll(context));
            }
            *state = None;
        }
        Poll::Ready(())
    }
}

impl Future for Task {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // A reference to a constant: a variable would be read again after each call that might have changed it.
        const NONE: &Trackers = &Trackers::NONE;

        match &*self.0 {
            State::Alone(alone) if !alone.is_tracked => self.poll_inside(NONE, context),
            State::Alone(_) => self.poll_outlined(context),
            State::Chain(_) => self.poll_chain(context),
        }
    }
}

/// Moves the cleanups to the background thread if the task is dropped before its end.
///
/// A successful spawn guarantees nothing: a runtime that is shutting down accepts a future and drops it
/// unpolled (<https://docs.rs/tokio/latest/tokio/runtime/struct.Handle.html#method.spawn>). Only this drop
/// catches that.
impl Drop for Task {
    #[inline]
    fn drop(&mut self) {
        #[cold]
        #[inline(never)]
        fn move_on(task: &mut Task) {
            executor::start_dropped(Task::with(mem::replace(&mut *task.0, State::Chain(None))));
        }

        if !matches!(*self.0, State::Chain(None)) {
            move_on(self);
        }
    }
}
