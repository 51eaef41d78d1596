//! The background thread: the executor of last resort.
//!
//! It starts when the first chain comes, and lingers for some seconds after the last one has ended, because the next one is
//! often not far. A second thread keeps the time and owns the worker. With the feature `tokio` it owns a runtime with one worker, so that cleanups find timers, sockets and
//! `spawn`, and may block in place. Without it, one worker polls tasks of `async-task`.

pub(super) mod life;
#[cfg(all(feature = "tokio", not(target_family = "wasm")))]
#[path = "thread/with_tokio.rs"]
mod runner;
#[cfg(not(all(feature = "tokio", not(target_family = "wasm"))))]
#[path = "thread/without_tokio.rs"]
mod runner;

use core::time::Duration;
use std::thread;

use self::life::{Life, Next};
use super::{HAS_THREADS, chain::Chain, running::Place};

pub(super) use self::runner::block;

/// How long the thread stays when nothing is left to do.
const LINGER: Duration = Duration::from_secs(3);

static LIFE: Life<Chain, runner::Spawner> = Life::new();

/// Gives a chain to the thread, and starts the thread if there is none.
pub(super) fn submit(mut chain: Chain) {
    if !HAS_THREADS {
        return chain.lose("this target has no threads, and no executor was set");
    }
    chain.moves_to(Place::BackgroundThread);
    match LIFE.submit(chain) {
        Next::Spawn(spawner, chain) => spawner.spawn(chain, Unfinished(())),
        Next::Wait => {}
        Next::Start(number) => {
            // Not the worker, which carries the plain name.
            if thread::Builder::new().name("finally-keeper".into()).spawn(move || run(number)).is_err() {
                lose_all(number, "no background thread could be started");
            }
        }
    }
}

/// The whole life of a thread.
fn run(number: usize) {
    /// Frees the place of the thread on every way out.
    struct Leaving(usize);

    impl Drop for Leaving {
        fn drop(&mut self) {
            lose_all(self.0, "the background thread has ended");
        }
    }

    let _leaving = Leaving(number);
    match runner::start() {
        Ok(runner) => {
            for chain in LIFE.started(runner.spawner()) {
                runner.spawner().spawn(chain, Unfinished(()));
            }
            runner.run();
        }
        Err(reason) => lose_all(number, &reason),
    }
}

fn lose_all(number: usize, reason: &str) {
    for chain in LIFE.ended(number) {
        chain.lose(reason);
    }
}

/// One chain on the thread, for as long as it is there.
struct Unfinished(());

impl Drop for Unfinished {
    fn drop(&mut self) {
        LIFE.finished_one();
    }
}
