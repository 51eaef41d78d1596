//! The function that comes out. Cannot fail, and names nothing but `__private`.
//!
//! Two forms. A cleanup that uses no argument is a handler behind the body:
//!
//! ```text
//! finally(async move { BODY }, |exit| { .. settle(exit, CLEANUP) }).await
//! ```
//!
//! One that does is the end of a coroutine which owns the arguments, and which the guard resumes once more when it is
//! dropped early:
//!
//! ```text
//! guard(async move { let exit = body(async { BODY }).await; .. settle(exit, CLEANUP) }).await
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Path, ReturnType, Token, spanned::Spanned as _};

use crate::{
    attribute::Arguments,
    boxed::Boxed,
    capture::{self, Captures},
    cleanup::{Cleanup, Evaluation},
    input::{self, Function, Returns},
    options::{OnCancel, Written},
    settle::{self, Settlement},
    tokens,
};

pub(crate) fn expand(mut function: Function, arguments: &Arguments) -> TokenStream {
    let on_cancel = arguments.options.on_cancel.as_ref().map(|written| written.value).unwrap_or_default();
    let span = Span::mixed_site().located_at(arguments.cleanup.span);
    let end = End { cleanup: &arguments.cleanup, on_cancel, private: Ident::new("__finally", span), span };
    let import = import(arguments.options.krate.as_ref(), &end.private);
    let block = match function.returns() {
        Returns::Awaited => {
            let captures = capture::capture(&mut function, true, end.cleanup, &end.private);
            end.of_async_function(&function, &captures)
        }
        Returns::Value => end.of_sync_function(&mut function),
        Returns::Future => end.of_future_function(&function),
        Returns::BoxedFuture => match Boxed::new(&function, &arguments.cleanup) {
            Some(mut boxed) => {
                // Without one, the block takes what it takes without the attribute: of an argument, perhaps, one field.
                let captures = if boxed.mentions_argument(end.cleanup) {
                    capture::capture(&mut boxed.function, true, end.cleanup, &end.private)
                } else {
                    Captures::default()
                };
                let block = end.of_async_function(&boxed.function, &captures);
                boxed.finish(&mut function, &block)
            }
            None => end.of_future_function(&function),
        },
    };
    // With braces of ours, the whole function would be made by a macro in the eyes of the compiler. With the user's, it would
    // count twice how often the body runs.
    let block = tokens::braced(quote! { #import #block }, function.end());
    let Function { attributes, visibility, signature, .. } = function;
    quote! {
        #(#attributes)* #visibility #signature #block
    }
}

/// How a function ends: what every form of it shares.
struct End<'a> {
    cleanup: &'a Cleanup,
    on_cancel: OnCancel,
    /// The one name for all that is ours.
    private: Ident,
    span: Span,
}

/// Where `crate = ..` leads elsewhere, this import fails and the rest keeps quiet.
pub(crate) fn import(krate: Option<&Written<Path>>, private: &Ident) -> TokenStream {
    let span = private.span();
    match krate {
        Some(Written { value: path, span: at }) => {
            let span = span.located_at(*at);
            let private = Ident::new(&private.to_string(), span);
            quote_spanned!(span=> use #path::__private as #private;)
        }
        None => quote_spanned!(span=> use ::finally::__private as #private;),
    }
}

impl End<'_> {
    fn of_async_function(&self, function: &Function, captures: &Captures) -> TokenStream {
        let private = &self.private;
        let (body, place) = (self.body(function, true, captures), function.place());
        let span = function.brace();
        // What no cleanup of this or of a later attribute mentions is taken, and `move` says so for a whole block.
        let takes_all = !captures.mentioned && captures.coroutine.is_none();
        let body = async_block(takes_all, body, place);
        // A borrow that does not live as long as the function says is told where the body gives it.
        let exit_type = match &function.signature.output {
            ReturnType::Type(_, output) if tokens::show_lifetime(&output.to_token_stream()) => {
                let output = input::without_impl_trait(output);
                Some(quote_spanned!(span=> : #private::Exit<#output>))
            }
            _ => None,
        };
        let whole = if captures.mentioned || self.on_cancel != OnCancel::Detach {
            let body = quote_spanned!(span=> #private::Body(#body).await);
            self.coroutine(&body, exit_type.as_ref(), captures, function)
        } else {
            let (exit, settle) = (exit(self.span), self.settle(captures, function));
            let handler = quote_spanned!(self.span=> |#exit #exit_type| { #settle });
            quote_spanned!(span=> #private::Concluded(#body, #handler))
        };
        let before_body = &captures.before_body;
        diverging(function, quote_spanned!(span=> #before_body #whole.await))
    }

    fn of_sync_function(&self, function: &mut Function) -> TokenStream {
        let private = &self.private;
        let captures = capture::capture(function, false, self.cleanup, private);
        let body = self.body(function, false, &captures);
        let before_body = &captures.before_body;
        let (exit, end) = (exit(self.span), end(self.span));
        // Nothing that stays in place moves anywhere.
        let build = settle::evaluate(self.cleanup, captures.mentioned, OnCancel::Block, private, self.span);
        let span = function.brace();
        let body = body_closure(function, body);
        let call = quote_spanned!(span=> let #exit = #private::call(#body););
        let precedes = function.type_that_may_run_later().map(|ty| {
            let span = Span::mixed_site().located_at(ty.span());
            let (private, exit) = (Ident::new(&private.to_string(), span), self::exit(span));
            quote_spanned! {span=>
                if false {
                    #private::precedes(&#exit, &#exit.returned().__finally_when());
                }
            }
        });
        let (body_text, cleanup_text) =
            (settle::describe(self.span, "body"), settle::describe(self.span, "cleanup"));
        let settle = quote_spanned! {self.span=>
            let #end = #build;
            #private::settle_sync(#body_text, #cleanup_text, #end)
        };
        quote! { #before_body #call #precedes #settle }
    }

    /// The block makes the future when the function is called, as it did before. The cleanup belongs to the future.
    fn of_future_function(&self, function: &Function) -> TokenStream {
        let private = &self.private;
        let captures = capture::capture_mentioned(&function.signature, self.cleanup, private);
        let future = format_ident!("__finally_future", span = Span::mixed_site());
        let span = function.brace();
        let is_boxed = function.returns() == Returns::BoxedFuture;
        let output = match &function.signature.output {
            ReturnType::Type(arrow, output) if is_boxed => {
                let output = input::without_impl_trait(output);
                quote! { #arrow #output }
            }
            _ => TokenStream::new(),
        };
        let (body, place) = (function.block(), function.place());
        let body = quote_spanned!(place=> || #output { #body });
        // It is not for the user to write another closure.
        let mut make = quote_spanned!(span=> #private::make(#[allow(closure_returning_async_block)] #body));
        let mut exit_type = None;
        if let Some(output) = function.output_of_future() {
            let span = Span::mixed_site().located_at(output.span());
            let (private, output) =
                (Ident::new(&private.to_string(), span), input::without_impl_trait(output));
            make = quote_spanned!(span=> #private::future::<#output, _, _>(#make));
            exit_type = Some(quote_spanned!(span=> : #private::Exit<#output>));
        }
        let whole = if captures.mentioned || self.on_cancel != OnCancel::Detach {
            let body = quote_spanned!(span=> #private::Body(#future).await);
            self.coroutine(&body, exit_type.as_ref(), &captures, function)
        } else {
            let (exit, settle) = (exit(self.span), self.settle(&captures, function));
            let handler = quote_spanned!(self.span=> |#exit #exit_type| { #settle });
            quote_spanned!(span=> #private::Concluded(#future, #handler))
        };
        let whole = quote_spanned!(span=> #private::IntoFuture::into_future(#whole));
        let whole = if is_boxed { quote_spanned!(span=> #private::Box::pin(#whole)) } else { whole };
        quote_spanned! {span=>
            let #future = #make;
            #whole
        }
    }

    /// Owns the arguments, but for those that are left for a later attribute.
    fn coroutine(
        &self,
        body: &TokenStream,
        exit_type: Option<&TokenStream>,
        captures: &Captures,
        function: &Function,
    ) -> TokenStream {
        let (private, exit, settle) = (&self.private, exit(self.span), self.settle(captures, function));
        match &captures.coroutine {
            None => quote_spanned! {self.span=>
                #private::Guarded(async move {
                    let #exit #exit_type = #body;
                    #settle
                })
            },
            Some(capture) => quote_spanned! {self.span=>
                #private::Guarded(async {
                    if false {
                        #capture
                        return #private::never();
                    }
                    let #exit #exit_type = #body;
                    #settle
                })
            },
        }
    }

    /// The user's block, behind what makes it capture the arguments and tells it the type of its value.
    fn body(&self, function: &Function, is_async: bool, captures: &Captures) -> TokenStream {
        let private = &self.private;
        let Captures { body: capture, in_body, .. } = captures;
        let (output, at) = match &function.signature.output {
            ReturnType::Default => (quote! { () }, function.signature.ident.span()),
            ReturnType::Type(_, output) if function.diverges() => {
                (quote! { #private::Infallible }, output.span())
            }
            ReturnType::Type(_, output) => (input::without_impl_trait(output), output.span()),
        };
        let ours = Span::mixed_site().located_at(at);
        let typed = Ident::new(&private.to_string(), ours);
        let never = if !is_async && function.diverges() {
            quote_spanned!(ours=> match #typed::never::<#output>() {})
        } else if !is_async {
            quote_spanned!(ours=> return #typed::never();)
        } else if function.diverges() {
            quote_spanned!(ours=> return #typed::never::<#output>();)
        } else {
            // Where the body's value is of another type, the compiler shows this value beside it. In a place of the user's it
            // does so without a word about macros. The type is not the argument of a call: the compiler looks at those
            // otherwise than at the signature, and would tell of a type that does not exist twice.
            let value = Ident::new("finally_value", at);
            quote_spanned!(ours=> let #value: #output = #typed::never(); return #value;)
        };
        let span = function.brace();
        let mut body = function.block().into_token_stream();
        if !in_body.is_empty() {
            // Up to edition 2021, what the last expression borrows from outlives the locals of its block, which arguments are not.
            // A block of ours is one of edition 2024, which ends before them.
            body = quote_spanned!(span=> { #body });
        }
        quote_spanned! {span=>
            if false {
                #capture
                #never
            }
            #in_body
            #body
        }
    }

    /// From the exit to the ending, in a coroutine or in a handler.
    fn settle(&self, captures: &Captures, function: &Function) -> TokenStream {
        let Self { private, span, .. } = self;
        let (exit, end) = (exit(self.span), end(self.span));
        // What a cleanup takes as a whole leaves nothing that would have to be dropped behind it.
        let leaves = captures.mentioned && !self.cleanup.takes_whole();
        let built = if leaves && self.on_cancel == OnCancel::Detach {
            let capture = &captures.cleanup;
            let build = match self.cleanup.evaluation(self.on_cancel) {
                Evaluation::Future(cleanup) | Evaluation::Expression(cleanup) => {
                    quote_spanned!(*span=> fill(#cleanup))
                }
                Evaluation::Closure(closure) => quote_spanned!(*span=> build(#closure)),
            };
            quote_spanned! {*span=>
                #private::build_and_drop(#exit, |__finally_builder| {
                    if false {
                        #capture
                        return #private::never();
                    }
                    __finally_builder.#build;
                    __finally_builder.drop_arguments()
                })
            }
        } else {
            settle::evaluate(self.cleanup, captures.mentioned, self.on_cancel, private, *span)
        };
        let detacher = || {
            if captures.mentioned || !self.is_closed(function) {
                return quote_spanned!(*span=> #private::Option::None);
            }
            quote_spanned! {*span=> {
                use #private::{DetachLocal as _, DetachSend as _};
                (&&#end.detach_probe()).__finally_detacher()
            }}
        };
        let settlement = Settlement {
            on_cancel: self.on_cancel,
            private,
            span: *span,
            build: quote_spanned!(*span=> let #end = #built;),
            body: settle::describe(*span, "body"),
        };
        settlement.expand(detacher)
    }

    /// Whether a cleanup that uses no argument uses no type of the function either, so that it borrows nothing.
    fn is_closed(&self, function: &Function) -> bool {
        let generics = &function.signature.generics;
        let mut names = generics.params.iter().map(|parameter| match parameter {
            syn::GenericParam::Type(parameter) => parameter.ident.to_string(),
            syn::GenericParam::Const(parameter) => parameter.ident.to_string(),
            syn::GenericParam::Lifetime(parameter) => parameter.lifetime.ident.to_string(),
        });
        !names.any(|name| tokens::has_word(&self.cleanup.tokens, &name))
            && !tokens::has_word(&self.cleanup.tokens, "Self")
    }
}

/// A value of a type without values becomes `!`.
fn diverging(function: &Function, whole: TokenStream) -> TokenStream {
    if function.diverges() {
        quote! { match #whole {} }
    } else {
        whole
    }
}

/// An async block that is the user's in the eyes of the compiler, which gives no names to what a macro's block captures.
fn async_block(takes_all: bool, body: TokenStream, span: Span) -> TokenStream {
    let (asyncness, body) = (Token![async](span), tokens::braced(body, span));
    let capture = takes_all.then(|| Token![move](span));
    quote! { #asyncness #capture #body }
}

/// The body of a function that is not async. What the compiler says about the head of the function it says about that of the
/// closure, so that stands in the same place.
fn body_closure(function: &Function, body: TokenStream) -> TokenStream {
    let bars = Token![||](function.start());
    let body = tokens::braced(body, function.body.span());
    match &function.signature.output {
        ReturnType::Type(arrow, output) => {
            let output = input::without_impl_trait(output);
            quote! { #bars #arrow #output #body }
        }
        ReturnType::Default => {
            let end = function.signature.paren_token.span.close();
            quote_spanned! {end=> #bars -> () #body }
        }
    }
}

/// At the span of the cleanup: what the compiler has to say about it, it says once, and there.
fn exit(span: Span) -> Ident {
    Ident::new("__finally_exit", span)
}

fn end(span: Span) -> Ident {
    Ident::new("__finally_end", span)
}
