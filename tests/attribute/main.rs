//! `#[finally(..)]`: every form of a cleanup on every kind of function.

#![allow(clippy::multiple_bound_locations, clippy::needless_arbitrary_self_type, reason = "odd on purpose")]
#![allow(unsafe_code, reason = "unsafe functions take it too")]

mod armed_by_the_call;
mod forms_of_cleanup;
mod kinds_of_function;
mod question_mark_in_cleanup;
mod types;

use std::{
    cell::Cell,
    fmt::Display,
    future::{Future, ready},
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use finally::{FinallyExt, finally, lastly};
use futures::executor::block_on;

thread_local! {
    static CLEANED: Cell<usize> = const { Cell::new(0) };
}

fn clean() {
    CLEANED.set(CLEANED.get() + 1);
}

async fn clean_async() {
    yield_now().await;
    clean();
}

fn cleaned() -> usize {
    CLEANED.replace(0)
}

async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            std::task::Poll::Ready(())
        } else {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
    .await;
}

#[derive(Debug, Default, PartialEq)]
struct Conn {
    log: Vec<&'static str>,
}

impl Conn {
    async fn close(&mut self) -> Result<(), String> {
        yield_now().await;
        self.log.push("close");
        clean();
        Ok(())
    }

    fn close_now(&mut self) {
        self.log.push("close");
        clean();
    }
}
