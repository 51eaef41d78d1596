//! The cleanups of one server, one tenant or one test.

use alloc::{sync::Arc, vec::Vec};
use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::{
    Running, StillRunning,
    handoff::{self, Drain, DrainTimeout, Membership, Of, TrackerCounts, Trackers},
};

/// Follows the cleanups of one server, one tenant or one test, and waits for them.
///
/// It has the shape of `tokio_util::task::TaskTracker`. [`track_future`](Self::track_future) wraps a future, and from then on the
/// tracker counts two things:
///
/// * the **tracked future**, until it has ended or is dropped, and
/// * each **cleanup** that is handed off while that future is polled or dropped, and each one that such a cleanup hands off
///   itself, until it has ended.
///
/// [`drain`](Self::drain) waits for both. So a server cancels its tasks and drains: the wait ends after the tasks were
/// dropped and their cleanups have ended. The order of the two does not matter, because a task that is not dropped yet
/// counts.
///
/// A task that a tracked future spawns is not inside of it. Wrap the task in `track_future`, too.
///
/// Trackers nest: a cleanup inside of `inner.track_future(..)`, which is inside of `outer.track_future(..)`, belongs to both. All
/// cleanups belong to the process as well, for which [`drain`](crate::drain) waits.
///
/// Unlike a `TaskTracker` it has no `close`: `drain` ends as soon as nothing is left. A clone is the same tracker.
///
/// # Examples
///
/// ```
/// use finally::{Tracker, finally};
///
/// #[finally(async { tokio::task::yield_now().await; println!("released") })]
/// async fn serve(connection: u32) {
///     std::future::pending().await
/// }
///
/// # #[cfg(feature = "tokio")] {
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let tracker = Tracker::new();
/// let tasks: Vec<_> = (0..3).map(|it| tokio::spawn(tracker.track_future(serve(it)))).collect();
/// tokio::task::yield_now().await;
/// assert_eq!(tracker.len(), 3);
///
/// tasks.iter().for_each(|task| task.abort());
/// tracker.drain().await; // after the third "released"
/// assert!(tracker.is_empty());
/// # });
/// # }
/// ```
#[derive(Clone)]
pub struct Tracker {
    /// The tracker by itself, to which nested trackers are added.
    trackers: Trackers,
    counted: Arc<TrackerCounts>,
}

