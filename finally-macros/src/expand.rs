//! The function that comes out. Cannot fail, and names nothing but `__private`, with one exception: the signature of a function
//! with `armed = call` names `Future` by its place in `core`, because there a wrong `crate = ..` would be a second error.
//!
//! Two forms. A cleanup that uses no argument is a handler behind the body:
//!
//! ```text
//! WithoutArguments(async move { BODY }, |exit| { .. settle(exit, CLEANUP) }).await
//! ```
//!
//! One that does is the end of a coroutine which owns the arguments, and which the guard resumes once more when it is
//! dropped early:
//!
//! ```text
//! WithArguments(async move { let exit = Body(async { BODY }).await; .. settle(exit, CLEANUP) }).await
//! ```
//!
//! An `async fn` with `armed = call` becomes a function that returns one of these futures. Nothing is around it, so the arguments
//! are in it once. Further attributes on that function are expanded along, and have the future in the place of their `BODY`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Attribute, Meta, Path, ReturnType, Token, parse_quote_spanned, spanned::Spanned as _};

use crate::{
    attribute::Arguments,
    boxed::Boxed,
    capture::{self, Captures, Owner},
    cleanup::{Cleanup, Cleanups, Evaluation, Uses},
    input::{self, Function, Returns},
    options::{Armed, OnCancel, Written},
    settle::{self, Replacement, Settlement},
    tokens,
};

