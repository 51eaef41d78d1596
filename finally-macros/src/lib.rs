//! The macros of [`async-finally`](https://docs.rs/async-finally), which re-exports them. Depend on that crate
//! instead.
//!
//! | module | job |
//! |---|---|
//! | `attribute` | expands the attribute: calls the others in the order of this table |
//! | `input` | parses the function under the attribute, without its body |
//! | `parameters` | names the parameters of a function, and how each holds its value |
//! | `arguments` | parses the arguments of the attribute |
//! | `cleanup` | parses a cleanup, and determines its kind |
//! | `options` | parses `on_cancel = ..`, `armed = ..`, `crate = ..` |
//! | `check` | reports everything that cannot work, at the user's tokens |
//! | `capture` | moves or lends the arguments to the body, and leaves the others for the cleanup |
//! | `boxed` | turns `Box::pin(async move { .. })` back into an async function |
//! | `below` | parses our attributes below this one, and finds others that need an `async fn` |
//! | `expand` | generates the function |
//! | `settle` | generates the end of a function or a block |
//! | `block` | `finally! { .. }`: input → jumps → expand |
//! | `tokens` | answers questions about tokens without parsing them: which variables they mention, and where control leaves |
//! | `types` | answers questions about types as they are written |
//! | `error`, `suggest` | makes errors, and finds the word that was meant |

#![forbid(unsafe_code)]

mod arguments;
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
mod parameters;
mod settle;
#[cfg(test)]
mod snapshots;
mod suggest;
mod tokens;
mod types;

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
    block::expand(tokens.into(), true).into()
}

/// The same for the facade without its feature `std`. It is no feature of this crate, because cargo would build
/// that for all packages alike.
#[proc_macro]
pub fn block_without_std(tokens: TokenStream) -> TokenStream {
    block::expand(tokens.into(), false).into()
}
