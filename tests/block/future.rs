//! `finally! { async { .. } finally { .. } }`: a future.

use std::{
    future::{Future, ready},
    pin::{Pin, pin},
};

use finally::{Fate, block::finally};

use crate::support::{Error, Log, hand::Hand, suspend};

fn run<F: Future>(future: F) -> F::Output {
    Hand::new(future).run()
}

#[test]
fn it_does_nothing_until_it_is_polled() {
    let log = Log::default();
    let future = finally! { async { log.push("body"); } finally { log.push("clean"); } };
    assert!(log.events().is_empty());
    drop(future);
    assert!(log.events().is_empty());
    run(finally! { async { log.push("body"); } finally { log.push("clean"); } });
    assert_eq!(log.take().join(" "), "body clean");
}

#[test]
fn return_and_question_mark_end_it() {
    fn future(text: &str, log: &Log) -> impl Future<Output = Result<u8, std::num::ParseIntError>> {
        finally! {
            <Result<u8, std::num::ParseIntError>>
            async {
                suspend().await;
                if text.is_empty() {
                    return Ok(0);
                }
                let number = text.parse::<u8>()?;
                Ok(number)
            }
            finally { log.push("clean"); }
        }
    }
    let log = Log::default();
    assert_eq!((run(future("", &log)), run(future("1", &log))), (Ok(0), Ok(1)));
    assert!(run(future("x", &log)).is_err());
    assert_eq!(log.count("clean"), 3);
}

#[test]
fn it_is_stored_and_spawned() {
    struct Holder {
        future: Pin<Box<dyn Future<Output = usize> + Send>>,
    }
    let log = Log::default();
    let (list, cleaned) = (vec![1, 2], log.clone());
    let holder = Holder {
        future: Box::pin(
            finally! { async move { suspend().await; list.len() } finally { suspend().await; cleaned.push("clean"); } },
        ),
    };
    let runtime = crate::support::runtimes::current_thread();
    assert_eq!(runtime.block_on(async { tokio::spawn(holder.future).await.unwrap() }), 2);
    assert_eq!(log.count("clean"), 1);
}

#[test]
fn it_races_in_a_select() {
    let log = Log::default();
    run(async {
        tokio::select! {
            biased;
            () = finally! { async { suspend().await; suspend().await } finally { log.push("loser"); } } => unreachable!(),
            () = suspend() => log.push("winner"),
        }
    });
    // The losing arms are dropped before the winning arm goes on.
    assert_eq!(log.take().join(" "), "loser winner");
}

#[test]
fn it_borrows_and_shares_with_its_cleanup() {
    let mut list = vec![1];
    let length =
        run(finally! { async { list.push(2); suspend().await; list.len() } finally { list.push(3); } });
    assert_eq!((length, list), (2, vec![1, 2, 3]));
}

#[test]
fn it_owns_and_shares_with_its_cleanup() {
    fn future(mut list: Vec<u8>, log: Log) -> impl Future<Output = usize> + Send + 'static {
        finally! { async move { list.push(2); suspend().await; list.len() } finally { list.push(3); log.push(format!("{list:?}")); } }
    }
    fn awaits(mut list: Vec<u8>, log: Log) -> impl Future<Output = usize> + Send + 'static {
        finally! { async move { list.push(2); suspend().await; list.len() } finally { suspend().await; list.push(3); log.push(format!("{list:?}")); } }
    }
    let log = Log::default();
    assert_eq!((run(future(vec![1], log.clone())), run(awaits(vec![1], log.clone()))), (2, 2));
    assert_eq!(log.take(), ["[1, 2, 3]"; 2]);
}

#[test]
fn p2_what_only_the_body_takes_is_dropped_before_the_cleanup() {
    let log = Log::default();
    let held = log.on_drop("held");
    let cleaned = log.clone();
    run(finally! { async move { suspend().await; let _ = &held; } finally { cleaned.push("clean"); } });
    assert_eq!(log.take().join(" "), "held clean");
}

#[test]
fn its_cleanup_sees_the_fate_of_its_output() {
    let log = Log::default();
    let result = run(finally! {
        <Result<u8, Error>> async { Err(Error("body"))?; Ok(1) }
        finally |fate| { log.push(format!("{:?}", fate.error())); }
    });
    assert_eq!((result, log.take().join(" ")), (Err(Error("body")), "Some(Error(\"body\"))".into()));
    run(finally!(async { ready(1).await }, |fate| {
        assert!(matches!(fate, Fate::Returned(1)));
    }));
}

#[test]
fn the_failure_of_its_cleanup_is_its_output() {
    let result = run(
        finally! { <Result<u8, Error>> async { Ok(1) } finally { suspend().await; Err(Error("cleanup")) } },
    );
    assert_eq!(result, Err(Error("cleanup")));
}

#[test]
fn jumps_inside_of_it_stay_inside() {
    let count = run(finally! {
        async {
            let mut count = 0;
            'outer: loop {
                for _ in 0..3 {
                    count += 1;
                    if count == 2 { continue 'outer }
                    if count == 5 { break 'outer }
                }
            }
            count
        }
        finally {}
    });
    assert_eq!(count, 5);
}

#[test]
fn a_block_in_place_inside_of_it_leaves_it_alone() {
    let log = Log::default();
    run(async {
        for number in 0..2 {
            let future = finally! {
                async {
                    finally! { try { if number == 0 { return 10 } } finally { log.push("inner"); } }
                    20
                }
                finally { log.push("outer"); }
            };
            log.push(format!("{}", pin!(future).await));
        }
    });
    assert_eq!(log.take().join(" "), "inner outer 10 inner outer 20");
}
