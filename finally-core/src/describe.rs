//! The text of a failure, from the best trait that its type has, without asking for a bound.
//!
//! A macro sees concrete types, so it can let method resolution choose: `(&&&&probe).__finally_describe()` finds the impl
//! for the most references first, and goes on to the next one where the bound does not hold. The method has a name that no
//! trait of the user has: one for all types would come first, or in between.

use alloc::{borrow::ToOwned, format, string::String, string::ToString};
use core::{
    any::type_name,
    fmt::{Debug, Display},
    marker::PhantomData,
};

/// The text of the failure in a value, or nothing where the value is not a failure.
pub type Describe<T> = fn(&T) -> Option<String>;

/// Stands for the type of a value while the impl is chosen.
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Default for Probe<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

pub trait DescribeDisplay {
    type Value;
    fn __finally_describe(&self) -> Describe<Self::Value>;
}

impl<T, E: Display> DescribeDisplay for &&&Probe<Result<T, E>> {
    type Value = Result<T, E>;
    fn __finally_describe(&self) -> Describe<Self::Value> {
        |result| result.as_ref().err().map(ToString::to_string)
    }
}

pub trait DescribeDebug {
    type Value;
    fn __finally_describe(&self) -> Describe<Self::Value>;
}

impl<T, E: Debug> DescribeDebug for &&Probe<Result<T, E>> {
    type Value = Result<T, E>;
    fn __finally_describe(&self) -> Describe<Self::Value> {
        |result| result.as_ref().err().map(|error| format!("{error:?}"))
    }
}

pub trait DescribeName {
    type Value;
    fn __finally_describe(&self) -> Describe<Self::Value>;
}

impl<T, E> DescribeName for &Probe<Result<T, E>> {
    type Value = Result<T, E>;
    fn __finally_describe(&self) -> Describe<Self::Value> {
        |result| result.as_ref().err().map(|_| type_name::<E>().to_owned())
    }
}

pub trait DescribeNothing {
    type Value;
    fn __finally_describe(&self) -> Describe<Self::Value>;
}

impl<T> DescribeNothing for Probe<T> {
    type Value = T;
    fn __finally_describe(&self) -> Describe<T> {
        |_| None
    }
}
