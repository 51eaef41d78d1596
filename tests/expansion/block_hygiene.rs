//! The expansion of a block depends on nothing around it. `programs/` has the surroundings that no other test compiles in.

use std::{
    cell::Cell,
    future::ready,
    pin::pin,
    task::{Context, Poll, Waker},
};

use finally::block::finally;

extern crate finally as renamed;

/// Runs a future that is ready at once.
fn run<T>(future: impl Future<Output = T>) -> T {
    let Poll::Ready(value) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("expected a future that is ready at once");
    };
    value
}

/// The names of an expansion belong to the user, too.
#[test]
#[allow(unused_variables, reason = "nothing looks at most of the names")]
fn locals_with_our_names() {
    fn leaves(__finally_types: Option<u8>, cleaned: &Cell<u8>) -> Option<u8> {
        let (__finally_slot, __finally_left, __finally_exit, __finally_ended) = (1, 2, 3, 4);
        let __finally_value = finally! {
            try {
                let (__finally_cleanup, __finally_result) = (5, 6);
                let value = __finally_types? + __finally_slot + __finally_left + __finally_exit + __finally_ended;
                value + __finally_cleanup + __finally_result
            }
            finally |__finally| {
                let __finally_cleanup_text = __finally.is_returned();
                cleaned.set(__finally_slot + u8::from(__finally_cleanup_text) + cleaned.get());
            }
        };
        Some(__finally_value)
    }
    async fn jumps(__finally_value: u8) -> u8 {
        let __finally_jump = 1;
        '__finally_end: loop {
            '__finally_jump_0: for __finally_broken in [1, 2, 3, 4] {
                let __finally_entered: u8 = finally! {
                    try {
                        match __finally_broken {
                            1 => continue '__finally_jump_0,
                            2 => ready(__finally_jump).await,
                            3 => break '__finally_end __finally_value + __finally_broken,
                            _ => break '__finally_jump_0,
                        }
                    }
                    finally(on_cancel = skip) { ready(__finally_value).await; }
                };
                assert_eq!(__finally_entered, 1);
            }
        }
    }
    let cleaned = Cell::new(0);
    assert_eq!((leaves(Some(1), &cleaned), leaves(None, &cleaned), cleaned.get()), (Some(22), None, 4));
    assert_eq!(run(jumps(5)), 8);
    let __finally_types = 7;
    let future = finally! { async { __finally_types + 1 } finally { assert_eq!(__finally_types, 7); } };
    assert_eq!(run(future), 8);
}

/// The names in a macro are its own, and those in its fragments are the caller's.
#[test]
fn locals_of_macros() {
    macro_rules! doubled {
        ($value:expr, $cleanup:expr) => {{
            let value = 10;
            let doubled = finally! {
                try { $value * 2 + value }
                finally {
                    let value = ();
                    $cleanup;
                    value
                }
            };
            doubled
        }};
    }
    let cleaned = Cell::new(0);
    let value = 1;
    assert_eq!(doubled!(value, cleaned.set(value + 1)), 12);
    assert_eq!(cleaned.get(), 2);
}

mod another_place {
    pub mod inner {
        pub use ::finally::{
            __private,
            block::{finally, lastly},
        };
    }
    pub use self::inner::finally as at_last;
}

#[test]
fn a_crate_in_another_place_and_under_another_name() {
    assert_eq!(another_place::inner::finally! { try { 1 } finally {} }, 1);
    assert_eq!(another_place::inner::lastly! { try { 2 } lastly {} }, 2);
    assert_eq!(another_place::at_last! { try { 3 } finally {} }, 3);
    assert_eq!(renamed::block::finally! { try { 4 } finally {} }, 4);
    assert_eq!(finally! { try { 5 } finally(crate = crate::block_hygiene::another_place::inner) {} }, 5);
}

#[test]
fn a_block_in_every_place_of_an_expression() {
    const fn add(one: u8, other: u8) -> u8 {
        one + other
    }
    struct Parts {
        one: u8,
        list: [u8; 2],
    }
    let parts = Parts {
        one: finally! { try { 1 } finally {} },
        list: [finally! { try { 2 } finally {} }, finally!(try { 3 }, {})],
    };
    let closure = |by: u8| finally! { try { parts.one + by } finally {} };
    let sum = add(closure(1), finally! { try { parts.list[0] } finally {} })
        + finally!(try { parts.list[1] }, {}) * 2;
    assert_eq!(sum, 10);
    assert_eq!(
        match finally! { try { sum } finally {} } {
            10 => finally! { try { "ten" } finally {} },
            _ => "",
        },
        "ten"
    );
    assert_eq!(finally! { try { "ten" } finally {} }.len(), 3);
    if finally! { try { sum == 10 } finally {} } && !finally! { try { sum == 9 } finally {} } {
        return finally! { try {} finally {} };
    }
    unreachable!();
}

/// Each of these words is an identifier that an expansion might stumble over.
#[test]
fn raw_identifiers() {
    fn leaves(r#try: Option<u8>, r#break: &Cell<u8>) -> Option<u8> {
        let r#finally = finally! {
            try {
                let r#async = r#try?;
                let r#return = r#async + 1;
                r#return + r#async
            }
            finally { r#break.set(r#break.get() + 1); }
        };
        Some(r#finally)
    }
    let cleaned = Cell::new(0);
    assert_eq!((leaves(Some(1), &cleaned), leaves(None, &cleaned), cleaned.get()), (Some(3), None, 2));
}
