//! Parses the content of `finally! { .. }`. As with an annotated function, the body stays one group of tokens.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{
    Pat, Token, Type,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _, discouraged::Speculative as _},
    token,
};

use super::jumps;
use crate::{
    check,
    cleanup::Cleanup,
    error::{Errors, bail, error},
    options::{self, Options},
    tokens, types,
};

/// A `finally!` block.
pub(crate) struct Block {
    /// The path of the crate, passed by the public macro.
    pub(crate) krate: TokenStream,
    pub(crate) ty: Option<Type>,
    pub(crate) body: Body,
    pub(crate) cleanup: Cleanup,
    /// The span of the first await in the body, else that of a cleanup whose syntax shows a future.
    pub(crate) awaits: Option<Span>,
    pub(crate) options: Options,
    /// Whether a body that may leave the function can run in a combinator. That needs a lock, and so `std`.
    pub(crate) leaves_combinator: bool,
}

pub(crate) struct Body {
    pub(crate) kind: Kind,
    pub(crate) block: Group,
}

/// The kind of block that the body is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// `try { .. }`: a block in place, whose control flow continues after the cleanup.
    Try,
    /// `async { .. }`, `async move { .. }`: a future.
    Async { capture: Option<Token![move]> },
}

/// Input that is not a valid block.
pub(crate) struct Wrong {
    error: syn::Error,
    /// The body, if it was parsed.
    body: Option<Body>,
}

impl Wrong {
    /// Returns the errors, together with the body, if it was parsed.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let errors = self.error.into_compile_error();
        let body = self.body.map(|Body { kind, block }| match kind {
            Kind::Try => tokens::inner_block(&block).into_token_stream(),
            Kind::Async { capture } => quote!(async #capture #block),
        });
        quote! { { #errors #body } }
    }
}

/// Parses `[crate name] [<TYPE>] BODY finally CLEANUP`, or the form with `,` instead of `finally`.
pub(crate) fn parse(tokens: TokenStream, leaves_combinator: bool) -> Result<Block, Wrong> {
    let parse = |input: ParseStream<'_>| {
        let (krate, name) = parse_header(input)?;
        let ty = parse_type(&name, input)?;
        let body = parse_body(&name, input)?;
        Ok(match parse_rest(&name, ty.as_ref(), &body, input) {
            Ok(Rest { options, cleanup, awaits }) => {
                Ok(Block { krate, ty, body, awaits, options, cleanup, leaves_combinator })
            }
            Err(error) => {
                input.parse::<TokenStream>()?;
                Err(Wrong { error, body: Some(body) })
            }
        })
    };
    parse.parse2(tokens).unwrap_or_else(|error| Err(Wrong { error, body: None }))
}

/// Everything after the body.
struct Rest {
    options: Options,
    cleanup: Cleanup,
    awaits: Option<Span>,
}

fn parse_rest(name: &Ident, ty: Option<&Type>, body: &Body, input: ParseStream<'_>) -> syn::Result<Rest> {
    let separator = parse_separator(name, body.block.span_close(), input)?;
    let options = parse_options(&separator, input)?;
    let (mut cleanup, cleanup_awaits) = parse_cleanup(&separator, input)?;
    match (body.kind, ty) {
        (Kind::Try, _) => cleanup.check_error()?,
        (Kind::Async { .. }, Some(result)) if types::is_result(result) => cleanup.fail_as(result),
        (Kind::Async { .. }, _) => {}
    }
    input.parse::<Option<Token![,]>>()?;
    check_end(name, &separator, input)?;
    let awaits = tokens::first_await_or_join(&body.block.stream()).or(cleanup_awaits);
    if let (Kind::Try, None, Some(on_cancel)) = (body.kind, awaits, &options.on_cancel) {
        bail!(at on_cancel.span, "a block that does not await cannot be cancelled; remove `on_cancel`");
    }
    Ok(Rest { options, cleanup, awaits })
}

/// Parses `[$crate finally]`, which the public macro puts in front.
fn parse_header(input: ParseStream<'_>) -> syn::Result<(TokenStream, Ident)> {
    let header: Group = input.parse()?;
    (|header: ParseStream<'_>| {
        let krate: TokenTree = header.parse()?;
        Ok((krate.into_token_stream(), header.call(Ident::parse_any)?))
    })
    .parse2(header.stream())
}

