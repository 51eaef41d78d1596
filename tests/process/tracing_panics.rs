//! The feature `tracing` with a subscriber that panics or takes nothing: no drop panics (P4), no cleanup is lost (P5), and a failure
//! reaches stderr (P8).
//!
//! These tests have a process of their own, because they set the subscriber of all threads.

#![cfg(feature = "tracing")]

#[path = "../support/mod.rs"]
mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
};

use finally::{BoxFuture, FailureKind, finally};
use support::{Log, exclusive, hand::Hand, steps, suspend};
use tracing::{Event, Metadata, Subscriber, span, subscriber::Interest};
use tracing_core::span::Current;

/// A call of the subscriber that panics, or the call that refuses all events of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Odd {
    Nothing,
    Enabled,
    Event,
    Enter,
    Exit,
    Close,
    Clone,
    Current,
    Refuses,
}

const ODD: [Odd; 9] = [
    Odd::Nothing,
    Odd::Enabled,
    Odd::Event,
    Odd::Enter,
    Odd::Exit,
    Odd::Close,
    Odd::Clone,
    Odd::Current,
    Odd::Refuses,
];

static NOW: AtomicU8 = AtomicU8::new(Odd::Nothing as u8);

fn is_now(odd: Odd) -> bool {
    NOW.load(SeqCst) == odd as u8
}

fn reach(odd: Odd) {
    assert!(!is_now(odd), "the subscriber panics: {odd:?}");
}

/// A subscriber with one span, which is always the current one.
struct Subscribing;

static METADATA: OnceLock<&'static Metadata<'static>> = OnceLock::new();

impl Subscriber for Subscribing {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        reach(Odd::Enabled);
        metadata.target() != "finally" || !is_now(Odd::Refuses)
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        METADATA.get_or_init(|| attributes.metadata());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {
        reach(Odd::Event);
    }

    fn enter(&self, _: &span::Id) {
        reach(Odd::Enter);
    }

    fn exit(&self, _: &span::Id) {
        reach(Odd::Exit);
    }

    fn clone_span(&self, id: &span::Id) -> span::Id {
        reach(Odd::Clone);
        id.clone()
    }

    fn try_close(&self, _: span::Id) -> bool {
        reach(Odd::Close);
        true
    }

    fn current_span(&self) -> Current {
        reach(Odd::Current);
        match METADATA.get() {
            Some(metadata) => Current::new(span::Id::from_u64(1), metadata),
            None => Current::none(),
        }
    }
}

/// The handed-off cleanups. They are polled by hand, so that the test sees a panic.
static SPAWNED: Mutex<Vec<BoxFuture>> = Mutex::new(Vec::new());

fn subscribe() {
    static SET: OnceLock<()> = OnceLock::new();

    SET.get_or_init(|| {
        finally::set_executor(|cleanup| SPAWNED.lock().unwrap().push(cleanup)).unwrap();
        tracing::subscriber::set_global_default(Subscribing).unwrap();
        drop(tracing::info_span!("the span"));
    });
}

#[finally(steps(log.clone(), "outer", 1))]
async fn outer(log: Log) {
    inner(log.clone()).await;
}

#[finally(steps(log.clone(), "inner", 1))]
async fn inner(log: Log) {
    suspend().await;
    let _uses = &log;
}

#[finally(async { suspend().await; panic!("cleanup") })]
async fn panics() {
    suspend().await;
}

/// Cancels a future while the subscriber is faulty, and lets its cleanups end.
fn cancel_with(odd: Odd, future: impl Future) {
    let mut hand = Hand::new(future);
    assert!(hand.poll().is_pending());
    NOW.store(odd as u8, SeqCst);
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(hand)));
    let spawned = std::mem::take(&mut *SPAWNED.lock().unwrap());
    let polled =
        catch_unwind(AssertUnwindSafe(|| spawned.into_iter().for_each(|cleanup| Hand::new(cleanup).run())));
    NOW.store(Odd::Nothing as u8, SeqCst);
    assert!(dropped.is_ok(), "the drop panics: {odd:?}");
    assert!(polled.is_ok(), "a poll of the cleanup panics: {odd:?}");
}

#[test]
fn p4_a_subscriber_that_panics_makes_no_drop_panic_and_loses_no_cleanup() {
    let turn = exclusive();
    subscribe();
    for odd in ODD {
        let log = Log::default();
        cancel_with(odd, outer(log.clone()));
        assert_eq!(log.events(), ["inner 0", "inner 1", "outer 0", "outer 1"], "{odd:?}");
        assert_eq!(turn.failures(), [], "{odd:?}");
    }
}

#[test]
fn p8_a_cleanup_that_panics_is_reported_though_the_subscriber_panics_too() {
    let turn = exclusive();
    subscribe();
    for odd in ODD {
        cancel_with(odd, panics());
        assert_eq!(turn.kinds(), [FailureKind::CleanupPanicked], "{odd:?}");
    }
}

/// Runs the same test again in a process of its own, to see its stderr.
#[test]
fn p8_a_failure_that_the_subscriber_does_not_take_is_one_line_on_stderr() {
    const INSIDE: &str = "P8_INSIDE";
    const NAME: &str = "p8_a_failure_that_the_subscriber_does_not_take_is_one_line_on_stderr";

    #[finally(Err::<(), _>("cleanup"))]
    fn fails() -> Result<(), &'static str> {
        Err("body")
    }
    if let Ok(odd) = std::env::var(INSIDE) {
        subscribe();
        NOW.store(odd.parse().unwrap(), SeqCst);
        assert_eq!(fails(), Err("body"));
        return;
    }
    for (odd, lines) in [(Odd::Refuses, 1), (Odd::Enabled, 1), (Odd::Event, 1), (Odd::Nothing, 0)] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact", "--nocapture"])
            .env(INSIDE, (odd as u8).to_string())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        let seen = stderr.lines().filter(|line| line.contains("finally at")).count();
        assert_eq!(seen, lines, "{odd:?}: {stderr}");
    }
}
