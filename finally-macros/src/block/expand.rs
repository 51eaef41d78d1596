//! The expression that comes out. Cannot fail, and names nothing but `__private`.
//!
//! A block in place is polled, or called where nothing in it awaits, and its control flow goes on behind the cleanup:
//!
//! ```text
//! match guard(async { let exit = body(async { BODY }).await; .. settle(exit, CLEANUP) }).await {
//!     Ok(End::Value(value)) => value,
//!     Ok(End::Return(result)) => return result,
//!     ..
//! }
//! ```
//!
//! One that makes a future is the guard itself.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::{
    input::{Block, Kind},
    jumps::{self, Jump, Lowered},
};
use crate::{describe, options::OnCancel, tokens};

pub(crate) fn expand(block: &Block) -> TokenStream {
    let on_cancel = block.options.on_cancel.as_ref().map(|written| written.value).unwrap_or_default();
    let span = Span::mixed_site().located_at(block.cleanup.span);
    let expansion = Expansion { block, on_cancel, private: Ident::new("__finally", span), span };
    let import = expansion.import();
    let expression = match block.body.kind {
        Kind::Try => expansion.of_block_in_place(),
        Kind::Async { capture } => expansion.of_future(capture.is_some()),
    };
    quote! { { #import #expression } }
}

/// What marks a block in place: the failure of its cleanup has a way of its own.
struct Fallible;

struct Expansion<'a> {
    block: &'a Block,
    on_cancel: OnCancel,
    /// The one name for all that is ours.
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

    /// Where the body's value and the function's result are not known yet, the surroundings tell them in code that never
    /// runs, before the body stands.
    fn of_block_in_place(&self) -> TokenStream {
        let Self { private, block, .. } = self;
        let body = block.body.block.stream();
        let Lowered { body: lowered, jumps, in_macro } = jumps::lower(body.clone());
        let may_leave = tokens::may_leave(&body);
        let awaits = tokens::first_await_or_join(&body).or_else(|| block.cleanup_awaits);
        let span = self.body_span();
        let ty = block.ty.as_ref().map_or_else(|| quote_spanned!(span=> _), |ty| ty.to_token_stream());
        let value = self.value(lowered, &jumps, in_macro);
        let ended = match awaits {
            Some(at) => self.awaited(at, may_leave, &value),
            None => self.at_once(may_leave, &value),
        };
        let go_on = self.go_on(&jumps);
        quote_spanned! {span=>
            let __finally_types = #private::Types::<#ty, _>::new();
            if false {
                __finally_types.value()
            } else {
                if false {
                    __finally_types.diverge(|| loop {});
                    return __finally_types.result();
                }
                match #ended { #go_on }
            }
        }
    }

    /// The body with its end: a value, or one of the jumps. Each jump leaves the block that has its label.
    fn value(&self, body: TokenStream, jumps: &[Jump], in_macro: bool) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let mut group = Group::new(Delimiter::Brace, body);
        group.set_span(self.block.body.block.span());
        let end = quote_spanned!(span=> __finally_types.end(#group));
        if jumps.is_empty() {
            return end;
        }
        let mut inside = quote_spanned!(span=> break '__finally_end #end;);
        if in_macro {
            inside = self.in_loop(&inside, jumps);
        }
        for (number, _) in jumps.iter().enumerate() {
            let (label, jump) =
                (jumps::label(number), self.jump(number, quote_spanned!(span=> __finally_jump)));
            inside = quote_spanned! {span=>
                let __finally_jump = #label: { #inside };
                break '__finally_end #private::End::Jump(#jump);
            };
        }
        quote_spanned!(span=> '__finally_end: { #inside })
    }

    /// A jump in a macro belongs to a loop of that macro, if it has one, else to this loop, which runs once.
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
            #broken
        }
    }

    /// The value of a jump among all of them.
    fn jump(&self, number: usize, value: TokenStream) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        (0..number).fold(
            quote_spanned!(span=> #private::Or::This(#value)),
            |jump, _| quote_spanned!(span=> #private::Or::Other(#jump)),
        )
    }

    fn awaited(&self, at: Span, may_leave: bool, value: &TokenStream) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let (before, body, after) = if may_leave {
            let (before, leaving) = self.leaving(value);
            let after = quote_spanned!(span=> let __finally_exit = __finally_exit.leave(__finally_slot););
            (before, leaving, after)
        } else {
            (TokenStream::new(), quote_spanned!(span=> async { #value }), TokenStream::new())
        };
        let settle = self.settle(&quote_spanned!(self.span=> #private::describe_end), Some(Fallible));
        // Where this is not allowed, the compiler says so at the user's own await.
        let awaiting = syn::Token![await](Span::mixed_site().located_at(at));
        quote_spanned! {span=>
            #private::guard(async {
                #before
                let __finally_exit = #private::body(#body).await;
                #after
                #settle
            }).#awaiting
        }
    }

    fn at_once(&self, may_leave: bool, value: &TokenStream) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let run = if may_leave {
            let value = quote_spanned!(span=> { let __finally_no_await = #private::NoAwait; #value });
            let (before, leaving) = self.leaving(&value);
            quote_spanned! {span=>
                #before
                let __finally_exit = #private::run(#leaving).leave(__finally_slot);
            }
        } else {
            quote_spanned!(span=> let __finally_exit = #private::call(|| #value);)
        };
        let build = self.build();
        let settle = quote_spanned! {self.span=>
            let __finally_exit = __finally_exit.fallible_by(&__finally_cleanup);
            #private::settle_sync(__finally_exit, __finally_cleanup, #private::describe_end, __finally_cleanup_text)
        };
        quote! { { #run #build #settle } }
    }

    /// A body that may leave the function: `return` and `?` end it with the function's result, and its value goes by a slot.
    fn leaving(&self, value: &TokenStream) -> (TokenStream, TokenStream) {
        let private = &self.private;
        let span = self.body_span();
        let before = quote_spanned! {span=>
            let mut __finally_slot = #private::Option::None;
            let __finally_left = #private::Left::new();
        };
        let body = quote_spanned! {span=>
            #private::leaving(&__finally_left, async {
                if false {
                    return __finally_types.result();
                }
                __finally_slot = #private::Option::Some(#value);
                __finally_left.leave().await
            })
        };
        (before, body)
    }

    /// What follows the cleanup.
    fn go_on(&self, jumps: &[Jump]) -> TokenStream {
        let private = &self.private;
        let span = self.body_span();
        let arms = jumps.iter().enumerate().map(|(number, Jump { word, label, has_value })| {
            let value = has_value.then(|| quote_spanned!(span=> __finally_value));
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
        // What the cleanup shares with the body, the body borrows.
        let takes_all = moves && !tokens::share_variable(&block.body.block.stream(), &block.cleanup.tokens);
        let inner = takes_all.then(|| quote_spanned!(span=> move));
        let settle = self.settle(&self.describe_output(), None);
        quote_spanned! {span=>
            #private::guard(async #outer {
                let __finally_exit = #private::body(async #inner #body).await;
                #settle
            })
        }
    }

    /// The body of a future, behind the type of its output.
    fn typed_body(&self) -> TokenStream {
        let Self { private, block, .. } = self;
        let body = &block.body.block;
        match &block.ty {
            None => body.to_token_stream(),
            Some(ty) => {
                let span = Span::mixed_site().located_at(ty.span());
                let typed = Ident::new(&private.to_string(), span);
                let output = quote_spanned!(span=> return #typed::never::<#ty>(););
                quote_spanned!(self.body_span()=> { if false { #output } #body })
            }
        }
    }

    /// From the exit to the ending, where something is awaited.
    fn settle(&self, describe_body: &TokenStream, fallible: Option<Fallible>) -> TokenStream {
        let Self { private, span, .. } = self;
        let build = self.build();
        let (unknown, known) = match fallible {
            Some(Fallible) => (
                quote_spanned!(*span=> .fallible()),
                quote_spanned!(*span=> let __finally_exit = __finally_exit.fallible_by(&__finally_cleanup);),
            ),
            None => Default::default(),
        };
        let known = quote_spanned!(*span=> #known let __finally_body_text = #describe_body;);
        let describe_body = quote_spanned!(*span=> __finally_body_text);
        match self.on_cancel {
            OnCancel::Detach => quote_spanned! {*span=>
                #build
                #known
                #private::settle(__finally_exit, __finally_cleanup, #describe_body, __finally_cleanup_text)
            },
            OnCancel::Skip => quote_spanned! {*span=>
                if __finally_exit.is_cancelled() {
                    #private::skip(__finally_exit #unknown)
                } else {
                    #build
                    #known
                    #private::settle_or_skip(__finally_exit, __finally_cleanup, #describe_body, __finally_cleanup_text).await
                }
            },
            OnCancel::Block => quote_spanned! {*span=>
                #build
                #known
                #private::settle_or_block(__finally_exit, __finally_cleanup, #describe_body, __finally_cleanup_text, #private::Option::None).await
            },
        }
    }

    /// Evaluates the cleanup, and finds the text of its failure.
    fn build(&self) -> TokenStream {
        let Self { private, span, .. } = self;
        let closure = self.block.cleanup.to_closure(self.on_cancel);
        let text = describe::probe(private, *span, &quote_spanned!(*span=> __finally_cleanup));
        quote_spanned! {*span=>
            let __finally_cleanup = #private::build(&__finally_exit, #closure);
            let __finally_cleanup_text = #text;
        }
    }

    /// The text of an output's failure. An output whose type is not given may not be known yet.
    fn describe_output(&self) -> TokenStream {
        let Self { private, span, block, .. } = self;
        match block.ty {
            Some(_) => describe::probe(private, *span, &quote_spanned!(*span=> __finally_exit)),
            None => quote_spanned!(*span=> #private::describe_opaque),
        }
    }

    fn body_span(&self) -> Span {
        Span::mixed_site().located_at(self.block.body.block.span())
    }
}
