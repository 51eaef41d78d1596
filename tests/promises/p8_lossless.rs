//! P8: every failure that no caller gets goes to the failure hook exactly once.

use finally::{FailureKind, finally};

use crate::{
    subject,
    support::{
        ENDS, End, Error, Log, Panic, Seen,
        account::{account, raised},
        exclusive,
        hand::Hand,
        outcome::{cancel_after, observe},
        suspend,
    },
    sync_subject,
};

on_every_runtime! {
    p8_the_outcome_and_the_reports_are_all_that_failed(runtime) {
        let turn = exclusive();
        for body in ENDS {
            for cleanup in ENDS {
                let outcome = runtime.run(observe(subject(Log::default(), body, cleanup)));
                assert_eq!(account(&outcome, turn.failures()), raised(Some(body), cleanup));
                let outcome = runtime.run(observe(sync_subject(Log::default(), body, cleanup)));
                assert_eq!(account(&outcome, turn.failures()), raised(Some(body), cleanup));
                for pendings in 1..=4 {
                    let outcome = runtime.run(cancel_after(pendings, subject(Log::default(), body, cleanup)));
                    let reached = (pendings > 2).then_some(body);
                    assert_eq!(account(&outcome, turn.failures()), raised(reached, cleanup), "{body:?} {pendings}");
                }
                for pendings in 1..=2 {
                    let outcome = runtime.run(cancel_after(pendings, sync_subject(Log::default(), body, cleanup)));
                    assert_eq!(account(&outcome, turn.failures()), raised(None, cleanup));
                }
            }
        }
    }
}

#[test]
fn p8_a_report_tells_kind_text_payload_and_place() {
    let turn = exclusive();
    let line = line!() + 1;
    #[finally(End::Fails.reach("cleanup"))]
    async fn f(body: End) -> Result<(), Error> {
        body.reach("body")
    }
    assert_eq!(Hand::new(f(End::Fails)).run(), Err(Error("body")));
    let expected = Seen {
        kind: FailureKind::CleanupFailed,
        message: "cleanup".to_owned(),
        panic: None,
        file: file!(),
        line,
    };
    assert_eq!(turn.failures(), [expected]);
}

#[test]
fn p8_the_text_is_the_best_that_the_type_has() {
    struct Nothing;
    #[derive(Debug)]
    struct OnlyDebug;

    #[finally(Err::<(), _>(make()))]
    async fn f<E>(make: fn() -> E) -> Result<(), Box<dyn std::any::Any>>
    where
        Box<dyn std::any::Any>: From<E>,
    {
        Err(Box::new(()))
    }
    macro_rules! text_of {
        ($error:ty, $value:expr) => {{
            #[finally(Err::<(), $error>($value))]
            async fn fails() -> Result<(), $error> {
                suspend().await;
                Err($value)
            }
            let mut hand = Hand::new(fails());
            assert!(hand.run().is_err());
        }};
    }
    let _ = f::<Box<dyn std::any::Any>>;
    let turn = exclusive();
    text_of!(Error, Error("shown"));
    text_of!(OnlyDebug, OnlyDebug);
    text_of!(Nothing, Nothing);
    let texts: Vec<_> = turn.failures().into_iter().map(|failure| failure.message).collect();
    assert_eq!(texts[..2], ["shown", "OnlyDebug"]);
    assert!(texts[2].ends_with("Nothing"), "{texts:?}");
}

#[test]
fn p8_the_text_of_a_panic_is_what_it_said() {
    #[finally(panic!("said {}", 1))]
    async fn formatted() -> Result<(), Error> {
        Err(Error("body"))
    }
    #[finally(panic!("said"))]
    async fn literal() -> Result<(), Error> {
        Err(Error("body"))
    }
    let turn = exclusive();
    let _ = Hand::new(formatted()).run();
    let _ = Hand::new(literal()).run();
    let texts: Vec<_> = turn.failures().into_iter().map(|failure| failure.message).collect();
    assert_eq!(texts, ["said 1", "said"]);
}

#[test]
fn p8_a_body_failure_whose_caller_left_during_the_cleanup_is_reported_once() {
    let turn = exclusive();
    for (body, kind) in [(End::Fails, FailureKind::BodyFailed), (End::Panics, FailureKind::BodyPanicked)] {
        let mut hand = Hand::new(subject(Log::default(), body, End::Succeeds));
        (0..3).for_each(|_| assert!(hand.poll().is_pending()));
        assert!(turn.failures().is_empty(), "the caller may still get it");
        drop(hand);
        finally::drain_blocking(None).unwrap();
        assert_eq!(turn.kinds(), [kind]);
    }
}

