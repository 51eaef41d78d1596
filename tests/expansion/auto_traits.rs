//! The future of an annotated function is `Send`, `Sync`, `Unpin` and `RefUnwindSafe` exactly if that of the plain function is, and
//! `UnwindSafe` at least then.
//!
//! A cleanup that is awaited adds a condition: the output is held meanwhile, so the future is `Send` only if the output is.

use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

use finally::{FinallyExt, block, finally};

fn clean() {}

async fn close() {
    yield_now().await;
}

async fn close_for<T>(_: &T) {
    yield_now().await;
}

async fn yield_now() {
    std::future::ready(()).await;
}

#[derive(Debug, PartialEq)]
struct AutoTraits {
    send: bool,
    sync: bool,
    unpin: bool,
    unwind_safe: bool,
    ref_unwind_safe: bool,
}

/// Finds out by its methods which auto traits a type has.
struct Probe<T>(T);

trait HasNot {
    fn is_send(&self) -> bool {
        false
    }
    fn is_sync(&self) -> bool {
        false
    }
    fn is_unpin(&self) -> bool {
        false
    }
    fn is_unwind_safe(&self) -> bool {
        false
    }
    fn is_ref_unwind_safe(&self) -> bool {
        false
    }
}

impl<T> HasNot for &Probe<T> {}

macro_rules! has {
    ($($method:ident: $bound:path;)*) => { $(
        impl<T: $bound> Probe<T> {
            fn $method(&self) -> bool {
                true
            }
        }
    )* };
}

has! {
    is_send: Send;
    is_sync: Sync;
    is_unpin: Unpin;
    is_unwind_safe: UnwindSafe;
    is_ref_unwind_safe: RefUnwindSafe;
}

macro_rules! traits_of {
    ($value:expr) => {{
        let probe = &Probe($value);
        let _value = &probe.0;
        AutoTraits {
            send: probe.is_send(),
            sync: probe.is_sync(),
            unpin: probe.is_unpin(),
            unwind_safe: probe.is_unwind_safe(),
            ref_unwind_safe: probe.is_ref_unwind_safe(),
        }
    }};
}

