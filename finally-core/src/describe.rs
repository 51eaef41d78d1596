//! The text of a failure, from the best trait that its type has, without asking for a bound.
//!
//! A macro sees concrete types, so it can let method resolution choose: `probe.__finally_describe()` finds the method of
//! [`Probe`], and goes on to what that dereferences to where the bound of its impl does not hold. No trait has to be imported
//! for that. The method has a name that no trait of the user has: one for all types would come first.

use alloc::{borrow::ToOwned, format, string::String, string::ToString};
use core::{
    any::type_name,
    fmt::{Debug, Display},
    marker::PhantomData,
    ops::Deref,
};

/// Returns the text of the failure in a value, or `None` if the value is not a failure.
///
/// Code of a user runs for the text only: to ask whether a body has failed must neither format its error nor panic.
pub type Describe<T> = fn(&T, Detail) -> Option<String>;

/// How much a description is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Whether there is a failure at all: the text is empty.
    Whether,
    Text,
}

impl Detail {
    /// Makes the text, if it is wanted.
    #[inline]
    pub(crate) fn text(self, make: impl FnOnce() -> String) -> String {
        match self {
            Self::Whether => String::new(),
            Self::Text => make(),
        }
    }
}

/// Whether a value is a failure.
#[inline]
pub(crate) fn is_failure<T>(describe: Describe<T>, value: &T) -> bool {
    describe(value, Detail::Whether).is_some()
}

/// Stands for the type of a value while the method is chosen. First comes what an error displays.
pub struct Probe<T>(ByDebug<T>);

/// Second, what its `Debug` shows.
pub struct ByDebug<T>(ByName<T>);

/// Then the name of its type.
pub struct ByName<T>(NoFailure<T>);

/// What is not a `Result` has no failure.
pub struct NoFailure<T>(PhantomData<fn() -> T>);

impl<T> Default for Probe<T> {
    fn default() -> Self {
        Self(ByDebug(ByName(NoFailure::default())))
    }
}

impl<T> Default for NoFailure<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, E: Display> Probe<Result<T, E>> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |result, detail| result.as_ref().err().map(|error| detail.text(|| error.to_string()))
    }
}

impl<T> Deref for Probe<T> {
    type Target = ByDebug<T>;

    #[inline(always)]
    fn deref(&self) -> &ByDebug<T> {
        &self.0
    }
}

impl<T, E: Debug> ByDebug<Result<T, E>> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |result, detail| result.as_ref().err().map(|error| detail.text(|| format!("{error:?}")))
    }
}

impl<T> Deref for ByDebug<T> {
    type Target = ByName<T>;

    #[inline(always)]
    fn deref(&self) -> &ByName<T> {
        &self.0
    }
}

impl<T, E> ByName<Result<T, E>> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |result, detail| result.as_ref().err().map(|_| detail.text(|| type_name::<E>().to_owned()))
    }
}

impl<T> Deref for ByName<T> {
    type Target = NoFailure<T>;

    #[inline(always)]
    fn deref(&self) -> &NoFailure<T> {
        &self.0
    }
}

impl<T> NoFailure<T> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<T> {
        |_, _| None
    }
}
