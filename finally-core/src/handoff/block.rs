//! Drives a cleanup to its end inside a drop: `on_cancel = block`.

use alloc::sync::Arc;
use core::task::{Context, Poll, Waker};

use super::{HAS_THREADS, inside, park::Parker};

/// A cleanup that a drop drives, together with the cleanups that it waits for before it starts.
pub(crate) trait BlockedOn {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Starts the cleanups that this one waits for, unless they are started already.
    fn start_adopted(&mut self);
}

/// Drives a cleanup to its end on this thread, and parks the thread in between.
///
/// The cleanup is polled once before anything else, because most cleanups end there or soon after.
///
/// # Errors
///
/// The reason, if the cleanup is still pending and waiting might never end:
///
/// * a tokio current-thread runtime has only this thread to drive its timers, sockets and tasks, and the
///   cleanup may wait for one of them;
/// * the tasks of a `LocalSet` have only this thread, too;
/// * a runtime that is shutting down has dropped its tasks and wakes nothing any more;
/// * a target without threads has nothing else that could wake this thread.
///
/// On a multi-thread runtime, the other tasks of this worker move to another worker.
pub(crate) fn block(cleanup: &mut dyn BlockedOn) -> Result<(), &'static str> {
    let parker = Arc::<Parker>::default();
    let waker = Waker::from(Arc::clone(&parker));
    let mut context = Context::from_waker(&waker);
    if poll_unconstrained(cleanup, &mut context).is_ready() {
        return Ok(());
    }
    if !HAS_THREADS {
        return Err("`on_cancel = block` would deadlock on a target without threads");
    }
    #[cfg(feature = "tokio")]
    if let Some(runtime) = super::runtime::current() {
        return block_inside(&runtime, cleanup, &parker, &mut context);
    }
    cleanup.start_adopted();
    inside::start_kept();
    let wait = || {
        while cleanup.poll(&mut context).is_pending() {
            parker.park(None);
        }
    };
    super::thread::block(wait)
        .ok_or("the background thread has no second worker, and would block all cleanups")
}

/// Polls outside the cooperative budget of the tokio task. With an exhausted budget, a ready resource would
/// return `Pending`.
fn poll_unconstrained(cleanup: &mut dyn BlockedOn, context: &mut Context<'_>) -> Poll<()> {
    #[cfg(feature = "tokio")]
    {
        use core::{
            future::{Future, poll_fn},
            pin::pin,
        };

        pin!(tokio::task::unconstrained(poll_fn(|context| cleanup.poll(context)))).poll(context)
    }
    #[cfg(not(feature = "tokio"))]
    cleanup.poll(context)
}

#[cfg(feature = "tokio")]
fn block_inside(
    runtime: &super::runtime::CurrentRuntime,
    cleanup: &mut dyn BlockedOn,
    parker: &Arc<Parker>,
    context: &mut Context<'_>,
) -> Result<(), &'static str> {
    if !runtime.goes_on_without_this_thread() {
        return Err("`on_cancel = block` would deadlock on a tokio runtime that has this thread only");
    }
    let sentinel = runtime.watch_shutdown(Arc::clone(parker));
    let mut ended =
        Err("`on_cancel = block` would deadlock in a `LocalSet` of tokio, which has this thread only");
    runtime.block_in_place(|| {
        runtime.watch_pool(&sentinel);
        cleanup.start_adopted();
        inside::start_kept();
        ended = loop {
            let is_over = sentinel.is_over();
            if poll_unconstrained(cleanup, context).is_ready() {
                break Ok(());
            }
            if is_over {
                break Err("`on_cancel = block` would wait for a tokio runtime that is shutting down");
            }
            parker.park(None);
        };
    });
    ended
}
