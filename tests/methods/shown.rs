//! The `Debug` output of scopes.

use finally::Scope;

use crate::support::{exclusive, suspend};

#[test]
fn a_scope_and_its_close_show_how_many_cleanups_are_left() {
    let _turn = exclusive();
    let mut scope = <Scope>::new();
    scope.defer(|| {});
    scope.defer(suspend);
    assert_eq!(format!("{scope:?}"), "Scope { deferred: 2 }");
    let close = scope.close();
    assert_eq!(format!("{close:?}"), "Close { deferred: 2 }");
}
