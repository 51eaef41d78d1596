//! How every expansion ends: with the texts of what may fail, and the call that puts a cleanup beside its body's exit.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use crate::{
    cleanup::{Cleanup, Evaluation},
    options::OnCancel,
};

/// What [`describe`] chooses from: the traits that a type may have.
pub(crate) fn import_descriptions(private: &Ident, span: Span) -> TokenStream {
    quote_spanned! {span=>
        use #private::{DescribeDebug as _, DescribeDisplay as _, DescribeName as _, DescribeNothing as _};
    }
}

/// Finds the text of the failure of the end's `part`, its `body` or `cleanup`, by what the type implements, best first.
pub(crate) fn describe(span: Span, part: &str) -> TokenStream {
    let part = Ident::new(part, span);
    quote_spanned!(span=> (&&&&__finally_end.#part).__finally_describe())
}

/// Evaluates a cleanup for `__finally_exit`.
pub(crate) fn evaluate(cleanup: &Cleanup, on_cancel: OnCancel, private: &Ident, span: Span) -> TokenStream {
    match (on_cancel, cleanup.evaluation(on_cancel)) {
        (OnCancel::Detach, Evaluation::Future(future)) => {
            quote_spanned!(span=> #private::build_owned(__finally_exit, #future))
        }
        (OnCancel::Detach, Evaluation::Closure(closure)) => {
            quote_spanned!(span=> #private::build_detached(__finally_exit, #closure))
        }
        (OnCancel::Skip | OnCancel::Block, evaluation) => {
            let closure = evaluation.into_closure(span);
            quote_spanned!(span=> #private::build(__finally_exit, #closure))
        }
    }
}

/// From the exit to the ending, where something is awaited.
///
/// `build` evaluates the cleanup for `__finally_exit`. It leaves the two in `__finally_end`, and the texts of their failures in
/// `__finally_body` and `__finally_cleanup`.
pub(crate) fn settle(
    on_cancel: OnCancel,
    private: &Ident,
    span: Span,
    build: &TokenStream,
    skipped: &TokenStream,
    detacher: impl FnOnce() -> TokenStream,
) -> TokenStream {
    match on_cancel {
        OnCancel::Detach => quote_spanned! {span=>
            #build
            #private::settle(__finally_end, __finally_body, __finally_cleanup)
        },
        OnCancel::Skip => quote_spanned! {span=>
            if __finally_exit.is_cancelled() {
                #private::skip(#skipped)
            } else {
                #build
                #private::settle_or_skip(__finally_end, __finally_body, __finally_cleanup).await
            }
        },
        OnCancel::Block => {
            let detacher = detacher();
            quote_spanned! {span=>
                #build
                let __finally_detacher = #detacher;
                #private::settle_or_block(__finally_end, __finally_body, __finally_cleanup, __finally_detacher).await
            }
        }
    }
}
