//! P11: nothing of ours waits for itself, and a wait with a limit ends when its time is over and not earlier.

use std::{future::pending, sync::Arc, task::Poll, time::Duration};

use finally::{FinallyExt, Scope, StillRunning, finally, guard};
use tokio::sync::oneshot;

use crate::support::{
    Log, exclusive,
    hand::{Hand, Wakes},
    scene::{Kept, PATIENCE, cancel, drained, ends, held, in_turns, keep_a_drain, let_others_go_on, pass},
    suspend,
};

/// Hands off a cleanup that ends when the gate opens.
fn detach() -> oneshot::Sender<()> {
    let (gate, closed) = oneshot::channel();
    cancel(held(Log::default(), "held", closed));
    gate
}

/// Returns the number of wakers of these wakes.
fn wakers(wakes: &Arc<Wakes>) -> usize {
    Arc::strong_count(wakes) - 1
}

#[test]
fn p11_every_task_that_drains_goes_on() {
    let _turn = exclusive();
    let gate = detach();
    let mut drains = [Hand::new(finally::drain()), Hand::new(finally::drain())];
    for drain in &mut drains {
        assert!(drain.poll().is_pending());
    }
    gate.send(()).unwrap();
    for drain in &mut drains {
        drain.wakes.wait(0);
        assert!(drain.poll().is_ready());
    }
}

mod with_a_limit {
    use super::*;

