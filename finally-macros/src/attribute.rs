//! `#[finally(CLEANUP, option = value, ..)]`: arguments and item in, function out.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Token,
    parse::{ParseStream, Parser as _},
};

use crate::{
    check,
    cleanup::Cleanup,
    error::bail,
    expand,
    input::Function,
    options::{self, Options},
};

/// On an error the item is emitted beside it, so that callers of the function raise none of their own.
pub(crate) fn expand(name: &str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    try_expand(name, arguments, item.clone()).unwrap_or_else(|error| {
        let errors = error.into_compile_error();
        quote! { #errors #item }
    })
}

fn try_expand(name: &str, arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let function = Function::parse(name, item)?;
    let arguments = (|input: ParseStream<'_>| Arguments::parse(name, input)).parse2(arguments)?;
    check::check(&function, &arguments)?;
    Ok(expand::expand(function, &arguments))
}

/// What stands inside the attribute.
pub(crate) struct Arguments {
    pub(crate) cleanup: Cleanup,
    pub(crate) options: Options,
}

impl Arguments {
    fn parse(name: &str, input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() || options::starts_option(input) {
            bail!(
                at input.span(),
                "a cleanup comes first: `#[{name}(cleanup)]`, where `cleanup` is a function, a closure or an expression"
            );
        }
        let cleanup = Cleanup::parse(input)?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok(Self { cleanup, options: Options::parse(input)? })
    }
}
