//! Many futures at once, and many cleanups of theirs.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    task::Poll,
};

use finally::finally;
use tokio::{sync::oneshot, task::yield_now};

use crate::{
    allocator::{allocations, live_bytes},
    common::{clean, cleaned, poll_once, print, runtime},
};

/// A cleanup that suspends once.
async fn clean_later() {
    yield_now().await;
    clean();
}

async fn never() {
    std::future::pending::<()>().await;
}

struct SpawnOnDrop;

impl Drop for SpawnOnDrop {
    fn drop(&mut self) {
        tokio::spawn(clean_later());
    }
}

async fn plain() {
    never().await;
}

#[tracing::instrument(skip_all)]
async fn instrument() {
    never().await;
}

async fn spawn() {
    let _guard = SpawnOnDrop;
    never().await;
}

async fn guarden_awaited() {
    let guard = guarden::guard!(async move { clean_later().await });
    never().await;
    guard.trigger().await;
}

#[finally(clean)]
async fn path_sync() {
    never().await;
}

#[finally(clean_later)]
async fn path_awaited() {
    never().await;
}

/// Makes a crowd, polls each once, and drops them all. Returns the bytes of one.
async fn cancel_together<F: Future>(futures: usize, make: fn() -> F) -> usize {
    let before = live_bytes();
    let mut crowd: Vec<Pin<Box<F>>> = (0..futures).map(|_| Box::pin(make())).collect();
    for future in &mut crowd {
        poll_once(future.as_mut()).await;
    }
    (live_bytes() - before) / futures
}

#[finally(clean)]
async fn not_adopting<F: Future>(futures: usize, make: fn() -> F) -> usize {
    cancel_together(futures, make).await
}

async fn nothing() {}

#[finally(nothing)]
async fn adopting<F: Future>(futures: usize, make: fn() -> F) -> usize {
    cancel_together(futures, make).await
}

/// Cancels a crowd, and runs its cleanups to their end.
pub fn cancel(case: &str, futures: usize, times: usize) {
    runtime().block_on(async {
        let before = allocations();
        let mut bytes = 0;
        for _ in 0..times {
            bytes = match case {
                "plain" => cancel_together(futures, plain).await,
                "instrument" => cancel_together(futures, instrument).await,
                "spawn" => cancel_together(futures, spawn).await,
                "guarden_awaited" => cancel_together(futures, guarden_awaited).await,
                "path_sync" => cancel_together(futures, path_sync).await,
                "path_awaited" => cancel_together(futures, path_awaited).await,
                "in_sync" => not_adopting(futures, path_awaited).await,
                "adopted" => adopting(futures, path_awaited).await,
                _ => panic!("there is no case `{case}`"),
            };
            while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                yield_now().await;
            }
        }
        assert!(matches!(case, "plain" | "instrument") || cleaned() >= futures * times);
        print("bytes", bytes);
        print("allocations", allocations() - before);
    });
}

#[finally(never)]
async fn cleaned_up_for_ever() {
    never().await;
}

#[finally(nothing)]
async fn polled_beside(futures: usize, times: usize) {
    cancel_together(futures, cleaned_up_for_ever).await;
    let before = allocations();
    for _ in 0..times {
        yield_now().await;
    }
    print("allocations", allocations() - before);
}

/// Polls a body that has cancelled a crowd whose cleanups are pending. They never end.
pub fn busy(futures: usize, times: usize) {
    let runtime = runtime();
    runtime.block_on(async { poll_times(Box::pin(polled_beside(futures, times)), times).await });
    // The runtime is not dropped, which would move the cleanups elsewhere.
    std::process::exit(0);
}

/// Polls a body until it has gone through its turns. Its own cleanup waits for ever, and is not waited for.
async fn poll_times(mut body: Pin<Box<impl Future<Output = ()>>>, times: usize) {
    for _ in 0..times + 2 {
        let polled = poll_fn(|context| Poll::Ready(body.as_mut().poll(context))).await;
        assert!(polled.is_pending() || times == 0);
        yield_now().await;
    }
}

static POLLS: AtomicUsize = AtomicUsize::new(0);

async fn wait(mut end: oneshot::Receiver<()>) {
    poll_fn(|context| {
        POLLS.fetch_add(1, Relaxed);
        Pin::new(&mut end).poll(context).map(drop)
    })
    .await;
    clean();
}

#[finally(wait(end))]
async fn cleaned_up_when_woken(end: oneshot::Receiver<()>) {
    never().await;
}

/// Detaches so many cleanups, each with a wake of its own, and wakes some of them one after another.
pub fn wake(futures: usize, times: usize) {
    let runtime = runtime();
    let _wakes = runtime.block_on(async {
        let (mut wakes, ends): (Vec<_>, Vec<_>) = (0..futures).map(|_| oneshot::channel()).unzip();
        let before = live_bytes();
        for end in ends {
            poll_once(Box::pin(cleaned_up_when_woken(end)).as_mut()).await;
        }
        while POLLS.load(Relaxed) < futures {
            yield_now().await;
        }
        print("bytes", (live_bytes() - before) / futures);
        for turn in 0..times {
            let wake = wakes.swap_remove(turn * 7919 % wakes.len());
            wake.send(()).unwrap();
            while cleaned() == turn {
                yield_now().await;
            }
        }
        print("polls", POLLS.load(Relaxed) - futures);
        wakes
    });
    // The other cleanups are neither woken nor moved elsewhere, which would count.
    std::process::exit(0);
}
