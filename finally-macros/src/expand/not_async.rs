//! Functions that are not async: the body is called, and the cleanup runs in place.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{ReturnType, Token, spanned::Spanned as _};

use super::{Expansion, end, exit};
use crate::{
    capture::{self, Captures, Owner},
    cleanup::Uses,
    input::Function,
    options::OnCancel,
    settle, tokens, types,
};

impl Expansion<'_> {
    /// Expands a function with `#[track_caller]`. Inside a closure, the body's callees would see the closure as
    /// their caller. So the body stays in place, and a destructor runs the cleanup.
    fn of_tracking_function(&self, function: &mut Function) -> TokenStream {
        let private = &self.private;
        let body = function.body.stream();
        let Captures { before_body, in_body, .. } =
            capture::capture(function, &body, Owner::Call, self.cleanups(), private);
        let cleanup = self.cleanup.evaluation(Uses::Borrowed).into_closure(self.span);
        let precedes = function.type_that_may_run_later().map(|ty| {
            let ty = types::without_impl_trait(ty);
            let exit = exit(self.span);
            let precedes = self.precedes(function);
            quote_spanned! {self.span=>
                if false {
                    let #exit: #private::Exit<#ty> = #private::never();
                    #precedes
                }
            }
        });
        let defer = quote_spanned! {self.span=>
            let __finally_deferred = #private::deferred(|| #private::here(), #cleanup);
        };
        // Our block is of edition 2024, in which the temporaries of the last expression are dropped before the
        // locals.
        let (span, body) = (function.brace(), function.block());
        let body = quote_spanned!(span=> { #in_body { #body } });
        quote! { #before_body #precedes #defer #body }
    }

    /// Rejects a type whose value runs after the function has returned.
    fn precedes(&self, function: &Function) -> Option<TokenStream> {
        function.type_that_may_run_later().map(|ty| {
            let span = Span::mixed_site().located_at(ty.span());
            let (private, exit) = (Ident::new(&self.private.to_string(), span), exit(span));
            quote_spanned!(span=> #private::precedes(&#exit, &#exit.returned().__finally_when());)
        })
    }

    pub(super) fn of_sync_function(&self, function: &mut Function) -> TokenStream {
        if function.track_caller().is_some() {
            return self.of_tracking_function(function);
        }
        let private = &self.private;
        let body = function.body.stream();
        let captures = capture::capture(function, &body, Owner::Call, self.cleanups(), private);
        let body = self.body(function, false, &captures);
        let before_body = &captures.before_body;
        let (exit, end) = (exit(self.span), end(self.span));
        // A cleanup that runs in place moves to no other task or thread, so it is evaluated without the bounds
        // of a detached one.
        let build = settle::evaluate(self.cleanup, captures.mentioned, &OnCancel::Block, private, self.span);
        let span = function.brace();
        let body = body_closure(function, body);
        let call = quote_spanned!(span=> let #exit = #private::call(#body););
        let precedes = self.precedes(function).map(|precedes| quote_spanned!(span=> if false { #precedes }));
        let (body_text, cleanup_text) =
            (settle::describe_body(self.span), settle::describe_cleanup(self.span));
        let settle = quote_spanned! {self.span=>
            let #end = #build;
            #private::settle_sync(#body_text, #cleanup_text, #end)
        };
        quote! { #before_body #call #precedes #settle }
    }
}

/// Generates the closure for the body of a function that is not async. The compiler repeats its diagnostics
/// about the function's head for the closure's head, so the closure's head has the same spans.
fn body_closure(function: &Function, body: TokenStream) -> TokenStream {
    let bars = Token![||](function.start());
    let body = tokens::braced(body, function.body.span());
    match &function.signature.output {
        ReturnType::Type(arrow, output) => {
            let output = types::without_impl_trait(output);
            quote! { #bars #arrow #output #body }
        }
        ReturnType::Default => {
            let end = function.signature.paren_token.span.close();
            quote_spanned! {end=> #bars -> () #body }
        }
    }
}