    /// The threads that keep the time of a drain.
    #[cfg(target_os = "linux")]
    fn clocks() -> usize {
        std::fs::read_dir("/proc/self/task")
            .unwrap()
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.trim() == "finally-drain")
            .count()
    }

    /// A thread gets its name some time after it has begun, and leaves the list some time after it has ended.
    #[cfg(target_os = "linux")]
    fn wait_until_clocks_are(count: usize) {
        let end = std::time::Instant::now() + PATIENCE;
        while clocks() != count {
            assert!(std::time::Instant::now() < end, "{} clocks, expected {count}", clocks());
            std::thread::yield_now();
        }
    }

    const LONG: Duration = Duration::from_secs(100_000);

    fn still(count: usize) -> Result<(), usize> {
        Err(count)
    }

    fn count(still: StillRunning) -> usize {
        still.count()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn p11_the_clock_of_a_dropped_drain_ends() {
        let _turn = exclusive();
        let gate = detach();
        let mut drain = Hand::new(finally::drain_timeout(LONG));
        assert!(drain.poll().is_pending());
        wait_until_clocks_are(1);
        drop(drain);
        wait_until_clocks_are(0);
        gate.send(()).unwrap();
        drained();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn p11_the_clock_of_a_drain_that_has_ended_ends() {
        let _turn = exclusive();
        let gate = detach();
        let mut drain = Hand::new(finally::drain_timeout(LONG));
        assert!(drain.poll().is_pending());
        wait_until_clocks_are(1);
        gate.send(()).unwrap();
        assert_eq!(drain.run(), Ok(()));
        drop(drain);
        wait_until_clocks_are(0);
    }

    #[test]
    fn p11_it_goes_on_when_all_had_ended_in_between() {
        let _turn = exclusive();
        for _ in 0..50 {
            let first = detach();
            let mut drain = Hand::new(finally::drain_timeout(LONG));
            assert!(drain.poll().is_pending());
            first.send(()).unwrap();
            drained();
            // A thread that reads the count has time for that.
            (0..100).for_each(|_| std::thread::yield_now());
            let second = detach();
            assert!(drain.poll().is_pending(), "there is a new one, and time left");
            second.send(()).unwrap();
            assert_eq!(drain.run(), Ok(()));
        }
    }

    #[test]
    fn p11_it_ends_when_its_time_is_over() {
        let _turn = exclusive();
        let gate = detach();
        let mut drain = Hand::new(finally::drain_timeout(Duration::from_millis(1)));
        assert_eq!(drain.run().map_err(count), still(1));
        assert_eq!(finally::drain_blocking(Some(Duration::from_millis(1))).map_err(count), still(1));
        gate.send(()).unwrap();
        drained();
    }

    #[test]
    fn p11_without_time_it_ends_in_its_first_poll() {
        let _turn = exclusive();
        let gates = [detach(), detach()];
        let mut drain = Hand::new(finally::drain_timeout(Duration::ZERO));
        assert!(matches!(drain.poll(), Poll::Ready(Err(still)) if still.count() == 2));
        for gate in gates {
            gate.send(()).unwrap();
        }
        drained();
    }

    #[test]
    fn p11_with_all_the_time_there_is_it_ends_when_the_last_one_does() {
        let _turn = exclusive();
        let gate = detach();
        let mut drain = Hand::new(finally::drain_timeout(Duration::MAX));
        assert!(drain.poll().is_pending());
        gate.send(()).unwrap();
        assert_eq!(drain.run(), Ok(()));
    }
}

mod wakers_of_waits {
    use super::*;

    #[test]
    fn p11_a_dropped_drain_gives_its_waker_back() {
        let _turn = exclusive();
        let gate = detach();
        let mut drain = Hand::new(finally::drain());
        let wakes = Arc::clone(&drain.wakes);
        assert!(drain.poll().is_pending());
        assert_eq!(wakers(&wakes), 2, "the hand's, and the one that waits");
        drop(drain);
        assert_eq!(wakers(&wakes), 0);
        gate.send(()).unwrap();
        drained();
    }

    #[test]
    fn p11_a_dropped_drain_with_a_limit_gives_its_waker_back() {
        let _turn = exclusive();
        let gate = detach();
        for limit in [Duration::from_secs(100_000), Duration::MAX] {
            let mut drain = Hand::new(finally::drain_timeout(limit));
            let wakes = Arc::clone(&drain.wakes);
            assert!(drain.poll().is_pending());
            drop(drain);
            assert_eq!(wakers(&wakes), 0, "{limit:?}");
        }
        gate.send(()).unwrap();
        drained();
    }

    #[test]
    fn p11_a_drain_that_moves_to_another_task_gives_the_first_waker_back() {
        let _turn = exclusive();
        let gate = detach();
        let mut drain = finally::drain_timeout(Duration::MAX);
        let mut first = Hand::new(&mut drain);
        let wakes = Arc::clone(&first.wakes);
        assert!(first.poll().is_pending());
        drop(first);
        let mut second = Hand::new(&mut drain);
        assert!(second.poll().is_pending());
        assert_eq!(wakers(&wakes), 0);
        gate.send(()).unwrap();
        assert_eq!(second.run(), Ok(()));
    }

    #[test]
    fn p11_a_drain_dropped_inside_a_cleanup_gives_its_waker_back() {
        #[finally(drain_and_give_up(left))]
        async fn f(left: oneshot::Sender<usize>) {
            suspend().await;
            let _uses = &left;
        }
        async fn drain_and_give_up(left: oneshot::Sender<usize>) {
            let mut drain = Hand::new(finally::drain());
            let wakes = Arc::clone(&drain.wakes);
            assert!(drain.poll().is_pending());
            drop(drain);
            left.send(wakers(&wakes)).unwrap();
        }
        let _turn = exclusive();
        let gate = detach();
        let (left, leaves) = oneshot::channel();
        cancel(f(left));
        assert_eq!(leaves.blocking_recv(), Ok(0));
        gate.send(()).unwrap();
        drained();
    }

    /// The drop comes while the cleanup waits for cleanups that the body has handed off.
    #[test]
    fn p11_a_finally_that_is_dropped_while_it_waits_gives_its_waker_back() {
        #[finally(suspend())]
        async fn detached(gate: oneshot::Receiver<()>) {
            cancel(held(Log::default(), "held", gate));
        }
        #[finally({ suspend().await; log.push("clean") }, on_cancel = skip)]
        async fn skipped(log: Log, gate: oneshot::Receiver<()>) {
            cancel(held(log.clone(), "held", gate));
        }
        fn check<F: Future>(make: impl FnOnce(oneshot::Receiver<()>) -> F) {
            let (gate, closed) = oneshot::channel();
            let mut hand = Hand::new(make(closed));
            let wakes = Arc::clone(&hand.wakes);
            assert!(hand.poll().is_pending());
            assert_eq!(wakers(&wakes), 2, "the hand's, and the one that waits");
            drop(hand);
            assert_eq!(wakers(&wakes), 0);
            gate.send(()).unwrap();
            drained();
        }
        let _turn = exclusive();
        check(detached);
        check(|gate| skipped(Log::default(), gate));
    }
}

/// A cleanup that drains does not wait for itself, nor for the cleanups that wait for it.
mod a_drain_inside_a_cleanup {
    use super::*;

    async fn drain(log: Log) {
        finally::drain().await;
        log.push("drained");
    }

    #[finally(drain(log.clone()))]
    async fn drains(log: Log) {
        suspend().await;
        let _uses = &log;
    }

    /// Begins a scene that waits at a gate, and opens the gate after all tasks have gone as far as they can. Nothing is logged
    /// before.
    fn around_a_gate(log: &Log, begin: impl FnOnce(oneshot::Receiver<()>)) {
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            begin(closed);
            let_others_go_on().await;
            assert!(log.events().is_empty());
            gate.send(()).unwrap();
            all_end().await;
        });
    }

    /// Waits until all cleanups have ended. A number of turns would not do: a thread that has ended the cleanup of an earlier test
    /// may not have counted it down yet for the drains inside of cleanups.
    async fn all_end() {
        assert_eq!(finally::drain_timeout(PATIENCE).await, Ok(()));
    }

    #[test]
    fn p11_ends_when_it_is_awaited_inline() {
        let _turn = exclusive();
        let log = Log::default();
        Hand::new(drains(log.clone())).run();
        assert_eq!(log.events(), ["drained"]);
    }

    #[test]
    fn p11_ends_when_it_is_handed_off() {
        let _turn = exclusive();
        let log = Log::default();
        cancel(drains(log.clone()));
        drained();
        assert_eq!(log.events(), ["drained"]);
    }

    #[test]
    fn p11_ends_in_a_scope() {
        let _turn = exclusive();
        let log = Log::default();
        let scope = || {
            let (inner, outer) = (log.clone(), log.clone());
            let mut scope = <Scope>::new();
            scope.defer(move || drain(outer));
            scope.defer(move || drain(inner));
            scope
        };
        Hand::new(scope().close()).run().unwrap();
        drop(scope());
        drained();
        assert_eq!(log.events(), ["drained"; 4]);
    }

    #[test]
    fn p11_ends_in_a_guard() {
        let _turn = exclusive();
        let log = Log::default();
        drop(guard(log.clone(), drain));
        drained();
        assert_eq!(log.events(), ["drained"]);
    }

    #[test]
    fn p11_ends_beside_another_one() {
        let _turn = exclusive();
        let log = Log::default();
        cancel(drains(log.clone()));
        cancel(drains(log.clone()));
        drained();
        assert_eq!(log.events(), ["drained"; 2]);
    }

    #[test]
    fn p11_ends_before_the_cleanups_around_it() {
        #[finally(async { suspend().await; log.push("around") })]
        async fn around(log: Log) {
            drains(log.clone()).await;
        }
        let _turn = exclusive();
        let log = Log::default();
        cancel(around(log.clone()));
        drained();
        assert_eq!(log.events(), ["drained", "around"]);
    }

    /// The cleanup around runs in a chain of its own, and waits for both.
    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_does_not_wait_for_a_cleanup_that_waits_for_it_and_its_sibling() {
        #[finally(async { suspend().await; log.push("around") })]
        async fn around(log: Log, gate: oneshot::Receiver<()>) {
            tokio::join!(drains(log.clone()), held(log.clone(), "held", gate));
        }
        let _turn = exclusive();
        let log = Log::default();
        around_a_gate(&log, |closed| cancel(around(log.clone(), closed)));
        assert_eq!(log.events(), ["held", "drained", "around"]);
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_waits_for_a_cleanup_that_runs() {
        let _turn = exclusive();
        let log = Log::default();
        around_a_gate(&log, |closed| {
            cancel(held(log.clone(), "held", closed));
            cancel(drains(log.clone()));
        });
        assert_eq!(log.events(), ["held", "drained"]);
    }

    /// A chain that drains twice is exempt once.
    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_waits_for_a_cleanup_that_runs_though_there_are_two_in_one_cleanup() {
        #[finally(two_drains(log))]
        async fn drains_twice(log: Log) {
            pending::<()>().await;
            let _uses = &log;
        }
        async fn two_drains(log: Log) {
            tokio::join!(drain(log.clone()), drain(log));
        }
        let _turn = exclusive();
        let log = Log::default();
        around_a_gate(&log, |closed| {
            cancel(held(log.clone(), "held", closed));
            cancel(drains_twice(log.clone()));
        });
        assert_eq!(log.events(), ["held", "drained", "drained"]);
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_waits_for_a_cleanup_that_has_drained_and_goes_on() {
        #[finally(drain_and_go_on(log, gate))]
        async fn drains_and_goes_on(log: Log, gate: oneshot::Receiver<()>) {
            suspend().await;
            let _uses = (&log, &gate);
        }
        async fn drain_and_go_on(log: Log, gate: oneshot::Receiver<()>) {
            finally::drain().await;
            log.push("goes on");
            gate.await.unwrap();
            log.push("ends");
        }
        let _turn = exclusive();
        let log = Log::default();
        in_turns(async {
            // Without something else to wait for, the drain would not have to wait at all.
            let (first, closed) = oneshot::channel();
            cancel(held(log.clone(), "held", closed));
            let (gate, closed) = oneshot::channel();
            cancel(drains_and_goes_on(log.clone(), closed));
            let_others_go_on().await;
            first.send(()).unwrap();
            while log.count("goes on") == 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(log.take(), ["held", "goes on"]);
            cancel(drains(log.clone()));
            let_others_go_on().await;
            assert!(log.events().is_empty());
            gate.send(()).unwrap();
            all_end().await;
        });
        assert_eq!(log.events(), ["ends", "drained"]);
    }

    /// A cleanup that has ended does not count as one that waits.
    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_waits_for_a_cleanup_that_runs_though_a_drain_has_outlived_its_own_cleanup() {
        let _turn = exclusive();
        let (log, kept) = (Log::default(), Kept::default());
        let keeps = Arc::clone(&kept);
        around_a_gate(&log, |closed| {
            cancel(held(log.clone(), "held", closed));
            cancel(pending::<()>().finally(move || keep_a_drain(keeps)));
            cancel(drains(log.clone()));
        });
        assert!(kept.lock().unwrap().is_some());
        assert_eq!(log.events(), ["held", "drained"]);
    }

    #[test]
    fn p11_that_has_outlived_its_own_cleanup_waits_for_all() {
        let _turn = exclusive();
        let kept = Kept::default();
        let gate = detach();
        let keeps = Arc::clone(&kept);
        cancel(pending::<()>().finally(move || keep_a_drain(keeps)));
        while finally::detached() > 1 {
            std::thread::yield_now();
        }
        let mut drain = Hand::new(kept.lock().unwrap().take().unwrap());
        assert!(drain.poll().is_pending());
        gate.send(()).unwrap();
        drain.run();
        assert_eq!(finally::detached(), 0);
    }

    /// Polls a drain once inside a cleanup, moves it out, and goes on until the gate opens.
    async fn keep_a_drain_and_go_on(kept: Kept, log: Log, gate: oneshot::Receiver<()>) {
        keep_a_drain(kept).await;
        pass(log, "goes on", gate).await;
    }

    /// It has left its cleanup, so it is a drain like any other.
    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_that_has_left_its_own_cleanup_waits_for_it_and_so_do_others() {
        let _turn = exclusive();
        for polled in [true, false] {
            let (log, kept) = (Log::default(), Kept::default());
            in_turns(async {
                let (first, closed) = oneshot::channel();
                cancel(held(log.clone(), "held", closed));
                let (gate, closed) = oneshot::channel();
                let (keeps, logs) = (Arc::clone(&kept), log.clone());
                cancel(pending::<()>().finally(move || keep_a_drain_and_go_on(keeps, logs, closed)));
                let_others_go_on().await;
                let mut drain = kept.lock().unwrap().take().map(Hand::new).filter(|_| polled);
                let mut poll = || drain.as_mut().map(Hand::poll);
                assert!(poll().is_none_or(|polled| polled.is_pending()));
                cancel(drains(log.clone()));
                first.send(()).unwrap();
                let_others_go_on().await;
                assert_eq!(log.events(), ["held"]);
                assert!(poll().is_none_or(|polled| polled.is_pending()), "its own cleanup goes on");
                gate.send(()).unwrap();
                all_end().await;
                assert!(poll().is_none_or(|polled| polled.is_ready()));
            });
            assert_eq!(log.events(), ["held", "goes on", "drained"]);
        }
    }

    /// The drop is inside a cleanup, which goes on.
    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_waits_for_a_cleanup_in_which_a_drop_has_given_its_wait_up() {
        #[finally(suspend(), on_cancel = skip)]
        async fn skips(log: Log) {
            cancel(drains(log));
            pending::<()>().await;
        }
        #[finally({ std::future::ready(()).await; log.push("blocked") }, on_cancel = block)]
        async fn blocks(log: &Log, drains: Log) {
            skips(drains).await;
        }
        let _turn = exclusive();
        let log = Log::default();
        around_a_gate(&log, |closed| {
            let log = log.clone();
            cancel(pending::<()>().finally(async move || {
                cancel(blocks(&Log::default(), log.clone()));
                pass(log, "goes on", closed).await;
            }));
        });
        assert_eq!(log.events(), ["goes on", "drained"]);
    }

    /// The drop drives a chain without a cleanup of its own, which waits for the same one.
    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_waits_for_a_cleanup_that_a_drop_has_waited_for() {
        #[finally(suspend(), on_cancel = skip)]
        async fn skips(log: Log, gate: oneshot::Receiver<()>) {
            cancel(held(log, "held", gate));
            pending::<()>().await;
        }
        #[finally({ std::future::ready(()).await; log.push("blocked") }, on_cancel = block)]
        async fn blocks(log: &Log, held: Log, gate: oneshot::Receiver<()>) {
            skips(held, gate).await;
        }
        let _turn = exclusive();
        let log = Log::default();
        around_a_gate(&log, |closed| {
            cancel(blocks(&Log::default(), log.clone(), closed));
            cancel(drains(log.clone()));
        });
        assert_eq!(log.events(), ["held", "drained"]);
    }

    /// The loser of a cleanup drains before that cleanup begins to wait for its losers.
    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_ends_inside_of_something_that_begins_to_wait_for_it_later() {
        #[finally(async { log.push("race") })]
        async fn race(log: Log, gate: oneshot::Receiver<()>) {
            cancel(drains(log.clone()));
            gate.await.unwrap();
        }
        #[finally(async { race(log.clone(), gate).await; log.push("around") })]
        async fn around(log: Log, gate: oneshot::Receiver<()>) {
            suspend().await;
            let _uses = (&log, &gate);
        }
        let _turn = exclusive();
        let log = Log::default();
        around_a_gate(&log, |closed| cancel(around(log.clone(), closed)));
        assert_eq!(log.events(), ["drained", "race", "around"]);
    }

    /// A drain outside of all cleanups waits for those that wait, too.
    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p11_is_waited_for_by_one_outside() {
        let _turn = exclusive();
        let log = Log::default();
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            cancel(held(log.clone(), "held", closed));
            cancel(drains(log.clone()));
            let_others_go_on().await;
            let outside = finally::drain_timeout(PATIENCE);
            gate.send(()).unwrap();
            assert_eq!(outside.await, Ok(()));
            assert_eq!(log.events(), ["held", "drained"]);
        });
    }
}

