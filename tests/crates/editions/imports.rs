//! The attribute and the block macro of one name in one module, by an import and a glob. This needs Rust 1.95, and
//! `suite.rs` does not.

#![deny(warnings, clippy::all)]

use std::cell::Cell;

mod both {
    use super::Cell;
    use finally::{finally, prelude::*};

    #[finally(log.set(log.get() * 10))]
    pub(super) fn in_one_function(log: &Cell<u32>) -> u32 {
        finally! {
            try { log.replace(1) }
            finally { log.set(log.get() + 1); }
        }
    }

    pub(super) fn the_methods(log: &Cell<u32>) -> impl std::future::Future<Output = u32> + '_ {
        async { 1 }.finally(move || log.set(2))
    }
}

mod both_of_the_other_name {
    use super::Cell;
    use finally::{lastly, prelude::*};

    #[lastly(log.set(log.get() * 10))]
    pub(super) fn in_one_function(log: &Cell<u32>) -> u32 {
        lastly! {
            try { log.replace(1) }
            lastly { log.set(log.get() + 1); }
        }
    }
}

#[test]
fn the_attribute_and_the_block_are_imported_into_one_module() {
    let log = Cell::new(5);
    assert_eq!((both::in_one_function(&log), log.take()), (5, 20));
    assert_eq!((both_of_the_other_name::in_one_function(&log), log.take()), (0, 20));
    drop(both::the_methods(&log));
}
