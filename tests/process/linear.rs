//! P10: n cancellations cost at most a constant times n polls, wakes and allocations. This needs a process of its own, because it
//! counts allocations and sets the executor.

#[path = "../support/allocator.rs"]
mod allocator;

use std::{
    cell::Cell,
    collections::VecDeque,
    future::pending,
    pin::Pin,
    sync::{
        Arc, LazyLock, Mutex, Once, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

use finally::{BoxFuture, FinallyExt, finally};

thread_local! {
    static POLLS: Cell<usize> = const { Cell::new(0) };
}

/// Polls the tasks that are woken, in order, in the thread of the test.
#[derive(Default)]
struct Executor {
    ready: Mutex<VecDeque<Arc<Task>>>,
    wakes: AtomicUsize,
}

struct Task {
    executor: Arc<Executor>,
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    queued: AtomicBool,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.executor.wakes.fetch_add(1, SeqCst);
        if !self.queued.swap(true, SeqCst) {
            self.executor.ready.lock().unwrap().push_back(Arc::clone(&self));
        }
    }
}

impl Executor {
    /// Returns the executor to which cleanups are handed off.
    fn of_cleanups() -> &'static Arc<Self> {
        static EXECUTOR: LazyLock<Arc<Executor>> = LazyLock::new(Arc::default);
        static SET: Once = Once::new();

        SET.call_once(|| finally::set_executor(|cleanup: BoxFuture| EXECUTOR.spawn(cleanup)).unwrap());
        &EXECUTOR
    }

    fn spawn(self: &Arc<Self>, future: BoxFuture) {
        let task = Task {
            executor: Arc::clone(self),
            future: Mutex::new(Some(future)),
            queued: AtomicBool::new(true),
        };
        self.ready.lock().unwrap().push_back(Arc::new(task));
    }

    fn run(&self) {
        while let Some(task) = { self.ready.lock().unwrap().pop_front() } {
            task.queued.store(false, SeqCst);
            POLLS.set(POLLS.get() + 1);
            let waker = Waker::from(Arc::clone(&task));
            let mut future = task.future.lock().unwrap();
            let Some(polled) = &mut *future else { continue };
            if polled.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                *future = None;
            }
        }
    }
}

