//! Waits for all detached cleanups of the process or of a tracker.
//!
//! The functions are `#[inline]`, as are those that list the cleanups: so they are compiled by the programs that call them,
//! and not with this crate. A list is sorted, and the sort is a large part of the code of this crate.

use alloc::boxed::Box;
use core::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};
use std::time::Instant;

use super::{
    HAS_THREADS, block,
    counts::{Active, PROCESS},
    executor,
    exempt::{self, Exempt},
    group::Group,
    inside,
    park::Parker,
    running::{Place, StillRunning},
    sync::{Arc, AtomicBool, AtomicUsize, Mutex, Ordering::SeqCst, lock},
    thread::{self, start_thread},
    trackers::{self, TrackerCounts},
    waiters::WaiterKey,
};
use crate::engine::unwind::quietly;

/// Returns how many cleanups were handed off and have not ended yet.
///
/// It counts those that run on an executor, those that run on the background thread, and those that wait for others. A cleanup
/// that its caller still awaits is not handed off.
///
/// # Examples
///
/// ```
/// assert_eq!(finally::detached(), 0);
/// ```
#[must_use]
#[inline]
pub fn detached() -> usize {
    PROCESS.unfinished.unfinished()
}

/// Waits until all detached cleanups have ended. Call it last, before the runtime is shut down.
///
/// It ends at once if there is none. It waits for those that come in the meantime too, so stop the tasks that start them
/// first. It is woken when the last one ends and polls nothing in between.
///
/// A task that was aborted is dropped some time later, and hands its cleanup off only then. Await its handle first, or track it
/// with a [`Tracker`](crate::Tracker), which counts the task itself.
///
/// Inside a cleanup it waits for the cleanups that run, and not for those that wait themselves: neither for the cleanup that
/// awaits it, nor for one that waits for that cleanup, nor for another one that awaits a drain. A task that the cleanup has
/// spawned is not inside of it: if the cleanup awaits a task that awaits this, neither ends. A drain that was polled in a cleanup and
/// moved out of it counts as a wait of that cleanup until it is polled elsewhere or dropped. Polled outside, it waits for that
/// cleanup, too.
///
/// # Cancel safety
///
/// Dropping the wait changes nothing for the cleanups, and gives back the waker that it has left.
///
/// # Examples
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
#[inline]
pub fn drain() -> impl Future<Output = ()> + Send + Sync + Unpin {
    Drain::new(Of::Process)
}

/// The cleanups that a drain waits for.
#[derive(Clone)]
pub(crate) enum Of {
    Process,
    /// The cleanups and the tracked futures of a tracker.
    Tracker(Arc<TrackerCounts>),
}

/// The place from which a drain is awaited.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// Outside of all cleanups and futures that the drain waits for. It waits for all of them.
    Outside,
    /// A cleanup that was handed off. It waits for the cleanups that are not waiting themselves.
    Cleanup,
    /// A cleanup or a future of this very tracker. It waits for no tracked future, because that future might be
    /// the caller.
    Inside,
}

impl Of {
    #[inline]
    fn caller(&self) -> Caller {
        match self {
            Self::Tracker(tracker) if trackers::is_inside(tracker) => Caller::Inside,
            _ if exempt::is_in_chain() => Caller::Cleanup,
            _ => Caller::Outside,
        }
    }

    #[inline]
    fn unfinished(&self) -> &Group {
        match self {
            Self::Process => &PROCESS.unfinished,
            Self::Tracker(tracker) => &tracker.counts.unfinished,
        }
    }

    /// Returns the count for a drain that does not wait for all.
    #[inline]
    fn active(&self, caller: Caller) -> &Active {
        match (self, caller) {
            (Self::Process, _) => &PROCESS.active,
            (Self::Tracker(tracker), Caller::Inside) => &tracker.counts.active,
            (Self::Tracker(tracker), Caller::Cleanup | Caller::Outside) => &tracker.active,
        }
    }

