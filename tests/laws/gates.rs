//! Gates, which open when nothing else can go on, and signals, which siblings give each other.

use std::{
    future::poll_fn,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use crate::event::Id;

static GATES: Mutex<Gates> = Mutex::new(Gates { signalled: Vec::new(), open: false, waiting: Vec::new() });

struct Gates {
    signalled: Vec<Id>,
    open: bool,
    waiting: Vec<Waker>,
}

fn gates() -> MutexGuard<'static, Gates> {
    GATES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(change: impl FnOnce(&mut Gates)) {
    let mut gates = gates();
    change(&mut gates);
    let waiting = mem::take(&mut gates.waiting);
    drop(gates);
    waiting.into_iter().for_each(Waker::wake);
}

/// Closes all gates, for a new run.
pub fn close() {
    let mut gates = gates();
    gates.signalled.clear();
    gates.open = false;
    gates.waiting.clear();
}

/// Opens all gates that are closed. Returns whether anything waited for them.
pub fn open() -> bool {
    let waits = !gates().waiting.is_empty();
    wake(|gates| gates.open = true);
    waits
}

/// Gives the signal of a node.
pub fn signal(id: Id) {
    wake(|gates| gates.signalled.push(id));
}

/// Waits for the signal of a node, or for the opening of all gates.
pub async fn signalled(id: Id) {
    wait(|gates| gates.signalled.contains(&id)).await;
}

/// Waits for the opening of all gates.
pub async fn opened() {
    wait(|_| false).await;
}

async fn wait(is_over: impl Fn(&Gates) -> bool) {
    poll_fn(|context| {
        let mut gates = gates();
        if gates.open || is_over(&gates) {
            return Poll::Ready(());
        }
        gates.waiting.push(context.waker().clone());
        Poll::Pending
    })
    .await;
}
