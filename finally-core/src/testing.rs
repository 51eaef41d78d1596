//! For tests of code that cleans up.
//!
//! What is detached and what fails without a caller belongs to the whole process, and so does the failure hook. Tests that run
//! beside each other in one process, as those of `cargo test` do, take turns by [`capture`].

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::{panic::Location, time::Duration};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Failure, FailureKind, failure, handoff};

/// How long [`quiesce`] waits for cleanups that are still going on: 10 s of the real clock.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for all detached cleanups, and fails the test if one does not end, or was lost since the last call.
///
/// Call it as the last thing in a test. It waits [`PATIENCE`] at most.
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
/// let server = tokio::spawn(serve());
/// tokio::task::yield_now().await;
/// server.abort();
/// testing::quiesce().await;
/// # });
/// ```
///
/// # Panics
///
/// If cleanups are still running, or were lost; it says how many.
pub async fn quiesce() {
    let drained = handoff::drain_timeout(PATIENCE).await;
    let lost = failure::take_lost();
    assert!(drained.is_ok() && lost == 0, "{}", unsettled(drained.err(), lost));
}

/// Does what [`quiesce`] does, in a test that is not async.
///
/// # Panics
///
/// If cleanups are still running, or were lost; it says how many.
pub fn quiesce_blocking() {
    let drained = handoff::drain_blocking(Some(PATIENCE));
    let lost = failure::take_lost();
    assert!(drained.is_ok() && lost == 0, "{}", unsettled(drained.err(), lost));
}

fn unsettled(still_running: Option<handoff::StillRunning>, lost: usize) -> String {
    let lost = match lost {
        0 => None,
        1 => Some("1 cleanup is lost".to_owned()),
        lost => Some(alloc::format!("{lost} cleanups are lost")),
    };
    let parts: Vec<_> = still_running.map(|it| it.to_string()).into_iter().chain(lost).collect();
    alloc::format!("the test leaves something behind: {}", parts.join(", and "))
}

/// Collects the failures that no caller gets, in place of the hook before, until the result is dropped.
///
/// One test at a time: a second call waits for the end of the first.
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
    Captured { failures, before, _turn: turn }
}

/// What [`capture`] returns. Puts the hook before in its place again when it is dropped.
pub struct Captured {
    failures: Arc<Mutex<Vec<CapturedFailure>>>,
    before: Option<crate::FailureHook>,
    _turn: MutexGuard<'static, ()>,
}

impl Captured {
    /// The failures up to now, which it forgets.
    #[must_use]
    pub fn take(&self) -> Vec<CapturedFailure> {
        core::mem::take(&mut *self.failures.lock().unwrap_or_else(PoisonError::into_inner))
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

impl core::fmt::Debug for Captured {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_tuple("Captured").field(&self.failures).finish()
    }
}

/// A failure that was captured: what [`Failure`] tells, but for the payload of a panic.
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

    /// What failed.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// What it said, see [`Failure::message`].
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where the `finally` stands in the source.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
    }
}