    /// Returns the unfinished cleanups as an error, unless the last one has just ended.
    #[inline]
    fn still_running(&self) -> Result<(), StillRunning> {
        let unfinished = self.unfinished().unfinished();
        let (running, futures) = match self {
            Self::Process => (super::running(), 0),
            Self::Tracker(tracker) => (super::running_of(tracker), tracker.futures()),
        };
        // The count and the list are read one after the other, and cleanups may end in between.
        let count = unfinished.saturating_sub(futures).max(running.len());
        let tracked = if self.caller() == Caller::Inside { 0 } else { futures };
        if count == 0 && tracked == 0 { Ok(()) } else { Err(StillRunning { count, running, tracked }) }
    }
}

/// Returns whether a cleanup in this place may be one of the current-thread runtime that this thread drives. An executor that was set is
/// taken for another one, because it is not known.
#[inline]
fn may_be_here(place: Place) -> bool {
    match place {
        Place::Executor => !executor::is_set() && !thread::drives_background(),
        Place::BackgroundThread => thread::drives_background(),
    }
}

pub(crate) struct Drain {
    of: Of,
    /// The registration, from the first poll that returns `Pending`.
    wait: Option<Wait>,
}

impl Drain {
    #[inline]
    pub(crate) const fn new(of: Of) -> Self {
        Self { of, wait: None }
    }
}

/// The registration of a drain as a waiter.
struct Wait {
    of: Of,
    key: WaiterKey,
    caller: Caller,
    exempt: Option<Exempt>,
}

impl Future for Drain {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        static LAST: AtomicUsize = AtomicUsize::new(0);

        let Self { of, wait } = &mut *self;
        let caller = of.caller();
        // A drain registers again if it moves to another chain, as it does when the cleanup that awaits it is
        // handed off half-way.
        wait.take_if(|wait| wait.caller != caller || !exempt::is_here(wait.exempt.as_ref()));
        if wait.is_none() && of.unfinished().has_ended() {
            return Poll::Ready(());
        }
        // A drop keeps its cleanups until it is over, and code of the user may block it on this very wait.
        inside::start_kept();
        let wait = wait.get_or_insert_with(|| Wait {
            of: of.clone(),
            key: LAST.fetch_add(1, SeqCst),
            caller,
            exempt: exempt::here(),
        });
        match caller {
            Caller::Outside => of.unfinished().poll_end(wait.key, context),
            Caller::Cleanup | Caller::Inside => of.active(caller).poll_none(wait.key, context),
        }
    }
}

/// Removes the registration and its waker.
impl Drop for Wait {
    #[inline]
    fn drop(&mut self) {
        match self.caller {
            Caller::Outside => self.of.unfinished().forget(self.key),
            Caller::Cleanup | Caller::Inside => self.of.active(self.caller).forget(self.key),
        }
    }
}

/// Waits as [`drain`] does, for at most `timeout`.
///
/// The clock starts with the first poll, and is the real one: it needs no timer of a runtime, and a thread of its own
/// keeps it until the wait ends or is dropped. If that thread cannot be started, the wait ends at once, as it does on wasm,
/// which has no threads. With [`Duration::ZERO`] it ends at its first poll. A time that the clock cannot express, such as
/// [`Duration::MAX`], never ends.
///
/// # Cancel safety
///
/// Dropping the wait changes nothing for the cleanups. The thread that keeps the time ends.
///
/// # Examples
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
/// [`StillRunning`] if cleanups are still running when the timeout elapses; they keep running.
#[inline]
pub fn drain_timeout(
    timeout: Duration,
) -> impl Future<Output = Result<(), StillRunning>> + Send + Sync + Unpin {
    DrainTimeout::new(Of::Process, timeout)
}

pub(crate) struct DrainTimeout {
    timeout: Duration,
    alarm: Option<Arc<Alarm>>,
    drain: Drain,
}

impl DrainTimeout {
    #[inline]
    pub(crate) const fn new(of: Of, timeout: Duration) -> Self {
        Self { timeout, alarm: None, drain: Drain::new(of) }
    }
}

/// The deadline of a wait, shared with the thread that watches the clock.
#[derive(Default)]
struct Alarm {
    rung: AtomicBool,
    given_up: Parker,
    waker: Mutex<Option<Waker>>,
}

