//! `Tracker`: the cleanups of one server, one tenant or one test, and the register of the cleanups that still run.

use std::{
    future::{Future, pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
    time::Duration,
};

use finally::{FinallyExt, Place, Running, Scope, Tracker, block, finally, guard};
use tokio::sync::oneshot;

use crate::support::{
    Log, Panic, exclusive,
    hand::Hand,
    panic_of, runtimes,
    scene::{PATIENCE, cancel, drained, ends, held, in_turns, let_others_go_on, pass},
    suspend,
};

/// A future that its cleanup holds back, and the sender that lets it go.
fn holding(
    log: &Log,
    name: &'static str,
) -> (impl Future<Output = ()> + Send + 'static, oneshot::Sender<()>) {
    let (opens, gate) = oneshot::channel();
    (held(log.clone(), name, gate), opens)
}

/// Hands off a cleanup of the tracker that ends when the gate opens.
fn detach(tracker: &Tracker) -> oneshot::Sender<()> {
    let (held, opens) = holding(&Log::default(), "held");
    cancel(tracker.track_future(held));
    opens
}

fn locations(running: &[Running]) -> Vec<(&str, u32)> {
    running.iter().map(|it| (it.location().file(), it.location().line())).collect()
}

mod counts {
    use super::*;

    #[test]
    fn a_tracked_future_counts_from_the_call_to_its_end() {
        let tracker = Tracker::new();
        let mut hand = Hand::new(tracker.track_future(suspend()));
        assert_eq!(tracker.len(), 1);
        assert!(hand.poll().is_pending());
        assert_eq!(tracker.len(), 1);
        assert!(hand.poll().is_ready());
        assert!(tracker.is_empty(), "it has ended, and is not dropped yet");
        drop(hand);
        assert!(tracker.is_empty());
    }

    #[test]
    fn a_tracked_future_that_is_dropped_unpolled_counts_no_more() {
        let tracker = Tracker::new();
        let tracked = tracker.track_future(pending::<()>());
        assert!(Hand::new(tracker.drain()).poll().is_pending());
        drop(tracked);
        assert!(tracker.is_empty());
        assert!(Hand::new(tracker.drain()).poll().is_ready());
    }

    #[test]
    fn a_cleanup_counts_until_it_has_ended() {
        let _turn = exclusive();
        let (tracker, other) = (Tracker::new(), Tracker::new());
        let opens = detach(&tracker);
        assert_eq!((tracker.len(), tracker.running().len()), (1, 1));
        assert_eq!((other.len(), other.running().len()), (0, 0));
        opens.send(()).unwrap();
        tracker.drain_blocking(Some(PATIENCE)).unwrap();
        assert_eq!((tracker.len(), tracker.running().len()), (0, 0));
    }

    #[test]
    fn a_cleanup_that_comes_out_of_the_end_of_the_future_belongs_to_it() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let (held, opens) = holding(&Log::default(), "held");
        let mut held = Box::pin(held);
        let race = std::future::poll_fn(move |context| {
            assert!(held.as_mut().poll(context).is_pending());
            Poll::Ready(())
        });
        assert!(Hand::new(tracker.track_future(race)).poll().is_ready());
        assert_eq!(tracker.len(), 1);
        opens.send(()).unwrap();
        drained();
    }

    #[test]
    fn a_cleanup_inside_of_two_trackers_belongs_to_both() {
        let _turn = exclusive();
        let (inner, outer) = (Tracker::new(), Tracker::new());
        let (held, opens) = holding(&Log::default(), "held");
        cancel(outer.track_future(inner.track_future(held)));
        assert_eq!((inner.len(), outer.len()), (1, 1));
        assert_eq!(locations(&inner.running()), locations(&outer.running()));
        opens.send(()).unwrap();
        inner.drain_blocking(Some(PATIENCE)).unwrap();
        outer.drain_blocking(Some(PATIENCE)).unwrap();
    }

    #[test]
    fn a_tracker_inside_of_itself_counts_a_cleanup_once() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let (held, opens) = holding(&Log::default(), "held");
        cancel(tracker.track_future(tracker.clone().track_future(held)));
        assert_eq!(tracker.len(), 1);
        opens.send(()).unwrap();
        drained();
        assert_eq!(tracker.len(), 0);
    }

    #[test]
    fn a_cleanup_that_a_cleanup_cancels_belongs_to_its_trackers() {
        let _turn = exclusive();
        let (inner, outer) = (Tracker::new(), Tracker::new());
        let (held, opens) = holding(&Log::default(), "held");
        cancel(outer.track_future(inner.track_future(pending::<()>().finally(async move || {
            suspend().await;
            cancel(held);
        }))));
        // The background thread runs the cleanup.
        while finally::running().len() != 1 || locations(&inner.running())[0].0 == file!() {
            std::thread::yield_now();
        }
        assert_eq!((inner.len(), outer.len()), (1, 1), "what the cleanup has cancelled is left");
        opens.send(()).unwrap();
        drained();
        assert_eq!((inner.len(), outer.len()), (0, 0));
    }

    #[test]
    fn p6_the_cleanup_around_a_tracked_future_does_not_belong_to_it_and_comes_after() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let log = Log::default();
        let (inner, opens_inner) = holding(&log, "inner");
        let (opens_outer, gate) = oneshot::channel();
        cancel(tracker.track_future(inner).finally({
            let log = log.clone();
            move || pass(log, "outer", gate)
        }));
        assert_eq!((tracker.len(), finally::detached()), (1, 2));
        opens_outer.send(()).unwrap();
        opens_inner.send(()).unwrap();
        tracker.drain_blocking(Some(PATIENCE)).unwrap();
        drained();
        assert_eq!(log.events(), ["inner", "outer"]);
    }

    #[test]
    fn a_drain_does_not_wait_for_the_cleanup_around_a_tracked_future() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let (opens, gate) = oneshot::channel();
        cancel(
            tracker.track_future(pending::<()>().finally(suspend)).finally(|| pass(Log::default(), "", gate)),
        );
        tracker.drain_blocking(Some(PATIENCE)).unwrap();
        assert_eq!(finally::running().len(), 1);
        opens.send(()).unwrap();
        drained();
    }

    #[test]
    fn a_cleanup_after_a_tracked_poll_does_not_belong_to_it() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let mut tracked = Hand::new(tracker.track_future(pending::<()>()));
        assert!(tracked.poll().is_pending());
        let (held, opens) = holding(&Log::default(), "held");
        cancel(held);
        assert_eq!((tracker.len(), tracker.running().len()), (1, 0));
        opens.send(()).unwrap();
        drained();
    }

    #[test]
    fn a_panic_passes_through_and_the_future_counts_until_it_is_dropped() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let mut tracked = Hand::new(tracker.track_future(async { std::panic::panic_any(Panic("body")) }));
        assert_eq!(panic_of(|| tracked.poll()), Panic("body"));
        assert_eq!(tracker.len(), 1);
        // The thread is outside of the tracker again.
        let (held, opens) = holding(&Log::default(), "held");
        cancel(held);
        assert!(tracker.running().is_empty());
        drop(tracked);
        assert!(tracker.is_empty());
        opens.send(()).unwrap();
        drained();
    }

    #[test]
    fn a_panic_of_the_drop_leaves_nothing_behind() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let bomb = Log::default().bomb("drop");
        let mut tracked = Hand::new(tracker.track_future(async move {
            let _bomb = bomb;
            pending::<()>().await;
        }));
        assert!(tracked.poll().is_pending());
        assert!(catch_unwind(AssertUnwindSafe(|| drop(tracked))).is_err());
        assert!(tracker.is_empty());
        let (held, opens) = holding(&Log::default(), "held");
        cancel(held);
        assert!(tracker.is_empty(), "the thread is outside of the tracker again");
        opens.send(()).unwrap();
        drained();
    }

    #[test]
    fn a_tracked_future_that_has_ended_panics_when_polled_again() {
        let mut hand = Hand::new(Tracker::new().track_future(ready(1)));
        assert_eq!(hand.poll(), Poll::Ready(1));
        let payload = catch_unwind(AssertUnwindSafe(|| hand.poll())).unwrap_err();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "`track_future` polled after completion");
    }

    #[test]
    fn they_show_how_far_they_are() {
        let tracker = Tracker::default();
        let mut tracked = Box::pin(tracker.track_future(ready(1)));
        assert_eq!(
            format!("{tracker:?} {tracked:?}"),
            "Tracker { futures: 1, cleanups: 0 } Tracked { ended: false }"
        );
        assert_eq!(Hand::new(tracked.as_mut()).poll(), Poll::Ready(1));
        assert_eq!(
            format!("{tracker:?} {tracked:?}"),
            "Tracker { futures: 0, cleanups: 0 } Tracked { ended: true }"
        );
    }

    #[test]
    fn they_are_send_and_sync_where_the_future_is() {
        fn is_send_and_sync<T: Send + Sync>(_: &T) {}
        let tracker = Tracker::new();
        is_send_and_sync(&tracker);
        is_send_and_sync(&tracker.track_future(ready(1)));
        is_send_and_sync(&tracker.drain());
        is_send_and_sync(&tracker.drain_timeout(Duration::ZERO));
    }
}