impl Tracker {
    /// Creates a tracker that counts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let (trackers, counted) = Trackers::new();
        Self { trackers, counted }
    }

    /// Wraps a future, so that it and the cleanups handed off inside it belong to this tracker.
    ///
    /// The future counts from this call on, also if it is never polled. It counts no more when it has ended or is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::{FinallyExt, Tracker};
    ///
    /// let tracker = Tracker::new();
    /// let work = tracker.track_future(async { 1 }.finally(|| println!("done")));
    /// assert_eq!(tracker.len(), 1);
    /// drop(work);
    /// assert_eq!(tracker.len(), 0);
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub fn track_future<F: Future>(&self, future: F) -> Tracked<F> {
        Tracked { future: Some(future), membership: Some(Membership::new(&self.trackers)) }
    }

    /// Returns how many tracked futures and cleanups have not ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counted.len()
    }

    /// Returns whether all tracked futures and cleanups have ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the cleanups of this tracker that have not ended, the oldest first.
    ///
    /// Tracked futures are not in the list. It looks through all cleanups of the process, as
    /// [`finally::running`](crate::running) does.
    ///
    /// # Examples
    ///
    /// ```
    /// let tracker = finally::Tracker::new();
    /// for cleanup in tracker.running() {
    ///     println!("{cleanup}"); // src/pool.rs:52:1 (on an executor for 1.2s)
    /// }
    /// ```
    #[must_use]
    #[inline]
    pub fn running(&self) -> Vec<Running> {
        handoff::running_of(&self.counted)
    }

    /// Waits until all tracked futures and cleanups have ended.
    ///
    /// It ends at once if there is none. It waits for those that come in the meantime too, so stop the tasks that start them first.
    /// It is woken when the last one ends and polls nothing in between.
    ///
    /// Inside a cleanup of this tracker, or inside a future that it tracks, it waits for the cleanups that run: neither for
    /// tracked futures, of which one would wait for itself, nor for cleanups that wait themselves, see
    /// [`drain`](crate::drain). Inside a cleanup that does not belong to this tracker, it waits for the tracked futures, too.
    ///
    /// # Cancel safety
    ///
    /// Dropping the wait changes nothing for the cleanups, and gives back the waker that it has left.
    ///
    /// # Examples
    ///
    /// ```
    /// # finally::Tracker::new().drain_blocking(None).unwrap();
    /// # async fn shutdown(tracker: finally::Tracker, server: tokio::task::JoinHandle<()>) {
    /// server.abort();
    /// tracker.drain().await;
    /// # }
    /// ```
    #[inline]
    pub fn drain(&self) -> impl Future<Output = ()> + Send + Sync + Unpin + use<> {
        Drain::new(self.of())
    }

    /// Waits as [`drain`](Self::drain) does, for at most `timeout`.
    ///
    /// The clock is the real one, see [`drain_timeout`](crate::drain_timeout).
    ///
    /// # Cancel safety
    ///
    /// Dropping the wait changes nothing for the cleanups. The thread that keeps the time ends.
    ///
    /// # Errors
    ///
    /// [`StillRunning`] if tracked futures or cleanups have not ended when the timeout elapses; they keep running.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// use std::time::Duration;
    ///
    /// let tracker = finally::Tracker::new();
    /// let work = tracker.track_future(std::future::pending::<()>());
    /// let still_running = tracker.drain_timeout(Duration::ZERO).await.unwrap_err();
    /// assert_eq!(still_running.to_string(), "1 tracked future is still running");
    /// # drop(work);
    /// # });
    /// # }
    /// ```
    #[inline]
    pub fn drain_timeout(
        &self,
        timeout: Duration,
    ) -> impl Future<Output = Result<(), StillRunning>> + Send + Sync + Unpin + use<> {
        DrainTimeout::new(self.of(), timeout)
    }

    /// Waits as [`drain`](Self::drain) does, in a thread that has no executor.
    ///
    /// `None` waits without a limit. It blocks this thread, so on a thread that drives a runtime it keeps that runtime's own
    /// tasks from ending: there, await [`drain`](Self::drain). See [`drain_blocking`](crate::drain_blocking) for the threads on which
    /// `None` does not wait for ever.
    ///
    /// # Errors
    ///
    /// [`StillRunning`] if tracked futures or cleanups have not ended when the timeout elapses; they keep running. With `None`, if
    /// one of them may need this very thread.
    ///
    /// # Examples
    ///
    /// ```
    /// let tracker = finally::Tracker::new();
    /// drop(tracker.track_future(async {}));
    /// tracker.drain_blocking(None)?;
    /// # Ok::<(), finally::StillRunning>(())
    /// ```
    #[inline]
    pub fn drain_blocking(&self, timeout: Option<Duration>) -> Result<(), StillRunning> {
        self.of().drain_blocking(timeout)
    }

    #[cfg(feature = "testing")]
    pub(crate) const fn trackers(&self) -> &Trackers {
        &self.trackers
    }

    #[cfg(feature = "testing")]
    pub(crate) fn innermost(trackers: &Trackers) -> Option<Self> {
        let counted = Arc::clone(trackers.innermost()?);
        Some(Self { trackers: trackers.clone(), counted })
    }

    /// Returns how many of its cleanups were lost since the last call.
    #[cfg(feature = "testing")]
    pub(crate) fn take_lost(&self) -> usize {
        self.counted.take_lost()
    }

    #[inline]
    fn of(&self) -> Of {
        Of::Tracker(Arc::clone(&self.counted))
    }
}

impl Default for Tracker {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows how many futures and cleanups it counts.
impl fmt::Debug for Tracker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let futures = self.counted.futures();
        let cleanups = self.len().saturating_sub(futures);
        formatter.debug_struct("Tracker").field("futures", &futures).field("cleanups", &cleanups).finish()
    }
}

pin_project! {
    /// A future that belongs to a [`Tracker`].
    ///
    /// [`Tracker::track_future`] makes it. It is `Send`, `Sync` and `Unpin` if the future is. It delivers the value of the
    /// future, or its panic, in the same poll. A poll allocates nothing, except for the first one inside another tracker.
    /// Polled again after its end, it panics.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the future. Cleanups that are handed off then belong to the tracker.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Tracked<F> {
        #[pin]
        future: Option<F>,
        // None once the future has ended.
        membership: Option<Membership>,
    }

    impl<F> PinnedDrop for Tracked<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(membership) = this.membership {
                membership.within(|| this.future.set(None));
            }
        }
    }
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(membership) = this.membership else { panic!("`track_future` polled after completion") };
        let value = ready!(membership.within(|| {
            let future = this.future.as_mut().as_pin_mut();
            let value = ready!(future.map_or(Poll::Pending, |future| future.poll(context)));
            // It may hold more than its value, and a cleanup that comes out of its drop belongs to the tracker.
            this.future.set(None);
            Poll::Ready(value)
        }));
        *this.membership = None;
        Poll::Ready(value)
    }
}

/// Shows whether it has ended, and asks nothing of the future.
impl<F> fmt::Debug for Tracked<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tracked").field("ended", &self.membership.is_none()).finish()
    }
}
