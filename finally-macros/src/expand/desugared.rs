//! Desugars an `async fn` into a function that returns the future of its cleanup. As an `async fn`, it would have
//! one more coroutine around that future, which stores the arguments once more.
//!
//! Our own attributes below are expanded together with it. Each has the future of the one above in the place of
//! its body. Documentation still shows the function that the user wrote.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    Attribute, Meta, Path, ReturnType, Signature, Token, parse_quote, parse_quote_spanned,
    spanned::Spanned as _,
};

use super::{Expansion, finish, import, lifetimes::name_lifetimes, private_path};
use crate::{
    arguments::Arguments,
    boxed::Boxed,
    capture::{self, Captures, Owner},
    input::{self, Function},
    options::Armed,
    tokens,
};

/// Like [`expand`](super::expand), for an `async fn` with our own attributes `below`.
pub(crate) fn expand_desugared(
    mut function: Function,
    first: &Arguments,
    below: &[Arguments],
) -> TokenStream {
    let expansion = Expansion::new(first);
    let mut imports = import(first.options.krate.as_ref(), &expansion.private);
    let documented = documented(&function);
    let mut whole = expansion.future_of(&mut function, None);
    for arguments in below {
        if let Some(krate) = &arguments.options.krate {
            // The code is that of the first attribute, but a wrong path is reported.
            imports.extend(import(Some(krate), &Ident::new("_", expansion.span)));
        }
        function.remove_later_cleanup();
        whole = Expansion::new(arguments).future_of(&mut function, Some(whole));
    }
    let Whole { before, future } = whole;
    let span = function.brace();
    let (output, future) = match &function.signature.output {
        ReturnType::Type(_, output) if function.diverges() => {
            let at = Span::mixed_site().located_at(output.span());
            let (private, path) = (&expansion.private, private_path(first.options.krate.as_ref(), at));
            (quote_spanned!(at=> #path::Never), quote_spanned!(span=> #private::diverging(#future)))
        }
        ReturnType::Type(_, output) => (output.to_token_stream(), future),
        ReturnType::Default => (quote!(()), future),
    };
    return_future(&mut function, &output);
    function.attributes.insert(0, parse_quote!(#[cfg(not(doc))]));
    let function = finish(function, quote! { #imports #before #future });
    quote! { #function #documented }
}

/// Returns the function as documentation shows it: with the head that the user wrote. Nobody calls it.
fn documented(function: &Function) -> TokenStream {
    let Function { attributes, visibility, signature, body } = function;
    let attributes = attributes.iter().filter(|attribute| input::name_of_ours(attribute).is_none());
    // With the span of the user's body, a link to the source and a warning about the documentation are those of the
    // whole function.
    let body = tokens::braced(quote! { loop {} }, body.span());
    quote! {
        #[cfg(doc)]
        #(#attributes)* #visibility #signature #body
    }
}

/// A future, and the statements before it.
struct Whole {
    before: TokenStream,
    future: TokenStream,
}

impl Expansion<'_> {
    /// Expands a function that boxes a future of an async block.
    pub(super) fn of_boxed_function(&self, function: &mut Function, mut boxed: Boxed) -> TokenStream {
        let captures = self.capture_boxed(&mut boxed, Owner::Coroutine);
        let body = self.async_body(&boxed.function, &captures);
        let Whole { before, future } = self.attach(&boxed.function, &captures, &body, TokenStream::new());
        let future = boxed.finish(function, &future);
        quote! { #before #future }
    }

    /// Makes a future of the function's body, or of the future `inside`, and of this cleanup.
    fn future_of(&self, function: &mut Function, inside: Option<Whole>) -> Whole {
        let private = &self.private;
        let is_innermost = inside.is_none();
        let Whole { before, future } =
            inside.unwrap_or_else(|| Whole { before: TokenStream::new(), future: function.body.stream() });
        let captures = capture::capture(function, &future, Owner::Coroutine, self.cleanups(), private);
        let body = if is_innermost { self.async_body(function, &captures) } else { future };
        self.attach(function, &captures, &body, before)
    }

    /// Attaches this cleanup to a body after the statements `before`.
    fn attach(
        &self,
        function: &Function,
        captures: &Captures,
        body: &TokenStream,
        mut before: TokenStream,
    ) -> Whole {
        let private = &self.private;
        let mut in_coroutine = TokenStream::new();
        if self.needs_coroutine(captures, function) {
            in_coroutine = std::mem::take(&mut before);
            // A coroutine that leaves arguments for a later attribute is nested in another coroutine, which
            // owns the parts.
            let parts = if captures.coroutine.is_none() { &mut in_coroutine } else { &mut before };
            parts.extend(captures.before_body.clone());
        }
        let whole = self.driven(body, &in_coroutine, captures, function);
        let span = function.brace();
        let future = match self.armed {
            Armed::Poll => quote_spanned!(span=> #private::IntoFuture::into_future(#whole)),
            Armed::Call => quote_spanned!(span=> #private::armed(#whole)),
        };
        Whole { before, future }
    }
}

/// Changes an async function into one that returns its future.
///
/// The token `impl` is ours and so of edition 2024, in which an opaque type captures every lifetime. The user's
/// edition makes no difference. The last token has a span of the user's. With a span of ours, the compiler
/// would treat the whole head as generated by a macro, and suppress lints.
fn return_future(function: &mut Function, output: &TokenStream) {
    let end = function.end();
    let span = Span::mixed_site().located_at(end);
    let close = Token![>](end);
    name_lifetimes(&mut function.signature);
    function.signature.asyncness = None;
    function.signature.output =
        parse_quote_spanned!(span=> -> impl ::core::future::Future<Output = #output #close);
    let lints = lints_of_other_heads(&function.signature);
    if !lints.is_empty() {
        function.attributes.push(parse_quote!(#[allow(#(#lints),*)]));
    }
    // A future is `#[must_use]` already, and clippy reports the repetition.
    let says_nothing_more =
        |attribute: &Attribute| matches!(&attribute.meta, Meta::Path(path) if path.is_ident("must_use"));
    function.attributes.retain(|attribute| !says_nothing_more(attribute));
}

/// Returns the lints that clippy applies to such a function, and not to an `async fn`.
fn lints_of_other_heads(signature: &Signature) -> Vec<Path> {
    /// The methods of the standard library's traits that have the signature of an inherent one.
    const OF_TRAITS: &[&str] = &[
        "add",
        "as_mut",
        "as_ref",
        "bitand",
        "bitor",
        "bitxor",
        "borrow",
        "borrow_mut",
        "clone",
        "cmp",
        "default",
        "deref",
        "deref_mut",
        "div",
        "drop",
        "eq",
        "from_iter",
        "from_str",
        "hash",
        "index",
        "index_mut",
        "into_iter",
        "mul",
        "neg",
        "next",
        "not",
        "rem",
        "shl",
        "shr",
        "sub",
    ];

    let mut lints = Vec::new();
    if OF_TRAITS.iter().any(|name| signature.ident == name) {
        lints.push(parse_quote!(clippy::should_implement_trait));
    }
    if signature.inputs.to_token_stream().to_string().contains('*') {
        lints.push(parse_quote!(clippy::not_unsafe_ptr_arg_deref));
    }
    lints
}