fn form(name: &Ident) -> String {
    format!("`{name}! {{ try {{ .. }} {name} {{ .. }} }}`")
}

fn comma_form(name: &Ident) -> String {
    format!("`{name}!(try {{ .. }}, {{ .. }})`")
}

fn parse_type(name: &Ident, input: ParseStream<'_>) -> syn::Result<Option<Type>> {
    if !input.peek(Token![<]) {
        return Ok(None);
    }
    input.parse::<Token![<]>()?;
    let form = || format!("`{name}! {{ <TYPE> try {{ .. }} {name} {{ .. }} }}`");
    let ty =
        input.parse().map_err(|wrong: syn::Error| error!(at wrong.span(), "expected a type: {}", form()))?;
    if !input.peek(Token![>]) {
        bail!(at input.span(), "expected `>` after the type: {}", form());
    }
    input.parse::<Token![>]>()?;
    Ok(Some(ty))
}

fn parse_body(name: &Ident, input: ParseStream<'_>) -> syn::Result<Body> {
    if input.is_empty() {
        bail!(at Span::call_site(), "the body and the cleanup are missing: {}", form(name));
    }
    if input.peek(Token![,])
        || (input.peek(token::Brace)
            && input.peek2(Token![,])
            && (input.peek3(Token![try]) || input.peek3(Token![async])))
    {
        bail!(at input.span(), "the body comes first: {}", comma_form(name));
    }
    if input.peek(token::Brace) {
        bail!(
            at input.span(),
            "a word in front tells what the body is: `try {{ .. }}` for a block in place, `async {{ .. }}` for a future"
        );
    }
    if is_separator(input) {
        bail!(at input.span(), "the body comes first: {}", form(name));
    }
    if !input.peek(Ident::peek_any) {
        bail!(at input.span(), "the body is a block: `try {{ .. }}` or `async {{ .. }}`");
    }
    let ahead = input.fork();
    let word = ahead.call(Ident::parse_any)?;
    let kind = if word == "try" {
        input.call(Ident::parse_any)?;
        Kind::Try
    } else if word == "async" {
        input.parse::<Token![async]>()?;
        Kind::Async { capture: input.parse()? }
    } else {
        bail!(word, "the body is a block: `try {{ .. }}` for one in place, or `async {{ .. }}` for a future");
    };
    if input.peek(Token![<]) {
        bail!(at input.span(), "the type comes first: `{name}! {{ <TYPE> {word} {{ .. }} {name} {{ .. }} }}`");
    }
    let Some(block) = parse_braces(input) else {
        bail!(word, "`{word}` stands in front of a block: `{word} {{ .. }}`");
    };
    Ok(Body { kind, block })
}

/// Parses `{ .. }`. Consumes nothing if the next token is something else.
fn parse_braces(input: ParseStream<'_>) -> Option<Group> {
    let ahead = input.fork();
    let block = match ahead.parse() {
        Ok(TokenTree::Group(group)) => tokens::block_in(&group)?,
        _ => return None,
    };
    input.advance_to(&ahead);
    Some(block)
}

fn is_separator(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(Ident::parse_any).is_ok_and(|word| word == "finally" || word == "lastly")
}

/// The separator between the body and the cleanup, and the syntax of the cleanup after it.
struct Separator {
    span: Span,
    form: String,
    form_with_options: String,
}

/// Parses `finally`, `lastly`, or the comma of the form that rustfmt formats.
fn parse_separator(name: &Ident, body_end: Span, input: ParseStream<'_>) -> syn::Result<Separator> {
    if input.is_empty() {
        bail!(at body_end, "the cleanup is missing after the body: {}", form(name));
    }
    let span = input.span();
    if input.parse::<Option<Token![,]>>()?.is_some() {
        let form_with_options = format!("`{name}!(try {{ .. }}, (on_cancel = skip) {{ .. }})`");
        return Ok(Separator { span, form: comma_form(name), form_with_options });
    }
    check_catch(input)?;
    if is_separator(input) {
        let word = input.call(Ident::parse_any)?;
        return Ok(Separator {
            span,
            form: format!("`{word} {{ .. }}`"),
            form_with_options: format!("`{word}(on_cancel = skip) {{ .. }}`"),
        });
    }
    if input.peek(Ident::peek_any) {
        let word = input.call(Ident::parse_any)?;
        bail!(word, "expected `{name}` after the body, found `{word}`");
    }
    bail!(at span, "expected `{name}` after the body")
}

