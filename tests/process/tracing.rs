//! The feature `tracing`: a cleanup that is handed off keeps its span (P9), and its hand-off, its end and its failure are events (P8).
//!
//! These tests have a process of their own, because they set the subscriber of all threads.

#![cfg(feature = "tracing")]

#[path = "../support/mod.rs"]
mod support;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    sync::{Mutex, Once},
};

use finally::{FinallyExt, finally};
use support::{
    Exclusive, exclusive,
    hand::Hand,
    scene::{cancel, drained},
    suspend,
};
use tracing::{
    Event, Instrument as _, Metadata, Subscriber,
    field::{Field, Visit},
    info_span, span,
};
use tracing_core::span::Current;

/// An event, and the span in which it was emitted.
#[derive(Debug)]
struct Seen {
    span: Option<&'static str>,
    fields: BTreeMap<String, String>,
}

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

/// The name of each existing span, and the number of its references.
static SPANS: Mutex<BTreeMap<u64, (&'static str, usize)>> = Mutex::new(BTreeMap::new());

thread_local! {
    static ENTERED: RefCell<Vec<(span::Id, &'static Metadata<'static>)>> = const { RefCell::new(Vec::new()) };
}

static ALL_METADATA: Mutex<BTreeMap<u64, &'static Metadata<'static>>> = Mutex::new(BTreeMap::new());

/// A subscriber that keeps all events, and knows the current span of each thread.
struct Recorder;

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        ["tracing", "finally"].contains(&metadata.target())
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut all = ALL_METADATA.lock().unwrap();
        let id = all.len() as u64 + 1;
        all.insert(id, attributes.metadata());
        SPANS.lock().unwrap().insert(id, (attributes.metadata().name(), 1));
        span::Id::from_u64(id)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Visitor(BTreeMap<String, String>);

        impl Visit for Visitor {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                self.0.insert(field.name().to_owned(), format!("{value:?}"));
            }
        }

        let mut fields = Visitor(BTreeMap::new());
        fields.0.insert("level".to_owned(), event.metadata().level().to_string());
        fields.0.insert("target".to_owned(), event.metadata().target().to_owned());
        event.record(&mut fields);
        let span = ENTERED.with_borrow(|entered| entered.last().map(|(_, metadata)| metadata.name()));
        SEEN.lock().unwrap().push(Seen { span, fields: fields.0 });
    }

    fn enter(&self, id: &span::Id) {
        let metadata = ALL_METADATA.lock().unwrap()[&id.into_u64()];
        ENTERED.with_borrow_mut(|entered| entered.push((id.clone(), metadata)));
    }

    fn exit(&self, id: &span::Id) {
        let left = ENTERED.with_borrow_mut(Vec::pop);
        assert_eq!(left.map(|(left, _)| left), Some(id.clone()), "spans are left inner before outer");
    }

    fn clone_span(&self, id: &span::Id) -> span::Id {
        SPANS.lock().unwrap().get_mut(&id.into_u64()).unwrap().1 += 1;
        id.clone()
    }

    fn try_close(&self, id: span::Id) -> bool {
        let mut spans = SPANS.lock().unwrap();
        let (_, holders) = spans.get_mut(&id.into_u64()).unwrap();
        *holders -= 1;
        let closes = *holders == 0;
        if closes {
            spans.remove(&id.into_u64());
        }
        closes
    }

    fn current_span(&self) -> Current {
        ENTERED.with_borrow(|entered| match entered.last() {
            Some((id, metadata)) => Current::new(id.clone(), metadata),
            None => Current::none(),
        })
    }
}

/// Begins an exclusive test with the default failure hook and without events.
fn recorded() -> Exclusive {
    static SET: Once = Once::new();

    let turn = exclusive();
    SET.call_once(|| tracing::subscriber::set_global_default(Recorder).unwrap());
    finally::take_failure_hook();
    SEEN.lock().unwrap().clear();
    turn
}

fn take(target: &str) -> Vec<Seen> {
    let mut seen = SEEN.lock().unwrap();
    let (taken, left) = seen.drain(..).partition(|seen| seen.fields["target"] == target);
    *seen = left;
    taken
}

/// Returns the message and the span of each event with this target.
fn messages(target: &str) -> Vec<(String, Option<&'static str>)> {
    take(target).into_iter().map(|seen| (seen.fields["message"].clone(), seen.span)).collect()
}

fn say(message: &str) {
    tracing::info!("{message}");
}

/// Emits an event when it is dropped.
struct OnDrop(&'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        say(self.0);
    }
}

async fn clean(polled: &'static str, dropped: &'static str) {
    let _held = OnDrop(dropped);
    say(polled);
    suspend().await;
    say(polled);
}

