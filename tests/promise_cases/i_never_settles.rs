//! I. A handler that never settles.

use std::{future::pending, sync::mpsc};

use finally::{FinallyExt, finally};

use crate::{
    REJECTED, Rejected, fulfilled,
    support::{Error, hand::Hand, outcome::observe, runtimes},
};

/// Says when it is dropped, which is the only end it has.
struct Held(mpsc::Sender<()>);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// These tests leave a cleanup that never ends, so each runs in a process of its own.
fn in_a_process_of_its_own(name: &str, test: impl FnOnce()) {
    const INSIDE: &str = "NEVER_SETTLES_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let name = format!("i_never_settles::{name}");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "there is no test of that name");
}

#[test]
fn case_40_fulfilled() {
    let mut hand = Hand::new(fulfilled(1).finally(pending::<()>));
    for _ in 0..9 {
        assert!(hand.poll().is_pending());
    }
    std::mem::forget(hand);
}

#[test]
fn case_40_dropping_it_works_and_the_handlers_future_goes_with_its_runtime() {
    in_a_process_of_its_own(
        "case_40_dropping_it_works_and_the_handlers_future_goes_with_its_runtime",
        || {
            let (held, dropped) = mpsc::channel();
            let held = Held(held);
            finally::set_executor(drop_at_once).unwrap();
            let mut hand = Hand::new(fulfilled(1).finally(move || async move {
                let _held = held;
                pending::<()>().await;
            }));
            for _ in 0..3 {
                assert!(hand.poll().is_pending());
            }
            drop(hand);
            assert_eq!(finally::detached(), 1, "it has moved on, to the background thread in the end");
            assert!(dropped.try_recv().is_err());
            assert_eq!(finally::drain_blocking(Some(std::time::Duration::ZERO)).unwrap_err().count(), 1);
        },
    );
}

fn drop_at_once(cleanup: finally::BoxFuture) {
    drop(cleanup);
}

#[test]
fn case_41_rejected() {
    for rejected in REJECTED {
        let mut hand = Hand::new(observe(rejected.body("body").finally(pending::<()>)));
        for _ in 0..9 {
            assert!(hand.poll().is_pending());
        }
        std::mem::forget(hand);
    }
}

#[test]
fn case_42_cancelled_the_drop_does_not_wait_and_what_is_around_never_runs() {
    in_a_process_of_its_own("case_42_cancelled_the_drop_does_not_wait_and_what_is_around_never_runs", || {
        let (called, seen) = mpsc::channel();
        let runtime = runtimes::current_thread();
        runtime.block_on(async {
            let mut hand = Hand::new(fulfilled(1).finally(pending::<()>).finally(move || async move {
                called.send(()).unwrap();
            }));
            assert!(hand.poll().is_pending());
            drop(hand);
            for _ in 0..9 {
                tokio::task::yield_now().await;
            }
        });
        assert_eq!(finally::detached(), 2);
        assert!(seen.try_recv().is_err());
    });
}

#[test]
fn cases_40_and_41_with_the_attribute() {
    #[finally(pending::<()>())]
    async fn f(rejected: Option<Rejected>) -> Result<u8, Error> {
        match rejected {
            Some(rejected) => rejected.body("body").await,
            None => fulfilled(1).await,
        }
    }
    for rejected in [None, Some(Rejected::WithError), Some(Rejected::WithPanic)] {
        let mut hand = Hand::new(observe(f(rejected)));
        for _ in 0..9 {
            assert!(hand.poll().is_pending());
        }
        std::mem::forget(hand);
    }
}
