//! P6: which cleanups wait for which, where a gate shows it: a cleanup waits for all that was cancelled inside its body, and
//! for nothing else.

use std::{future::pending, pin::Pin, task::Poll};

use finally::{FailureKind, FinallyExt, Scope, block, finally, guard};
use tokio::sync::oneshot;

use crate::support::{
    Log, Panic, exclusive,
    hand::Hand,
    scene::{cancel, held, in_turns, let_others_go_on},
    suspend,
};

type Gate = oneshot::Receiver<()>;
type Scene = Pin<Box<dyn Future<Output = ()> + Send>>;

async fn clean(log: Log) {
    suspend().await;
    log.push("clean");
}

#[finally({ suspend().await; log.push("around") })]
async fn around(log: Log, scene: Scene) {
    scene.await;
    let _uses = &log;
}

/// Runs a scene as a task, and sees to it that nothing happens before the gate opens, and this after it.
fn nothing_before_the_gate_opens<F>(scene: impl Fn(Log, Gate) -> F, expected: &[&str])
where
    F: Future<Output = ()> + 'static,
{
    let log = Log::default();
    in_turns(tokio::task::LocalSet::new().run_until(async {
        let (gate, closed) = oneshot::channel();
        let task = tokio::task::spawn_local(scene(log.clone(), closed));
        let_others_go_on().await;
        assert!(log.events().is_empty(), "{:?}", log.events());
        gate.send(()).unwrap();
        task.await.unwrap();
        finally::drain().await;
    }));
    assert_eq!(log.events(), expected);
}

/// Ends a scene on all ways: runs it to its end, or cancels it after each of so many pendings.
fn on_all_ways<F>(pendings: usize, scene: impl Fn(Log, Gate) -> F + Copy, expected: &[&str])
where
    F: Future<Output = ()> + 'static,
{
    use crate::support::outcome::cancel_after;

    nothing_before_the_gate_opens(scene, expected);
    for pendings in 1..=pendings {
        nothing_before_the_gate_opens(
            |log, gate| {
                let scene = cancel_after(pendings, scene(log, gate));
                async move {
                    let _ = scene.await;
                }
            },
            expected,
        );
    }
}

/// Cleanups of futures that were cancelled inside a body end before its own cleanup starts.
mod a_body_that_has_cancelled_something {
    use super::*;

    thread_local! {
        static LOG: std::cell::RefCell<Log> = std::cell::RefCell::default();
    }

    async fn cancels(log: Log, gate: Gate) {
        cancel(held(log, "loser", gate));
        suspend().await;
        suspend().await;
    }

    #[test]
    fn p6_and_a_cleanup_with_arguments() {
        #[finally(clean(log.clone()))]
        async fn scene(log: Log, gate: Gate) {
            cancels(log.clone(), gate).await;
        }
        let _turn = exclusive();
        on_all_ways(3, scene, &["loser", "clean"]);
    }

    #[test]
    fn p6_and_a_cleanup_without_arguments() {
        #[finally(clean(LOG.with_borrow(Log::clone)))]
        async fn no_arguments(gate: Gate) {
            cancels(LOG.with_borrow(Log::clone), gate).await;
        }
        let _turn = exclusive();
        on_all_ways(
            3,
            |log, gate| {
                LOG.set(log);
                no_arguments(gate)
            },
            &["loser", "clean"],
        );
    }

    #[test]
    fn p6_and_a_method() {
        let _turn = exclusive();
        on_all_ways(
            3,
            |log, gate| cancels(log.clone(), gate).finally(move || clean(log)),
            &["loser", "clean"],
        );
    }

    #[test]
    fn p6_and_a_block() {
        async fn scene(log: Log, gate: Gate) {
            block::finally! {
                try { cancels(log.clone(), gate).await }
                finally { clean(log.clone()).await }
            }
        }
        let _turn = exclusive();
        on_all_ways(3, scene, &["loser", "clean"]);
    }

