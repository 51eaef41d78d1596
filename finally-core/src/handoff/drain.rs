//! How many cleanups are under way without a caller, and how to wait for them.

use alloc::{sync::Arc, vec::Vec};
use core::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::atomic::{
        AtomicBool,
        Ordering::{Acquire, Relaxed, Release},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

static DETACHED: Mutex<Detached> = Mutex::new(Detached { count: 0, waiting: Vec::new() });
static CHANGED: Condvar = Condvar::new();

struct Detached {
    count: usize,
    waiting: Vec<Waker>,
}

/// Nothing that belongs to a user runs under this lock, so a poisoned one is as good as any.
fn lock() -> MutexGuard<'static, Detached> {
    DETACHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts one cleanup as detached for as long as it exists.
pub(super) struct Ticket(());

impl Ticket {
    pub(super) fn new() -> Self {
        lock().count += 1;
        Self(())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut detached = lock();
        detached.count -= 1;
        if detached.count == 0 {
            let waiting = core::mem::take(&mut detached.waiting);
            drop(detached);
            CHANGED.notify_all();
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}

/// How many cleanups were handed off and have not ended yet.
///
/// Counts those that an enclosing finally adopted, those on an executor and those on the background thread. A cleanup
/// that its caller still awaits is not handed off.
///
/// ```
/// assert_eq!(finally::detached(), 0);
/// ```
#[must_use]
pub fn detached() -> usize {
    lock().count
}

/// Waits until no cleanup is detached: the last thing a program does before its runtime goes.
///
/// Ends at once if there is none. It waits for those that come in the meantime too, so stop what starts them first. It
/// is woken when the last one ends and polls nothing in between. Dropping it changes nothing for the cleanups.
///
/// A task that was aborted is dropped some time later, and hands its cleanup off only then: await its handle first.
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// // .. the server has stopped ..
/// finally::drain().await;
/// assert_eq!(finally::detached(), 0);
/// # });
/// # }
/// ```
pub fn drain() -> impl Future<Output = ()> + Send + Sync + Unpin {
    Drain(())
}

struct Drain(());

impl Future for Drain {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut detached = lock();
        if detached.count == 0 {
            return Poll::Ready(());
        }
        if !detached.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            detached.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }
}

/// Waits as [`drain`] does, for at most `timeout`.
///
/// The clock starts with the first poll, and is the real one: it needs no timer of a runtime, and a thread of its own
/// keeps it until the wait ends or is dropped. If that thread cannot be started, the wait ends at once.
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// use std::time::Duration;
///
/// if let Err(still_running) = finally::drain_timeout(Duration::from_secs(10)).await {
///     eprintln!("leaving all the same: {still_running}");
/// }
/// # });
/// # }
/// ```
///
/// # Errors
///
/// [`StillRunning`] if cleanups are detached when the time is over. They go on.
pub fn drain_timeout(
    timeout: Duration,
) -> impl Future<Output = Result<(), StillRunning>> + Send + Sync + Unpin {
    DrainTimeout { timeout, alarm: None, drain: Drain(()) }
}

struct DrainTimeout {
    timeout: Duration,
    alarm: Option<Arc<Alarm>>,
    drain: Drain,
}

/// What a wait shares with the thread that keeps its time.
#[derive(Default)]
struct Alarm {
    rung: AtomicBool,
    given_up: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Alarm {
    /// Starts the clock. `None` if there is no thread to keep it.
    fn start(timeout: Duration) -> Option<Arc<Self>> {
        let alarm = Arc::<Self>::default();
        let ringing = Arc::clone(&alarm);
        let deadline = Instant::now().checked_add(timeout);
        let clock = move || {
            wait(deadline, || ringing.given_up.load(Relaxed));
            ringing.rung.store(true, Release);
            if let Some(waker) = ringing.waker().take() {
                waker.wake();
            }
        };
        thread::Builder::new().name("finally-drain".into()).spawn(clock).ok()?;
        Some(alarm)
    }

    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Future for DrainTimeout {
    type Output = Result<(), StillRunning>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if Pin::new(&mut self.drain).poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if self.alarm.is_none() {
            self.alarm = Alarm::start(self.timeout);
        }
        let Some(alarm) = &self.alarm else {
            return Poll::Ready(still_running(detached()));
        };
        *alarm.waker() = Some(context.waker().clone());
        if alarm.rung.load(Acquire) {
            return Poll::Ready(still_running(detached()));
        }
        Poll::Pending
    }
}

impl Drop for DrainTimeout {
    fn drop(&mut self) {
        if let Some(alarm) = &self.alarm {
            // Under the lock that the clock waits with, so that it cannot look before and sleep after.
            let _detached = lock();
            alarm.given_up.store(true, Relaxed);
            CHANGED.notify_all();
        }
    }
}

/// Waits as [`drain`] does, in a thread that has no executor: the end of a `main` that is not async.
///
/// `None` waits without a limit. Blocks this thread, so on a thread that drives a runtime it keeps that runtime's own
/// cleanups from ending: there, await [`drain`].
///
/// ```
/// use std::time::Duration;
///
/// finally::drain_blocking(Some(Duration::from_secs(10)))?;
/// # Ok::<(), finally::StillRunning>(())
/// ```
///
/// # Errors
///
/// [`StillRunning`] if cleanups are detached when the time is over. They go on.
pub fn drain_blocking(timeout: Option<Duration>) -> Result<(), StillRunning> {
    // A time that the clock cannot express is as good as none.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    still_running(wait(deadline, || false))
}

/// Blocks until nothing is detached, the time is over or the wait is given up. Returns what is still detached.
fn wait(deadline: Option<Instant>, given_up: impl Fn() -> bool) -> usize {
    let mut detached = lock();
    while detached.count > 0 && !given_up() {
        detached = match deadline {
            None => CHANGED.wait(detached).unwrap_or_else(PoisonError::into_inner),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                CHANGED.wait_timeout(detached, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
    detached.count
}

fn still_running(count: usize) -> Result<(), StillRunning> {
    if count == 0 { Ok(()) } else { Err(StillRunning { count }) }
}

/// Cleanups were still detached when the time was over. They go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StillRunning {
    count: usize,
}

impl StillRunning {
    /// How many there were.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }
}

impl fmt::Display for StillRunning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => formatter.write_str("1 cleanup is still running"),
            count => write!(formatter, "{count} cleanups are still running"),
        }
    }
}

impl Error for StillRunning {}
