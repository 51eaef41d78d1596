//! Expands `#[finally(CLEANUP, option = value, ..)]` on an item.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{
    parse::{ParseStream, Parser as _},
    spanned::Spanned as _,
};

use crate::{
    arguments::Arguments,
    below, check, expand,
    input::{Function, Item, Returns, Unsized},
    options::Armed,
    tokens,
};

/// Expands the attribute. On an error, the item is emitted as well, so that calls of the function cause no
/// further errors.
pub(crate) fn expand(name: &str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let beside = |error: syn::Error, item: TokenStream| {
        let errors = error.into_compile_error();
        quote! { #errors #item }
    };
    let function = match Item::parse(name, item.clone()) {
        Ok(Item::Function(function)) => *function,
        Ok(Item::Unreadable) => {
            // The compiler usually reports the head of the function. If it does not, this constant is an error
            // as soon as the body is compiled.
            let span = Span::mixed_site();
            return unchanged(
                name,
                arguments,
                item,
                &quote_spanned!(span=> const { __finally::unreadable() }),
            );
        }
        Ok(Item::Expression) => {
            // The compiler reports this twice. A nightly compiler may accept attributes on expressions, and
            // code must not silently run without its cleanup.
            let import = import(name, arguments);
            return quote_spanned! {Span::mixed_site()=> {
                #import
                __finally::not_a_function();
                #item
            }};
        }
        Err(error) => return beside(error, item),
    };
    // The compiler reports an unsized type by itself, and only once if the function is not expanded.
    match function.unsized_type() {
        Some(Unsized::Certain) => return item,
        Some(Unsized::ByName(ty)) => {
            let span = Span::mixed_site().located_at(ty.span());
            let proof = quote_spanned!(span=> if false { __finally::is_str::<#ty>() });
            return unchanged(name, arguments, item, &proof);
        }
        None => {}
    }
    // An argument that only the rejected cleanup uses must not cause a warning.
    let item = quote! { #[allow(unused_mut, unused_variables)] #item };
    match parse_arguments(name, &function, arguments) {
        Ok(arguments) if arguments.armed() == Armed::Call || below::may_be_desugared(&function) => {
            match parse_below(&function) {
                Some(below) => expand::expand_desugared(function, &arguments, &below),
                None if arguments.armed() == Armed::Call => item,
                None => expand::expand(function, &arguments),
            }
        }
        Ok(arguments) => expand::expand(function, &arguments),
        Err(error) => beside(error, item),
    }
}

/// Returns the item without a cleanup, with `proof` at the start of the body. The compiler rejects `proof`
/// unless it finds another error in the function.
fn unchanged(name: &str, arguments: TokenStream, item: TokenStream, proof: &TokenStream) -> TokenStream {
    let import = import(name, arguments);
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    if let Some(TokenTree::Group(body)) = trees.last_mut() {
        let inside = body.stream();
        *body = tokens::braced(quote! { #import #proof #inside }, body.span());
    }
    trees.into_iter().collect()
}

/// Imports the module that a proof names.
fn import(name: &str, arguments: TokenStream) -> TokenStream {
    let arguments = (|input: ParseStream<'_>| Arguments::parse(name, input)).parse2(arguments);
    let krate = arguments.ok().and_then(|arguments| arguments.options.krate);
    expand::import(krate.as_ref(), &Ident::new("__finally", Span::mixed_site()))
}

fn parse_arguments(name: &str, function: &Function, arguments: TokenStream) -> syn::Result<Arguments> {
    let mut arguments = (|input: ParseStream<'_>| Arguments::parse(name, input)).parse2(arguments)?;
    if function.returns() == Returns::Value {
        arguments.cleanup = arguments.cleanup.of_sync_function();
    }
    if let Some(result) = function.result() {
        arguments.cleanup.fail_as(result);
    }
    check::check(name, function, &arguments)?;
    Ok(arguments)
}

/// Returns the arguments of our own attributes below, from top to bottom. Returns `None` if one of them is wrong:
/// it then reports the error itself.
fn parse_below(function: &Function) -> Option<Vec<Arguments>> {
    let checked = |(name, arguments): (&str, syn::Result<Arguments>)| {
        let arguments = arguments.ok()?;
        check::check(name, function, &arguments).ok()?;
        Some(arguments)
    };
    below::arguments_of_ours(function).map(checked).collect()
}
