//! P10: a sync cleanup allocates nothing, and an async one allocates once per call.
//!
//! These tests have a process of their own, because they replace the allocator.

#[path = "../support/allocator.rs"]
mod allocator;

use std::{
    cell::Cell,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use finally::{FinallyExt, Guard, Tracker, block, finally, guard};

thread_local! {
    static CLEANED: Cell<usize> = const { Cell::new(0) };
}

/// Calls `run`, and returns its result and the number of its allocations.
fn allocations<R>(run: impl FnOnce() -> R) -> (R, usize) {
    let before = allocator::counts();
    let result = run();
    (result, (allocator::counts() - before).allocations)
}

/// Returns the number of allocations of a future from its first poll to its end, or to its drop after `cancel_after` pendings.
fn allocations_of<F: Future>(future: F, cancel_after: Option<usize>) -> usize {
    let ((), count) = allocations(|| {
        let mut future = pin!(future);
        let mut pendings = 0;
        while future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            pendings += 1;
            if cancel_after == Some(pendings) {
                return;
            }
        }
    });
    count
}

fn suspend() -> impl Future<Output = ()> + Send {
    let mut suspended = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut suspended, true) { Poll::Ready(()) } else { Poll::Pending }
    })
}

fn nothing() {}

fn fails() -> Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

#[finally(nothing)]
async fn sync_without_arguments(argument: u8) -> Result<u8, std::fmt::Error> {
    suspend().await;
    Ok(argument)
}

#[finally(assert_eq!(argument, 1))]
async fn sync_with_arguments(argument: u8) -> Result<u8, std::fmt::Error> {
    suspend().await;
    Ok(argument)
}

#[finally(fails)]
async fn sync_that_fails(argument: u8) -> Result<u8, std::fmt::Error> {
    suspend().await;
    Ok(argument)
}

#[finally(suspend)]
async fn async_without_arguments(argument: u8) -> Result<u8, std::fmt::Error> {
    suspend().await;
    Ok(argument)
}

#[finally({ suspend().await; assert_eq!(argument, 1) })]
async fn async_with_arguments(argument: u8) -> Result<u8, std::fmt::Error> {
    suspend().await;
    Ok(argument)
}

#[finally({ suspend().await; assert_eq!(argument, 1) }, on_cancel = (assert_eq!(argument, 1)))]
async fn replaced(argument: u8) -> Result<u8, std::fmt::Error> {
    suspend().await;
    Ok(argument)
}

#[finally({ suspend().await; assert_eq!(argument, 1) }, on_cancel = skip)]
async fn skipped(argument: u8) -> Result<u8, std::fmt::Error> {
    suspend().await;
    Ok(argument)
}

async fn block_with_sync_cleanup(argument: u8) -> Result<u8, std::fmt::Error> {
    let value = block::finally! {
        try { suspend().await; if argument == 0 { fails()? } argument }
        finally { assert_eq!(argument, 1); }
    };
    Ok(value)
}

async fn block_with_async_cleanup(argument: u8) -> Result<u8, std::fmt::Error> {
    let value = block::finally! {
        try { suspend().await; if argument == 0 { fails()? } argument }
        finally { suspend().await; assert_eq!(argument, 1); }
    };
    Ok(value)
}

fn block_at_once(argument: u8) -> Result<u8, std::fmt::Error> {
    let value = block::finally! {
        try { if argument == 0 { fails()? } argument }
        finally { assert_eq!(argument, 1); }
    };
    Ok(value)
}

#[finally(assert_eq!(argument, 1))]
fn not_async(argument: u8) -> u8 {
    argument
}

#[test]
fn p10_the_allocations_are_counted() {
    assert_eq!(allocations(|| Box::new(1)).1, 1);
}

#[test]
fn p10_a_sync_cleanup_allocates_nothing() {
    assert_eq!(allocations_of(sync_without_arguments(1), None), 0);
    assert_eq!(allocations_of(sync_with_arguments(1), None), 0);
    assert_eq!(allocations_of(sync_that_fails(1), None), 0);
    assert_eq!(allocations(|| not_async(1)).1, 0);
}

