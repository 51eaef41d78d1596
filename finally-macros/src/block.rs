//! `finally! { BODY finally CLEANUP }`: turns a block into an expression.

mod expand;
mod input;
mod jumps;

use proc_macro2::TokenStream;

/// Expands the block. On an error, as much of the body as was parsed is emitted as well, so that editors keep
/// working in it.
pub(crate) fn expand(tokens: TokenStream, has_std: bool) -> TokenStream {
    match input::parse(tokens, has_std) {
        Ok(block) => expand::expand(&block),
        Err(wrong) => wrong.into_tokens(),
    }
}