mod drains {
    use super::*;

    #[test]
    fn a_drain_waits_for_aborted_tasks_to_be_dropped_and_cleaned_up() {
        let _turn = exclusive();
        ends(|| {
            in_turns(async {
                let (tracker, log) = (Tracker::new(), Log::default());
                let mut gates = Vec::new();
                for _ in 0..3 {
                    let (held, opens) = holding(&log, "cleaned up");
                    gates.push(opens);
                    let task = tokio::spawn(tracker.track_future(held));
                    tokio::task::yield_now().await;
                    task.abort();
                }
                let mut drain = Hand::new(tracker.drain());
                assert!(drain.poll().is_pending(), "no task is dropped yet");
                let_others_go_on().await;
                assert_eq!((tracker.len(), tracker.running().len()), (3, 3));
                for opens in gates {
                    assert!(drain.poll().is_pending());
                    opens.send(()).unwrap();
                    let_others_go_on().await;
                }
                // Without the feature `tokio`, the background thread runs them.
                drain.run();
                assert_eq!(log.count("cleaned up"), 3);
            });
        });
    }

    #[test]
    fn every_drain_of_a_tracker_is_woken_by_its_last_one() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let tracked = tracker.track_future(pending::<()>());
        let mut drains = [Hand::new(tracker.drain()), Hand::new(tracker.clone().drain())];
        drains.iter_mut().for_each(|drain| assert!(drain.poll().is_pending()));
        drop(tracked);
        for drain in &mut drains {
            assert_eq!(drain.wakes.count(), 1);
            assert!(drain.poll().is_ready());
        }
    }

    #[test]
    fn a_drain_that_is_dropped_gives_its_waker_back() {
        let tracker = Tracker::new();
        let _tracked = tracker.track_future(pending::<()>());
        let mut drain = Hand::new(tracker.drain());
        let wakes = std::sync::Arc::clone(&drain.wakes);
        assert!(drain.poll().is_pending());
        drop(drain);
        assert_eq!(std::sync::Arc::strong_count(&wakes), 1);
    }

    #[test]
    fn a_drain_of_one_tracker_does_not_wait_for_another() {
        let _turn = exclusive();
        let (one, other) = (Tracker::new(), Tracker::new());
        let gates = [detach(&one), detach(&other)];
        let [opens, opens_other] = gates;
        opens.send(()).unwrap();
        one.drain_blocking(Some(PATIENCE)).unwrap();
        assert_eq!(other.len(), 1);
        opens_other.send(()).unwrap();
        drained();
    }

    #[test]
    fn p11_a_drain_inside_of_a_cleanup_of_the_tracker_waits_for_the_others_alone() {
        let _turn = exclusive();
        ends(|| {
            in_turns(async {
                let (tracker, log) = (Tracker::new(), Log::default());
                let opens = detach(&tracker);
                cancel(tracker.track_future(pending::<()>().finally({
                    let (tracker, log) = (tracker.clone(), log.clone());
                    async move || {
                        tracker.drain().await;
                        log.push("drained");
                    }
                })));
                let_others_go_on().await;
                assert!(log.events().is_empty(), "it waits for the other one");
                opens.send(()).unwrap();
                tracker.drain().await;
                assert_eq!(log.events(), ["drained"]);
            });
        });
    }

    #[test]
    fn p11_drains_inside_of_cleanups_of_two_trackers_do_not_wait_for_each_other() {
        let _turn = exclusive();
        ends(|| {
            in_turns(async {
                let trackers = [Tracker::new(), Tracker::new()];
                for (own, other) in [(0, 1), (1, 0)] {
                    let other = trackers[other].clone();
                    cancel(
                        trackers[own]
                            .track_future(pending::<()>().finally(async move || other.drain().await)),
                    );
                }
                trackers[0].drain().await;
                trackers[1].drain().await;
            });
        });
    }

    #[test]
    fn p11_a_drain_inside_of_a_tracked_future_does_not_wait_for_that_future() {
        let _turn = exclusive();
        ends(|| {
            in_turns(async {
                let tracker = Tracker::new();
                let opens = detach(&tracker);
                let mut tracked = Hand::new(tracker.track_future(tracker.drain()));
                assert!(tracked.poll().is_pending(), "it waits for the cleanup");
                opens.send(()).unwrap();
                let_others_go_on().await;
                // Without the feature `tokio`, the background thread runs the cleanup.
                tracked.run();
                assert!(tracker.is_empty());
            });
        });
    }

    #[test]
    fn a_drain_inside_of_a_cleanup_of_somebody_else_waits_for_tracked_futures() {
        let _turn = exclusive();
        ends(|| {
            in_turns(async {
                let (tenant, log) = (Tracker::new(), Log::default());
                let tracked = tenant.track_future(pending::<()>());
                cancel(pending::<()>().finally({
                    let (tenant, log) = (tenant.clone(), log.clone());
                    async move || {
                        tenant.drain().await;
                        log.push("drained");
                    }
                }));
                let_others_go_on().await;
                assert!(log.events().is_empty());
                drop(tracked);
                finally::drain().await;
                assert_eq!(log.events(), ["drained"]);
            });
        });
    }

    #[test]
    fn a_drain_inside_of_a_future_of_another_tracker_waits_for_tracked_futures() {
        let (server, tenant) = (Tracker::new(), Tracker::new());
        let tracked = tenant.track_future(pending::<()>());
        let mut shutdown = Hand::new(server.track_future(tenant.drain()));
        assert!(shutdown.poll().is_pending());
        drop(tracked);
        assert!(shutdown.poll().is_ready());
    }

    #[test]
    fn p11_it_ends_when_its_time_is_over() {
        let tracker = Tracker::new();
        let _tracked = tracker.track_future(pending::<()>());
        let short = Duration::from_millis(1);
        assert_eq!(Hand::new(tracker.drain_timeout(short)).run().unwrap_err().tracked(), 1);
        assert_eq!(tracker.drain_blocking(Some(short)).unwrap_err().tracked(), 1);
        let at_once = Hand::new(tracker.drain_timeout(Duration::ZERO)).poll();
        assert!(matches!(at_once, Poll::Ready(Err(still)) if still.tracked() == 1));
    }

    #[test]
    fn p11_it_does_not_end_earlier_when_the_clock_of_the_runtime_goes_ahead() {
        let _turn = exclusive();
        let paused = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        paused.unwrap().block_on(async {
            let tracker = Tracker::new();
            let work = tokio::spawn(tracker.track_future(tokio::time::sleep(PATIENCE * 1000)));
            assert_eq!(tracker.drain_timeout(PATIENCE).await, Ok(()));
            work.await.unwrap();
        });
    }

    #[test]
    fn it_waits_in_a_thread_for_tasks_of_a_runtime() {
        let _turn = exclusive();
        let runtime = runtimes::multi_thread();
        let (tracker, log) = (Tracker::new(), Log::default());
        let (held, opens) = holding(&log, "cleaned up");
        let (polled, is_polled) = std::sync::mpsc::channel();
        let task = runtime.spawn(tracker.track_future(async move {
            polled.send(()).unwrap();
            held.await;
        }));
        is_polled.recv().unwrap();
        task.abort();
        opens.send(()).unwrap();
        tracker.drain_blocking(Some(PATIENCE)).unwrap();
        assert_eq!(log.events(), ["cleaned up"]);
    }
}

