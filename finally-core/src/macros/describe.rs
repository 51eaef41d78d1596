//! Makes the text of a failure, and takes its error, by the best traits that its type has, without a bound.
//!
//! A macro sees concrete types, so it lets method resolution choose. `probe.__finally_describe()` finds the method of [`Probe`],
//! if the bound of its impl holds, and otherwise tries the type that the probe dereferences to. No trait has to be imported for
//! that. No trait of the user has a method of this name, which would come first if it were implemented for all types.
//!
//! A method, a guard and a scope are generic over the error, and a generic function cannot ask which traits a type has: that is
//! specialization (<https://github.com/rust-lang/rust/issues/31844>). [`describe_by_debug`] is for them.

use alloc::{
    borrow::ToOwned,
    boxed::Box,
    format,
    string::{String, ToString},
};
use core::{
    any::{Any, type_name},
    error::Error,
    fmt::{Debug, Display},
    iter::successors,
    marker::PhantomData,
    mem,
    ops::Deref,
};

/// Answers a question about a value. Returns `None` if the value is not a failure, or has no answer.
///
/// Code of a user runs for the text and the error only: to ask whether a body has failed must neither format its error nor panic.
pub type Describe<T> = for<'a> fn(Ask<'a, T>) -> Option<Answer>;

/// A question about a value.
pub enum Ask<'a, T> {
    /// Asks for its text.
    About(&'a T, Detail),
    /// Asks for the error itself, which is moved out of its place.
    Error(&'a mut Option<T>),
}

/// The detail that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Only whether there is a failure. The text is empty.
    Whether,
    Text,
}

pub enum Answer {
    Text(String),
    Error(BoxedError),
}

/// An error as a failure owns it.
pub(crate) type BoxedError = Box<dyn Error + Send + Sync>;

impl Detail {
    /// Makes the text, if it is wanted.
    #[inline]
    pub(crate) fn text(self, make: impl FnOnce() -> String) -> Answer {
        Answer::Text(match self {
            Self::Whether => String::new(),
            Self::Text => make(),
        })
    }
}

impl<T, E> Ask<'_, Result<T, E>> {
    /// Answers for an error that cannot be owned as one.
    #[inline]
    fn answer_text(self, text: impl FnOnce(&E) -> String) -> Option<Answer> {
        match self {
            Self::About(result, detail) => result.as_ref().err().map(|error| detail.text(|| text(error))),
            Self::Error(_) => None,
        }
    }

    #[inline]
    fn answer(self, text: impl FnOnce(&E) -> String, own: fn(E) -> BoxedError) -> Option<Answer> {
        match self {
            Self::Error(result) => Some(Answer::Error(own(result.take()?.err()?))),
            ask => ask.answer_text(text),
        }
    }
}

/// Returns whether a value is a failure.
#[inline]
pub(crate) fn is_failure<T>(describe: Describe<T>, value: &T) -> bool {
    let answer = describe(Ask::About(value, Detail::Whether));
    let is_failure = answer.is_some();
    // The text is empty, so its drop would do nothing, and every call would pay for it.
    mem::forget(answer);
    is_failure
}

/// How many causes of an error are read: the chain may be a cycle.
const CAUSES: usize = 32;

/// Adds the causes of an error to its text. An error may show its cause itself, and a cause that is in the text already is not
/// added again.
fn with_causes(text: String, cause: Option<&(dyn Error + 'static)>) -> String {
    let causes = successors(cause, |&cause| cause.source()).take(CAUSES);
    causes.fold(text, |text, cause| with_cause(text, &cause.to_string()))
}

fn with_cause(mut text: String, cause: &str) -> String {
    // `contains` would compile another search than the one of `text_of_report`.
    if text.find(cause).is_none() {
        text.push_str(": ");
        text.push_str(cause);
    }
    text
}

/// Describes a type that dereferences to an error.
fn chain<E: Error + ?Sized>(error: &E) -> String {
    with_causes(error.to_string(), error.source())
}

/// The first step of method resolution: an error that the report of its failure can own.
///
/// The compiler chooses without regard to lifetimes, so an error that is chosen here has to be `'static`. That is a fair demand on
/// a cleanup. The output of a function's body may borrow, as it could before there was a cleanup, so for a body the steps begin
/// at [`Borrowed`].
pub struct Probe<T>(Converting<T>);

/// The next step: a type that is no error itself, but dereferences to one and converts into one: `anyhow::Error`, `Box<dyn Error + Send + Sync>`.
pub struct Converting<T>(Borrowed<T>);

/// The next step: an error that is not owned, because it is not `Send`, or is that of a body.
pub struct Borrowed<T>(Standing<T>);

/// The next step: a type that only dereferences to an error: `Box<dyn Error>`.
pub struct Standing<T>(ByDisplay<T>);

/// The next step: no error, but a type with a text.
pub struct ByDisplay<T>(ByDebug<T>);

/// The next step: a type that has only `Debug`.
pub struct ByDebug<T>(ByName<T>);

/// The next step: the name of the type.
pub struct ByName<T>(NoFailure<T>);

/// The last step: a type that is no `Result`, and so has no failure.
pub struct NoFailure<T>(PhantomData<fn() -> T>);

impl<T> Default for Probe<T> {
    #[inline(always)]
    fn default() -> Self {
        Self(Converting(Borrowed::default()))
    }
}

impl<T> Default for Borrowed<T> {
    #[inline(always)]
    fn default() -> Self {
        Self(Standing(ByDisplay(ByDebug(ByName(NoFailure(PhantomData))))))
    }
}

impl<T> Default for NoFailure<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, E: Error + Send + Sync + 'static> Probe<Result<T, E>> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |ask| ask.answer(chain, |error| Box::new(error))
    }
}