    #[test]
    fn p6_inside_of_another_one() {
        #[finally(clean(log.clone()))]
        async fn inner(log: Log, gate: Gate) {
            cancels(log.clone(), gate).await;
        }
        let _turn = exclusive();
        let scene = |log: Log, gate| around(log.clone(), Box::pin(inner(log, gate)));
        on_all_ways(4, scene, &["loser", "clean", "around"]);
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p6_beside_a_sibling_that_has_too() {
        #[finally(clean(log.clone()))]
        async fn sibling(log: Log, gate: Option<Gate>) {
            match gate {
                Some(gate) => cancels(log.clone(), gate).await,
                None => suspend().await,
            }
        }
        let _turn = exclusive();
        let scene = |log: Log, gate| {
            let siblings = {
                let log = log.clone();
                async move {
                    let (opened, open) = oneshot::channel();
                    opened.send(()).unwrap();
                    tokio::join!(sibling(log.clone(), Some(open)), sibling(log, Some(gate)));
                }
            };
            around(log, Box::pin(siblings))
        };
        let log = Log::default();
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            cancel(scene(log.clone(), closed));
            let_others_go_on().await;
            assert_eq!(log.take(), ["loser", "clean"], "the sibling goes on");
            gate.send(()).unwrap();
            let_others_go_on().await;
            assert_eq!(log.take(), ["loser", "clean", "around"]);
        });
    }
}

/// A cleanup that does not wait, because it is evaluated in place or skipped, leaves that to the next finally further out.
mod a_cleanup_that_does_not_wait {
    use super::*;

    #[finally(drop(log.clone()))]
    async fn in_place(log: Log, gate: Gate) {
        cancel(held(log.clone(), "loser", gate));
        suspend().await;
    }

    #[finally({ suspend().await; log.push("skipped") }, on_cancel = skip)]
    async fn skips(log: Log, gate: Gate) {
        cancel(held(log.clone(), "loser", gate));
        pending::<()>().await;
    }

    #[finally(drop(log.clone()))]
    async fn twice_in_place(log: Log, gate: Gate) {
        in_place(log.clone(), gate).await;
    }

    #[test]
    fn p6_leaves_what_its_body_has_cancelled_to_the_one_around() {
        let _turn = exclusive();
        on_all_ways(
            2,
            |log: Log, gate| around(log.clone(), Box::pin(in_place(log, gate))),
            &["loser", "around"],
        );
        on_all_ways(
            2,
            |log: Log, gate| around(log.clone(), Box::pin(twice_in_place(log, gate))),
            &["loser", "around"],
        );
    }

    #[test]
    fn p6_leaves_it_to_the_one_around_when_it_is_cancelled_inside() {
        let _turn = exclusive();
        for inner in [
            (|log, gate| Box::pin(in_place(log, gate))) as fn(Log, Gate) -> Scene,
            |log, gate| Box::pin(twice_in_place(log, gate)),
            |log, gate| Box::pin(skips(log, gate)),
        ] {
            let scene = |log: Log, gate| {
                let inner = inner(log.clone(), gate);
                let body = async {
                    cancel(inner);
                    suspend().await;
                };
                around(log, Box::pin(body))
            };
            on_all_ways(3, scene, &["loser", "around"]);
        }
    }

    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p6_leaves_it_to_the_one_around_beside_siblings() {
        let _turn = exclusive();
        let scene = |log: Log, gate| {
            let siblings = {
                let log = log.clone();
                async move {
                    let (opened, open) = oneshot::channel();
                    opened.send(()).unwrap();
                    let third = held(log.clone(), "loser", open);
                    tokio::join!(in_place(log.clone(), gate), third);
                }
            };
            around(log, Box::pin(siblings))
        };
        let log = Log::default();
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            cancel(scene(log.clone(), closed));
            let_others_go_on().await;
            assert_eq!(log.take(), ["loser"], "the sibling goes on");
            gate.send(()).unwrap();
            let_others_go_on().await;
            assert_eq!(log.take(), ["loser", "around"]);
        });
    }
}

/// A future that a cleanup cancels is cleaned up before the next cleanup starts.
mod a_cleanup_that_cancels_something {
    use super::*;

    async fn cancels(log: Log, gate: Gate) {
        cancel(held(log, "cancelled in the cleanup", gate));
        suspend().await;
    }

    /// Is ready at once, and cancels something when it is dropped.
    fn cancels_in_its_drop(log: Log, gate: Gate) -> impl Future<Output = ()> + Send {
        let mut hand = Hand::new(held(log, "cancelled in the cleanup", gate));
        assert!(hand.poll().is_pending());
        std::future::poll_fn(move |_| {
            let _holds = &hand;
            Poll::Ready(())
        })
    }

    const EXPECTED: [&str; 2] = ["cancelled in the cleanup", "around"];

    /// Panics in its poll, and cancels something when it is dropped.
    fn cancels_in_its_drop_after_a_panic(log: Log, gate: Gate) -> impl Future<Output = ()> + Send {
        let mut hand = Hand::new(held(log, "cancelled in the cleanup", gate));
        assert!(hand.poll().is_pending());
        std::future::poll_fn(move |_| {
            let _holds = &hand;
            std::panic::panic_any(Panic("cleanup"))
        })
    }

