//! The background thread: the executor of last resort.
//!
//! It starts with the first chain, and stays for some seconds after the last one has ended, because another one
//! often follows soon. A keeper thread owns the worker and measures that time. With the feature `tokio`, the
//! keeper owns a runtime with one worker, so that cleanups can use timers, sockets and `spawn`, and may block
//! in place. It is a current-thread runtime, in which nothing blocks in place, in a program that does not have
//! tokio's multi-thread runtime. Without the feature, a single worker polls tasks of `async-task`.

pub(super) mod life;
#[cfg(all(feature = "tokio", not(target_family = "wasm")))]
#[path = "thread/with_tokio.rs"]
mod runner;
#[cfg(not(all(feature = "tokio", not(target_family = "wasm"))))]
#[path = "thread/without_tokio.rs"]
mod runner;

use alloc::{
    boxed::Box,
    string::{String, ToString},
};
use core::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use std::thread;

use self::life::{Life, Next};
use super::{BoxFuture, HAS_THREADS, running::Place, task::Task};

pub(super) use self::runner::block;
use crate::engine::unwind::quietly;

std::thread_local! {
    /// Whether this thread drives the runtime, which has no workers of its own.
    static DRIVES: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether this thread drives the runtime of the background thread.
#[inline]
pub(super) fn drives_background() -> bool {
    DRIVES.get()
}

/// How long the thread stays without work.
const LINGER: Duration = Duration::from_secs(3);

static LIFE: Life<Work, runner::Spawner> = Life::new();

/// A unit of work for the thread.
pub(super) enum Work {
    Task(Task),
    /// A task that an executor has wrapped in a future of its own. If the wrapper is dropped, the task comes
    /// here by itself.
    Wrapped(BoxFuture),
}

impl Work {
    /// Disposes of work that no thread accepts.
    fn lose(self, reason: &str) {
        match self {
            Self::Task(task) => task.lose(reason),
            // The task inside tries to start a thread, too, and is lost if that fails again.
            Self::Wrapped(wrapped) => quietly(|| drop(wrapped)),
        }
    }
}

impl Future for Work {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.get_mut() {
            Self::Task(task) => task.poll_outlined(context),
            Self::Wrapped(wrapped) => wrapped.as_mut().poll(context),
        }
    }
}

/// Submits work to the thread, and starts the thread if there is none.
pub(super) fn submit(mut work: Work) {
    if !HAS_THREADS {
        return work.lose("this target has no threads, and no executor was set");
    }
    if let Work::Task(task) = &mut work {
        task.moves_to(Place::BackgroundThread);
    }
    match LIFE.submit(work) {
        Next::Spawn(spawner, work) => spawner.spawn(work, Unfinished(())),
        Next::Wait => {}
        Next::Start(number) => {
            // The worker has the plain name `finally`, because cleanups run there.
            if start_thread("finally-keeper", Box::new(move || run(number))).is_err() {
                lose_all(number, "no background thread could be started");
            }
        }
    }
}

/// Starts a thread. The closure is boxed, because `std` compiles the start anew for each type of a closure.
///
/// # Errors
///
/// The reason, if the system provides no thread.
pub(super) fn start_thread(name: &str, run: Box<dyn FnOnce() + Send>) -> Result<(), String> {
    thread::Builder::new().name(name.into()).spawn(run).map(drop).map_err(|error| error.to_string())
}

/// Runs the keeper thread.
fn run(number: usize) {
    /// Ends the thread's state on every exit, including an unwind, so that the next submission starts a thread.
    struct LoseOnExit(usize);

    impl Drop for LoseOnExit {
        fn drop(&mut self) {
            lose_all(self.0, "the background thread has ended");
        }
    }

    let _lose_on_exit = LoseOnExit(number);
    match runner::start() {
        Ok(runner) => {
            for work in LIFE.started(runner.spawner()) {
                runner.spawner().spawn(work, Unfinished(()));
            }
            runner.run();
        }
        Err(reason) => lose_all(number, &reason),
    }
}

fn lose_all(number: usize, reason: &str) {
    for work in LIFE.ended(number) {
        work.lose(reason);
    }
}

/// A unit of work on the thread. Counts as unfinished until it is dropped.
struct Unfinished(());

impl Drop for Unfinished {
    fn drop(&mut self) {
        LIFE.finished_one();
    }
}
