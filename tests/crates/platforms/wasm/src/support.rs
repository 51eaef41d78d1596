//! An event log, futures that suspend, and cancellation by hand.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use js_sys::Promise;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str);
}

/// Shows the message of a panic, which is a trap without a word otherwise.
#[wasm_bindgen(start)]
fn show_panics() {
    std::panic::set_hook(Box::new(|info| error(&info.to_string())));
}

/// Events in the order in which they happen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn push(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    /// Takes the events so far.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Logs its own drop.
    pub(crate) fn on_drop(&self, event: &'static str) -> OnDrop {
        OnDrop { log: self.clone(), event }
    }
}

pub(crate) struct OnDrop {
    log: Log,
    event: &'static str,
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.log.push(self.event);
    }
}

/// Is pending once, and wakes its task at once.
pub(crate) fn suspend() -> impl Future<Output = ()> + Send {
    let mut suspended = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut suspended, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Suspends until JavaScript goes on with a promise. Not `Send`, as everything of JavaScript.
pub(crate) async fn suspend_in_javascript() {
    JsFuture::from(Promise::resolve(&JsValue::NULL)).await.unwrap();
}

pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a future once, and drops it.
pub(crate) fn cancel<F: Future>(future: F) {
    assert!(poll_once(pin!(future)).is_pending(), "it ended before it was cancelled");
}