#[finally(clean("inner polled", "inner dropped"))]
async fn inner() {
    std::future::pending::<()>().await;
}

#[finally(clean("outer polled", "outer dropped"))]
async fn outer() {
    inner().instrument(info_span!("inner")).await;
}

#[test]
fn p9_each_cleanup_of_a_chain_is_polled_and_dropped_in_the_span_of_its_drop() {
    let _turn = recorded();
    cancel(outer().instrument(info_span!("outer")));
    drained();
    let expected = ["inner polled", "inner polled", "inner dropped"]
        .map(|message| (message.to_owned(), Some("inner")))
        .into_iter()
        .chain(
            ["outer polled", "outer polled", "outer dropped"]
                .map(|message| (message.to_owned(), Some("outer"))),
        );
    assert_eq!(messages("tracing"), expected.collect::<Vec<_>>());
}

#[test]
fn p9_a_cleanup_without_a_span_has_none() {
    let _turn = recorded();
    cancel(inner());
    drained();
    let expected =
        ["inner polled", "inner polled", "inner dropped"].map(|message| (message.to_owned(), None));
    assert_eq!(messages("tracing"), expected);
}

#[test]
fn p9_a_cleanup_that_has_ended_gives_its_span_back() {
    let _turn = recorded();
    cancel(outer().instrument(info_span!("outer")));
    drained();
    #[finally(async { panic!("cleanup") })]
    async fn panics() {
        std::future::pending::<()>().await;
    }
    cancel(panics().instrument(info_span!("panics")));
    drained();
    assert_eq!(*SPANS.lock().unwrap(), BTreeMap::new());
}

#[test]
fn p9_a_cleanup_that_goes_on_half_way_takes_the_span_of_the_drop() {
    #[finally(clean("polled", "dropped"))]
    async fn f() {
        suspend().await;
    }
    let _turn = recorded();
    let mut hand = Hand::new(f().instrument(info_span!("request")));
    (0..2).for_each(|_| assert!(hand.poll().is_pending()));
    drop(hand);
    drained();
    let expected = ["polled", "polled", "dropped"].map(|message| (message.to_owned(), Some("request")));
    assert_eq!(messages("tracing"), expected);
}

#[test]
fn p8_a_hand_off_and_an_end_are_events_in_the_span() {
    let _turn = recorded();
    let line = line!() + 1;
    cancel(std::future::pending::<()>().finally(suspend).instrument(info_span!("request")));
    drained();
    let events = take("finally");
    let told: Vec<_> = events
        .iter()
        .map(|seen| (seen.fields["message"].as_str(), seen.fields["level"].as_str(), seen.span))
        .collect();
    assert_eq!(
        told,
        [("cleanup handed off", "DEBUG", Some("request")), ("cleanup ended", "DEBUG", Some("request"))]
    );
    for event in &events {
        assert!(
            event.fields["location"].starts_with(&format!("tests/process/tracing.rs:{line}:")),
            "{event:?}"
        );
    }
}

#[test]
fn p8_a_call_that_hands_nothing_off_emits_nothing() {
    let _turn = recorded();
    Hand::new(std::future::ready(()).finally(suspend)).run();
    assert!(SEEN.lock().unwrap().is_empty());
}

#[test]
fn p8_a_failure_is_one_event_at_the_place_of_the_finally() {
    #[finally(Err::<(), _>("clean\nup"))]
    fn fails() -> Result<(), &'static str> {
        Err("body")
    }
    let _turn = recorded();
    assert_eq!(info_span!("request").in_scope(fails), Err("body"));
    let events = take("finally");
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].span, Some("request"));
    let field = |name: &str| events[0].fields[name].as_str();
    assert_eq!((field("level"), field("kind"), field("message")), ("ERROR", "CleanupFailed", r"clean\nup"));
    assert!(field("location").starts_with("tests/process/tracing.rs:"));
}

#[test]
fn p8_the_failure_of_a_cleanup_that_was_handed_off_is_an_event_in_its_span() {
    #[finally(async { suspend().await; Err::<(), _>("error") })]
    async fn fails() -> Result<(), &'static str> {
        std::future::pending().await
    }
    #[finally(async { suspend().await; panic!("panic") })]
    async fn panics() {
        std::future::pending::<()>().await;
    }
    let _turn = recorded();
    cancel(fails().instrument(info_span!("fails")));
    cancel(panics().instrument(info_span!("panics")));
    drained();
    let mut failures = take("finally");
    failures.retain(|seen| seen.fields["level"] == "ERROR");
    let mut told: Vec<_> = failures.iter().map(|seen| (seen.fields["message"].as_str(), seen.span)).collect();
    told.sort_unstable();
    assert_eq!(told, [("error", Some("fails")), ("panic", Some("panics"))]);
}
