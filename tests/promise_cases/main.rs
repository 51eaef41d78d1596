//! The cases that the test suites of promise libraries agree on, by their numbers, for the methods and, where that has a
//! meaning, for the attribute. Rejected is both an `Err` and a panic, so those cases come as twins.
//!
//! If the body and the handler fail, the first failure wins here, and the other failure is reported. Promises let the
//! later one win. `docs/promise-cases.md` lists the cases that translate, and the reasons why others do not.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod a_fulfilled;
mod b_rejected;
mod d_arguments;
mod e_handler_throws;
mod f_handler_delays;
mod g_handler_rejects;
mod h_thenables;
mod i_never_settles;
mod j_order;
mod q_disposal;
mod table;

use std::future::Future;

use support::{
    Error, Panic,
    hand::Hand,
    outcome::{Outcome, observe},
};

/// Runs by hand, polling only when woken.
fn run<F: Future>(future: F) -> Outcome<F::Output> {
    Hand::new(observe(future)).run()
}

/// A body that is rejected, in the two ways that Rust has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rejected {
    WithError,
    WithPanic,
}

const REJECTED: [Rejected; 2] = [Rejected::WithError, Rejected::WithPanic];

impl Rejected {
    async fn body(self, who: &'static str) -> Result<u8, Error> {
        support::suspend().await;
        self.reject(who)
    }

    fn reject<T>(self, who: &'static str) -> Result<T, Error> {
        match self {
            Self::WithError => Err(Error(who)),
            Self::WithPanic => std::panic::panic_any(Panic(who)),
        }
    }

    fn outcome<T>(self, who: &'static str) -> Outcome<Result<T, Error>> {
        match self {
            Self::WithError => Outcome::Returned(Err(Error(who))),
            Self::WithPanic => Outcome::Panicked(Panic(who)),
        }
    }

    fn reported(self) -> finally::FailureKind {
        match self {
            Self::WithError => finally::FailureKind::CleanupFailed,
            Self::WithPanic => finally::FailureKind::CleanupPanicked,
        }
    }
}

async fn fulfilled(value: u8) -> Result<u8, Error> {
    support::suspend().await;
    Ok(value)
}
