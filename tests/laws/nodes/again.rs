//! Polls futures after their end, and collects the panics.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    mem,
    panic::{set_hook, take_hook},
    pin::Pin,
    sync::Once,
    task::Context,
};

use crate::{
    event,
    failure::{Ended, catch},
};

thread_local! {
    static ASKED: Cell<bool> = const { Cell::new(false) };
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static ANSWERS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps these panics from being printed.
pub fn be_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                hook(info);
            }
        }));
    });
}

/// Sets whether futures are to be polled again in this thread.
pub fn ask(asked: bool) {
    ASKED.set(asked);
}

/// Returns the texts of the panics of these polls since the last call.
pub fn answers() -> Vec<String> {
    ANSWERS.with(|answers| mem::take(&mut *answers.borrow_mut()))
}

/// Polls a future that has ended.
pub fn poll<F: Future<Output = Ended>>(future: Pin<&mut F>, context: &mut Context<'_>) {
    if !ASKED.get() {
        return;
    }
    let before = event::pushed_here();
    QUIET.set(true);
    let polled = catch(|| future.poll(context).is_ready());
    QUIET.set(false);
    let mut answer = match polled {
        Ok(_) => "no panic".to_owned(),
        Err(payload) => match payload.downcast::<&str>() {
            Ok(text) => (*text).to_owned(),
            Err(payload) => payload.downcast::<String>().map_or_else(|_| "no text".to_owned(), |text| *text),
        },
    };
    if event::pushed_here() != before {
        answer = "something ran".to_owned();
    }
    ANSWERS.with(|answers| answers.borrow_mut().push(answer));
}