impl Alarm {
    /// Starts the clock. Returns `None` if there is no thread to watch it.
    #[inline]
    fn start(timeout: Duration) -> Option<Arc<Self>> {
        if !HAS_THREADS {
            return None;
        }
        let alarm = Arc::<Self>::default();
        // A deadline that the clock cannot represent is never reached.
        let Some(deadline) = Instant::now().checked_add(timeout) else { return Some(alarm) };
        let ringing = Arc::clone(&alarm);
        let clock = move || {
            if ringing.given_up.park(Some(deadline)) {
                return;
            }
            ringing.rung.store(true, SeqCst);
            let waker = lock(&ringing.waker).take();
            if let Some(waker) = waker {
                quietly(|| waker.wake());
            }
        };
        start_thread("finally-drain", Box::new(clock)).ok()?;
        Some(alarm)
    }

    #[inline]
    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let waker = lock(&self.waker).replace(context.waker().clone());
        drop(waker);
        if self.rung.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Future for DrainTimeout {
    type Output = Result<(), StillRunning>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if pin!(&mut self.drain).poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if self.timeout.is_zero() {
            return Poll::Ready(self.drain.of.still_running());
        }
        if self.alarm.is_none() {
            self.alarm = Alarm::start(self.timeout);
        }
        match &self.alarm {
            Some(alarm) if alarm.poll(context).is_pending() => Poll::Pending,
            _ => Poll::Ready(self.drain.of.still_running()),
        }
    }
}

impl Drop for DrainTimeout {
    #[inline]
    fn drop(&mut self) {
        if let Some(alarm) = &self.alarm {
            drop(lock(&alarm.waker).take());
            alarm.given_up.unpark();
        }
    }
}

/// Waits as [`drain`] does, in a thread that has no executor, such as at the end of a `main` that is not async.
///
/// `None` waits without a limit. It blocks this thread. On a worker of a tokio multi-thread runtime, and on the background thread, the
/// other cleanups of the worker go on elsewhere meanwhile. Inside a cleanup it waits for those that [`drain`] waits for there.
///
/// A tokio current-thread runtime, and a `LocalSet` on one, has only the thread that drives it. There, await [`drain`]: a wait with a
/// limit keeps the runtime's own cleanups from ending, and `None` does not wait for them. Another executor that runs its tasks on
/// this thread, such as `LocalPool` of `futures`, cannot be recognized, and neither can a current-thread runtime that
/// [`set_executor`](crate::set_executor) was given: `None` waits for ever if a cleanup needs this thread. On wasm, which has no
/// threads, it does not wait.
///
/// # Examples
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
/// [`StillRunning`] if cleanups are still running when the timeout elapses; they keep running. With `None`, if the wait might never
/// end: a cleanup may need this very thread, or the runtime of this worker is shutting down.
#[inline]
pub fn drain_blocking(timeout: Option<Duration>) -> Result<(), StillRunning> {
    Of::Process.drain_blocking(timeout)
}

impl Of {
    #[inline]
    pub(crate) fn drain_blocking(self, timeout: Option<Duration>) -> Result<(), StillRunning> {
        if !HAS_THREADS {
            return self.still_running();
        }
        // A deadline that the clock cannot represent is never reached.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let parker = Arc::<Parker>::default();
        let waker = Waker::from(Arc::clone(&parker));
        let mut drain = Drain::new(self.clone());
        let mut poll = || Pin::new(&mut drain).poll(&mut Context::from_waker(&waker)).is_ready();
        if poll() || block::wait(&parker, deadline, &mut poll, &|| self.may_need_this_thread()) {
            return Ok(());
        }
        self.still_running()
    }

    /// Returns whether one of the cleanups may have no thread but this one, which drives a runtime.
    #[inline]
    fn may_need_this_thread(&self) -> bool {
        let (running, futures) = match self {
            Self::Process => (super::running(), 0),
            Self::Tracker(tracker) => (super::running_of(tracker), tracker.futures()),
        };
        self.caller() != Caller::Outside || futures > 0 || running.iter().any(|it| may_be_here(it.place))
    }
}
