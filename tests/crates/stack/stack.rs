//! The stack that a level of nested functions takes (P10), measured where the innermost body is polled and dropped. The test has a
//! process of its own, because the cleanups that the drops hand off must not run beside a measurement. It has a crate of its own,
//! because `.cargo/config.toml` sets the debug information of a crate.

use std::{
    cell::Cell,
    future::Future,
    hint::black_box,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use finally::{FinallyExt, block, finally};

/// With this, 1,000 levels fit into a thread of 2 MiB, which is the default. Nothing is inlined in a debug build, and full debug
/// information, with which this crate is built, adds a slot for each variable of each function.
const MOST: usize = if cfg!(debug_assertions) { 2_080 } else { 400 };

/// `on_cancel = (..)` evaluates two cleanups in one coroutine, and takes 16 bytes more in a release build.
fn most(form: &str) -> usize {
    if cfg!(not(debug_assertions)) && form == "replaced" { 416 } else { MOST }
}

thread_local! {
    static DEEPEST: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn probe() {
    let here = 0;
    DEEPEST.set(DEEPEST.get().min(std::ptr::from_ref(black_box(&here)).addr()));
}

/// The innermost body.
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

fn clean() {}

fn clean_with(level: usize) {
    black_box(level);
}

async fn clean_later() {}

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

nested! {
    #[finally(clean)]
    path(level)
}

nested! {
    #[finally(clean_with(level))]
    argument(level)
}

nested! {
    #[finally(clean, armed = call)]
    armed(level)
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
    skip(level)
}

nested! {
    #[finally({ clean_with(level); clean_later().await }, on_cancel = block)]
    blocking(level)
}

nested! {
    #[finally({ clean_with(level); clean_later().await }, on_cancel = (clean_with(level)))]
    replaced(level)
}

async fn method(level: usize) {
    async move {
        if level == 0 {
            Innermost.await;
        } else {
            let below: Boxed = Box::pin(method(level - 1));
            below.await;
        }
    }
    .finally(clean_later)
    .await;
}

async fn block(level: usize) {
    block::finally! {
        try {
            if level == 0 {
                Innermost.await;
            } else {
                let below: Boxed = Box::pin(block(level - 1));
                below.await;
            }
        }
        finally { clean(); }
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

/// The deepest place of the stack, if a nest of so many levels is polled and, on demand, dropped.
fn deepest(nest: fn(usize) -> Boxed, levels: usize, drops: bool) -> usize {
    let mut nest = nest(levels);
    DEEPEST.set(usize::MAX);
    assert!(nest.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    if drops {
        DEEPEST.set(usize::MAX);
    }
    drop(nest);
    DEEPEST.get()
}

fn a_level_takes(nest: fn(usize) -> Boxed, most: usize) {
    let a_level = |drops| (deepest(nest, 10, drops) - deepest(nest, 20, drops)) / 10;
    let (with_poll, of_drop) = (a_level(false), a_level(true));
    println!("{with_poll} bytes with the poll, {of_drop} bytes of the drop alone");
    assert!(with_poll <= most && of_drop <= most, "{with_poll} and {of_drop} bytes, at most {most}");
}

macro_rules! forms {
    ($($(#[$attribute:meta])* $form:ident)*) => {
        mod p10_a_thousand_levels_fit_a_thread {
            $(
                $(#[$attribute])*
                #[test]
                fn $form() {
                    super::a_level_takes(|levels| Box::pin(super::$form(levels)), super::most(stringify!($form)));
                }
            )*
        }
    };
}

forms! { path argument armed path_awaited argument_awaited skip blocking replaced method block block_awaited }