/// Makes the same functions under any attribute.
macro_rules! functions {
    ($name:ident($value:ident) $(#[$attribute:meta])*) => {
        mod $name {
            use super::*;

            $(#[$attribute])*
            pub(super) async fn takes<T>($value: T) {
                yield_now().await;
                let _ = &$value;
            }

            $(#[$attribute])*
            pub(super) async fn holds<T>($value: u8) {
                let held = None::<T>;
                yield_now().await;
                let _ = (&held, &$value);
            }

            $(#[$attribute])*
            pub(super) async fn returns<T>($value: u8) -> Option<T> {
                yield_now().await;
                let _ = &$value;
                None
            }
        }
    };
}

/// Compares two functions of the same name over arguments and outputs of all kinds.
macro_rules! compare {
    ($form:ident with $plain:ident) => {
        assert_eq!(traits_of!($form::takes(1)), traits_of!($plain::takes(1)));
        assert_eq!(traits_of!($form::takes(Rc::new(1))), traits_of!($plain::takes(Rc::new(1))));
        assert_eq!(traits_of!($form::takes(Cell::new(1))), traits_of!($plain::takes(Cell::new(1))));
        assert_eq!(traits_of!($form::takes(None::<&Cell<u8>>)), traits_of!($plain::takes(None::<&Cell<u8>>)));
        assert_eq!(traits_of!($form::takes(None::<&mut u8>)), traits_of!($plain::takes(None::<&mut u8>)));
        assert_eq!(traits_of!($form::holds::<u8>(1)), traits_of!($plain::holds::<u8>(1)));
        assert_eq!(traits_of!($form::returns::<u8>(1)), traits_of!($plain::returns::<u8>(1)));
        assert_eq!(traits_of!($form::returns::<Cell<u8>>(1)), traits_of!($plain::returns::<Cell<u8>>(1)));
    };
}

functions!(plain(value));

#[test]
fn the_probe_distinguishes() {
    let all = AutoTraits { send: true, sync: true, unpin: true, unwind_safe: true, ref_unwind_safe: true };
    assert_eq!(traits_of!(1), all);
    assert_eq!(traits_of!(plain::takes(1)), AutoTraits { unpin: false, ..all });
    let of_rc = traits_of!(plain::takes(Rc::new(Cell::new(1))));
    assert!(!of_rc.send && !of_rc.sync && !of_rc.unwind_safe && !of_rc.ref_unwind_safe);
}

#[test]
fn with_a_sync_cleanup() {
    functions!(sync(value) #[finally(clean)]);
    compare!(sync with plain);
    assert_eq!(traits_of!(sync::holds::<Rc<u8>>(1)), traits_of!(plain::holds::<Rc<u8>>(1)));
    assert_eq!(traits_of!(sync::returns::<Rc<u8>>(1)), traits_of!(plain::returns::<Rc<u8>>(1)));
}

#[test]
fn with_one_that_uses_an_argument() {
    functions!(mentions(value) #[finally({ let _ = &value; })]);
    compare!(mentions with plain);
    assert_eq!(traits_of!(mentions::returns::<Rc<u8>>(1)), traits_of!(plain::returns::<Rc<u8>>(1)));
}

#[test]
fn with_one_that_is_awaited() {
    functions!(awaited(value) #[finally(close())]);
    compare!(awaited with plain);
}

#[test]
fn with_one_that_is_awaited_and_uses_an_argument() {
    functions!(mentions(value) #[finally({ let _ = &value; close() })]);
    compare!(mentions with plain);
}

#[test]
fn with_one_that_is_skipped_on_cancel() {
    functions!(skipped(value) #[finally(close_for(&0).await, on_cancel = skip)]);
    compare!(skipped with plain);
}

#[test]
fn with_one_that_blocks_on_cancel() {
    functions!(blocks(value) #[finally(close(), on_cancel = block)]);
    compare!(blocks with plain);
}

#[test]
fn with_one_that_is_replaced_on_cancel() {
    functions!(replaced(value) #[finally(close_for(&0).await, on_cancel = (close()))]);
    compare!(replaced with plain);
}

#[test]
fn armed_by_the_call() {
    functions!(armed(value) #[finally(clean, armed = call)]);
    compare!(armed with plain);
    functions!(mentions(value) #[finally({ let _ = &value; close() }, armed = call)]);
    compare!(mentions with plain);
}

/// Makes the same functions with a block around their bodies.
macro_rules! blocks {
    ($name:ident $cleanup:block) => {
        mod $name {
            use super::*;

            pub(super) async fn takes<T>(value: T) {
                block::finally! { try { yield_now().await; drop(value); } finally $cleanup }
            }

            pub(super) async fn holds<T>(value: u8) {
                block::finally! {
                    try {
                        let held = None::<T>;
                        yield_now().await;
                        let _ = (&held, &value);
                    }
                    finally $cleanup
                }
            }

            pub(super) async fn returns<T>(value: u8) -> Option<T> {
                block::finally! { try { yield_now().await; let _ = value; None } finally $cleanup }
            }
        }
    };
}

#[test]
fn in_a_block() {
    blocks!(sync { clean(); });
    compare!(sync with plain);
    blocks!(awaited { close().await; });
    compare!(awaited with plain);
}

#[test]
fn in_a_block_that_may_leave() {
    async fn leaves(value: u8) -> Option<u8> {
        let value = block::finally! {
            try {
                if value == 0 {
                    return None;
                }
                yield_now().await;
                value
            }
            finally { close().await; }
        };
        Some(value)
    }
    assert_eq!(traits_of!(leaves(1)), traits_of!(plain::returns::<u8>(1)));
}

#[test]
fn of_a_method() {
    assert_eq!(traits_of!(plain::takes(1).finally(clean)), traits_of!(plain::takes(1)));
    assert_eq!(traits_of!(plain::takes(1).finally(close)), traits_of!(plain::takes(1)));
    assert_eq!(traits_of!(std::future::ready(1).finally(clean)), traits_of!(std::future::ready(1)));
    let of_cell = traits_of!(plain::takes(None::<&Cell<u8>>).finally(close));
    assert_eq!(of_cell, traits_of!(plain::takes(None::<&Cell<u8>>)));
}
