//! How an expansion finds the text of a failure: by what its type implements.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

/// Chooses among the traits that a type may have, best first.
pub(crate) fn probe(private: &Ident, span: Span, failed: &TokenStream) -> TokenStream {
    quote_spanned! {span=> {
        use #private::{DescribeDebug as _, DescribeDisplay as _, DescribeName as _, DescribeNothing as _};
        (&&&&#failed.probe()).__finally_describe()
    }}
}
