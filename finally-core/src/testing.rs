//! For tests of code that cleans up.
//!
//! Tests that run beside each other in one process, as those of `cargo test` do, share its cleanups, its failures and the failure
//! hook. [`track`] gives a test cleanups of its own, which [`quiesce`] waits for. Tests that look at failures are serialized by
//! [`capture`].

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::{
    fmt,
    future::{Future, poll_fn},
    marker::PhantomData,
    mem,
    panic::Location,
    task::Poll,
    time::Duration,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    Failure, FailureKind, Tracked, Tracker, failure,
    handoff::{Trackers, of_thread},
};

/// How long [`quiesce`] waits for cleanups that are still running: 10 s of the real clock.
pub const QUIESCE_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for the cleanups of a test, and fails the test if one does not end, or was lost since the last call.
///
/// Call it as the last thing in a test. It waits [`QUIESCE_TIMEOUT`] at most. After [`track`] or [`capture`] it waits for the
/// cleanups of this test, and otherwise for all of the process, those of other tests among them.
///
/// It lets other tasks go first, because a runtime drops an aborted task in a turn of that task. A task that runs on another
/// thread may be dropped later: wrap it in [`TestTracker::track_future`], as in the example, or await its handle.
///
/// # Examples
///
/// ```
/// use finally::{finally, testing};
///
/// #[finally(async { tokio::task::yield_now().await })]
/// async fn serve() {
///     std::future::pending().await
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let test = testing::track();
/// let server = tokio::spawn(test.track_future(serve()));
/// tokio::task::yield_now().await;
/// server.abort();
/// testing::quiesce().await;
/// # });
/// ```
///
/// # Panics
///
/// If cleanups or tracked futures are still running, or cleanups were lost. The message lists their locations.
pub async fn quiesce() {
    let cleanups = CleanupsOfTest::here();
    let mut turns = 0;
    poll_fn(|context| {
        turns += 1;
        if turns > TURNS {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    let drained = match &cleanups.tracker {
        Some(tracker) => tracker.drain_timeout(QUIESCE_TIMEOUT).await,
        None => crate::drain_timeout(QUIESCE_TIMEOUT).await,
    };
    cleanups.check(drained);
}

/// The number of turns for which other tasks go first. A task that is dropped may abort others, which are dropped one turn later.
const TURNS: usize = 8;

/// Does the same as [`quiesce`], in a test that is not async.
///
/// # Panics
///
/// If cleanups or tracked futures are still running, or cleanups were lost. The message lists their locations.
pub fn quiesce_blocking() {
    let cleanups = CleanupsOfTest::here();
    let drained = match &cleanups.tracker {
        Some(tracker) => tracker.drain_blocking(Some(QUIESCE_TIMEOUT)),
        None => crate::drain_blocking(Some(QUIESCE_TIMEOUT)),
    };
    cleanups.check(drained);
}

/// The cleanups that a test may leave: those of its tracker, if it has one.
struct CleanupsOfTest {
    tracker: Option<Tracker>,
}

impl CleanupsOfTest {
    fn here() -> Self {
        Self { tracker: of_thread::with(Tracker::innermost) }
    }

    fn check(&self, drained: Result<(), crate::StillRunning>) {
        let lost = self.tracker.as_ref().map_or_else(failure::take_lost, Tracker::take_lost);
        assert!(drained.is_ok() && lost == 0, "{}", unsettled(drained.err(), lost));
    }
}

fn unsettled(still_running: Option<crate::StillRunning>, lost: usize) -> String {
    let lost = match lost {
        0 => None,
        1 => Some("1 cleanup is lost".to_owned()),
        lost => Some(alloc::format!("{lost} cleanups are lost")),
    };
    let parts: Vec<_> = still_running.map(|it| it.to_string()).into_iter().chain(lost).collect();
    alloc::format!("the test leaves something behind: {}", parts.join(", and "))
}

/// Gives this test a [`Tracker`] of its own, until the result is dropped.
///
/// All cleanups that this thread hands off belong to it, so on a current-thread runtime, which `#[tokio::test]` uses, all
/// cleanups of the test do. On a runtime of several threads, wrap the tasks that the test spawns in
/// [`TestTracker::track_future`].
///
/// Tests with a tracker each run beside each other: [`quiesce`] waits for the cleanups of its own test alone.
///
/// # Examples
///
/// ```
/// use finally::{guard, testing};
///
/// let test = testing::track();
/// drop(guard(1, |_| async { println!("cleaned up") }));
/// testing::quiesce_blocking();
/// assert!(test.tracker().is_empty());
/// ```
#[must_use = "dropped at once, it tracks nothing"]
pub fn track() -> TestTracker {
    let tracker = Tracker::new();
    let before = of_thread::replace(tracker.trackers().clone());
    TestTracker { tracker, before, of_this_thread: PhantomData }
}

/// The tracker of a test, see [`track`]. It stays on its thread. Its drop restores the previous tracker.
pub struct TestTracker {
    tracker: Tracker,
    before: Trackers,
    of_this_thread: PhantomData<*const ()>,
}

impl TestTracker {
    /// Returns the tracker of the test.
    #[must_use]
    pub const fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// Wraps a future that the test spawns, see [`Tracker::track_future`].
    pub fn track_future<F: Future>(&self, future: F) -> Tracked<F> {
        self.tracker.track_future(future)
    }
}

impl Drop for TestTracker {
    fn drop(&mut self) {
        of_thread::replace(mem::replace(&mut self.before, Trackers::NONE));
    }
}

impl fmt::Debug for TestTracker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TestTracker").field(&self.tracker).finish()
    }
}

/// Collects the failures that no caller receives, replacing the failure hook, until the result is dropped.
///
/// Tests that capture are serialized: a second call waits for the end of the first. It tracks the cleanups of the test as
/// well, as [`track`] does.
///
/// # Examples
///
/// ```
/// use finally::{FailureKind, finally, testing};
///
/// #[finally(Err::<(), _>("cleanup"))]
/// fn fails() -> Result<(), &'static str> {
///     Err("body")
/// }
///
/// let failures = testing::capture();
/// assert_eq!(fails(), Err("body"));
/// let reported = failures.take();
/// assert_eq!(reported.len(), 1);
/// assert_eq!((reported[0].kind(), reported[0].message()), (FailureKind::CleanupFailed, "cleanup"));
/// ```
#[must_use = "dropped at once, it collects nothing"]
pub fn capture() -> Captured {
    static TURN: Mutex<()> = Mutex::new(());

    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = crate::take_failure_hook();
    let failures = Arc::<Mutex<Vec<CapturedFailure>>>::default();
    let collected = Arc::clone(&failures);
    crate::set_failure_hook(move |failure| {
        collected.lock().unwrap_or_else(PoisonError::into_inner).push(CapturedFailure::of(failure));
    });
    Captured { failures, before, tracking: track(), _turn: turn }
}

/// The failures of a test, see [`capture`]. Its drop restores the previous hook.
pub struct Captured {
    failures: Arc<Mutex<Vec<CapturedFailure>>>,
    before: Option<crate::FailureHook>,
    tracking: TestTracker,
    _turn: MutexGuard<'static, ()>,
}

impl Captured {
    /// Takes the failures captured so far.
    #[must_use]
    pub fn take(&self) -> Vec<CapturedFailure> {
        mem::take(&mut *self.failures.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the tracker of the test, see [`track`].
    #[must_use]
    pub const fn tracking(&self) -> &TestTracker {
        &self.tracking
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        crate::take_failure_hook();
        if let Some(before) = self.before.take() {
            crate::set_failure_hook(before);
        }
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Captured").field(&self.failures).finish()
    }
}

/// A failure that was captured, with the kind, the message and the location of the [`Failure`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedFailure {
    kind: FailureKind,
    message: String,
    location: &'static Location<'static>,
}

impl CapturedFailure {
    fn of(failure: &Failure) -> Self {
        Self { kind: failure.kind(), message: failure.message().to_owned(), location: failure.location() }
    }

    failure::getters!();
}
