//! The attributes and blocks that are put on a function, and their equivalents by hand.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{
    functions::{Function, Kind},
    source::Insertion,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// `#[tracing::instrument]`, for comparison.
    Instrument,
    Sync,
    Async,
    /// A block around the whole body.
    Block,
    /// The attribute on functions that are not async.
    Plain,
    /// A block around the whole body of functions that are not async.
    PlainBlock,
    /// A cleanup that mentions `self`, if that is a reference.
    Receiver,
    /// A cleanup that mentions every argument.
    Arguments,
}

impl Mode {
    pub(crate) const ALL: [Mode; 8] = [
        Mode::Instrument,
        Mode::Sync,
        Mode::Async,
        Mode::Block,
        Mode::Plain,
        Mode::PlainBlock,
        Mode::Receiver,
        Mode::Arguments,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Instrument => "instrument",
            Mode::Sync => "sync",
            Mode::Async => "async",
            Mode::Block => "block",
            Mode::Plain => "plain",
            Mode::PlainBlock => "plain-block",
            Mode::Receiver => "self",
            Mode::Arguments => "arguments",
        }
    }

    /// Returns the description for the table.
    pub(crate) fn explained(self) -> &'static str {
        match self {
            Mode::Instrument => "`#[tracing::instrument(skip_all)]`, to compare with",
            Mode::Sync => "a cleanup that is a function",
            Mode::Async => "a cleanup that is an async function",
            Mode::Block => "a block around the body, and a cleanup that does not await",
            Mode::Plain => "a cleanup that is a function, on a function that is not async",
            Mode::PlainBlock => "a block around the body of a function that is not async",
            Mode::Receiver => "a cleanup that mentions `self`, if that is a reference",
            Mode::Arguments => "a cleanup that mentions every argument",
        }
    }

    /// Returns whether the mode takes functions that are not async.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self, Mode::Plain | Mode::PlainBlock)
    }

    /// Returns the variables that the cleanup mentions, or `None` if the mode leaves the function unchanged.
    pub(crate) fn mentions(self, function: &Function) -> Option<Vec<String>> {
        if self.is_plain() == function.is_async() {
            return None;
        }
        match self {
            Mode::Instrument | Mode::Sync | Mode::Async | Mode::Block | Mode::Plain | Mode::PlainBlock => {
                Some(Vec::new())
            }
            Mode::Receiver => function.borrows_self.then(|| vec!["self".to_owned()]),
            Mode::Arguments => Some(function.arguments.clone()).filter(|arguments| !arguments.is_empty()),
        }
    }

    /// Returns the attribute or the block, with the name under which a crate knows the library.
    pub(crate) fn written(self, library: &str, mentioned: &[String]) -> Insertion {
        let cleanup = self.cleanup(mentioned);
        match self {
            Mode::Instrument => Insertion::Attribute("#[::tracing::instrument(skip_all)] ".to_owned()),
            Mode::Block | Mode::PlainBlock => Insertion::Around(
                format!("{{ ::{library}::block::finally! {{ try "),
                format!(" finally {{ {cleanup}() }} }} }}"),
            ),
            _ => {
                let option =
                    if library == "finally" { String::new() } else { format!(", crate = ::{library}") };
                Insertion::Attribute(format!("#[::{library}::finally({cleanup}{option})] "))
            }
        }
    }

    /// Returns the code that a person writes around the body for the same purpose.
    ///
    /// It states the type of the value, as the function does.
    pub(crate) fn by_hand(self, function: &Function, mentioned: &[String]) -> Insertion {
        let moves = if mentioned.is_empty() { "move " } else { "" };
        let typed = match &function.output {
            Some(output) => format!("if false {{ return ::crater_cleanups::never::<{output}>(); }} "),
            None => String::new(),
        };
        let call = match self {
            Mode::Async => "::crater_cleanups::later().await".to_owned(),
            Mode::Receiver | Mode::Arguments => self.cleanup(mentioned),
            _ => format!("{}()", self.cleanup(mentioned)),
        };
        if !self.is_plain() {
            return Insertion::Around(
                format!("{{ let __crater_value = async {moves}{{ {typed}"),
                format!(" }}.await; {call}; __crater_value }}"),
            );
        }
        let returned = format!("::crater_cleanups::once({moves}|| {{ {typed}");
        // Like the attribute, and unlike a block, it belongs to the future.
        let future =
            format!("async move {{ let __crater_value = __crater_future.await; {call}; __crater_value }}");
        match function.kind {
            Kind::BoxedFuture if self == Mode::Plain => Insertion::Around(
                format!("{{ let __crater_future = {returned}"),
                format!(" }}); ::crater_cleanups::Box::pin({future}) }}"),
            ),
            Kind::Future if self == Mode::Plain => Insertion::Around(
                format!("{{ let __crater_future = {returned}"),
                format!(" }}); {future} }}"),
            ),
            _ => Insertion::Around(
                format!("{{ let __crater_value = {returned}"),
                format!(" }}); {call}; __crater_value }}"),
            ),
        }
    }

    fn cleanup(self, mentioned: &[String]) -> String {
        match self {
            Mode::Instrument => String::new(),
            Mode::Sync | Mode::Block | Mode::Plain | Mode::PlainBlock => "::crater_cleanups::sync".to_owned(),
            Mode::Async => "::crater_cleanups::later".to_owned(),
            Mode::Receiver | Mode::Arguments => {
                let borrowed: Vec<_> = mentioned.iter().map(|name| format!("&{name},")).collect();
                format!("::crater_cleanups::look(({}))", borrowed.join(" "))
            }
        }
    }
}

/// A mark whose only effect is a warning, once for each function that the compiler sees.
pub(crate) const CENSUS: &str = "#[allow(crater_census)] ";
pub(crate) const CENSUS_LINT: &str = "unknown_lints";
