//! The start and the end of the background thread, independent of the work it runs.

use alloc::vec::Vec;
use core::{mem, time::Duration};
use std::{sync::PoisonError, time::Instant};

use super::super::sync::{Condvar, Mutex, lock};

/// The state of a thread that exists while there is work `W` for it. Once started, it accepts work through a
/// spawner `S`.
pub(in super::super) struct Life<W, S> {
    state: Mutex<State<W, S>>,
    changed: Condvar,
}

struct State<W, S> {
    presence: Presence<W, S>,
    /// The number of units of work that were given to the spawner and have not ended.
    unfinished: usize,
    /// The number of the current or the most recent thread. It keeps a thread that ends late from ending its
    /// successor.
    thread: usize,
    /// Counts submissions, so that a lingering thread notices that it was needed.
    submitted: usize,
}

enum Presence<W, S> {
    /// There is no thread. The next submission starts one.
    Absent,
    /// Work that was submitted before the thread was ready.
    Starting(Vec<W>),
    Running(S),
}

/// The step that a submission leaves to its caller.
pub(in super::super) enum Next<W, S> {
    /// Give the work to the spawner.
    Spawn(S, W),
    /// Start the thread with this number, which accepts the work. If that fails, call [`Life::ended`].
    Start(usize),
    /// Do nothing: the thread is starting, and will accept the work.
    Wait,
}

impl<W, S: Clone> Default for Life<W, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W, S: Clone> Life<W, S> {
    pub(in super::super) const fn new() -> Self {
        Self {
            state: Mutex::new(State { presence: Presence::Absent, unfinished: 0, thread: 0, submitted: 0 }),
            changed: Condvar::new(),
        }
    }

    /// Accepts a unit of work.
    pub(in super::super) fn submit(&self, work: W) -> Next<W, S> {
        let mut state = lock(&self.state);
        state.submitted = state.submitted.wrapping_add(1);
        match &mut state.presence {
            Presence::Running(spawner) => {
                let spawner = spawner.clone();
                state.unfinished += 1;
                Next::Spawn(spawner, work)
            }
            Presence::Starting(waiting) => {
                waiting.push(work);
                Next::Wait
            }
            Presence::Absent => {
                state.presence = Presence::Starting(Vec::from([work]));
                state.thread = state.thread.wrapping_add(1);
                Next::Start(state.thread)
            }
        }
    }

    /// Marks the thread as started. Returns the work that has waited for it, which counts as unfinished from
    /// now on.
    pub(in super::super) fn started(&self, spawner: S) -> Vec<W> {
        let mut state = lock(&self.state);
        match mem::replace(&mut state.presence, Presence::Running(spawner)) {
            Presence::Starting(waiting) => {
                state.unfinished += waiting.len();
                waiting
            }
            Presence::Absent | Presence::Running(_) => Vec::new(),
        }
    }

    /// Records the end of a unit of work.
    pub(in super::super) fn finished_one(&self) {
        let mut state = lock(&self.state);
        state.unfinished -= 1;
        if state.unfinished == 0 {
            self.changed.notify_all();
        }
    }

    /// Marks the thread with this number as ended, or as failed to start. Returns the work that was waiting for
    /// it.
    pub(in super::super) fn ended(&self, thread: usize) -> Vec<W> {
        let mut state = lock(&self.state);
        if state.thread != thread {
            return Vec::new();
        }
        match mem::replace(&mut state.presence, Presence::Absent) {
            Presence::Starting(waiting) => waiting,
            Presence::Absent | Presence::Running(_) => Vec::new(),
        }
    }

    /// Blocks until there is no work, none was submitted for the time `linger`, and `is_quiet` returns `true`.
    /// Then marks the thread as absent.
    pub(in super::super) fn wait_until_idle(&self, linger: Duration, is_quiet: impl Fn() -> bool) {
        let mut state = lock(&self.state);
        loop {
            while state.unfinished > 0 {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let (submitted, end) = (state.submitted, Instant::now() + linger);
            loop {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
            if state.unfinished == 0 && state.submitted == submitted && is_quiet() {
                state.presence = Presence::Absent;
                return;
            }
        }
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use core::cell::Cell;

    use super::*;

    fn submit(life: &Life<u8, &'static str>, work: u8) -> Option<(&'static str, u8)> {
        match life.submit(work) {
            Next::Spawn(spawner, work) => Some((spawner, work)),
            Next::Start(_) | Next::Wait => None,
        }
    }

    #[test]
    fn the_first_submission_starts_the_thread_and_others_wait_for_it() {
        let life = Life::new();
        assert!(matches!(life.submit(1), Next::Start(_)));
        assert!(matches!(life.submit(2), Next::Wait));
        assert_eq!(life.started("spawner"), [1, 2]);
        assert_eq!(submit(&life, 3), Some(("spawner", 3)));
    }

    #[test]
    fn all_that_is_submitted_during_a_failing_start_is_returned_once() {
        let life = Life::new();
        assert!(matches!(life.submit(1), Next::Start(_)));
        assert!(matches!(life.submit(2), Next::Wait));
        assert_eq!(life.ended(1), [1, 2]);
        assert_eq!(life.ended(1), []);
        assert!(matches!(life.submit(3), Next::Start(_)), "the next one tries again");
        assert_eq!(life.started("spawner"), [3]);
    }

    #[test]
    fn a_thread_that_has_ended_has_no_work_and_the_next_submission_starts_one() {
        let life = Life::new();
        assert!(matches!(life.submit(1), Next::Start(_)));
        assert_eq!(life.started("spawner"), [1]);
        assert_eq!(life.ended(1), []);
        assert!(matches!(life.submit(2), Next::Start(_)));
    }

    #[test]
    fn it_is_idle_when_all_work_has_ended_and_it_is_quiet() {
        let life = Life::new();
        assert!(matches!(life.submit(1), Next::Start(_)));
        life.started("spawner");
        assert!(submit(&life, 2).is_some());
        let looks = Cell::new(0);
        let is_quiet = || looks.replace(looks.get() + 1) == 2;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                life.finished_one();
                life.finished_one();
            });
            life.wait_until_idle(Duration::ZERO, is_quiet);
        });
        assert_eq!(looks.get(), 3, "it looks again until it is quiet");
        assert!(matches!(life.submit(3), Next::Start(_)), "there is no thread any more");
    }
}
