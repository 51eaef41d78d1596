//! How every expansion ends: with the texts of what may fail, and the call that puts a cleanup beside its body's exit.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use crate::options::OnCancel;

/// What [`describe`] chooses from: the traits that a type may have.
pub(crate) fn import_descriptions(private: &Ident, span: Span) -> TokenStream {
    quote_spanned! {span=>
        use #private::{DescribeDebug as _, DescribeDisplay as _, DescribeName as _, DescribeNothing as _};
    }
}

/// Finds the text of a failure by what its type implements, best first.
pub(crate) fn describe(span: Span, failed: &Ident) -> TokenStream {
    quote_spanned!(span=> (&&&&#failed.probe()).__finally_describe())
}

/// From the exit to the ending, where something is awaited.
///
/// `build` evaluates the cleanup. It leaves the exit, the cleanup and their texts in `__finally_exit`, `__finally_cleanup`,
/// `__finally_body` and `__finally_cleanup_value`.
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
            #private::settle(__finally_exit, __finally_cleanup, __finally_body, __finally_cleanup_value)
        },
        OnCancel::Skip => quote_spanned! {span=>
            if __finally_exit.is_cancelled() {
                #private::skip(#skipped)
            } else {
                #build
                #private::settle_or_skip(__finally_exit, __finally_cleanup, __finally_body, __finally_cleanup_value).await
            }
        },
        OnCancel::Block => {
            let detacher = detacher();
            quote_spanned! {span=>
                #build
                let __finally_detacher = #detacher;
                #private::settle_or_block(__finally_exit, __finally_cleanup, __finally_body, __finally_cleanup_value, __finally_detacher).await
            }
        }
    }
}
