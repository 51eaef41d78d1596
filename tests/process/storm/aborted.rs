//! Many tasks, aborted anywhere: every body that was entered is cleaned up, and nothing is lost.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use finally::finally;

use crate::support::{exclusive, runtimes, suspend};

#[derive(Default)]
struct Counts {
    entered: AtomicUsize,
    cleaned_inner: AtomicUsize,
    cleaned_outer: AtomicUsize,
}

#[finally(clean_outer(counts.clone(), suspends))]
async fn outer(counts: Arc<Counts>, suspends: usize, entered: Arc<AtomicBool>) {
    counts.entered.fetch_add(1, SeqCst);
    entered.store(true, SeqCst);
    inner(counts.clone(), suspends).await;
}

#[finally(clean_inner(counts.clone(), suspends))]
async fn inner(counts: Arc<Counts>, suspends: usize) {
    for _ in 0..suspends {
        tokio::task::yield_now().await;
    }
    let _uses = &counts;
}

/// Suspends this number of times, and then waits until it is dropped.
#[finally(clean_outer(counts.clone(), suspends))]
async fn never_ends(counts: Arc<Counts>, suspends: usize) {
    counts.entered.fetch_add(1, SeqCst);
    inner(counts.clone(), suspends).await;
    std::future::pending::<()>().await;
}

async fn clean_inner(counts: Arc<Counts>, suspends: usize) {
    for _ in 0..suspends {
        suspend().await;
    }
    counts.cleaned_inner.fetch_add(1, SeqCst);
}

async fn clean_outer(counts: Arc<Counts>, suspends: usize) {
    for _ in 0..suspends {
        suspend().await;
    }
    counts.cleaned_outer.fetch_add(1, SeqCst);
}

/// A small generator of pseudo-random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn check(counts: &Counts) {
    let entered = counts.entered.load(SeqCst);
    assert_eq!(counts.cleaned_inner.load(SeqCst), entered);
    assert_eq!(counts.cleaned_outer.load(SeqCst), entered);
    assert_eq!(finally::detached(), 0);
}

#[test]
fn ten_thousand_tasks_aborted_at_random() {
    const TASKS: usize = 10_000;

    let turn = exclusive();
    let counts = Arc::<Counts>::default();
    let counts_of_tasks = Arc::clone(&counts);
    runtimes::multi_thread().block_on(async move {
        let mut random = Random(0x5EED);
        let mut tasks = Vec::new();
        for _ in 0..TASKS {
            let entered = Arc::new(AtomicBool::new(false));
            tasks.push(tokio::spawn(outer(counts_of_tasks.clone(), random.below(6), entered.clone())));
            // Some tasks are aborted before they start, and others later.
            while random.below(3) > 0 && !entered.load(SeqCst) {
                tokio::task::yield_now().await;
            }
            // Abort some of the earlier tasks, whatever point they have reached.
            let victim = random.below(tasks.len());
            tasks[victim].abort();
        }
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        for task in tasks {
            if let Err(aborted) = task.await {
                assert!(aborted.is_cancelled());
            }
        }
        finally::drain().await;
    });
    check(&counts);
    let entered = counts.entered.load(SeqCst);
    assert!(entered > 0 && entered < TASKS, "{entered} of them were at work");
    assert_eq!(turn.failures(), [], "none is lost, and none fails");
}

#[test]
fn a_runtime_dropped_over_a_thousand_tasks() {
    const TASKS: usize = 1_000;

    for runtime in [runtimes::multi_thread(), runtimes::current_thread()] {
        let turn = exclusive();
        let counts = Arc::<Counts>::default();
        let counts_of_tasks = Arc::clone(&counts);
        runtime.block_on(async move {
            let mut random = Random(0x5EED);
            for _ in 0..TASKS {
                tokio::spawn(never_ends(counts_of_tasks.clone(), random.below(50)));
            }
            while counts_of_tasks.entered.load(SeqCst) < TASKS {
                tokio::task::yield_now().await;
            }
        });
        drop(runtime);
        finally::drain_blocking(None).unwrap();
        check(&counts);
        assert_eq!(counts.entered.load(SeqCst), TASKS);
        assert_eq!(turn.failures(), []);
    }
}
