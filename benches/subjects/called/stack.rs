//! Functions with a cleanup that call themselves, each level in a box: the stack is all that a level takes.

use std::{
    future::Future,
    hint::black_box,
    panic::{AssertUnwindSafe, resume_unwind},
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    task::{Context, Poll},
};

use finally::{FinallyExt, block, finally};
use futures::FutureExt;

use crate::{
    common::{print, runtime},
    suspend::waker,
};

/// The size of a thread's stack, unless its author chooses another one.
const THREAD: usize = 2 << 20;

static TOP: AtomicUsize = AtomicUsize::new(0);
static DEEPEST: AtomicUsize = AtomicUsize::new(usize::MAX);

#[inline(never)]
fn stack_pointer() -> usize {
    let here = 0;
    std::ptr::from_ref(black_box(&here)).addr()
}

/// Remembers how deep the stack is here.
fn probe() {
    DEEPEST.fetch_min(stack_pointer(), Relaxed);
}

/// The innermost body: it looks at the stack when it is polled, and when it is dropped.
struct Innermost;

impl Future for Innermost {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        probe();
        Poll::Pending
    }
}

impl Drop for Innermost {
    fn drop(&mut self) {
        probe();
    }
}

fn clean_with(level: usize) {
    black_box(level);
    probe();
}

async fn clean_later() {
    probe();
    tokio::task::yield_now().await;
}

type Boxed = Pin<Box<dyn Future<Output = ()>>>;

/// Defines a function that calls itself. The next level is boxed in the body, as those who write a recursive function do it.
macro_rules! nested {
    ($(#[$attribute:meta])* $name:ident($level:ident)) => {
        $(#[$attribute])*
        async fn $name($level: usize) {
            if $level == 0 {
                Innermost.await;
            } else {
                let below: Boxed = Box::pin($name($level - 1));
                below.await;
            }
        }
    };
}

nested!(plain(level));

nested! {
    #[tracing::instrument(skip_all)]
    instrument(level)
}

async fn idiom_sync(level: usize) {
    let end = AssertUnwindSafe(async {
        if level == 0 {
            Innermost.await;
        } else {
            let below: Boxed = Box::pin(idiom_sync(level - 1));
            below.await;
        }
    })
    .catch_unwind()
    .await;
    probe();
    end.unwrap_or_else(|panic| resume_unwind(panic));
}

async fn scopeguard_sync(level: usize) {
    scopeguard::defer! { probe() }
    if level == 0 {
        Innermost.await;
    } else {
        let below: Boxed = Box::pin(scopeguard_sync(level - 1));
        below.await;
    }
}

async fn guarden_awaited(level: usize) {
    let guard = guarden::guard!(async move { clean_later().await });
    if level == 0 {
        Innermost.await;
    } else {
        let below: Boxed = Box::pin(guarden_awaited(level - 1));
        below.await;
    }
    guard.trigger().await;
}

nested! {
    #[finally(probe)]
    path_sync(level)
}

nested! {
    #[finally(clean_with(level))]
    argument_sync(level)
}

nested! {
    #[finally(probe, armed = call)]
    armed_sync(level)
}

nested! {
    #[finally(clean_later)]
    path_awaited(level)
}

nested! {
    #[finally({ clean_with(level); clean_later().await })]
    argument_awaited(level)
}

nested! {
    #[finally({ clean_with(level); clean_later().await }, on_cancel = skip)]
    argument_skip(level)
}

nested! {
    #[finally({ clean_with(level); clean_later().await }, on_cancel = block)]
    argument_block(level)
}

async fn method_sync(level: usize) {
    async move {
        if level == 0 {
            Innermost.await;
        } else {
            let below: Boxed = Box::pin(method_sync(level - 1));
            below.await;
        }
    }
    .finally(probe)
    .await;
}

async fn block_sync(level: usize) {
    block::finally! {
        try {
            if level == 0 {
                Innermost.await;
            } else {
                let below: Boxed = Box::pin(block_sync(level - 1));
                below.await;
            }
        }
        finally { probe(); }
    }
}

async fn block_awaited(level: usize) {
    block::finally! {
        try {
            if level == 0 {
                Innermost.await;
            } else {
                let below: Boxed = Box::pin(block_awaited(level - 1));
                below.await;
            }
        }
        finally { clean_later().await; }
    }
}

macro_rules! cases {
    ($($name:ident)*) => {
        fn nest(name: &str, depth: usize) -> Boxed {
            match name {
                $(stringify!($name) => Box::pin($name(depth)),)*
                _ => panic!("there is no case `{name}`"),
            }
        }
    };
}

cases! {
    plain instrument idiom_sync scopeguard_sync guarden_awaited
    path_sync argument_sync armed_sync path_awaited argument_awaited argument_skip argument_block method_sync block_sync
    block_awaited
}

/// Polls a nest twice and drops it. Prints the stack between the first level and the deepest place that was seen.
pub fn measure(name: &str, depth: usize) {
    let name = name.to_owned();
    let thread = std::thread::Builder::new().stack_size(THREAD).spawn(move || {
        let runtime = runtime();
        let entered = runtime.enter();
        let waker = waker();
        let mut context = Context::from_waker(&waker);
        TOP.store(stack_pointer(), Relaxed);
        let mut nest = nest(&name, depth);
        for _ in 0..2 {
            assert!(nest.as_mut().poll(&mut context).is_pending());
        }
        drop(nest);
        drop(entered);
        // The cleanups that were handed off run in this thread, too.
        runtime.block_on(finally::drain());
    });
    thread.unwrap().join().unwrap();
    print("stack", TOP.load(Relaxed) - DEEPEST.load(Relaxed));
}