impl<T, E> Converting<Result<T, E>>
where
    E: Display + Deref<Target: Error> + Into<BoxedError>,
{
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |ask| ask.answer(|error| chain(&**error), E::into)
    }
}

impl<T, E: Error> Borrowed<Result<T, E>> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |ask| ask.answer_text(chain)
    }
}

impl<T, E: Display + Deref<Target: Error>> Standing<Result<T, E>> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |ask| ask.answer_text(|error| chain(&**error))
    }
}

impl<T, E: Display> ByDisplay<Result<T, E>> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |ask| ask.answer_text(E::to_string)
    }
}

impl<T, E: Debug> ByDebug<Result<T, E>> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |ask| ask.answer_text(|error| format!("{error:?}"))
    }
}

impl<T, E> ByName<Result<T, E>> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<Result<T, E>> {
        |ask| ask.answer_text(|_| type_name::<E>().to_owned())
    }
}

impl<T> NoFailure<T> {
    #[inline(always)]
    pub fn __finally_describe(&self) -> Describe<T> {
        |_| None
    }
}

/// The steps from each probe to the next one.
macro_rules! next {
    ($($probe:ident => $next:ident,)*) => {$(
        impl<T> Deref for $probe<T> {
            type Target = $next<T>;

            #[inline(always)]
            fn deref(&self) -> &$next<T> {
                &self.0
            }
        }
    )*};
}

next! {
    Probe => Converting,
    Converting => Borrowed,
    Borrowed => Standing,
    Standing => ByDisplay,
    ByDisplay => ByDebug,
    ByDebug => ByName,
    ByName => NoFailure,
}

/// Describes the failure of a cleanup whose error is of an unknown type.
///
/// Strings and the types of the standard library that hold any error are described as by the macros, and all others by `Debug`.
#[inline]
pub(crate) fn describe_by_debug<E: Debug + 'static>(ask: Ask<'_, Result<(), E>>) -> Option<Answer> {
    #[cold]
    fn describe_failure<E: Debug + 'static>(ask: Ask<'_, Result<(), E>>) -> Option<Answer> {
        match ask {
            Ask::Error(result) => own_known(result).map(Answer::Error),
            ask => ask.answer_text(|error| {
                text_of_known(error).unwrap_or_else(|| text_of_report(format!("{error:?}")))
            }),
        }
    }

    match ask {
        Ask::About(Ok(()), _) => None,
        ask => describe_failure(ask),
    }
}

fn text_of_known(error: &dyn Any) -> Option<String> {
    #[cfg(feature = "std")]
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        return Some(chain(error));
    }
    if let Some(error) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return Some(chain(&**error));
    }
    if let Some(error) = error.downcast_ref::<Box<dyn Error + Send>>() {
        return Some(chain(&**error));
    }
    if let Some(error) = error.downcast_ref::<Box<dyn Error>>() {
        return Some(chain(&**error));
    }
    if let Some(text) = error.downcast_ref::<&'static str>() {
        return Some((*text).to_owned());
    }
    error.downcast_ref::<String>().cloned()
}

/// Takes the error out of an `Option<Result<(), E>>`.
fn own_known(result: &mut dyn Any) -> Option<BoxedError> {
    #[cfg(feature = "std")]
    if let Some(result) = result.downcast_mut::<Option<Result<(), std::io::Error>>>() {
        return Some(Box::new(result.take()?.err()?));
    }
    result.downcast_mut::<Option<Result<(), BoxedError>>>()?.take()?.err()
}

/// Returns the text of the error and of its causes, without a backtrace, if a `Debug` is a report for people, as those of `anyhow`
/// and `eyre` are. Returns any other `Debug` unchanged.
fn text_of_report(debug: String) -> String {
    const CAUSED_BY: &str = "\n\nCaused by:\n";
    const SECTIONS: [&str; 3] = [CAUSED_BY, "\n\nLocation:\n", "\n\nStack backtrace:\n"];

    let Some(end) = SECTIONS.iter().filter_map(|header| debug.find(header)).min() else { return debug };
    let (mut text, mut rest) = (debug[..end].to_owned(), &debug[end..]);
    while let Some(start) = rest.find(CAUSED_BY) {
        rest = &rest[start + CAUSED_BY.len()..];
        let section = &rest[..rest.find("\n\n").unwrap_or(rest.len())];
        for line in section.lines() {
            text = with_cause(text, without_number(line.trim_start()));
        }
    }
    text
}

/// Removes the number of a cause, which it has if there are several.
fn without_number(line: &str) -> &str {
    let after_number = line.trim_start_matches(|char: char| char.is_ascii_digit());
    match after_number.strip_prefix(": ") {
        Some(cause) if after_number.len() < line.len() => cause,
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(report: &str) -> String {
        text_of_report(report.to_owned())
    }

    #[test]
    fn a_report_is_its_error_and_its_causes() {
        assert_eq!(text("close\n\nCaused by:\n    reset"), "close: reset");
        assert_eq!(text("close\n\nCaused by:\n    0: reset\n    1: by peer"), "close: reset: by peer");
        assert_eq!(
            text("close\n\nCaused by:\n    1st try: reset\n    : by peer"),
            "close: 1st try: reset: : by peer"
        );
    }

    #[test]
    fn a_report_loses_its_backtrace_and_its_location() {
        assert_eq!(text("close\n\nStack backtrace:\n   0: main\n             at a.rs:1"), "close");
        assert_eq!(text("close\n\nCaused by:\n    reset\n\nLocation:\n    a.rs:1:1"), "close: reset");
    }

    #[test]
    fn any_other_text_stays_as_it_is() {
        for other in ["Close(1)", "", "two\n\nparagraphs", "Caused by:\n    reset"] {
            assert_eq!(text(other), other);
        }
    }
}
