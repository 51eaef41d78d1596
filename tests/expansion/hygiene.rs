//! The expansion of an attribute depends on nothing around it.

use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

thread_local! {
    static CLEANED: Cell<usize> = const { Cell::new(0) };
}

fn clean() {
    CLEANED.set(CLEANED.get() + 1);
}

/// Runs a future that is ready at once, and says how often it cleaned up.
fn run<T>(future: impl Future<Output = T>) -> (T, usize) {
    let Poll::Ready(value) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("expected a future that is ready at once");
    };
    (value, CLEANED.replace(0))
}

/// Nothing has its usual name here.
#[allow(dead_code, non_camel_case_types)]
mod hostile_names {
    mod core {}
    mod std {}
    mod alloc {}
    mod finally_core {}
    mod finally_macros {}
    struct Box;
    struct Option;
    struct Result;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Future;
    struct Infallible;
    struct bool;
    trait Send {}

    #[::finally::finally(super::clean)]
    pub(super) async fn without_arguments(value: u8) -> u8 {
        value
    }

    #[::finally::finally({ let _ = &value; super::clean() })]
    pub(super) async fn with_arguments(value: u8) -> u8 {
        value
    }

    #[::finally::finally(async { let _ = &value; super::clean() })]
    pub(super) async fn awaited(value: u8) -> u8 {
        value
    }

    #[::finally::finally(async { let _ = &value; super::clean() }, on_cancel = block)]
    pub(super) async fn blocked(value: u8) -> u8 {
        value
    }

    #[::finally::finally(super::clean, armed = call)]
    #[::finally::lastly({ let _ = &value; super::clean() }, armed = call)]
    pub(super) async fn armed(value: u8) -> u8 {
        value
    }

    #[::finally::finally(super::clean)]
    pub(super) fn not_async(value: u8) -> u8 {
        value
    }
}

#[test]
fn items_with_hostile_names() {
    assert_eq!(run(hostile_names::without_arguments(1)), (1, 1));
    assert_eq!(run(hostile_names::with_arguments(1)), (1, 1));
    assert_eq!(run(hostile_names::awaited(1)), (1, 1));
    assert_eq!(run(hostile_names::blocked(1)), (1, 1));
    assert_eq!(run(hostile_names::armed(1)), (1, 2));
    assert_eq!(run(async { hostile_names::not_async(1) }), (1, 1));
}

mod no_prelude {
    #![no_implicit_prelude]

    #[::finally::finally(super::clean)]
    pub(super) async fn without_arguments(value: u8) -> u8 {
        value
    }

    #[::finally::finally({ let _ = &value; super::clean() })]
    pub(super) async fn with_arguments(value: u8) -> u8 {
        value
    }

    #[::finally::finally({ let _ = &value; ::std::future::ready(()).await; super::clean() }, on_cancel = skip)]
    pub(super) async fn skipped(value: u8) -> u8 {
        value
    }

    #[::finally::finally(super::clean, armed = call)]
    pub(super) async fn armed(value: u8) -> u8 {
        value
    }
}

#[test]
fn no_implicit_prelude() {
    assert_eq!(run(no_prelude::without_arguments(1)), (1, 1));
    assert_eq!(run(no_prelude::with_arguments(1)), (1, 1));
    assert_eq!(run(no_prelude::skipped(1)), (1, 1));
    assert_eq!(run(no_prelude::armed(1)), (1, 1));
}

#[test]
fn locals_with_our_names() {
    #[finally::finally({ let __finally_exit = __finally_cleanup; assert_eq!(__finally_exit, 2); clean() })]
    async fn f(__finally_exit: u8, __finally_cleanup: u8) -> u8 {
        let __finally_body = __finally_exit + __finally_cleanup;
        assert_eq!(__finally_body, 3);
        __finally_body
    }
    assert_eq!(run(f(1, 2)), (3, 1));
}

mod another_place {
    pub mod inner {
        pub use ::finally::__private;
    }
}

#[test]
fn a_crate_in_another_place() {
    #[finally::finally(clean, crate = crate::hygiene::another_place::inner)]
    async fn f() -> u8 {
        1
    }
    #[finally::finally(clean, armed = call, crate = crate::hygiene::another_place::inner)]
    async fn armed(ends: bool) -> ! {
        assert!(!ends);
        std::future::pending().await
    }
    assert_eq!(run(f()), (1, 1));
    drop(armed(false));
    assert_eq!(CLEANED.replace(0), 1);
}

macro_rules! function_of {
    ($visibility:vis $name:ident($argument:ident: $type:ty) -> $output:ty $body:block finally $cleanup:expr) => {
        #[finally::finally($cleanup)]
        $visibility async fn $name($argument: $type) -> $output $body
    };
}

macro_rules! annotate {
    ($item:item) => {
        #[finally::finally(clean)]
        $item
    };
}

function_of!(pub(crate) fn_of_parts(value: Vec<u8>) -> usize { value.len() } finally clean());
annotate!(
    async fn fn_of_item(value: u8) -> u8 {
        value
    }
);

#[test]
fn functions_made_by_macros() {
    assert_eq!(run(fn_of_parts(vec![1])), (1, 1));
    assert_eq!(run(fn_of_item(1)), (1, 1));
}
