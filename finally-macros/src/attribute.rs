//! `#[finally(CLEANUP, option = value, ..)]`: arguments and item in, function out.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{
    Token,
    parse::{ParseStream, Parser as _},
    spanned::Spanned as _,
};

use crate::{
    below, check,
    cleanup::{Cleanup, Cleanups},
    error::{bail, error},
    expand,
    input::{Function, Item, Returns, Unsized},
    options::{self, Armed, OnCancel, Options},
    tokens,
};

/// On an error the item is emitted beside it, so that callers of the function raise none of their own.
pub(crate) fn expand(name: &str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let beside = |error: syn::Error, item: TokenStream| {
        let errors = error.into_compile_error();
        quote! { #errors #item }
    };
    let function = match Item::parse(name, item.clone()) {
        Ok(Item::Function(function)) => *function,
        Ok(Item::Unreadable) => {
            // Where the compiler has nothing to say about the head of the function after all, it has something to say when it
            // makes code of this body.
            let span = Span::mixed_site();
            return unchanged(
                name,
                arguments,
                item,
                &quote_spanned!(span=> const { __finally::unreadable() }),
            );
        }
        Ok(Item::Expression) => {
            // The compiler reports it, and twice. A nightly one may accept it: what runs without its cleanup must not go unnoticed.
            let import = import(name, arguments);
            return quote_spanned! {Span::mixed_site()=> {
                #import
                __finally::not_a_function();
                #item
            }};
        }
        Err(error) => return beside(error, item),
    };
    // The compiler refuses a type without a size, and says so once if nothing is made of the function.
    match function.unsized_type() {
        Some(Unsized::Certain) => return item,
        Some(Unsized::ByName(ty)) => {
            let span = Span::mixed_site().located_at(ty.span());
            let proof = quote_spanned!(span=> if false { __finally::is_str::<#ty>() });
            return unchanged(name, arguments, item, &proof);
        }
        None => {}
    }
    // Nothing is the matter with an argument that only the cleanup uses.
    let item = quote! { #[allow(unused_mut, unused_variables)] #item };
    match parse_arguments(name, &function, arguments) {
        Ok(arguments) if arguments.armed() == Armed::Call => match below::parse(&function) {
            Some(below) => expand::expand_armed(function, &arguments, &below),
            None => item,
        },
        Ok(arguments) => expand::expand(function, &arguments),
        Err(error) => beside(error, item),
    }
}

/// The item as it is, which has no cleanup, with a statement in front that the compiler refuses if there is nothing else that it
/// refuses about the function.
fn unchanged(name: &str, arguments: TokenStream, item: TokenStream, proof: &TokenStream) -> TokenStream {
    let import = import(name, arguments);
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    if let Some(TokenTree::Group(body)) = trees.last_mut() {
        let inside = body.stream();
        *body = tokens::braced(quote! { #import #proof #inside }, body.span());
    }
    trees.into_iter().collect()
}

/// Imports what a proof names.
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

/// What stands inside the attribute.
pub(crate) struct Arguments {
    pub(crate) cleanup: Cleanup,
    pub(crate) options: Options,
}

impl Arguments {
    pub(crate) fn on_cancel(&self) -> &OnCancel {
        self.options.on_cancel()
    }

    pub(crate) fn cleanups(&self) -> Cleanups<'_> {
        Cleanups { first: &self.cleanup, replacement: self.on_cancel().replacement() }
    }

    pub(crate) fn armed(&self) -> Armed {
        self.options.armed.as_ref().map(|written| written.value).unwrap_or_default()
    }

    pub(crate) fn parse(name: &str, input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            bail!(
                at input.span(),
                "the cleanup is missing: `#[{name}(cleanup)]`, where `cleanup` is a function, a closure or an expression"
            );
        }
        if options::starts_option(input) {
            bail!(at input.span(), "the cleanup comes first, and options behind it: `#[{name}(cleanup, ..)]`");
        }
        let cleanup = Cleanup::parse(input)?;
        if input.peek(Token![;]) {
            bail!(at input.span(), "more than one statement goes into a block: `#[{name}({{ a(); b() }})]`");
        }
        if !input.is_empty() {
            let _: Token![,] =
                input.parse().map_err(|_| error!(at input.span(), "expected `,` behind the cleanup"))?;
        }
        Ok(Self { cleanup, options: Options::parse(input)? })
    }
}
