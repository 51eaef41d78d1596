//! What is written on a function, and what a person would write in its place.

use serde::{Deserialize, Serialize};

use crate::functions::Function;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// The attribute to compare with.
    Instrument,
    Sync,
    Async,
    /// A cleanup that mentions `self`, where it is a reference.
    Receiver,
    /// A cleanup that mentions every argument.
    Arguments,
}

impl Mode {
    pub(crate) const ALL: [Mode; 5] =
        [Mode::Instrument, Mode::Sync, Mode::Async, Mode::Receiver, Mode::Arguments];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Instrument => "instrument",
            Mode::Sync => "sync",
            Mode::Async => "async",
            Mode::Receiver => "self",
            Mode::Arguments => "arguments",
        }
    }

    /// For the table.
    pub(crate) fn explained(self) -> &'static str {
        match self {
            Mode::Instrument => "`#[tracing::instrument(skip_all)]`, to compare with",
            Mode::Sync => "a cleanup that is a function",
            Mode::Async => "a cleanup that is an async function",
            Mode::Receiver => "a cleanup that mentions `self`, if that is a reference",
            Mode::Arguments => "a cleanup that mentions every argument",
        }
    }

    /// What the cleanup mentions, or nothing where the mode says nothing about a function.
    pub(crate) fn mentions(self, function: &Function) -> Option<Vec<String>> {
        match self {
            Mode::Instrument | Mode::Sync | Mode::Async => Some(Vec::new()),
            Mode::Receiver => function.borrows_self.then(|| vec!["self".to_owned()]),
            Mode::Arguments => Some(function.arguments.clone()).filter(|arguments| !arguments.is_empty()),
        }
    }

    /// The attribute, under the name by which a crate knows the library.
    pub(crate) fn attribute(self, library: &str, mentioned: &[String]) -> String {
        let option = if library == "finally" { String::new() } else { format!(", crate = ::{library}") };
        match self {
            Mode::Instrument => "#[::tracing::instrument(skip_all)] ".to_owned(),
            _ => format!("#[::{library}::finally({}{option})] ", self.cleanup(mentioned)),
        }
    }

    /// What stands before and behind the block of a function that does the same by hand.
    ///
    /// The block's type is told to the compiler as the function's is.
    pub(crate) fn by_hand(self, function: &Function, mentioned: &[String]) -> (String, String) {
        let moves = if mentioned.is_empty() { "move " } else { "" };
        let typed = match &function.output {
            Some(output) => format!("if false {{ return ::crater_cleanups::never::<{output}>(); }} "),
            None => String::new(),
        };
        let call = match self {
            Mode::Async => "::crater_cleanups::later().await".to_owned(),
            Mode::Sync => "::crater_cleanups::sync()".to_owned(),
            _ => self.cleanup(mentioned),
        };
        (
            format!("{{ let __crater_value = async {moves}{{ {typed}"),
            format!(" }}.await; {call}; __crater_value }}"),
        )
    }

    fn cleanup(self, mentioned: &[String]) -> String {
        match self {
            Mode::Instrument => String::new(),
            Mode::Sync => "::crater_cleanups::sync".to_owned(),
            Mode::Async => "::crater_cleanups::later".to_owned(),
            Mode::Receiver | Mode::Arguments => {
                let borrowed: Vec<_> = mentioned.iter().map(|name| format!("&{name},")).collect();
                format!("::crater_cleanups::look(({}))", borrowed.join(" "))
            }
        }
    }
}

/// A mark that does nothing but to be warned about, once for each function that the compiler gets to see.
pub(crate) const CENSUS: &str = "#[allow(crater_census)] ";
pub(crate) const CENSUS_LINT: &str = "unknown_lints";