/// The drop drives both, and the one that is not polled must go on elsewhere meanwhile.
#[test]
fn p11_a_drain_that_blocks_in_a_cleanup_that_a_drop_drives_does_not_wait_for_a_sibling_forever() {
    #[finally(async { finally::drain_blocking(None).unwrap(); log.push("drained") })]
    async fn drains(log: Log) {
        suspend().await;
        let _uses = &log;
    }
    #[finally(async { log.push("around") }, on_cancel = block)]
    async fn around(log: &Log, drains_first: bool) {
        let sibling = || async { suspend().await }.finally(suspend);
        if drains_first {
            tokio::join!(drains(log.clone()), sibling());
        } else {
            tokio::join!(sibling(), drains(log.clone()));
        }
    }

    let _turn = exclusive();
    for drains_first in [false, true] {
        let log = Log::default();
        let seen = log.clone();
        ends(move || cancel(around(&log, drains_first)));
        assert_eq!(seen.events(), ["drained", "around"]);
    }
}

/// A drain that blocks its thread lets others run the cleanups, or does not wait.
mod a_drain_that_blocks {
    use std::sync::mpsc;

    use finally::Tracker;

    use super::*;
    use crate::support::runtimes;

    type Drained = Result<(), StillRunning>;

    /// Drains in its cleanup.
    #[finally(drain(done))]
    async fn drains(done: mpsc::Sender<Drained>) {
        pending::<()>().await;
        let _uses = &done;
    }
    async fn drain(done: mpsc::Sender<Drained>) {
        suspend().await;
        done.send(finally::drain_blocking(None)).unwrap();
    }

