//! A queue of `async-task` tasks, and a worker that polls them.

use alloc::{boxed::Box, collections::VecDeque, string::String, sync::Arc};
use core::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::Pin,
};
use std::sync::{Condvar, Mutex, PoisonError};

use async_task::Runnable;

use super::{LIFE, LINGER, Unfinished, Work, start_thread};
use crate::{engine::unwind::quietly, handoff::sync::lock};

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Runnable>,
    /// The number of workers that should exit, because a worker that was blocked continues.
    surplus: usize,
    closed: bool,
}

impl Queue {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.state));
        self.changed.notify_all();
    }

    /// Returns the next task, or `None` if the worker should exit.
    fn next(&self) -> Option<Runnable> {
        let mut state = lock(&self.state);
        loop {
            if state.surplus > 0 {
                state.surplus -= 1;
                return None;
            }
            if let Some(runnable) = state.ready.pop_front() {
                return Some(runnable);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

std::thread_local! {
    /// The queue that this thread works on.
    static WORKS_ON: RefCell<Option<Arc<Queue>>> = const { RefCell::new(None) };
}

fn start_worker(queue: &Arc<Queue>) -> Result<(), String> {
    let queue = Arc::clone(queue);
    let work = move || {
        WORKS_ON.set(Some(Arc::clone(&queue)));
        while let Some(runnable) = queue.next() {
            quietly(|| {
                runnable.run();
            });
        }
    };
    start_thread("finally", Box::new(work))
}

pub(super) struct Runner(Arc<Queue>);

/// Starts a worker.
///
/// # Errors
///
/// The reason, if the system provides no thread.
pub(super) fn start() -> Result<Runner, String> {
    let queue = Arc::default();
    match start_worker(&queue) {
        Ok(()) => Ok(Runner(queue)),
        Err(reason) => Err(alloc::format!("the background thread has no worker: {reason}")),
    }
}

impl Runner {
    pub(super) fn spawner(&self) -> Spawner {
        Spawner(Arc::clone(&self.0))
    }

    /// Keeps the worker until no cleanup is left.
    pub(super) fn run(self) {
        LIFE.wait_until_idle(LINGER, || true);
    }
}

/// Stops the worker.
impl Drop for Runner {
    fn drop(&mut self) {
        self.0.change(|state| state.closed = true);
    }
}

#[derive(Clone)]
pub(super) struct Spawner(Arc<Queue>);

impl Spawner {
    pub(super) fn spawn(&self, mut work: Work, unfinished: Unfinished) {
        let queue = Arc::clone(&self.0);
        let schedule = move |runnable| queue.change(|state| state.ready.push_back(runnable));
        let future = async move {
            // The task keeps a waker of its own. Otherwise it would be dropped as soon as no other waker for it
            // exists.
            let mut waker = None;
            poll_fn(|context| {
                waker.get_or_insert_with(|| context.waker().clone());
                Pin::new(&mut work).poll(context)
            })
            .await;
            drop((work, unfinished));
        };
        let (runnable, task) = async_task::spawn(future, schedule);
        task.detach();
        runnable.schedule();
    }
}

/// Calls `wait`, and starts another worker if this thread is one. Returns `None` if that worker cannot be
/// started.
pub(in super::super) fn block<R>(wait: impl FnOnce() -> R) -> Option<R> {
    let queue = WORKS_ON.try_with(|queue| queue.borrow().clone()).ok().flatten();
    let Some(queue) = queue else { return Some(wait()) };
    start_worker(&queue).ok()?;
    let waited = wait();
    queue.change(|state| state.surplus += 1);
    Some(waited)
}
