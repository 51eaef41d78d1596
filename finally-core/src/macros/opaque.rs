//! Whether a value of an unknown type is an `Err`.
//!
//! A method is generic over the output, and a generic function cannot ask whether it is a `Result`: that is
//! specialization (<https://github.com/rust-lang/rust/issues/31844>). The answer is needed if a body returned an `Err` and its
//! handler panics: the first failure wins. So it is read from the name of the type and from the discriminant of the value.
//! The name is not guaranteed to stay the same. If it changes, every value counts as a success here, and the test below fails.

use alloc::borrow::ToOwned;
use core::{
    any::type_name,
    hash::{Hash, Hasher},
    mem::discriminant,
};

use crate::macros::describe::{Answer, Ask};

/// Describes a failure by the name of the value's type, which is all that is known of it.
pub fn describe<T>(ask: Ask<'_, T>) -> Option<Answer> {
    match ask {
        Ask::About(value, detail) => is_err(value).then(|| detail.text(|| type_name::<T>().to_owned())),
        Ask::Error(_) => None,
    }
}

fn is_err<T>(value: &T) -> bool {
    /// The discriminant of `Err`, the second variant.
    const ERR: i64 = 1;

    let mut seen = Seen(0);
    discriminant(value).hash(&mut seen);
    type_name::<T>().starts_with("core::result::Result<") && seen.0 == ERR
}

/// Keeps the one number that is hashed, because a discriminant can be read in no other way.
struct Seen(i64);

impl Hasher for Seen {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().rev().fold(0, |number, byte| (number << 8) | i64::from(*byte));
    }

    fn write_isize(&mut self, number: isize) {
        self.0 = number as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{
        boxed::Box,
        string::{String, ToString},
        vec::Vec,
    };

    #[test]
    fn an_err_is_told_from_all_else() {
        assert!(is_err(&Err::<(), ()>(())));
        assert!(is_err(&Err::<u64, String>("no".to_string())));
        assert!(is_err(&Err::<Box<u8>, u8>(1)));
        assert!(is_err(&Err::<core::convert::Infallible, u8>(1)));
        assert!(is_err(&Err::<(), Vec<u8>>(Vec::new())));
        assert!(!is_err(&Ok::<u64, String>(1)));
        assert!(!is_err(&Ok::<(), ()>(())));
        assert!(!is_err(&Ok::<Vec<u8>, core::convert::Infallible>(Vec::new())));
        assert!(!is_err(&Some(1)));
        assert!(!is_err(&1));
        assert!(!is_err(&core::task::Poll::Pending::<u8>));
    }
}