    /// Ends in its second poll.
    fn two_polls() -> impl Future<Output = ()> {
        pending::<()>().finally(suspend)
    }

    #[test]
    fn p11_in_a_cleanup_it_does_not_wait_for_that_cleanup() {
        let _turn = exclusive();
        let (done, drained) = mpsc::channel();
        let in_runtime = done.clone();
        ends(move || runtimes::current_thread().block_on(async { cancel(drains(in_runtime)) }));
        assert_eq!(drained.recv_timeout(PATIENCE), Ok(Ok(())));
        cancel(drains(done));
        assert_eq!(drained.recv_timeout(PATIENCE), Ok(Ok(())), "on the background thread");
    }

    #[test]
    fn p11_on_the_background_thread_the_other_cleanups_go_on() {
        let _turn = exclusive();
        let (done, drained) = mpsc::channel();
        for _ in 0..3 {
            cancel(two_polls());
            cancel(drains(done.clone()));
        }
        for _ in 0..3 {
            assert_eq!(drained.recv_timeout(PATIENCE), Ok(Ok(())));
        }
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "it does not recognize the runtime")]
    #[test]
    fn p11_on_the_only_worker_of_a_runtime_the_cleanups_go_on() {
        let _turn = exclusive();
        let drained = ends(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
            let task = runtime.spawn(async {
                cancel(two_polls());
                finally::drain_blocking(None)
            });
            runtime.block_on(task).unwrap()
        });
        assert_eq!(drained, Ok(()));
    }

    /// All cleanups have this thread only.
    #[cfg_attr(not(feature = "tokio"), ignore = "it does not recognize the runtime")]
    #[test]
    fn p11_on_a_runtime_of_one_thread_it_does_not_wait() {
        fn still_running(scene: impl AsyncFnOnce() -> Drained + Send + 'static) -> StillRunning {
            ends(move || in_turns(scene())).unwrap_err()
        }
        let _turn = exclusive();
        let in_body = still_running(async || {
            cancel(two_polls());
            finally::drain_blocking(None)
        });
        assert_eq!(in_body.count(), 1);
        // Its runtime has ended, so the background thread takes it over.
        drained();
        let in_a_cleanup = still_running(async || {
            let (done, drained) = mpsc::channel();
            let gate = detach();
            cancel(drains(done));
            let_others_go_on().await;
            gate.send(()).unwrap();
            all_ended().await;
            drained.try_recv().unwrap()
        });
        assert_eq!(in_a_cleanup.count(), 2, "its own one, and the one that it would wait for");
        drained();
        let of_a_tracker = still_running(async || {
            let tracker = Tracker::new();
            let task = tokio::spawn(tracker.track_future(pending::<()>()));
            let drained = tracker.drain_blocking(None);
            task.abort();
            drained
        });
        assert_eq!(of_a_tracker.tracked(), 1);
        drained();
    }

    async fn all_ended() {
        assert_eq!(finally::drain_timeout(PATIENCE).await, Ok(()));
    }

    #[test]
    fn p11_on_a_runtime_of_one_thread_it_waits_for_the_cleanups_of_the_background_thread() {
        let _turn = exclusive();
        let gate = detach();
        let (waits, is_waiting) = mpsc::channel();
        let opens = std::thread::spawn(move || {
            is_waiting.recv().unwrap();
            gate.send(()).unwrap();
        });
        let drained = ends(move || {
            in_turns(async {
                waits.send(()).unwrap();
                finally::drain_blocking(None)
            })
        });
        opens.join().unwrap();
        assert_eq!(drained, Ok(()));
    }
}
