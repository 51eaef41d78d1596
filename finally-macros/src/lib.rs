//! The macros of [`async-finally`](https://docs.rs/async-finally), which re-exports them. Depend on that.
//!
//! | room | job |
//! |---|---|
//! | `options` | `on_cancel = ..`, `armed = ..`, `crate = ..` |
//! | `cleanup` | what a cleanup is, and what it means |
//! | `input` | the function under the attribute, its body untouched |
//! | `capture` | how the arguments get into the body, and what of them is left for the cleanup |
//! | `below` | the attributes that are expanded after one with `armed = call` |
//! | `check` | what cannot work, told at the user's tokens |
//! | `expand` | the function that comes out |
//! | `settle` | how it ends, for functions and blocks |
//! | `block` | `finally! { .. }`: input → jumps → expand |
//! | `tokens` | what tokens mention, without parsing them |

#![forbid(unsafe_code)]

mod attribute;
mod below;
mod block;
mod boxed;
mod capture;
mod check;
mod cleanup;
mod error;
mod expand;
mod input;
mod options;
mod settle;
#[cfg(test)]
mod snapshots;
mod suggest;
mod tokens;

use proc_macro::TokenStream;

#[allow(missing_docs, reason = "documented where users find it, in the facade")]
#[proc_macro_attribute]
pub fn finally(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand("finally", arguments.into(), item.into()).into()
}

#[allow(missing_docs, reason = "documented where users find it, in the facade")]
#[proc_macro_attribute]
pub fn lastly(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand("lastly", arguments.into(), item.into()).into()
}

/// `finally! { .. }`, called by the macro of that name in the facade, which puts `[$crate finally]` in front.
#[proc_macro]
pub fn block(tokens: TokenStream) -> TokenStream {
    block::expand(tokens.into()).into()
}