    #[test]
    fn p6_ends_before_the_one_around_though_the_cleanup_has_panicked() {
        #[finally(cancels_in_its_drop_after_a_panic(log.clone(), gate))]
        async fn inner(log: Log, gate: Gate) {
            suspend().await;
            let _uses = (&log, &gate);
        }
        let turn = exclusive();
        let scene = |log: Log, gate| {
            let around = around(log.clone(), Box::pin(inner(log, gate)));
            async {
                cancel(around);
            }
        };
        nothing_before_the_gate_opens(scene, &EXPECTED);
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
    }

    macro_rules! in_every_form {
        ($($name:ident($cleanup:path);)*) => {$(
            mod $name {
                use super::*;

                #[test]
                fn p6_ends_before_the_one_around_an_attribute() {
                    #[finally($cleanup(log.clone(), gate))]
                    async fn inner(log: Log, gate: Gate) {
                        suspend().await;
                        let _uses = (&log, &gate);
                    }
                    let _turn = exclusive();
                    on_all_ways(3, |log: Log, gate| around(log.clone(), Box::pin(inner(log, gate))), &EXPECTED);
                }

                #[test]
                fn p6_ends_before_the_one_around_a_skipped_one() {
                    #[finally($cleanup(log.clone(), gate), on_cancel = skip)]
                    async fn inner(log: Log, gate: Gate) {
                        let _uses = (&log, &gate);
                    }
                    let _turn = exclusive();
                    let scene = |log: Log, gate| around(log.clone(), Box::pin(inner(log, gate)));
                    on_all_ways(1, scene, &EXPECTED);
                }

                #[test]
                fn p6_ends_before_the_one_around_a_method() {
                    let _turn = exclusive();
                    let scene = |log: Log, gate| {
                        let at_exit = log.clone();
                        let inner = suspend().finally(move || $cleanup(at_exit, gate));
                        around(log, Box::pin(inner))
                    };
                    on_all_ways(3, scene, &EXPECTED);
                }

                #[test]
                fn p6_ends_before_the_one_around_a_guard() {
                    let _turn = exclusive();
                    let scene = |log: Log, gate| {
                        let at_exit = log.clone();
                        let inner = async move {
                            let _guard = guard((), move |()| $cleanup(at_exit, gate));
                            suspend().await;
                        };
                        around(log, Box::pin(inner))
                    };
                    on_all_ways(2, scene, &EXPECTED);
                }

                /// A result that is delivered shows that the cleanup has ended.
                #[test]
                fn p6_ends_before_the_result_is_delivered() {
                    #[finally($cleanup(log.clone(), gate))]
                    async fn attribute(log: Log, gate: Gate) {
                        let _uses = (&log, &gate);
                    }
                    #[finally($cleanup(log.clone(), gate), on_cancel = skip)]
                    async fn skipped(log: Log, gate: Gate) {
                        let _uses = (&log, &gate);
                    }
                    #[finally($cleanup(log.clone(), gate), on_cancel = block)]
                    async fn blocking(log: Log, gate: Gate) {
                        let _uses = (&log, &gate);
                    }
                    async fn method(log: Log, gate: Gate) {
                        std::future::ready(()).finally(move || $cleanup(log, gate)).await;
                    }
                    fn check<F: Future<Output = ()> + 'static>(run: fn(Log, Gate) -> F) {
                        let scene = |log: Log, gate| {
                            let inner = run(log.clone(), gate);
                            async move {
                                inner.await;
                                log.push("delivered");
                            }
                        };
                        nothing_before_the_gate_opens(scene, &["cancelled in the cleanup", "delivered"]);
                    }
                    let _turn = exclusive();
                    check(attribute);
                    check(skipped);
                    check(blocking);
                    check(method);
                }

                #[test]
                fn p6_ends_before_the_next_one_of_a_scope() {
                    let _turn = exclusive();
                    let scene = |log: Log, gate| {
                        let (at_exit, last) = (log.clone(), log);
                        let mut scope = <Scope>::new();
                        scope.defer(move || last.push("around"));
                        scope.defer(move || $cleanup(at_exit, gate));
                        async move { scope.close().await.unwrap() }
                    };
                    on_all_ways(2, scene, &EXPECTED);
                }
            }
        )*};
    }

    in_every_form! {
        in_its_future(cancels);
        in_the_drop_of_its_future(cancels_in_its_drop);
    }

    /// A cleanup that blocks also waits for the cleanups of futures that it cancels.
    #[test]
    fn p6_ends_before_the_drop_that_blocks() {
        #[finally(cancels(log.clone(), gate).await, on_cancel = block)]
        async fn blocks(log: Log, gate: Gate) {
            suspend().await;
            let _uses = (&log, &gate);
        }
        let _turn = exclusive();
        let log = Log::default();
        let (gate, closed) = oneshot::channel();
        let opens = std::thread::spawn({
            let log = log.clone();
            move || {
                while finally::detached() == 0 {
                    std::thread::yield_now();
                }
                log.push("opened");
                gate.send(()).unwrap();
            }
        });
        cancel(blocks(log.clone(), closed));
        log.push("dropped");
        opens.join().unwrap();
        assert_eq!(log.events(), ["opened", "cancelled in the cleanup", "dropped"]);
    }

    /// A cleanup from before holds up the next cleanup, and not this one.
    #[cfg_attr(not(feature = "tokio"), ignore = "takes turns with the tasks of a runtime")]
    #[test]
    fn p6_goes_on_at_once_when_it_is_cancelled_half_way() {
        #[finally({ cancels(log.clone(), gate).await; log.push("goes on") })]
        async fn inner(log: Log, gate: Gate) {
            let _uses = (&log, &gate);
        }
        let _turn = exclusive();
        let log = Log::default();
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            let mut hand = Hand::new(around(log.clone(), Box::pin(inner(log.clone(), closed))));
            assert!(hand.poll().is_pending());
            assert_eq!(finally::detached(), 1, "the cleanup stands half-way");
            drop(hand);
            let_others_go_on().await;
            assert_eq!(log.take(), ["goes on"]);
            gate.send(()).unwrap();
            let_others_go_on().await;
        });
        assert_eq!(log.events(), EXPECTED);
    }
}

