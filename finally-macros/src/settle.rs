//! Generates the end of every expansion: the descriptions of possible failures, and the call that combines a
//! cleanup with its body's exit.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use crate::{
    cleanup::{Cleanup, Evaluation},
    options::OnCancel,
};

/// Describes the failure of the body, by the best trait that its type implements.
pub(crate) fn describe_body(span: Span) -> TokenStream {
    quote_spanned!(span=> __finally_end.body.__finally_describe())
}

/// Describes the failure of the cleanup.
pub(crate) fn describe_cleanup(span: Span) -> TokenStream {
    quote_spanned!(span=> __finally_end.cleanup().__finally_describe())
}

/// Describes the failure of a cleanup that replaces another one.
fn describe_replacement(span: Span) -> TokenStream {
    quote_spanned!(span=> __finally_end.replacement().__finally_describe())
}

/// Evaluates a cleanup for `__finally_exit`. A cleanup without captures is passed as a function pointer.
pub(crate) fn evaluate(
    cleanup: &Cleanup,
    captures: bool,
    on_cancel: &OnCancel,
    private: &Ident,
    span: Span,
) -> TokenStream {
    let closure = match (on_cancel, cleanup.evaluation(on_cancel.uses())) {
        (OnCancel::Detach, Evaluation::Future(future)) => {
            return quote_spanned!(span=> #private::build_owned(__finally_exit, #private::own(#future)));
        }
        (_, evaluation) => evaluation.into_closure(span),
    };
    let build = match (on_cancel, captures) {
        (OnCancel::Detach, true) => "build_detached",
        (OnCancel::Detach, false) => "build_detached_static",
        (OnCancel::Block, true) => "build",
        (OnCancel::Block, false) => "build_static",
        (OnCancel::Skip | OnCancel::Replace(_), _) => "build_unless_cancelled",
    };
    let build = Ident::new(build, span);
    quote_spanned!(span=> #private::#build(__finally_exit, #closure))
}

/// The parts of the code from the exit to an ending that may be awaited.
pub(crate) struct Settlement<'a> {
    pub(crate) on_cancel: &'a OnCancel,
    pub(crate) private: &'a Ident,
    pub(crate) span: Span,
    /// Evaluates the cleanup for `__finally_exit`, and stores both in `__finally_end`.
    pub(crate) build: TokenStream,
    /// Evaluates the replacement of the cleanup.
    pub(crate) build_replacement: Option<Replacement>,
    /// Describes the failure of the body.
    pub(crate) body: TokenStream,
    /// The coroutine that this is the end of. It awaits the ending itself, because the ending may borrow from it.
    pub(crate) coroutine: Option<Coroutine<'a>>,
}

/// The exit of a coroutine's body.
pub(crate) struct Coroutine<'a> {
    /// The body, awaited.
    pub(crate) exit: &'a TokenStream,
    pub(crate) exit_type: Option<&'a TokenStream>,
}

/// A cleanup that replaces another one, evaluated for `__finally_exit`.
pub(crate) struct Replacement {
    pub(crate) span: Span,
    pub(crate) built: TokenStream,
}

impl Settlement<'_> {
    /// Generates the code. In a coroutine, the part that runs after the body is a closure: a debug build has the
    /// frame of the coroutine on the stack of each level of a nest, and so has none of its variables there. The
    /// ending is awaited outside of it.
    pub(crate) fn expand(self, detacher: impl FnOnce() -> TokenStream) -> TokenStream {
        let Self { on_cancel, private, span, build, build_replacement, body, coroutine } = self;
        let cleanup = describe_cleanup(span);
        let replacement = build_replacement.map(|Replacement { span: at, built }| {
            let cleanup = describe_replacement(at);
            quote_spanned! {span=>
                let __finally_end = #built;
                #private::settle_replacement(#cleanup, __finally_end)
            }
        });
        let (settle, bind, argument) = match on_cancel {
            OnCancel::Detach => ("settle", None, None),
            OnCancel::Skip => ("settle_or_skip", None, None),
            OnCancel::Replace(_) if coroutine.is_some() => ("settle_or_skip", None, None),
            OnCancel::Replace(_) => {
                ("end_or_replace", None, Some(quote_spanned!(span=> , |__finally_exit| { #replacement })))
            }
            OnCancel::Block => {
                let settle = if coroutine.is_some() { "settle_or_block" } else { "end_or_block" };
                let detacher = detacher();
                let bind = quote_spanned!(span=> let __finally_detacher = #detacher;);
                (settle, Some(bind), Some(quote_spanned!(span=> , __finally_detacher)))
            }
        };
        let settle = Ident::new(settle, span);
        let settled = quote_spanned! {span=>
            #build
            #bind
            #private::#settle(#body, #cleanup, __finally_end #argument)
        };
        let Some(Coroutine { exit, exit_type }) = coroutine else { return settled };
        let section =
            |exit| quote_spanned!(span=> #private::section(#exit, |__finally_exit #exit_type| { #settled }));
        if matches!(on_cancel, OnCancel::Detach) {
            return section(exit.clone());
        }
        // The body stands outside of `pin!`, because the messages about tokens inside of a macro are longer.
        let settled = section(quote_spanned!(span=> __finally_exit));
        let held = quote_spanned! {span=>
            let __finally_exit = #exit;
            let __finally_held = #private::pin!(#settled);
        };
        match replacement {
            None => quote_spanned!(span=> #held #private::AwaitedInCoroutine(__finally_held).await),
            // The cleanup is dropped before the replacement takes the arguments.
            Some(replacement) => quote_spanned! {span=>
                let __finally_ended = {
                    #held
                    #private::Interruptible(__finally_held).await
                };
                #private::or_replace(__finally_ended, |__finally_exit| { #replacement })
            },
        }
    }
}
