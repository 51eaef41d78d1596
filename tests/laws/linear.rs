//! L18: n cancellations cost at most a constant times n polls, wakes and allocations. This holds for siblings, for nested cleanups,
//! and for both together.

#[path = "../support/allocator.rs"]
mod allocator;

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use finally::{FinallyExt as _, Guard, finally, guard};

use crate::{TURN, driver, executor, support::suspend};

#[derive(Default)]
struct Root {
    woken: AtomicBool,
    wakes: AtomicU64,
}

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        self.woken.store(true, SeqCst);
    }
}

#[derive(Clone, Copy, Debug)]
struct Cost {
    polls: u64,
    wakes: u64,
    allocations: u64,
    spawned: u64,
}

/// The cost of a run from its drop, or from its last step, to the end of its last cleanup. `cleaned` is the number of cleanups.
struct Measured {
    cost: Cost,
    cleaned: usize,
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;
/// The number of cleanups that have run.
type Count = Arc<AtomicUsize>;

/// Polls a future once, and calls `leave`, which may drop it. Then runs everything to its end.
fn measure(make: impl FnOnce(Count) -> Boxed, leave: impl FnOnce(Boxed) -> Option<Boxed>) -> Measured {
    let cleaned = Count::default();
    let root = Arc::<Root>::default();
    let waker = Waker::from(Arc::clone(&root));
    let mut future = make(Arc::clone(&cleaned));
    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let (before, allocated) = (executor::counts(), allocator::counts());
    let woken_before = root.wakes.load(SeqCst);
    let mut future = leave(future);
    let mut polls = 0;
    root.woken.store(true, SeqCst);
    loop {
        let mut moved = false;
        if let Some(running) = future.as_mut().filter(|_| root.woken.swap(false, SeqCst)) {
            polls += 1;
            moved = true;
            if let Poll::Ready(()) = running.as_mut().poll(&mut Context::from_waker(&waker)) {
                future = None;
            }
        }
        if !(executor::round() || moved) {
            break;
        }
    }
    assert!(future.is_none() && executor::unfinished() == 0, "stuck");
    let now = executor::counts();
    Measured {
        cost: Cost {
            polls: polls + now.polls - before.polls,
            wakes: root.wakes.load(SeqCst) - woken_before + now.wakes - before.wakes,
            allocations: (allocator::counts() - allocated).allocations as u64,
            spawned: now.spawned - before.spawned,
        },
        cleaned: cleaned.load(SeqCst),
    }
}

async fn clean(cleaned: Count) {
    suspend().await;
    cleaned.fetch_add(1, SeqCst);
}

#[finally(clean(cleaned).await)]
async fn nested(depth: usize, cleaned: Count) {
    if depth > 1 {
        boxed(depth - 1, cleaned.clone()).await;
    } else {
        pending::<()>().await;
    }
}

fn boxed(depth: usize, cleaned: Count) -> Boxed {
    Box::pin(nested(depth, cleaned))
}

/// Polls all futures once, and then awaits `rest`.
async fn beside(mut all: Vec<Boxed>, rest: impl Future<Output = ()>) {
    std::future::poll_fn(|context| {
        all.iter_mut().for_each(|one| assert!(one.as_mut().poll(context).is_pending()));
        Poll::Ready(())
    })
    .await;
    rest.await;
}

fn siblings(count: usize, depth: usize, cleaned: &Count) -> Vec<Boxed> {
    (0..count).map(|_| boxed(depth, cleaned.clone())).collect()
}

/// Asserts that four times as many cleanups cost little more than four times as much, and that each has a small cost.
fn assert_linear(what: &str, run: impl Fn(usize) -> Measured + Send + 'static) {
    let what = what.to_owned();
    // Deep nests need a deep stack.
    let checks = move || {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        driver::listen();
        run(64);
        let costs = [64, 256, 1_024].map(|count| {
            let Measured { cost, cleaned } = run(count);
            assert!(cleaned >= count, "{what}: {cleaned} of {count} are cleaned up");
            println!("{what}: {count} cost {cost:?}");
            // Each cleanup suspends once, and some wait for others.
            let bounds =
                [("polls", cost.polls, 4), ("wakes", cost.wakes, 2), ("allocations", cost.allocations, 12)];
            for (unit, cost, each) in bounds {
                assert!(cost <= each * count as u64 + 64, "{what}: {count} cost {cost} {unit}");
            }
            cost
        });
        for [less, more] in [[costs[0], costs[1]], [costs[1], costs[2]]] {
            let pairs = [
                ("polls", less.polls, more.polls),
                ("wakes", less.wakes, more.wakes),
                ("allocations", less.allocations, more.allocations),
            ];
            for (unit, less, more) in pairs {
                assert!(more <= 5 * less + 64, "{what}: {unit} grow from {less} to {more}");
            }
        }
    };
    thread::Builder::new()
        .stack_size(512 << 20)
        .spawn(checks)
        .unwrap()
        .join()
        .unwrap_or_else(|payload| std::panic::resume_unwind(payload));
}

#[test]
fn l18_siblings_of_which_each_is_dropped_by_itself() {
    assert_linear("dropped one by one", |count| {
        measure(
            |cleaned| Box::pin(beside(siblings(count, 1, &cleaned), pending())),
            |future| {
                drop(future);
                None
            },
        )
    });
}

#[test]
fn l18_siblings_that_are_dropped_inside_a_finally() {
    assert_linear("dropped with a body", |count| {
        let make = |cleaned: Count| -> Boxed {
            let all = siblings(count, 1, &cleaned);
            Box::pin(beside(all, pending()).finally(move || clean(cleaned)))
        };
        measure(make, |future| {
            drop(future);
            None
        })
    });
}

#[test]
fn l18_siblings_that_a_running_body_has_left() {
    assert_linear("left by a body", |count| {
        let make = |cleaned: Count| -> Boxed {
            let all = siblings(count, 1, &cleaned);
            let body = async move {
                beside(all, suspend()).await;
                suspend().await;
            };
            Box::pin(body.finally(move || clean(cleaned)))
        };
        measure(make, Some)
    });
}

#[test]
fn l18_one_in_another() {
    assert_linear("nested", |count| {
        measure(
            |cleaned| Box::pin(nested(count, cleaned)),
            |future| {
                drop(future);
                None
            },
        )
    });
}

#[test]
fn l18_one_in_another_is_one_spawn() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    driver::listen();
    let measured = measure(
        |cleaned| Box::pin(nested(8, cleaned)),
        |future| {
            drop(future);
            None
        },
    );
    assert_eq!((measured.cleaned, measured.cost.spawned), (8, 1));
}