mod register {
    use super::*;

    #[finally(suspend())]
    async fn attribute() {
        pending::<()>().await;
    }

    #[test]
    fn it_lists_the_line_of_every_form() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let in_block = async {
            block::finally! { try { pending::<()>().await; } finally { suspend().await; } }
        };
        let by_method = pending::<()>().finally(suspend);
        let by_guard = async {
            let _guard = guard(1, |_| suspend());
            pending::<()>().await;
        };
        let by_scope = async {
            let mut scope: Scope = Scope::new();
            scope.defer(suspend);
            pending::<()>().await;
        };
        // They do not end: nobody drives this runtime yet.
        let runtime = runtimes::current_thread();
        {
            let _entered = runtime.enter();
            cancel(tracker.track_future(attribute()));
            cancel(tracker.track_future(in_block));
            cancel(tracker.track_future(by_method));
            cancel(tracker.track_future(by_guard));
            cancel(tracker.track_future(by_scope));
        }
        if cfg!(feature = "tokio") {
            let source: Vec<_> = include_str!("tracker.rs").lines().collect();
            let running = tracker.running();
            let mut lines = locations(&running);
            lines.sort_unstable();
            let forms =
                ["#[finally(suspend())]", "block::finally!", ".finally(suspend)", "guard(1", "scope.defer("];
            assert_eq!(lines.len(), forms.len());
            for (form, (file, line)) in forms.into_iter().zip(lines) {
                assert!(
                    file.ends_with("tracker.rs") && source[line as usize - 1].contains(form),
                    "{form}: {line}"
                );
            }
        }
        runtime.block_on(tracker.drain());
        assert!(tracker.running().is_empty());
    }

    #[test]
    fn the_oldest_is_the_first_in_the_list() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let gates: Vec<_> = (0..40).map(|_| detach(&tracker)).collect();
        let running = tracker.running();
        assert_eq!(running.len(), 40);
        assert!(running.is_sorted_by_key(|it| std::cmp::Reverse(it.since())));
        gates.into_iter().for_each(|opens| opens.send(()).unwrap());
        drained();
    }

    #[test]
    fn the_process_lists_the_cleanups_of_all_trackers_and_of_none() {
        let _turn = exclusive();
        let opens = [detach(&Tracker::new()), detach(&Tracker::new())];
        let (held, opens_third) = holding(&Log::default(), "held");
        cancel(held);
        assert_eq!(finally::running().len(), 3);
        opens.into_iter().chain([opens_third]).for_each(|opens| opens.send(()).unwrap());
        drained();
        assert_eq!(finally::running(), []);
    }

    #[test]
    fn the_cleanups_of_one_drop_leave_the_list_one_by_one() {
        let _turn = exclusive();
        let (inner, opens_inner) = holding(&Log::default(), "inner");
        let (opens_outer, gate) = oneshot::channel();
        let (began, has_begun) = std::sync::mpsc::channel();
        cancel(inner.finally(async move || {
            began.send(()).unwrap();
            pass(Log::default(), "outer", gate).await;
        }));
        let both = locations(&finally::running()).len();
        opens_inner.send(()).unwrap();
        has_begun.recv().unwrap();
        let left = finally::running();
        assert_eq!((both, left.len(), left[0].location().file()), (2, 1, file!()));
        opens_outer.send(()).unwrap();
        drained();
    }

    #[test]
    fn a_cleanup_that_has_ended_in_a_blocking_drop_leaves_the_list_though_it_has_handed_off_another() {
        fn check<F: Future>(begin: impl FnOnce(std::future::Pending<()>) -> F) {
            let (opens, gate) = oneshot::channel();
            // It is held until a sibling of the ended one has been started.
            let cancels = async move || cancel(held(Log::default(), "held", gate));
            let sibling = pending::<()>().finally(async move || {
                suspend().await;
                opens.send(()).unwrap();
            });
            let body = async { tokio::join!(begin(pending()).finally(cancels), sibling) };
            cancel(body.finally(|| finally::block_on_cancel(async {})));
            drained();
            assert_eq!(finally::running(), []);
        }

        let _turn = exclusive();
        check(|body| body);
        check(|body| body.finally(async || {}));
    }

    #[test]
    fn a_cleanup_that_a_blocking_drop_has_begun_stays_in_the_list_until_its_end() {
        let _turn = exclusive();
        let (listed, list) = std::sync::mpsc::channel();
        let looks = async move || {
            // The first poll is in the drop, and the others where the rest was started.
            for _ in 0..3 {
                suspend().await;
            }
            listed.send(finally::running().len()).unwrap();
        };
        // The drop drives two cleanups, of which the first one ends.
        let body = pending::<()>().finally(async || {}).finally(looks);
        cancel(body.finally(|| finally::block_on_cancel(async {})));
        assert_eq!(list.recv(), Ok(1));
        drained();
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn p9_a_cleanup_of_a_runtime_that_ends_moves_to_the_background_thread() {
        let _turn = exclusive();
        let (tracker, log) = (Tracker::new(), Log::default());
        let (held, opens) = holding(&log, "cleaned up");
        let runtime = runtimes::current_thread();
        {
            let _entered = runtime.enter();
            cancel(tracker.track_future(held));
        }
        let places = || tracker.running().iter().map(Running::place).collect::<Vec<_>>();
        assert_eq!(places(), [Place::Executor]);
        drop(runtime);
        assert_eq!(places(), [Place::BackgroundThread]);
        opens.send(()).unwrap();
        tracker.drain_blocking(Some(PATIENCE)).unwrap();
        assert_eq!(log.events(), ["cleaned up"]);
    }

    #[test]
    fn p9_without_an_executor_it_runs_on_the_background_thread() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let opens = detach(&tracker);
        assert_eq!(tracker.running()[0].place(), Place::BackgroundThread);
        opens.send(()).unwrap();
        drained();
    }

    /// A text without its times, which no test asserts.
    fn without_times(text: &str) -> String {
        let mut parts = text.split(" for ");
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |text, part| {
            let (time, rest) = part.split_once(')').unwrap();
            assert!(time.ends_with('s') && time.contains('.'), "{time}");
            format!("{text}){rest}")
        })
    }

    #[test]
    fn its_text_is_one_line_with_the_location_and_the_place() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let opens = detach(&tracker);
        let running = tracker.running().remove(0);
        let location = running.location();
        assert_eq!(without_times(&running.to_string()), format!("{location} (on the background thread)"));
        opens.send(()).unwrap();
        drained();
    }

    #[test]
    fn the_error_of_a_drain_lists_the_locations() {
        let _turn = exclusive();
        let tracker = Tracker::new();
        let opens = [detach(&tracker), detach(&tracker)];
        let tracked = tracker.track_future(pending::<()>());
        let still = tracker.drain_blocking(Some(Duration::ZERO)).unwrap_err();
        assert_eq!((still.count(), still.running().len(), still.tracked()), (2, 2, 1));
        let one = format!("{} (on the background thread)", still.running()[0].location());
        assert_eq!(
            without_times(&still.to_string()),
            format!("2 cleanups and 1 tracked future are still running: {one}, {one}")
        );
        drop(tracked);
        opens.into_iter().for_each(|opens| opens.send(()).unwrap());
        drained();
    }

    #[test]
    fn the_error_of_a_drain_lists_eight_and_says_how_many_more() {
        let _turn = exclusive();
        let gates: Vec<_> = (0..10).map(|_| detach(&Tracker::new())).collect();
        let still = finally::drain_blocking(Some(Duration::ZERO)).unwrap_err();
        assert_eq!((still.count(), still.running().len(), still.tracked()), (10, 10, 0));
        let text = still.to_string();
        assert!(
            text.starts_with("10 cleanups are still running: ") && text.ends_with("), and 2 more"),
            "{text}"
        );
        assert_eq!(text.matches(" for ").count(), 8);
        gates.into_iter().for_each(|opens| opens.send(()).unwrap());
        drained();
    }
}
