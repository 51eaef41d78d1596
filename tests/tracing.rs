//! P8, with the feature `tracing`: without a hook, a failure is one event.

#![cfg(feature = "tracing")]

use std::{
    fmt,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use finally::finally;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// The fields of an event.
type Fields = Vec<(String, String)>;

/// Keeps the fields of each event.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<Fields>>>);

impl Subscriber for Events {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Visitor(Fields);

        impl Visit for Visitor {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                self.0.push((field.name().to_owned(), format!("{value:?}")));
            }
        }

        let mut fields = Visitor(vec![("level".to_owned(), event.metadata().level().to_string())]);
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[finally(Err::<(), _>("cleanup"))]
async fn fails() -> Result<(), &'static str> {
    Err("body")
}

#[test]
fn p8_a_failure_is_one_event_at_the_place_of_the_finally() {
    let events = Events::default();
    tracing::subscriber::with_default(events.clone(), || {
        let polled = std::pin::pin!(fails()).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, std::task::Poll::Ready(Err("body")));
    });
    let events = events.0.lock().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    let field = |name: &str| &events[0].iter().find(|(field, _)| field == name).unwrap().1;
    assert_eq!((field("level").as_str(), field("kind").as_str()), ("ERROR", "CleanupFailed"));
    assert_eq!(field("message"), "cleanup");
    assert!(field("location").starts_with("tests/tracing.rs:"));
}
