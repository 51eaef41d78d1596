//! Driving a cleanup to its end inside a drop: `on_cancel = block`.

use alloc::{sync::Arc, task::Wake};
use core::task::{Context, Poll, Waker};
use std::thread::{self, Thread};

/// Drives `poll` to its end in this thread, which waits in between.
///
/// Where waiting would deadlock, it is polled once, and where that is not its end either, the reason is the error. On a
/// tokio current-thread runtime this thread drives the timers and sockets, and all the other tasks, that the cleanup may
/// wait for. On a multi-thread runtime the other tasks move to another worker.
pub(crate) fn block(poll: &mut dyn FnMut(&mut Context<'_>) -> Poll<()>) -> Result<(), &'static str> {
    #[cfg(feature = "tokio")]
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        return block_inside(&runtime, poll);
    }
    block_on(poll);
    Ok(())
}

#[cfg(feature = "tokio")]
fn block_inside(
    runtime: &tokio::runtime::Handle,
    mut poll: &mut dyn FnMut(&mut Context<'_>) -> Poll<()>,
) -> Result<(), &'static str> {
    use tokio::runtime::RuntimeFlavor;

    let mut ended = false;
    if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread {
        // Panics before it calls anything inside a `LocalSet`, which cannot move its tasks to another worker.
        let _ = crate::unwind::catch(|| {
            tokio::task::block_in_place(|| {
                runtime.block_on(core::future::poll_fn(&mut poll));
                ended = true;
            });
        });
    }
    if !ended {
        ended = poll(&mut Context::from_waker(&Arc::new(Still).into())).is_ready();
    }
    ended
        .then_some(())
        .ok_or("`on_cancel = block` would deadlock on a tokio runtime that has this thread only")
}

/// Drives `poll` to its end with nothing but this thread.
pub(super) fn block_on<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> R {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(end) = poll(&mut context) {
            return end;
        }
        // Wakes that come before it are kept, and those that mean somebody else only cost a poll.
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// For the one poll of a cleanup that nobody will wait for here.
#[cfg(feature = "tokio")]
struct Still;

#[cfg(feature = "tokio")]
impl Wake for Still {
    fn wake(self: Arc<Self>) {}
}
