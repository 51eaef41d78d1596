//! Generates the expression. Expansion cannot fail, and the generated code names nothing but `__private`.
//!
//! A block in place is polled, or called if nothing in it awaits. Its control flow continues after the cleanup:
//!
//! ```text
//! match WithArguments(async { section(Body(async { BODY }).await, |exit| { .. settle(exit, CLEANUP) }) }).await {
//!     Ok(End::Value(value)) => value,
//!     Ok(End::Return(result)) => return result,
//!     ..
//! }
//! ```
//!
//! If body and cleanup share no variable, the body needs no coroutine around it, and the cleanup is a handler:
//!
//! ```text
//! match SharingNothing(ByValue, async { BODY }, |exit| { .. settle(exit, CLEANUP) }).await { .. }
//! ```
//!
//! A block that creates a future is the driver itself. It always has the first form: the type of a coroutine does not
//! name its output, which then need not outlive the future.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Token, Type, spanned::Spanned as _};

use super::{
    input::{Block, Kind},
    jumps::{self, Jump, Lowered},
};
use crate::{
    cleanup::{self, Cleanup},
    options::OnCancel,
    settle::{self, Coroutine, Replacement, Settlement},
    tokens,
};

pub(crate) fn expand(block: &Block) -> TokenStream {
    let on_cancel = block.options.on_cancel();
    let span = Span::mixed_site().located_at(block.cleanup.span);
    let expansion = Expansion { block, on_cancel, private: Ident::new("__finally", span), span };
    let import = expansion.import();
    let expression = match block.body.kind {
        Kind::Try => expansion.of_block_in_place(),
        Kind::Async { capture } => expansion.of_future(capture.is_some()),
    };
    quote! { { #import #expression } }
}

/// The place where a body runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the function itself, or in a coroutine that the cleanup is the end of.
    BesideCleanup,
    /// In a combinator, which hands its end to the handler.
    Combinator,
}

/// The block that a body becomes, and the statements around it.
struct Passage {
    /// Declarations for a body that may leave the enclosing function.
    before: Option<TokenStream>,
    body: TokenStream,
    /// In a combinator, the way to exit with an `End`.
    exit: TokenStream,
    /// In another place, converts the result of the body into an `End`.
    after: Option<TokenStream>,
}

struct Expansion<'a> {
    block: &'a Block,
    on_cancel: &'a OnCancel,
    /// The only name through which generated code refers to the library.
    private: Ident,
    span: Span,
}