#[test]
fn p10_a_boxed_block_is_boxed_once() {
    #[finally(nothing)]
    fn plain(argument: u8) -> Pin<Box<dyn Future<Output = u8>>> {
        Box::pin(async move { argument })
    }
    #[finally(assert_eq!(argument, 1))]
    fn mentions(argument: u8) -> Pin<Box<dyn Future<Output = u8>>> {
        Box::pin(async move { argument })
    }
    assert_eq!(allocations(|| drop(plain(1))).1, 1);
    assert_eq!(allocations(|| drop(mentions(1))).1, 1);
    let (plain, mentions) = (plain(1), mentions(1));
    assert_eq!((allocations_of(plain, None), allocations_of(mentions, None)), (0, 0));
}

#[test]
fn p10_a_sync_cleanup_of_a_cancelled_function_allocates_nothing() {
    assert_eq!(allocations_of(sync_without_arguments(1), Some(1)), 0);
    assert_eq!(allocations_of(sync_with_arguments(1), Some(1)), 0);
}

#[test]
fn p10_an_async_cleanup_allocates_once() {
    assert_eq!(allocations_of(async_without_arguments(1), None), 1);
    assert_eq!(allocations_of(async_with_arguments(1), None), 1);
}

#[test]
fn p10_a_cleanup_that_is_skipped_on_cancellation_allocates_nothing() {
    assert_eq!(allocations_of(skipped(1), None), 0);
    assert_eq!(allocations_of(skipped(1), Some(1)), 0);
}

#[test]
fn p10_a_cleanup_that_is_replaced_on_cancellation_allocates_nothing_itself() {
    assert_eq!(allocations_of(replaced(1), None), 0);
    assert_eq!(allocations_of(replaced(1), Some(1)), 0);
    let method = || suspend().finally(|| finally::replace_on_cancel(suspend(), nothing));
    assert_eq!(allocations_of(method(), None), 0);
    assert_eq!(allocations_of(method(), Some(1)), 0);
}

#[test]
fn p10_a_method_allocates_as_the_attribute_does() {
    assert_eq!(allocations_of(suspend().finally(nothing), None), 0);
    assert_eq!(allocations_of(suspend().finally(nothing), Some(1)), 0);
    assert_eq!(allocations_of(suspend().finally(suspend), None), 1);
    assert_eq!(allocations_of(suspend().finally(|| finally::skip_on_cancel(suspend())), None), 0);
}

#[test]
fn p10_a_block_allocates_as_the_attribute_does() {
    assert_eq!(allocations(|| block_at_once(1)), (Ok(1), 0));
    for cancel_after in [None, Some(1)] {
        assert_eq!(allocations_of(block_with_sync_cleanup(1), cancel_after), 0);
    }
    assert_eq!(allocations_of(block_with_async_cleanup(1), None), 1);
}

#[test]
fn p10_a_guard_allocates_as_the_attribute_does() {
    assert_eq!(allocations(|| drop(guard(1, |_| {}))).1, 0);
    assert_eq!(allocations_of(Guard::release(guard(1, |_| {})), None), 0);
    assert_eq!(allocations_of(Guard::release(guard(1, |_| suspend())), None), 1);
}

#[test]
fn p10_a_function_that_is_never_polled_allocates_nothing() {
    assert_eq!(allocations(|| drop(async_without_arguments(1))).1, 0);
}

#[test]
fn p10_a_future_that_waits_for_its_cleanups_allocates_nothing_if_there_is_none() {
    assert_eq!(allocations_of(suspend().settled(), None), 0);
    assert_eq!(allocations_of(suspend().settled(), Some(1)), 0);
}

#[test]
fn p10_a_function_that_is_armed_by_the_call_allocates_as_one_that_is_not() {
    #[finally(nothing, armed = call)]
    async fn sync(argument: u8) -> u8 {
        suspend().await;
        argument
    }
    #[finally(assert_eq!(argument, 1), armed = call)]
    async fn mentions(argument: u8) -> u8 {
        suspend().await;
        argument
    }
    #[finally(suspend(), on_cancel = skip, armed = call)]
    async fn skips(argument: u8) -> u8 {
        suspend().await;
        argument
    }
    #[finally(suspend(), armed = call)]
    async fn awaits(argument: u8) -> u8 {
        suspend().await;
        argument
    }
    assert_eq!(allocations(|| drop((sync(1), mentions(1), skips(1)))).1, 0);
    for cancel_after in [None, Some(1)] {
        assert_eq!(allocations_of(sync(1), cancel_after), 0);
        assert_eq!(allocations_of(mentions(1), cancel_after), 0);
        assert_eq!(allocations_of(skips(1), cancel_after), 0);
    }
    assert_eq!(allocations_of(awaits(1), None), 1);
}