/// A future that is cancelled during the evaluation of a cleanup counts as left by the body.
mod an_evaluation_that_cancels_something {
    use super::*;

    fn cancels(log: Log, gate: Gate) -> impl Future<Output = ()> + Send + 'static {
        cancel(held(log.clone(), "cancelled", gate));
        clean(log)
    }

    const EXPECTED: [&str; 2] = ["cancelled", "clean"];

    #[test]
    fn p6_ends_before_the_cleanup_of_an_attribute() {
        #[finally(cancels(log.clone(), gate))]
        async fn scene(log: Log, gate: Gate) {
            suspend().await;
            let _uses = (&log, &gate);
        }
        let _turn = exclusive();
        on_all_ways(2, scene, &EXPECTED);
    }

    #[test]
    fn p6_ends_before_the_cleanup_of_one_that_is_skipped() {
        #[finally(cancels(log.clone(), gate), on_cancel = skip)]
        async fn scene(log: Log, gate: Gate) {
            let _uses = (&log, &gate);
        }
        let _turn = exclusive();
        on_all_ways(0, scene, &EXPECTED);
    }

    #[test]
    fn p6_ends_before_the_cleanup_without_arguments() {
        thread_local! {
            static GIVEN: std::cell::Cell<Option<(Log, Gate)>> = const { std::cell::Cell::new(None) };
        }
        #[finally({ let (log, gate) = GIVEN.take().unwrap(); cancels(log, gate) })]
        async fn no_arguments() {
            suspend().await;
        }
        let _turn = exclusive();
        on_all_ways(
            2,
            |log, gate| {
                GIVEN.set(Some((log, gate)));
                no_arguments()
            },
            &EXPECTED,
        );
    }

    #[test]
    fn p6_ends_before_the_cleanup_of_a_method() {
        let _turn = exclusive();
        on_all_ways(2, |log, gate| suspend().finally(move || cancels(log, gate)), &EXPECTED);
    }

    #[test]
    fn p6_ends_before_the_cleanup_of_a_guard() {
        let _turn = exclusive();
        let scene = |log, gate| async {
            let _guard = guard((), move |()| cancels(log, gate));
            suspend().await;
        };
        on_all_ways(1, scene, &EXPECTED);
    }

    #[test]
    fn p6_ends_before_the_cleanup_of_a_guard_that_is_released() {
        let _turn = exclusive();
        on_all_ways(
            1,
            |log, gate| finally::Guard::release(guard((), move |()| cancels(log, gate))),
            &EXPECTED,
        );
    }

    #[test]
    fn p6_ends_before_the_cleanup_of_a_block() {
        async fn scene(log: Log, gate: Gate) {
            block::finally! {
                try { suspend().await }
                finally |_| { cancels(log, gate) }
            }
        }
        let _turn = exclusive();
        on_all_ways(2, scene, &EXPECTED);
    }
}