#[test]
fn p8_a_panic_in_the_drop_of_a_cleanups_future_is_not_hidden() {
    #[finally(cleanup(log.clone()))]
    async fn f(log: Log) {
        suspend().await;
        let _uses = &log;
    }
    /// Is ready at once, and panics when it is dropped.
    fn cleanup(log: Log) -> impl Future<Output = ()> + Send {
        let bomb = log.bomb("bomb");
        std::future::poll_fn(move |_| {
            let _holds = &bomb;
            std::task::Poll::Ready(())
        })
    }
    let turn = exclusive();
    let panic = std::panic::catch_unwind(|| Hand::new(f(Log::default())).run()).unwrap_err();
    assert_eq!(*panic.downcast::<String>().unwrap(), "bomb");

    let mut hand = Hand::new(f(Log::default()));
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked]);
}

#[test]
fn p8_a_hook_that_panics_disturbs_nobody() {
    let turn = exclusive();
    finally::set_failure_hook(|_| std::panic::panic_any(Panic("hook")));
    let mut hand = Hand::new(sync_subject(Log::default(), End::Succeeds, End::Fails));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert!(turn.failures().is_empty());
    assert!(finally::take_failure_hook().is_some());
}

#[test]
fn p8_a_hook_that_is_taken_gives_way_to_the_default_one() {
    let _turn = exclusive();
    let (told, heard) = std::sync::mpsc::channel();
    finally::set_failure_hook(move |failure| told.send(failure.to_string()).unwrap());
    let hook = finally::take_failure_hook().unwrap();
    finally::set_failure_hook(hook);
    let mut hand = Hand::new(sync_subject(Log::default(), End::Succeeds, End::Fails));
    assert!(hand.poll().is_pending());
    drop(hand);
    let line = heard.try_recv().unwrap();
    assert!(
        line.starts_with("finally at tests/promises/main.rs:")
            && line.ends_with("the cleanup failed: cleanup"),
        "{line}"
    );
}

/// Runs this very test again in a process of its own, to see its stderr. With the feature `tracing` no subscriber is set there.
#[test]
fn p8_without_a_hook_a_failure_is_one_line_on_stderr() {
    const INSIDE: &str = "P8_INSIDE";
    const NAME: &str = "p8_lossless::p8_without_a_hook_a_failure_is_one_line_on_stderr";
    if std::env::var_os(INSIDE).is_some() {
        let mut hand = Hand::new(sync_subject(Log::default(), End::Succeeds, End::Fails));
        assert!(hand.poll().is_pending());
        drop(hand);
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains("finally at")).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    assert!(lines[0].ends_with("the cleanup failed: cleanup"), "{stderr}");
}

mod a_cleanup_that_has_failed_and_waits_for_what_it_has_cancelled {
    use finally::block;
    use tokio::sync::oneshot;

    use super::*;

    #[finally(async move { until.await.unwrap() })]
    async fn loser(until: oneshot::Receiver<()>) {
        std::future::pending::<()>().await;
        let _uses = &until;
    }

    async fn cancel_and_fail(until: oneshot::Receiver<()>) -> Result<(), Error> {
        tokio::select! {
            biased;
            () = loser(until) => {}
            () = std::future::ready(()) => {}
        }
        End::Fails.reach("cleanup")
    }

    #[finally(cancel_and_fail(until))]
    async fn attribute(until: oneshot::Receiver<()>) -> Result<(), Error> {
        suspend().await;
        let _uses = &until;
        Ok(())
    }

    async fn block(until: oneshot::Receiver<()>) -> Result<(), Error> {
        suspend().await;
        block::finally! {
            try { suspend().await; }
            finally { cancel_and_fail(until).await }
        }
        Ok(())
    }

    async fn method(until: oneshot::Receiver<()>) -> Result<(), Error> {
        use finally::FinallyExt;

        async { Ok(()) }.finally(|| cancel_and_fail(until)).await
    }

    fn check<F: Future<Output = Result<(), Error>>>(make: fn(oneshot::Receiver<()>) -> F, message: &str) {
        let turn = exclusive();
        let (end, until) = oneshot::channel();
        let mut hand = Hand::new(make(until));
        while finally::detached() == 0 {
            assert!(hand.poll().is_pending());
        }
        drop(hand);
        end.send(()).unwrap();
        finally::drain_blocking(None).unwrap();
        let failures = turn.failures();
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert_eq!((failures[0].kind, &*failures[0].message), (FailureKind::CleanupFailed, message));
    }

    #[test]
    fn p8_is_reported_when_its_caller_leaves_an_attribute() {
        check(attribute, "cleanup");
    }

    #[test]
    fn p8_is_reported_when_its_caller_leaves_a_block() {
        check(block, "cleanup");
    }

    #[test]
    fn p8_is_reported_when_its_caller_leaves_a_method() {
        check(method, "Error(\"cleanup\")");
    }
}