impl Expansion<'_> {
    fn import(&self) -> TokenStream {
        let Self { private, span, .. } = self;
        let krate = match &self.block.options.krate {
            Some(path) => path.value.to_token_stream(),
            None => self.block.krate.clone(),
        };
        quote_spanned!(*span=> use #krate::__private as #private;)
    }

    /// Generates a block in place. The types of the body's value and of the function's result may not be known
    /// yet, so code that never runs connects them to the surroundings before the body.
    fn of_block_in_place(&self) -> TokenStream {
        let Self { private, block, .. } = self;
        let lowered = jumps::lower(&block.body.block);
        let (tell_jumps, go_on) = (self.tell_jumps(&lowered.jumps), self.go_on(&lowered.jumps));
        let span = self.body_span();
        let ty = block.ty.as_ref().map_or_else(|| quote_spanned!(span=> _), Type::to_token_stream);
        let ended = match block.awaits {
            Some(at) => self.awaited(at, lowered),
            None => self.at_once(lowered),
        };
        let whole = quote_spanned! {span=>
            if let #private::Or::This(__finally_value) = __finally_types.value() {
                __finally_value
            } else {
                #[allow(unreachable_code)]
                if let #private::Or::This(__finally_result) = __finally_types.result() {
                    return __finally_result;
                }
                #tell_jumps
                match #ended { #go_on }
            }
        };
        // If the surroundings expect another type than the written one, the error is reported once, and at the
        // written type.
        let whole = block.ty.as_ref().map_or(whole.clone(), |ty| {
            let at = Span::mixed_site().located_at(ty.span());
            quote_spanned!(at=> __finally_types.typed(#whole))
        });
        quote_spanned! {span=>
            let __finally_types = #private::Types::<#ty, _>::new().diverge(|| loop {});
            #whole
        }
    }

    /// Returns the body's block with the type of the whole block. The branch that never runs prevents warnings
    /// about unnecessary braces, and about unreachable code after a body that never ends.
    fn typed(&self, body: &Group) -> TokenStream {
        let private = &self.private;
        quote_spanned! {self.body_span()=>
            if let #private::Or::This(__finally_value) = __finally_types.value() { __finally_value } else #body
        }
    }

    /// Returns the body with its end: a value or one of the jumps. Each jump breaks out of the block with its
    /// label.
    fn end(&self, lowered: Lowered) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let Lowered { body, jumps, in_macro } = lowered;
        let typed = self.typed(&body);
        let end = if cleanup::never_ends(&body) {
            // In a function that never returns, the compiler would warn about unreachable code.
            quote_spanned! {span=>
                {
                    let __finally_value = #typed;
                    #[allow(unreachable_code)]
                    let __finally_ended = __finally_types.end(__finally_value);
                    __finally_ended
                }
            }
        } else {
            quote_spanned!(span=> __finally_types.end(#typed))
        };
        if jumps.is_empty() {
            return end;
        }
        let mut inside = quote_spanned! {span=>
            let __finally_ended = #end;
            #[allow(unreachable_code)]
            break '__finally_end __finally_ended;
        };
        if in_macro {
            inside = self.in_loop(&inside, &jumps);
        }
        for (number, Jump { value, .. }) in jumps.iter().enumerate() {
            let (label, jump) =
                (jumps::label(number), self.jump(number, quote_spanned!(span=> __finally_jump)));
            let told = value.map(|_| {
                let types = self.types_of(number);
                quote_spanned! {span=>
                    if let #private::Or::This(__finally_value) = #types.value() {
                        break #label __finally_value;
                    }
                }
            });
            inside = quote_spanned! {span=>
                let __finally_jump = #label: {
                    #told
                    #inside
                };
                #[allow(unreachable_code)]
                break '__finally_end #private::End::Jump(#jump);
            };
        }
        quote_spanned!(span=> '__finally_end: { #inside })
    }

    /// Wraps the body in a loop that runs once. A jump in a macro belongs to a loop of that macro, or to this
    /// one if the macro has none.
    fn in_loop(&self, inside: &TokenStream, jumps: &[Jump]) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let label = |word: &str| jumps.iter().position(|jump| jump.is(word, None)).map(jumps::label);
        let continued = label("continue").map(|label| quote_spanned!(span=> break #label;));
        let (ty, broken) = match label("break") {
            Some(label) => (None, quote_spanned!(span=> break #label __finally_broken;)),
            None => (
                Some(quote_spanned!(span=> : #private::Infallible)),
                quote_spanned!(span=> match __finally_broken {}),
            ),
        };
        quote_spanned! {span=>
            let mut __finally_entered = false;
            let __finally_broken #ty = loop {
                if __finally_entered {
                    #continued
                }
                __finally_entered = true;
                #inside
            };
            #[allow(unreachable_code)]
            { #broken }
        }
    }

    /// Fixes the type of each `break` with a value before the body.
    fn tell_jumps(&self, jumps: &[Jump]) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let valued =
            jumps.iter().enumerate().filter_map(|(number, jump)| Some((number, jump, valued(jump)?)));
        tokens::join(valued.map(|(number, Jump { word, label, .. }, value)| {
            let types = self.types_of(number);
            quote_spanned! {span=>
                let #types = #private::Types::<_, ()>::new();
                #[allow(unreachable_code)]
                if let #private::Or::This(#value) = #types.value() {
                    #word #label #value;
                }
            }
        }))
    }

    /// Returns the variable that carries the type of this jump's value.
    fn types_of(&self, number: usize) -> Ident {
        format_ident!("__finally_types_{number}", span = self.body_span())
    }

    /// Wraps the value of a jump in nested `Or`s, which distinguish it from all other jumps.
    fn jump(&self, number: usize, value: TokenStream) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        (0..number).fold(
            quote_spanned!(span=> #private::Or::This(#value)),
            |jump, _| quote_spanned!(span=> #private::Or::Other(#jump)),
        )
    }

    fn awaited(&self, at: Span, lowered: Lowered) -> TokenStream {
        if self.fits_combinator() {
            return self.combined(at, lowered);
        }
        let private = &self.private;
        let span = self.body_span();
        let Passage { before, body, after, .. } = self.passage(lowered, Place::BesideCleanup);
        let body = match before {
            Some(_) => quote_spanned!(span=> #private::LeavingBody(&__finally_left, async #body)),
            None => quote_spanned!(span=> #private::Body(async #body)),
        };
        let build = self.build_fallible(&self.build(self.on_cancel));
        let exit = quote_spanned!(span=> #body.await);
        let section = self.settlement(
            quote_spanned!(span=> #after #build),
            quote_spanned!(self.span=> #private::describe_end),
            Some(Coroutine { exit: &exit, exit_type: None }),
        );
        let awaiting = awaiting(at);
        quote_spanned! {span=>
            #private::WithArguments(async {
                #before
                #section
            }).#awaiting
        }
    }

    /// Returns whether the cleanup can be a handler that lives beside the body.
    fn fits_combinator(&self) -> bool {
        let Block { body, cleanup, leaves_combinator, .. } = self.block;
        let body = body.block.stream();
        matches!(self.on_cancel, OnCancel::Detach)
            && (*leaves_combinator || !tokens::may_leave(&body))
            && tokens::share_nothing(&body, &cleanup.tokens)
    }

    fn combined(&self, at: Span, lowered: Lowered) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let Passage { before, body, exit, .. } = self.passage(lowered, Place::Combinator);
        let build = self.build_fallible(&self.build(self.on_cancel));
        let settled = self.settlement(build, quote_spanned!(self.span=> #private::describe_end), None);
        let handler = quote_spanned!(self.span=> |__finally_exit| { #settled });
        let awaiting = awaiting(at);
        let ended = quote_spanned!(span=> #private::SharingNothing(#exit, async #body, #handler).#awaiting);
        match before {
            None => ended,
            Some(before) => quote_spanned! {span=>
                {
                    #before
                    #[allow(unreachable_code)]
                    let __finally_ended = #ended;
                    __finally_ended
                }
            },
        }
    }

    fn at_once(&self, lowered: Lowered) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let Passage { before, body, after, .. } = self.passage(lowered, Place::BesideCleanup);
        let exit = match before {
            Some(_) => quote_spanned!(span=> #private::run(&__finally_left, async #body)),
            None => quote_spanned!(span=> #private::call(|| #body)),
        };
        let build = self.build_fallible(&self.build(&OnCancel::Block));
        let cleanup_text = settle::describe_cleanup(self.span);
        let settle = quote_spanned! {self.span=>
            // If the body can only panic, this type is uninhabited, and the compiler would warn about
            // unreachable code.
            #[allow(unreachable_code)]
            let __finally_ended = {
                let __finally_ended = #private::settle_at_once(
                    #private::describe_end, #cleanup_text, __finally_end
                );
                __finally_ended
            };
            __finally_ended
        };
        quote_spanned! {span=>
            {
                #before
                let __finally_exit = #exit;
                #after
                #build
                #settle
            }
        }
    }

    /// Returns the body in a form that hands its end to the code after the cleanup.
    fn passage(&self, lowered: Lowered, place: Place) -> Passage {
        let private = &self.private;
        let span = self.body_span();
        if tokens::may_leave(&lowered.body.stream()) {
            // `return` and `?` end the body with the function's result, so its own value is passed through a
            // slot.
            let no_await = self
                .block
                .awaits
                .is_none()
                .then(|| quote_spanned!(span=> let __finally_no_await = #private::NoAwait;));
            let end = self.end(lowered);
            let filled = quote_spanned! {span=> {
                #no_await
                #end
            }};
            let (before, fill) = match place {
                Place::BesideCleanup => (
                    quote_spanned! {span=>
                        let mut __finally_slot = #private::Slot::EMPTY;
                        let __finally_left = #private::Left::new();
                    },
                    quote_spanned!(span=> __finally_slot = #private::Slot::filled(#filled);),
                ),
                Place::Combinator => (
                    quote_spanned!(span=> let __finally_left = #private::SharedSlot::new();),
                    quote_spanned!(span=> #private::Slot::filled(#filled).share(&__finally_left);),
                ),
            };
            return Passage {
                before: Some(before),
                body: quote_spanned! {span=>
                    {
                        #[allow(unreachable_code)]
                        if let #private::Or::This(__finally_result) = __finally_types.result() {
                            return __finally_result;
                        }
                        #fill
                        __finally_left.leave().await
                    }
                },
                exit: quote_spanned!(span=> &__finally_left),
                after: Some(
                    quote_spanned!(span=> let __finally_exit = __finally_exit.leave(__finally_slot);),
                ),
            };
        }
        // A macro may have the name of one in the standard library and still contain `return`, which must not
        // return the value of the block.
        if lowered.jumps.is_empty() && !tokens::has_macro(&lowered.body.stream()) {
            let body = self.typed(&lowered.body);
            return Passage {
                before: None,
                body: quote_spanned! {span=>
                    {
                        #[allow(unreachable_code)]
                        if let #private::Or::This(__finally_value) = __finally_types.value() {
                            return __finally_value;
                        }
                        #body
                    }
                },
                exit: quote_spanned!(span=> __finally_types.with_value()),
                after: Some(
                    quote_spanned!(span=> let __finally_exit = __finally_types.returned(__finally_exit);),
                ),
            };
        }
        let end = self.end(lowered);
        Passage {
            before: None,
            body: quote_spanned!(span=> { #end }),
            exit: quote_spanned!(span=> #private::ByValue),
            after: None,
        }
    }

    /// Generates the control flow after the cleanup.
    fn go_on(&self, jumps: &[Jump]) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let arms = jumps.iter().enumerate().map(|(number, jump)| {
            let (Jump { word, label, .. }, value) = (jump, valued(jump));
            let pattern = self.jump(number, value.clone().unwrap_or_else(|| quote_spanned!(span=> ())));
            quote_spanned!(span=> #private::Result::Ok(#private::End::Jump(#pattern)) => #word #label #value,)
        });
        let none = (0..jumps.len()).fold(
            quote_spanned!(span=> __finally_none),
            |none, _| quote_spanned!(span=> #private::Or::Other(#none)),
        );
        let none = quote_spanned! {span=>
            #private::Result::Ok(#private::End::Jump(#none)) => {
                let __finally_none: #private::Infallible = __finally_none;
                match __finally_none {}
            }
        };
        let route = quote_spanned! {self.span=>
            #[allow(unreachable_code)]
            #private::Result::Err(__finally_failure) => {
                let __finally_routed = {
                    use #private::{RouteNothing as _, RouteResult as _, RouteValue as _};
                    (&&&__finally_types.route(&__finally_failure)).__finally_route(__finally_failure)
                };
                match __finally_routed {
                    #private::Result::Ok(__finally_value) => __finally_value,
                    #private::Result::Err(__finally_result) => return __finally_result,
                }
            }
        };
        quote_spanned! {span=>
            #private::Result::Ok(#private::End::Value(__finally_value)) => __finally_value,
            #[allow(unreachable_code)]
            #private::Result::Ok(#private::End::Return(__finally_result)) => return __finally_result,
            #(#arms)*
            #none
            #route
        }
    }

    fn of_future(&self, moves: bool) -> TokenStream {
        let Self { private, block, .. } = self;
        let span = self.body_span();
        let body = self.typed_body();
        let outer = moves.then(|| quote_spanned!(span=> move));
        // The body borrows the variables that it shares with the cleanup.
        let shares = |cleanup: &Cleanup| tokens::share_variable(&block.body.block.stream(), &cleanup.tokens);
        let takes_all = moves && !shares(&block.cleanup) && !self.on_cancel.replacement().is_some_and(shares);
        let inner = takes_all.then(|| quote_spanned!(span=> move));
        let exit = quote_spanned!(span=> #private::Body(async #inner #body).await);
        let section = self.settlement(
            self.build(self.on_cancel),
            self.describe_output(),
            Some(Coroutine { exit: &exit, exit_type: None }),
        );
        quote_spanned! {span=>
            #private::IntoFuture::into_future(#private::WithArguments(async #outer { #section }))
        }
    }

    /// Returns the body of a future, preceded by the type of its output.
    fn typed_body(&self) -> TokenStream {
        let Self { private, block, .. } = self;
        let body = &block.body.block;
        match &block.ty {
            None => body.to_token_stream(),
            Some(ty) => {
                let span = Span::mixed_site().located_at(ty.span());
                let typed = Ident::new(&private.to_string(), span);
                let output = quote_spanned!(span=> #typed::never::<#ty>());
                quote_spanned! {self.body_span()=>
                    {
                        if false {
                            return #output;
                        }
                        if false { #output } else #body
                    }
                }
            }
        }
    }

    /// Generates the code from the exit of an awaited body to an ending, for a coroutine or a handler.
    fn settlement(
        &self,
        build: TokenStream,
        body: TokenStream,
        coroutine: Option<Coroutine<'_>>,
    ) -> TokenStream {
        let Self { on_cancel, private, span, .. } = self;
        let build_replacement = on_cancel.replacement().map(|cleanup| {
            let span = Span::mixed_site().located_at(cleanup.span);
            Replacement { span, built: settle::evaluate(cleanup, true, &OnCancel::Detach, private, span) }
        });
        let settlement =
            Settlement { on_cancel, private, span: *span, build, build_replacement, body, coroutine };
        // The macro cannot know whether a cleanup borrows variables around the block.
        settlement.expand(|| quote_spanned!(*span=> #private::Option::None))
    }

    /// Makes room for the failure of the cleanup of a block in place, which has a result type of its own.
    fn build_fallible(&self, build: &TokenStream) -> TokenStream {
        quote_spanned!(self.span=> #build let __finally_end = __finally_end.fallible();)
    }

    /// Evaluates the cleanup.
    fn build(&self, on_cancel: &OnCancel) -> TokenStream {
        let Self { private, span, block, .. } = self;
        let built = settle::evaluate(&block.cleanup, true, on_cancel, private, *span);
        quote_spanned!(*span=> let __finally_end = #built;)
    }

    /// Describes the failure of an output. An output without a written type may not be known yet.
    fn describe_output(&self) -> TokenStream {
        let Self { private, span, block, .. } = self;
        match block.ty {
            Some(_) => settle::describe_body(*span),
            None => quote_spanned!(*span=> #private::describe_opaque),
        }
    }

    fn body_span(&self) -> Span {
        Span::mixed_site().located_at(self.block.body.block.span())
    }
}

/// Returns an await with the span of the user's. If one is not allowed here, the compiler reports it there.
fn awaiting(at: Span) -> Token![await] {
    Token![await](Span::mixed_site().located_at(at))
}

/// Returns the value of a jump with the span of the user's value, so that the compiler reports an error about
/// it once, and there.
fn valued(jump: &Jump) -> Option<TokenStream> {
    jump.value.map(|at| quote_spanned!(at=> __finally_value))
}