pub(crate) fn expand(mut function: Function, arguments: &Arguments) -> TokenStream {
    let end = End::new(arguments);
    let import = import(arguments.options.krate.as_ref(), &end.private);
    let block = match function.returns() {
        Returns::Awaited => {
            let captures = end.capture(&mut function);
            end.of_async_function(&function, &captures)
        }
        Returns::Value => end.of_sync_function(&mut function),
        Returns::Future => end.of_future_function(&function),
        Returns::BoxedFuture => match Boxed::new(&function, arguments.cleanups()) {
            Some(mut boxed) => {
                // Without one, the block takes what it takes without the attribute: of an argument, perhaps, one field.
                let captures = if boxed.mentions_argument(end.cleanups()) {
                    end.capture(&mut boxed.function)
                } else {
                    Captures::default()
                };
                let block = end.of_async_function(&boxed.function, &captures);
                boxed.finish(&mut function, &block)
            }
            None => end.of_future_function(&function),
        },
    };
    finish(function, quote! { #import #block })
}

/// The same for `armed = call`, with the attributes `below` it.
pub(crate) fn expand_armed(mut function: Function, first: &Arguments, below: &[Arguments]) -> TokenStream {
    let end = End::new(first);
    let import = import(first.options.krate.as_ref(), &end.private);
    let mut whole = end.armed(&mut function, None);
    for arguments in below {
        function.remove_later_cleanup();
        whole = End::new(arguments).armed(&mut function, Some(whole));
    }
    let Whole { before, future } = whole;
    let span = function.brace();
    let (output, future) = match &function.signature.output {
        ReturnType::Type(_, output) if function.diverges() => {
            let at = Span::mixed_site().located_at(output.span());
            let (private, path) = (&end.private, private_path(first.options.krate.as_ref(), at));
            (quote_spanned!(at=> #path::Never), quote_spanned!(span=> #private::diverging(#future)))
        }
        ReturnType::Type(_, output) => (output.to_token_stream(), future),
        ReturnType::Default => (quote!(()), future),
    };
    return_future(&mut function, &output);
    finish(function, quote! { #import #before #future })
}

fn finish(function: Function, block: TokenStream) -> TokenStream {
    // With braces of ours, the whole function would be made by a macro in the eyes of the compiler. With the user's, it would
    // count twice how often the body runs.
    let block = tokens::braced(block, function.end());
    let Function { attributes, visibility, signature, .. } = function;
    quote! {
        #(#attributes)* #visibility #signature #block
    }
}

/// How a function ends: what every form of it shares.
struct End<'a> {
    cleanup: &'a Cleanup,
    on_cancel: &'a OnCancel,
    armed: Armed,
    /// The one name for all that is ours.
    private: Ident,
    span: Span,
}

/// Where `crate = ..` leads elsewhere, this import fails and the rest keeps quiet.
pub(crate) fn import(krate: Option<&Written<Path>>, private: &Ident) -> TokenStream {
    let span = krate.map_or(private.span(), |written| private.span().located_at(written.span));
    let (path, private) = (private_path(krate, span), Ident::new(&private.to_string(), span));
    quote_spanned!(span=> use #path as #private;)
}

fn private_path(krate: Option<&Written<Path>>, span: Span) -> TokenStream {
    match krate {
        Some(Written { value: path, .. }) => quote_spanned!(span=> #path::__private),
        None => quote_spanned!(span=> ::finally::__private),
    }
}

/// A future that is armed when it is made, and what has to stand before it.
struct Whole {
    before: TokenStream,
    future: TokenStream,
}

impl<'a> End<'a> {
    fn new(arguments: &'a Arguments) -> Self {
        let span = Span::mixed_site().located_at(arguments.cleanup.span);
        Self {
            cleanup: &arguments.cleanup,
            on_cancel: arguments.on_cancel(),
            armed: arguments.armed(),
            private: Ident::new("__finally", span),
            span,
        }
    }

    const fn cleanups(&self) -> Cleanups<'a> {
        Cleanups { first: self.cleanup, replacement: self.on_cancel.replacement() }
    }

    /// Captures the arguments of an async function.
    fn capture(&self, function: &mut Function) -> Captures {
        let body = function.body.stream();
        capture::capture(function, &body, Owner::Function, self.cleanups(), &self.private)
    }

    fn of_async_function(&self, function: &Function, captures: &Captures) -> TokenStream {
        let body = self.async_body(function, captures);
        let whole = self.guarded(&body, &TokenStream::new(), captures, function);
        let (before_body, span) = (&captures.before_body, function.brace());
        diverging(function, quote_spanned!(span=> #before_body #whole.await))
    }

    /// The future of the function's body, or of the attributes above, with this cleanup.
    fn armed(&self, function: &mut Function, inside: Option<Whole>) -> Whole {
        let private = &self.private;
        let is_innermost = inside.is_none();
        let Whole { mut before, future } =
            inside.unwrap_or_else(|| Whole { before: TokenStream::new(), future: function.body.stream() });
        let captures = capture::capture(function, &future, Owner::Coroutine, self.cleanups(), private);
        let body = if is_innermost { self.async_body(function, &captures) } else { future };
        let mut in_coroutine = TokenStream::new();
        if self.needs_coroutine(&captures, function) {
            in_coroutine = std::mem::take(&mut before);
            // A coroutine that leaves arguments for a later attribute is inside of another one, which owns the parts.
            let parts = if captures.coroutine.is_none() { &mut in_coroutine } else { &mut before };
            parts.extend(captures.before_body.clone());
        }
        let whole = self.guarded(&body, &in_coroutine, &captures, function);
        let span = function.brace();
        Whole { before, future: quote_spanned!(span=> #private::armed(#whole)) }
    }

    /// The body of an async function as a block.
    fn async_body(&self, function: &Function, captures: &Captures) -> TokenStream {
        let body = self.body(function, true, captures);
        // What no cleanup of this or of a later attribute mentions is taken, and `move` says so for a whole block.
        let takes_all = !captures.mentioned && captures.coroutine.is_none();
        async_block(takes_all, body, function.place())
    }

    /// Whether the cleanup is the end of a coroutine, and not a handler.
    fn needs_coroutine(&self, captures: &Captures, function: &Function) -> bool {
        // A coroutine that is armed would own the arguments of its body a second time. The type of a coroutine does not name the
        // output, which then need not outlive the future.
        captures.mentioned
            || (!matches!(self.on_cancel, OnCancel::Detach) && self.armed == Armed::Poll)
            || function.output_may_not_outlive()
    }

    /// Puts the cleanup behind a body, which stands behind `before` if they are in a coroutine.
    fn guarded(
        &self,
        body: &TokenStream,
        before: &TokenStream,
        captures: &Captures,
        function: &Function,
    ) -> TokenStream {
        let (private, span) = (&self.private, function.brace());
        // A borrow that does not live as long as the function says is told where the body gives it.
        let exit_type = match &function.signature.output {
            ReturnType::Type(_, output) if tokens::show_lifetime(&output.to_token_stream()) => {
                let output = input::without_impl_trait(output);
                Some(quote_spanned!(span=> : #private::Exit<#output>))
            }
            _ => None,
        };
        if self.needs_coroutine(captures, function) {
            let body = quote_spanned!(span=> #private::Body(#body).await);
            self.coroutine(&body, before, exit_type.as_ref(), captures, function)
        } else {
            let (exit, settle) = (exit(self.span), self.settle(captures, function));
            let handler = quote_spanned!(self.span=> |#exit #exit_type| { #settle });
            quote_spanned!(span=> #private::WithoutArguments(#body, #handler))
        }
    }

    /// In a closure, what the body calls would have the closure for its caller. So the body stays where it is, and a drop runs the
    /// cleanup.
    fn of_tracking_function(&self, function: &mut Function) -> TokenStream {
        let private = &self.private;
        let body = function.body.stream();
        let Captures { before_body, in_body, .. } =
            capture::capture(function, &body, Owner::Call, self.cleanups(), private);
        let cleanup = self.cleanup.evaluation(Uses::Borrowed).into_closure(self.span);
        let precedes = function.type_that_may_run_later().map(|ty| {
            let ty = input::without_impl_trait(ty);
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
        // A block of ours is one of edition 2024, whose last expression holds nothing longer than its locals.
        let (span, body) = (function.brace(), function.block());
        let body = quote_spanned!(span=> { #in_body { #body } });
        quote! { #before_body #precedes #defer #body }
    }

    /// Refuses a type that runs later.
    fn precedes(&self, function: &Function) -> Option<TokenStream> {
        function.type_that_may_run_later().map(|ty| {
            let span = Span::mixed_site().located_at(ty.span());
            let (private, exit) = (Ident::new(&self.private.to_string(), span), exit(span));
            quote_spanned!(span=> #private::precedes(&#exit, &#exit.returned().__finally_when());)
        })
    }

    fn of_sync_function(&self, function: &mut Function) -> TokenStream {
        if function.track_caller().is_some() {
            return self.of_tracking_function(function);
        }
        let private = &self.private;
        let body = function.body.stream();
        let captures = capture::capture(function, &body, Owner::Call, self.cleanups(), private);
        let body = self.body(function, false, &captures);
        let before_body = &captures.before_body;
        let (exit, end) = (exit(self.span), end(self.span));
        // Nothing that stays in place moves anywhere.
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

    /// The block makes the future when the function is called, as it did before. The cleanup belongs to the future.
    fn of_future_function(&self, function: &Function) -> TokenStream {
        let private = &self.private;
        let captures = capture::capture_mentioned(&function.signature, self.cleanups(), private);
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
        let mut make = match (function.track_caller(), &function.signature.output) {
            (None, _) => {
                let body = quote_spanned!(place=> || #output { #body });
                // It is not for the user to write another closure.
                quote_spanned!(span=> #private::make(#[allow(closure_returning_async_block)] #body))
            }
            // As the body of a function that is not async.
            (Some(_), ReturnType::Type(_, output)) if is_boxed => {
                let output = input::without_impl_trait(output);
                quote_spanned!(span=> { let __finally_made: #output = { #body }; __finally_made })
            }
            (Some(_), _) => quote_spanned!(span=> { #body }),
        };
        let mut exit_type = None;
        if let Some(output) = function.output_of_future() {
            let span = Span::mixed_site().located_at(output.span());
            let (private, output) =
                (Ident::new(&private.to_string(), span), input::without_impl_trait(output));
            make = quote_spanned!(span=> #private::future::<#output, _, _>(#make));
            exit_type = Some(quote_spanned!(span=> : #private::Exit<#output>));
        }
        let whole = if self.needs_coroutine(&captures, function) {
            let body = quote_spanned!(span=> #private::Body(#future).await);
            self.coroutine(&body, &TokenStream::new(), exit_type.as_ref(), &captures, function)
        } else {
            let (exit, settle) = (exit(self.span), self.settle(&captures, function));
            let handler = quote_spanned!(self.span=> |#exit #exit_type| { #settle });
            quote_spanned!(span=> #private::WithoutArguments(#future, #handler))
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
        before: &TokenStream,
        exit_type: Option<&TokenStream>,
        captures: &Captures,
        function: &Function,
    ) -> TokenStream {
        let (private, exit, settle) = (&self.private, exit(self.span), self.settle(captures, function));
        match &captures.coroutine {
            None => quote_spanned! {self.span=>
                #private::WithArguments(async move {
                    #before
                    let #exit #exit_type = #body;
                    #settle
                })
            },
            Some(capture) => quote_spanned! {self.span=>
                #private::WithArguments(async {
                    if false {
                        #capture
                        return #private::never();
                    }
                    #before
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
        let end = end(self.span);
        let built = match self.on_cancel {
            OnCancel::Detach => self.build_detached(self.cleanup, captures, *span),
            on_cancel => settle::evaluate(self.cleanup, captures.mentioned, on_cancel, private, *span),
        };
        let build_replacement = self.on_cancel.replacement().map(|cleanup| {
            let span = Span::mixed_site().located_at(cleanup.span);
            Replacement { span, built: self.build_detached(cleanup, captures, span) }
        });
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
            build_replacement,
            body: settle::describe_body(*span),
            in_coroutine: self.needs_coroutine(captures, function),
        };
        settlement.expand(detacher)
    }

    /// Evaluates a cleanup that may be detached, and drops what it leaves of the arguments that it mentions.
    fn build_detached(&self, cleanup: &Cleanup, captures: &Captures, span: Span) -> TokenStream {
        let (private, exit, capture) = (&self.private, exit(self.span), &captures.cleanup);
        // What a cleanup takes as a whole leaves nothing that would have to be dropped behind it.
        if !captures.mentioned || cleanup.takes_whole() {
            return settle::evaluate(cleanup, captures.mentioned, &OnCancel::Detach, private, span);
        }
        let build = match cleanup.evaluation(Uses::Taken) {
            Evaluation::Future(cleanup) | Evaluation::Expression(cleanup) => {
                quote_spanned!(span=> fill(#cleanup))
            }
            Evaluation::Closure(closure) => quote_spanned!(span=> build(#closure)),
        };
        quote_spanned! {span=>
            #private::build_and_drop(#exit, |__finally_builder| {
                if false {
                    #capture
                    return #private::never();
                }
                __finally_builder.#build;
                __finally_builder.drop_arguments()
            })
        }
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

/// Has an async function return its future instead.
///
/// The word `impl` is one of edition 2024, as all that a macro of ours writes, so the opaque type captures every lifetime, whatever
/// the edition of the user. The last token is one of the user's: with another one, the whole head would be made by a macro in the
/// eyes of the compiler, which then keeps lints to itself.
fn return_future(function: &mut Function, output: &TokenStream) {
    let end = function.end();
    let span = Span::mixed_site().located_at(end);
    let close = Token![>](end);
    function.signature.asyncness = None;
    function.signature.output =
        parse_quote_spanned!(span=> -> impl ::core::future::Future<Output = #output #close);
    // A future says this by itself, and clippy says so.
    let says_nothing_more =
        |attribute: &Attribute| matches!(&attribute.meta, Meta::Path(path) if path.is_ident("must_use"));
    function.attributes.retain(|attribute| !says_nothing_more(attribute));
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
