//! Driving a cleanup to its end inside a drop: `on_cancel = block`.

use alloc::sync::Arc;
use core::task::{Context, Poll, Waker};

use super::{HAS_THREADS, inside, park::Parker};

/// A cleanup that a drop drives, with what it has to wait for before it starts.
pub(crate) trait Drive {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Starts the cleanups that this one has to wait for, if they are not started yet.
    fn start_adopted(&mut self);
}

/// Drives a cleanup to its end in this thread, which waits in between.
///
/// It is polled once before anything else, because most cleanups end there or soon. If it has not ended then, and waiting
/// would deadlock or may never end, the reason is the error:
///
/// * on a tokio current-thread runtime this thread drives the timers and sockets, and all the other tasks, that the cleanup
///   may wait for;
/// * so it does with the other tasks of a `LocalSet`;
/// * a runtime that shuts down has dropped the other tasks, and wakes nobody any more;
/// * on a target without threads, nothing goes on that could wake this one.
///
/// On a multi-thread runtime the other tasks of this worker move to another one.
pub(crate) fn block(cleanup: &mut dyn Drive) -> Result<(), &'static str> {
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

/// Polls without the budget of a tokio task: when that is spent, what is ready would seem to be pending.
fn poll_unconstrained(cleanup: &mut dyn Drive, context: &mut Context<'_>) -> Poll<()> {
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
    runtime: &super::runtime::Current,
    cleanup: &mut dyn Drive,
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
