//! `finally! { BODY finally CLEANUP }`: an expression out.

mod expand;
mod input;
mod jumps;

use proc_macro2::TokenStream;

/// Where the input is wrong, what there is of the body stands beside the errors, so that editors go on helping in it.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    match input::parse(tokens) {
        Ok(block) => expand::expand(&block),
        Err(wrong) => wrong.into_tokens(),
    }
}
