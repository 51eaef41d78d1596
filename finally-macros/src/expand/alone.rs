//! Puts a cleanup into a function of its own, so that the compiler knows whether its future is `Send`.
//!
//! While the compiler checks a function, it does not know yet which values an async block in it holds. With
//! `on_cancel = block`, it is asked whether the cleanup can be handed off, and would answer too early. It knows the
//! future of another function.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote_spanned};
use syn::{Attribute, Safety};

use super::Expansion;
use crate::{cleanup::Uses, input::Function, options::OnCancel, tokens};

impl Expansion<'_> {
    /// Returns a closure that calls the function, for a cleanup that mentions no argument. There is none if the
    /// cleanup might not compile in a function of its own.
    pub(super) fn alone(&self, function: &Function) -> Option<TokenStream> {
        let Self { private, span, cleanup, .. } = self;
        if !matches!(self.on_cancel, OnCancel::Block) || tokens::may_name_outer_parameter(&cleanup.tokens) {
            return None;
        }
        // The cleanup of an unsafe function may call another one, and so may that of a function with target features call one with
        // the same. And the compiler cannot find the type of a future that awaits itself.
        let signature = &function.signature;
        let has_target_feature =
            |it: &Attribute| tokens::has_word(&it.meta.to_token_stream(), "target_feature");
        if matches!(signature.safety, Safety::Unsafe(_))
            || function.attributes.iter().any(has_target_feature)
            || tokens::has_word(&cleanup.tokens, &signature.ident.to_string())
        {
            return None;
        }
        let future = cleanup.future_of_unit(Uses::Borrowed)?;
        Some(quote_spanned! {*span=> {
            #[allow(clippy::future_not_send)]
            fn __finally_cleanup() -> impl #private::Future<Output = ()> {
                #future
            }
            |_| __finally_cleanup()
        }})
    }
}
