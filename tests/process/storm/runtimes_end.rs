//! Runtimes that end while tasks and cleanups run on them.

use std::{sync::Arc, thread, time::Duration};

use tokio::{
    runtime::{Runtime, RuntimeFlavor},
    task::{LocalSet, spawn_blocking, yield_now},
};

use crate::{
    books::Task,
    random::Random,
    round::{Round, rounds_of},
    support::runtimes,
};

/// Spawns tasks, and aborts some of them: before their start, in their bodies, in their cleanups, and after their end.
async fn abort_some(round: &mut Round) {
    let tasks: Vec<_> = round.tasks().into_iter().map(tokio::spawn).collect();
    for _ in 0..tasks.len() {
        tasks[round.random.below(tasks.len())].abort();
        if round.random.one_in(2) {
            yield_now().await;
        }
    }
}

/// Runs a storm on runtimes of one kind, each of which ends in the same way.
fn storm(runtime: fn() -> Runtime, end: fn(Runtime, &mut Random)) {
    rounds_of(move |round| {
        let runtime = runtime();
        runtime.block_on(abort_some(round));
        end(runtime, &mut round.random);
    });
}

/// Makes the tests for one kind of runtime.
macro_rules! every_end_of {
    ($runtime:ident) => {
        mod $runtime {
            use super::*;

            #[test]
            fn every_task_ends_before_the_runtime() {
                rounds_of(|round| {
                    let runtime = runtimes::$runtime();
                    round.site.has_clock = true;
                    round.site.drop_can_wait =
                        runtime.handle().runtime_flavor() == RuntimeFlavor::MultiThread;
                    let tasks = round.tasks();
                    runtime.block_on(abort_some_and_join(round, tasks));
                });
            }

            #[test]
            fn dropped_with_tasks() {
                storm(runtimes::$runtime, |runtime, _| drop(runtime));
            }

            #[test]
            fn dropped_on_another_thread() {
                storm(runtimes::$runtime, |runtime, _| thread::spawn(|| drop(runtime)).join().unwrap());
            }

            #[test]
            fn shut_down_with_a_timeout() {
                storm(runtimes::$runtime, |runtime, random| {
                    runtime.shutdown_timeout(Duration::from_micros(random.below(2000) as u64));
                });
            }

            #[test]
            fn shut_down_in_the_background() {
                storm(runtimes::$runtime, |runtime, _| runtime.shutdown_background());
            }

            #[test]
            fn shut_down_inside_another_runtime() {
                storm(runtimes::$runtime, |runtime, _| {
                    runtimes::$runtime().block_on(async { runtime.shutdown_background() });
                });
            }
        }
    };
}

every_end_of!(current_thread);
every_end_of!(multi_thread);

async fn abort_some_and_join(round: &mut Round, tasks: Vec<Task>) {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    for _ in 0..tasks.len() / 2 {
        tasks[round.random.below(tasks.len())].abort();
        yield_now().await;
    }
    // The count includes tasks that were spawned by other tasks.
    let books = Arc::clone(&round.site.books);
    spawn_blocking(move || books.wait_for_tasks()).await.unwrap();
    finally::drain().await;
}

#[test]
fn a_local_set_dropped_with_tasks() {
    rounds_of(|round| {
        let runtime = runtimes::current_thread();
        let local = LocalSet::new();
        let tasks: Vec<_> = round.tasks().into_iter().map(|task| local.spawn_local(task)).collect();
        local.block_on(&runtime, async {
            for _ in 0..tasks.len() {
                tasks[round.random.below(tasks.len())].abort();
                yield_now().await;
            }
        });
        drop(runtime);
        drop(local);
    });
}