/// Rejects a `catch`, which other languages have beside `finally`.
fn check_catch(input: ParseStream<'_>) -> syn::Result<()> {
    match input.fork().call(Ident::parse_any) {
        Ok(word) if word == "catch" || word == "except" => {
            bail!(word, "there is no `{word}`; handle the error in the body, or after the whole block")
        }
        _ => Ok(()),
    }
}

/// Rejects tokens after the cleanup.
fn check_end(name: &Ident, separator: &Separator, input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    check_catch(input)?;
    if input.peek(token::Paren) || options::starts_option(input) {
        bail!(at input.span(), "options stand in front of the cleanup: {}", separator.form_with_options);
    }
    bail!(at input.span(), "expected nothing after the cleanup; several cleanups nest: the body of one is a `{name}!` with the other")
}

fn parse_options(separator: &Separator, input: ParseStream<'_>) -> syn::Result<Options> {
    if options::starts_option(input) {
        bail!(at input.span(), "options stand in parentheses: {}", separator.form_with_options);
    }
    if !input.peek(token::Paren) {
        return Ok(Options::default());
    }
    let options: Group = input.parse()?;
    if let Some(word) = options::other_word(&options) {
        bail!(word, "`{word}` is not an option, and the fate stands between bars: `|{word}| {{ .. }}`");
    }
    let options = Options::parse_of_block.parse2(options.stream())?;
    if let Some(replacement) = options.on_cancel().replacement() {
        check_jumps(&Group::new(Delimiter::Brace, replacement.tokens.clone()))?;
    }
    Ok(options)
}

fn parse_cleanup(separator: &Separator, input: ParseStream<'_>) -> syn::Result<(Cleanup, Option<Span>)> {
    let form = &separator.form;
    let fate = if input.is_empty() { None } else { parse_fate(input)? };
    if input.is_empty() {
        bail!(at separator.span, "the cleanup is missing: {form}");
    }
    if input.peek(token::Paren) {
        bail!(at input.span(), "options stand in front of `|fate|`: {}", separator.form_with_options);
    }
    let at = input.span();
    let Some(block) = parse_braces(input) else {
        bail!(at at, "the cleanup is a block, {form}, or one that looks at the fate, `|fate| {{ .. }}`");
    };
    check_cleanup(&block)?;
    let awaits =
        tokens::first_await_or_join(&block.stream()).or_else(|| tokens::last_async_block(&block.stream()));
    let cleanup = Cleanup::of_block(fate, block);
    check::check_fate(&cleanup)?;
    cleanup.check_failure()?;
    Ok((cleanup, awaits))
}

/// Parses `|fate|`, if there is one. `||` counts as none.
fn parse_fate(input: ParseStream<'_>) -> syn::Result<Option<Pat>> {
    if input.parse::<Option<Token![||]>>()?.is_some() || input.parse::<Option<Token![|]>>()?.is_none() {
        return Ok(None);
    }
    let fate = input.call(Pat::parse_single)?;
    if input.peek(Token![:]) {
        bail!(at input.span(), "the fate has the type that the body gives it; write it without one: `|fate| {{ .. }}`");
    }
    if input.peek(Token![,]) {
        bail!(at input.span(), "a cleanup takes no argument, or one, the fate: `|fate| {{ .. }}`");
    }
    input.parse::<Token![|]>()?;
    Ok(Some(fate))
}

/// Rejects jumps out of the cleanup. The control flow that the body began continues after it.
fn check_cleanup(block: &Group) -> syn::Result<()> {
    let mut errors = Errors::default();
    if let Some(span) = tokens::first_return(&block.stream()) {
        errors.push(error!(
            at span,
            "`return` cannot leave the cleanup; what the body began goes on after it, so end it by `if`, or by `?` where it is a `Result`"
        ));
    }
    if let Err(error) = check_jumps(block) {
        errors.push(error);
    }
    errors.finish()
}

fn check_jumps(block: &Group) -> syn::Result<()> {
    if let Some(word) = jumps::first(block) {
        bail!(
            word,
            "`{word}` cannot leave the cleanup; what the body began goes on after it, so decide it in the body or after the whole block"
        );
    }
    Ok(())
}
