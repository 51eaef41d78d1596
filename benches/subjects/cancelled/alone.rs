//! A future is polled once, dropped, and its cleanup run to its end, on a tokio runtime.

use std::{future::Future, hint::black_box, pin::pin};

use finally::finally;
use tokio::{runtime::Handle, task::yield_now};

use crate::{
    allocator::allocations,
    common::{clean, cleaned, poll_once, print, runtime},
};

/// How many futures are cancelled before the cleanups take their turn.
const AT_ONCE: usize = 16;

async fn clean_later() {
    clean();
}

async fn clean_much_later() {
    yield_now().await;
    clean();
}

async fn never() {
    std::future::pending::<()>().await;
}

async fn plain(number: u64) -> u64 {
    never().await;
    number
}

async fn scopeguard_sync(number: u64) -> u64 {
    scopeguard::defer! { clean() }
    never().await;
    number
}

struct SpawnOnDrop;

impl Drop for SpawnOnDrop {
    fn drop(&mut self) {
        tokio::spawn(clean_later());
    }
}

async fn spawn(number: u64) -> u64 {
    let _guard = SpawnOnDrop;
    never().await;
    number
}

async fn guarden_awaited(number: u64) -> u64 {
    let guard = guarden::guard!(async move { clean_later().await });
    never().await;
    guard.trigger().await;
    number
}

#[finally(clean)]
async fn path_sync(number: u64) -> u64 {
    never().await;
    number
}

#[finally(clean_later)]
async fn path_awaited(number: u64) -> u64 {
    never().await;
    number
}

#[finally(clean_much_later)]
async fn path_suspended(number: u64) -> u64 {
    never().await;
    number
}

#[finally({ black_box(number); clean_later().await })]
async fn argument_awaited(number: u64) -> u64 {
    never().await;
    number
}

// Ten levels, each with a cleanup.

macro_rules! levels {
    ($($annotated:ident of $annotated_below:ident, $spawning:ident of $spawning_below:ident;)*) => {
        $(#[finally(clean_later)]
        async fn $annotated(number: u64) -> u64 {
            $annotated_below(number).await
        }

        async fn $spawning(number: u64) -> u64 {
            let _guard = SpawnOnDrop;
            $spawning_below(number).await
        })*
    };
}

levels! {
    tree_2 of path_awaited, spawns_2 of spawn;
    tree_3 of tree_2, spawns_3 of spawns_2;
    tree_4 of tree_3, spawns_4 of spawns_3;
    tree_5 of tree_4, spawns_5 of spawns_4;
    tree_6 of tree_5, spawns_6 of spawns_5;
    tree_7 of tree_6, spawns_7 of spawns_6;
    tree_8 of tree_7, spawns_8 of spawns_7;
    tree_9 of tree_8, spawns_9 of spawns_8;
    tree_10 of tree_9, spawns_10 of spawns_9;
}

/// One guard that spawns one task which does all ten cleanups, as a careful author would.
async fn one_spawn_10(number: u64) -> u64 {
    struct SpawnAll;

    impl Drop for SpawnAll {
        fn drop(&mut self) {
            tokio::spawn(async {
                for _ in 0..10 {
                    clean_later().await;
                }
            });
        }
    }

    let _guard = SpawnAll;
    plain(number).await
}

/// The same inside of a body with a cleanup that is awaited, which adopts what it cancels.
#[finally(clean_later)]
async fn enclosing(case: &'static str, times: usize) {
    turns(case, times).await;
}

async fn cancel<F: Future<Output = u64>>(make: fn(u64) -> F, times: usize) {
    for number in 0..times {
        poll_once(pin!(make(number as u64))).await;
        if number % AT_ONCE == AT_ONCE - 1 {
            yield_now().await;
        }
    }
}

async fn turns(case: &str, times: usize) {
    match case {
        "plain" => cancel(plain, times).await,
        "scopeguard_sync" => cancel(scopeguard_sync, times).await,
        "spawn" => cancel(spawn, times).await,
        "guarden_awaited" => cancel(guarden_awaited, times).await,
        "path_sync" => cancel(path_sync, times).await,
        "path_awaited" => cancel(path_awaited, times).await,
        "path_suspended" => cancel(path_suspended, times).await,
        "argument_awaited" => cancel(argument_awaited, times).await,
        "tree_10" => cancel(tree_10, times).await,
        "spawns_10" => cancel(spawns_10, times).await,
        "one_spawn_10" => cancel(one_spawn_10, times).await,
        _ => panic!("there is no case `{case}`"),
    }
}

/// Lets the cleanups run. None is left for the thread that takes those of a runtime that is dropped.
async fn run_until(cleanups: usize) {
    while cleaned() < cleanups {
        yield_now().await;
    }
    finally::drain().await;
}

pub fn count(case: &str, times: usize) {
    let cleanups = match case {
        "plain" => 0,
        _ if case.ends_with("_10") => 10,
        _ => 1,
    };
    let case: &'static str = case.to_owned().leak();
    let enclosed = case.strip_prefix("adopted_");
    runtime().block_on(async move {
        let before = allocations();
        let cancelling = tokio::spawn(async move {
            match enclosed {
                Some(case) => enclosing(case, times).await,
                None => turns(case, times).await,
            }
        });
        cancelling.await.unwrap();
        run_until(times * cleanups).await;
        print("allocations", allocations() - before);

        // Once more, to see how many tasks it is that one cancellation makes.
        let tasks = Handle::current().metrics().num_alive_tasks();
        turns(enclosed.unwrap_or(case), 1).await;
        print("tasks", Handle::current().metrics().num_alive_tasks() - tasks);
        run_until((times + 1) * cleanups).await;
    });
}
