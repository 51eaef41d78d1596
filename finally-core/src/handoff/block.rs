//! Drives a cleanup to its end inside a drop: `on_cancel = block`.

use alloc::sync::Arc;
use core::task::{Context, Poll, Waker};

use std::time::{Duration, Instant};

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

/// Waits on this thread until `poll` returns `true`. The other cleanups of this thread go on elsewhere meanwhile.
///
/// Returns `false` at the deadline. Without one, it also returns `false` if the wait might never end:
///
/// * this thread drives a tokio current-thread runtime, and a cleanup may need this thread;
/// * the runtime of this worker is shutting down, and has no other thread for the tasks of the worker;
/// * this is the worker of the background thread, and there can be no second one.
pub(super) fn wait(
    parker: &Arc<Parker>,
    deadline: Option<Instant>,
    poll: &mut dyn FnMut() -> bool,
    may_need_this_thread: &dyn Fn() -> bool,
) -> bool {
    #[cfg(feature = "tokio")]
    if let Some(runtime) = super::runtime::current() {
        return wait_inside(&runtime, parker, deadline, poll, may_need_this_thread);
    }
    #[cfg(not(feature = "tokio"))]
    let _ = may_need_this_thread;
    super::thread::block(|| park(parker, deadline, poll, &Outlook::ENDS)).unwrap_or(false)
}

#[cfg(feature = "tokio")]
fn wait_inside(
    runtime: &super::runtime::CurrentRuntime,
    parker: &Arc<Parker>,
    deadline: Option<Instant>,
    poll: &mut dyn FnMut() -> bool,
    may_need_this_thread: &dyn Fn() -> bool,
) -> bool {
    if !runtime.goes_on_without_this_thread() {
        // Another thread may hand off a cleanup that needs this one, and wakes nobody for that.
        let never_ends = || runtime.has_tasks() && may_need_this_thread();
        return park(parker, deadline, poll, &Outlook { never_ends: &never_ends, looks: true });
    }
    let mut ended = None;
    if runtime.is_worker() {
        runtime.block_in_place(|| {
            let sentinel = runtime.watch_pool_alone(Arc::clone(parker));
            let outlook = Outlook { never_ends: &|| sentinel.is_over(), looks: false };
            ended = Some(park(parker, deadline, poll, &outlook));
        });
    }
    ended.unwrap_or_else(|| park(parker, deadline, poll, &Outlook::ENDS))
}

/// Whether a wait may never end.
struct Outlook<'a> {
    /// The parker is unparked when this becomes `true`, unless the wait `looks` by itself.
    never_ends: &'a dyn Fn() -> bool,
    looks: bool,
}

impl Outlook<'_> {
    const ENDS: Self = Self { never_ends: &|| false, looks: false };
}

/// Parks until `poll` returns `true`. Gives up at the deadline, or without one, if the wait never ends.
fn park(
    parker: &Parker,
    deadline: Option<Instant>,
    poll: &mut dyn FnMut() -> bool,
    outlook: &Outlook<'_>,
) -> bool {
    const LOOKS_EVERY: Duration = Duration::from_millis(100);

    loop {
        // Inside a drop, cleanups are kept until the drop is over, so this wait would never end.
        inside::start_kept();
        let never_ends = deadline.is_none() && (outlook.never_ends)();
        let looks_again = if outlook.looks { Instant::now().checked_add(LOOKS_EVERY) } else { None };
        if poll() {
            return true;
        }
        let is_woken = !never_ends && parker.park(deadline.or(looks_again));
        if never_ends || deadline.is_some() && !is_woken {
            return false;
        }
    }
}
