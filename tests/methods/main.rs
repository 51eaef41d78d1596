//! The promises for methods, guards, scopes and streams.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod acquire;
mod futures_of_others;
mod generic;
mod guards;
mod mixed;
mod on_cancel;
mod promises;
mod scopes;
mod settled;
mod shown;
#[cfg(feature = "stream")]
mod streams;
#[cfg(feature = "testing")]
mod testing;
mod tracker;
mod types;