#[test]
fn l18_siblings_that_are_nested() {
    assert_linear("siblings of eight levels, inside a finally", |count| {
        let make = |cleaned: Count| -> Boxed {
            let all = siblings(count / 8, 8, &cleaned);
            Box::pin(beside(all, pending()).finally(move || clean(cleaned)))
        };
        measure(make, |future| {
            drop(future);
            None
        })
    });
}

#[test]
fn l18_siblings_on_each_level() {
    #[finally(clean(cleaned).await)]
    async fn level(depth: usize, cleaned: Count) {
        let mut all = siblings(2, 1, &cleaned);
        if depth > 1 {
            all.push(boxed_level(depth - 1, cleaned.clone()));
        }
        beside(all, pending()).await;
    }

    fn boxed_level(depth: usize, cleaned: Count) -> Boxed {
        Box::pin(level(depth, cleaned))
    }

    assert_linear("two siblings on each level", |count| {
        measure(
            |cleaned| Box::pin(level(count / 2, cleaned)),
            |future| {
                drop(future);
                None
            },
        )
    });
}

#[test]
fn l18_guards_of_one_body() {
    async fn with_guards(count: usize, cleaned: Count) {
        let guards: Vec<Guard<_, _, _>> = (0..count).map(|_| guard(cleaned.clone(), clean)).collect();
        pending::<()>().await;
        drop(guards);
    }

    assert_linear("guards", |count| {
        measure(
            |cleaned| Box::pin(with_guards(count, cleaned.clone()).finally(move || clean(cleaned))),
            |future| {
                drop(future);
                None
            },
        )
    });
}
