//! How deeply the types of futures nest.
//!
//! The compiler follows the types from a future to those inside it, and there is a limit to how deep it goes
//! (`docs/compile-time.md`).

use crate::engine::exclusive::Exclusive;

/// Shows the compiler a type that the future after this field contains, too.
///
/// The compiler proves that a future is `Send` field by field, and does not prove the same twice. The types of a hand-off nest
/// some forty deep. In the innermost of many futures they would be beyond the limit. This field comes before the inner
/// future, so they are proved in the outermost one.
pub(crate) type Before<T> = [Exclusive<T>; 0];