#[cfg(feature = "tokio")]
#[test]
fn p10_a_tracked_future_allocates_nothing() {
    let tracker = Tracker::new();
    assert_eq!(allocations_of(tracker.track_future(sync_without_arguments(1)), None), 0);
    assert_eq!(allocations_of(tracker.track_future(sync_without_arguments(1)), Some(1)), 0);
}

#[test]
fn p10_a_tracked_future_inside_of_another_allocates_in_its_first_poll_alone() {
    let (outer, inner) = (Tracker::new(), Tracker::new());
    let thrice = async {
        for _ in 0..3 {
            suspend().await;
        }
    };
    assert_eq!(allocations_of(outer.track_future(inner.track_future(thrice)), None), 1);
}

mod handed_off {
    use std::{
        future::{pending, poll_fn},
        sync::LazyLock,
    };

    use tokio::{
        runtime::{Builder, Handle},
        task::yield_now,
    };

    use super::*;

    async fn counted() {
        CLEANED.set(CLEANED.get() + 1);
    }

    #[finally(counted)]
    async fn alone() {
        pending::<()>().await;
    }

    macro_rules! above {
        ($($level:ident above $below:ident;)*) => {
            $(#[finally(counted)]
            async fn $level() {
                $below().await;
            })*
        };
    }

    above! {
        two above alone;
        three above two;
        four above three;
        five above four;
        six above five;
        seven above six;
        eight above seven;
        nine above eight;
        ten above nine;
    }

    /// Polls a future once and drops it. Returns the allocations and tasks of the future and its cleanups.
    fn of_a_cancelled<F: Future>(make: fn() -> F, cleanups: usize) -> (usize, usize) {
        let runtime = Builder::new_current_thread().build().unwrap();
        CLEANED.set(0);
        runtime.block_on(async {
            let mut counts = (0, 0);
            // The first turn also allocates values that live as long as the process or the runtime.
            for turn in 1..3 {
                let before = allocator::counts();
                {
                    let mut future = pin!(make());
                    poll_fn(|context| {
                        assert!(future.as_mut().poll(context).is_pending());
                        Poll::Ready(())
                    })
                    .await;
                }
                let tasks = Handle::current().metrics().num_alive_tasks();
                while CLEANED.get() < turn * cleanups {
                    yield_now().await;
                }
                counts = ((allocator::counts() - before).allocations, tasks);
            }
            counts
        })
    }

    /// Spawns its cleanup by hand. The task of tokio is the only allocation.
    async fn spawned() {
        struct Spawn;

        impl Drop for Spawn {
            fn drop(&mut self) {
                tokio::spawn(counted());
            }
        }

        let _spawn = Spawn;
        pending::<()>().await;
    }

    #[test]
    fn p10_a_cleanup_that_is_handed_off_allocates_once_beside_its_task() {
        let (by_hand, _) = of_a_cancelled(spawned, 1);
        assert_eq!(by_hand, 1);
        let (allocations, _) = of_a_cancelled(alone, 1);
        assert!(allocations <= by_hand + 1, "{allocations}");
    }

    #[test]
    fn p10_a_cancelled_tree_of_ten_allocates_fifteen_times() {
        let (allocations, _) = of_a_cancelled(ten, 10);
        assert!(allocations <= 15, "{allocations}");
    }

    /// Tracks with one tracker for all calls, so that its own allocations are not counted.
    fn tracked<F: Future>(future: F) -> finally::Tracked<F> {
        static TRACKER: LazyLock<Tracker> = LazyLock::new(Tracker::new);
        TRACKER.track_future(future)
    }

    #[test]
    fn p10_a_tracked_cleanup_that_is_handed_off_allocates_twice_beside_its_task() {
        let (by_hand, _) = of_a_cancelled(spawned, 1);
        let (allocations, _) = of_a_cancelled(|| tracked(alone()), 1);
        assert!(allocations <= by_hand + 2, "{allocations}");
    }

    #[test]
    fn p10_a_tracked_tree_of_ten_is_one_task_and_allocates_as_often_as_another() {
        let untracked = of_a_cancelled(ten, 10);
        assert_eq!(of_a_cancelled(|| tracked(ten()), 10), untracked);
    }

    #[test]
    fn p10_a_cancelled_tree_of_ten_is_one_task() {
        let (_, tasks) = of_a_cancelled(ten, 10);
        assert_eq!(tasks, 1);
    }
}
