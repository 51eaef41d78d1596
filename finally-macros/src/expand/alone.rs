//! Puts a cleanup into a function of its own, so that the compiler knows whether its future is `Send`.
//!
//! While the compiler checks a function, it does not know yet which values an async block in it holds. With
//! `on_cancel = block`, it is asked whether the cleanup can be handed off, and would answer too early. It knows the
//! future of another function.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Safety;

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
        // The cleanup of an unsafe function may call another one, and that of a function with target features may call one with
        // the same. The compiler cannot find the type of a future that awaits itself.
        let signature = &function.signature;
        if matches!(signature.safety, Safety::Unsafe(_))
            || function.attribute("target_feature").is_some()
            || tokens::has_word(&cleanup.tokens, &signature.ident.to_string())
        {
            return None;
        }
        let future = cleanup.future_of_unit(Uses::Borrowed)?;
        // The lint is about futures that are not `Send`, and the function is there for them.
        Some(quote_spanned! {*span=> {
            #[allow(clippy::future_not_send)]
            fn __finally_cleanup() -> impl #private::Future<Output = ()> {
                #future
            }
            |_| __finally_cleanup()
        }})
    }
}
