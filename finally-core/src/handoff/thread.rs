//! The background thread: the executor of last resort. It starts when it is needed and ends when it is idle.

use alloc::{collections::VecDeque, sync::Arc, task::Wake};
use core::{
    future::poll_fn,
    mem,
    sync::atomic::{AtomicBool, Ordering::AcqRel},
    task::{Context, Poll, Waker},
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{block::block_on, chain::Chain};

static QUEUE: Mutex<Queue> =
    Mutex::new(Queue { ready: VecDeque::new(), unfinished: 0, running: false, thread: None });

struct Queue {
    ready: VecDeque<Arc<Task>>,
    unfinished: usize,
    running: bool,
    /// Wakes the thread when it waits for something to become ready.
    thread: Option<Waker>,
}

/// Nothing that belongs to a user runs under this lock, so a poisoned one is as good as any.
fn lock() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One chain on the thread. Chains wait for nothing but themselves, so each has a waker of its own.
struct Task {
    chain: Mutex<Chain>,
    queued: AtomicBool,
}

impl Task {
    fn poll(self: &Arc<Self>) -> Poll<()> {
        // A wake during the poll has to queue it again.
        self.queued.swap(false, AcqRel);
        let waker = Waker::from(Arc::clone(self));
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        chain.poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, AcqRel) {
            let mut queue = lock();
            queue.ready.push_back(self);
            let thread = queue.thread.take();
            drop(queue);
            if let Some(thread) = thread {
                thread.wake();
            }
        }
    }
}

/// Gives a chain to the thread, and starts it where it does not run.
pub(super) fn submit(chain: Chain) {
    let task = Arc::new(Task { chain: Mutex::new(chain), queued: AtomicBool::new(false) });
    let mut queue = lock();
    queue.unfinished += 1;
    let start = !mem::replace(&mut queue.running, true);
    drop(queue);
    task.wake();
    if start && thread::Builder::new().name("finally".into()).spawn(run).is_err() {
        lose_all("no background thread could be started");
    }
}

fn lose_all(reason: &str) {
    let mut queue = lock();
    let ready = mem::take(&mut queue.ready);
    queue.unfinished -= ready.len();
    queue.running = false;
    drop(queue);
    for task in ready {
        mem::take(&mut *task.chain.lock().unwrap_or_else(PoisonError::into_inner)).lose(reason);
    }
}

/// The thread's whole life, until there is nothing left to do.
fn run() {
    let mut until_idle = poll_fn(poll_ready);
    #[cfg(feature = "tokio")]
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
        runtime.block_on(until_idle);
        return;
    }
    block_on(|context| core::pin::Pin::new(&mut until_idle).poll(context));
}

/// Polls what is ready. Ends when nothing is left, and then the next submission starts a new thread.
fn poll_ready(context: &mut Context<'_>) -> Poll<()> {
    /// How many polls before the runtime may look after its timers and sockets.
    const TURN: usize = 64;

    for _ in 0..TURN {
        let mut queue = lock();
        let Some(task) = queue.ready.pop_front() else {
            if queue.unfinished == 0 {
                queue.running = false;
                return Poll::Ready(());
            }
            queue.thread = Some(context.waker().clone());
            return Poll::Pending;
        };
        drop(queue);
        if task.poll().is_ready() {
            lock().unfinished -= 1;
        }
    }
    context.waker().wake_by_ref();
    Poll::Pending
}