/// Returns a future that counts its polls, and is pending once.
fn suspend() -> impl Future<Output = ()> + Send {
    let mut suspended = false;
    std::future::poll_fn(move |context| {
        POLLS.set(POLLS.get() + 1);
        if std::mem::replace(&mut suspended, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

#[derive(Clone, Copy, Debug)]
struct Cost {
    polls: usize,
    wakes: usize,
    allocations: usize,
    bytes: usize,
    /// The bytes that are still allocated when everything has ended.
    left: usize,
}

/// Runs a scene, and returns its cost from the first poll to the end of its last cleanup.
fn cost(scene: BoxFuture) -> Cost {
    let executor = Executor::of_cleanups();
    let before = (POLLS.get(), executor.wakes.load(SeqCst), allocator::counts());
    executor.spawn(scene);
    executor.run();
    executor.ready.lock().unwrap().shrink_to_fit();
    assert_eq!(finally::detached(), 0);
    let asked = allocator::counts() - before.2;
    Cost {
        polls: POLLS.get() - before.0,
        wakes: executor.wakes.load(SeqCst) - before.1,
        allocations: asked.allocations,
        bytes: asked.bytes,
        left: asked.bytes.saturating_sub(asked.freed),
    }
}

/// Polls a future once, and drops it.
async fn cancel(future: impl Future) {
    let mut future = Box::pin(future);
    std::future::poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

fn check(scene: fn(usize) -> BoxFuture) {
    const FEW: usize = 100;
    const MANY: usize = 10_000;

    /// Nested futures need a stack of their depth.
    fn with_a_large_stack<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> R {
        std::thread::Builder::new().stack_size(1 << 30).spawn(run).unwrap().join().unwrap()
    }
    static TURN: Mutex<()> = Mutex::new(());

    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (few, many) = with_a_large_stack(move || (cost(scene(FEW)), cost(scene(MANY))));
    let times_at_most = |factor: usize, few: usize, many: usize| many <= few * (MANY / FEW) * factor;
    let is_linear = times_at_most(2, few.polls, many.polls)
        && times_at_most(2, few.wakes, many.wakes)
        && times_at_most(2, few.allocations, many.allocations)
        // A list that grows is copied, so it has about twice the bytes just after that.
        && times_at_most(4, few.bytes, many.bytes)
        && many.left <= few.left;
    assert!(is_linear, "{FEW}: {few:?}, {MANY}: {many:?}");
}

#[test]
#[should_panic(expected = "10000: Cost")]
fn the_check_sees_a_cost_that_is_not_linear() {
    check(|n| {
        Box::pin(async move {
            for _ in 0..n * n / 100 {
                suspend().await;
            }
        })
    });
}

#[finally(async { suspend().await; suspend().await })]
async fn leaf() {
    pending::<()>().await;
}

#[finally(suspend())]
async fn around(body: BoxFuture) {
    body.await;
}

#[test]
fn p10_siblings_without_a_finally_around() {
    check(|n| {
        Box::pin(async move {
            for _ in 0..n {
                cancel(leaf()).await;
            }
        })
    });
}

#[test]
fn p10_siblings_that_a_body_cancels() {
    check(|n| {
        let body = async move {
            for _ in 0..n {
                cancel(leaf()).await;
            }
        };
        Box::pin(around(Box::pin(body)))
    });
}

/// The body goes on, and is polled while all the cleanups run.
#[test]
fn p10_a_body_that_is_polled_while_it_has_adopted_many() {
    check(|n| {
        let body = async move {
            for _ in 0..n {
                cancel(leaf()).await;
                suspend().await;
            }
        };
        Box::pin(around(Box::pin(body)))
    });
}

#[test]
fn p10_siblings_that_are_dropped_with_their_body() {
    check(|n| {
        let body = async move {
            let mut leaves: Vec<_> = (0..n).map(|_| Box::pin(leaf())).collect();
            std::future::poll_fn(|context| {
                for leaf in &mut leaves {
                    assert!(leaf.as_mut().poll(context).is_pending());
                }
                Poll::<()>::Pending
            })
            .await;
        };
        Box::pin(cancel(around(Box::pin(body))))
    });
}

#[test]
fn p10_guards_of_one_body() {
    check(|n| {
        let body = async move {
            let _guards: Vec<_> = (0..n).map(|_| finally::guard((), |()| suspend())).collect();
            suspend().await;
        };
        Box::pin(around(Box::pin(body)))
    });
}

fn nested(depth: usize) -> BoxFuture {
    if depth == 0 { Box::pin(pending()) } else { Box::pin(around(nested(depth - 1))) }
}

#[test]
fn p10_cleanups_that_are_nested() {
    check(|n| Box::pin(cancel(nested(n))));
}

#[test]
fn p10_cleanups_that_are_nested_inside_a_finally() {
    check(|n| Box::pin(around(Box::pin(cancel(nested(n))))));
}

/// Each level has a loser of its own.
#[test]
fn p10_cleanups_that_are_nested_with_siblings() {
    fn nested(depth: usize) -> BoxFuture {
        if depth == 0 {
            return Box::pin(pending());
        }
        let body = async move {
            cancel(leaf()).await;
            nested(depth - 1).await;
        };
        Box::pin(around(Box::pin(body)))
    }
    check(|n| Box::pin(cancel(nested(n))));
}

/// Each cleanup cancels the next one.
#[test]
fn p10_cleanups_that_cancel_something() {
    fn row(length: usize) -> BoxFuture {
        let cleanup = move || async move {
            if length > 1 {
                cancel(row(length - 1)).await;
            }
        };
        Box::pin(pending::<()>().finally(cleanup))
    }
    check(|n| Box::pin(around(Box::pin(cancel(row(n))))));
}
