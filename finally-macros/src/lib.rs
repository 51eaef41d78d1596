//! The macros of [`async-finally`](https://docs.rs/async-finally), which re-exports them. Depend on that crate
//! instead.
//!
//! | module | job |
//! |---|---|
//! | `options` | parses `on_cancel = ..`, `armed = ..`, `crate = ..` |
//! | `cleanup` | parses a cleanup, and determines its kind |
//! | `input` | parses the function under the attribute, without its body |
//! | `capture` | moves or lends the arguments to the body, and leaves the others for the cleanup |
//! | `boxed` | turns `Box::pin(async move { .. })` back into an async function |
//! | `below` | expands further attributes together with one that has `armed = call` |
//! | `check` | reports everything that cannot work, at the user's tokens |
//! | `expand` | generates the function |
//! | `settle` | generates the end of a function or a block |
//! | `block` | `finally! { .. }`: input → jumps → expand |
//! | `tokens` | answers questions about tokens without parsing them |

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
#[cfg(test)]
mod fuzz;
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

/// Expands `finally! { .. }`. The macro of that name in the facade calls this one, and puts `[$crate finally]`
/// in front.
#[proc_macro]
pub fn block(tokens: TokenStream) -> TokenStream {
    block::expand(tokens.into()).into()
}
