//! Generated blocks, and the same control flow written by hand. `generator/` writes the programs, and `tests/same.rs` compares them.

mod by_hand;
mod input;

pub use by_hand::{Flow, Payload};
pub use input::{Input, Log, Narrow, Other, Wide};

use std::{future::Future, pin::Pin};

/// The result of a program with errors.
pub type Checked = Result<u8, Wide>;
/// The result of a program with options.
pub type Optional = Option<u8>;

/// An async program.
pub type Later<R> = fn(Input, Log) -> Pin<Box<dyn Future<Output = R>>>;

/// A program in each of its forms.
#[derive(Debug)]
pub struct Forms<R> {
    /// The seed of the program.
    pub number: usize,
    /// The constructs in it, and how often each occurs.
    pub constructs: &'static [(&'static str, usize)],
    /// The program with blocks.
    pub blocks: fn(&Input, &Log) -> R,
    /// The program by hand.
    pub by_hand: fn(&Input, &Log) -> R,
    /// The async program with blocks.
    pub async_blocks: Later<R>,
    /// The async program by hand.
    pub async_by_hand: Later<R>,
}

/// The programs.
#[allow(unused, unreachable_code, clippy::all, clippy::pedantic, reason = "written by a generator that has no taste")]
#[rustfmt::skip]
pub mod programs {
    use std::future::poll_fn;

    use finally::{Fate, block::{End, finally}};

    use crate::{
        Checked, Flow, Forms, Input, Log, Narrow, Optional, Payload, Wide,
        by_hand::{caught, caught_later, name_of_flow, settled},
        input::suspend,
    };

    macro_rules! identity {
        ($expression:expr) => {
            $expression
        };
    }

    macro_rules! forever {
        ($expression:expr) => {
            loop {
                $expression
            }
        };
    }

    macro_rules! leave {
        ($value:expr) => {
            return $value
        };
    }

    fn name_of<T, R, J>(fate: Fate<'_, End<T, R, J>>) -> &'static str {
        match fate {
            Fate::Returned(End::Value(_)) => "value",
            Fate::Returned(End::Return(_)) => "return",
            Fate::Returned(End::Jump(_)) => "jump",
            Fate::Panicked(_) => "panic",
            Fate::Cancelled => "cancelled",
        }
    }

    include!(concat!(env!("OUT_DIR"), "/programs.rs"));
}
