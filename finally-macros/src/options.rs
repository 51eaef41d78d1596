//! `on_cancel = ..` and `crate = ..`, for the attribute and wherever else they are written.

use proc_macro2::Span;
use syn::{Ident, LitStr, Path, Token, ext::IdentExt as _, parse::ParseStream, spanned::Spanned as _};

use crate::{
    error::{Errors, bail, error},
    suggest,
};

/// What happens to a cleanup that is awaited when its caller leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnCancel {
    #[default]
    Detach,
    Block,
    Skip,
}

impl OnCancel {
    const VALUES: &'static [(&'static str, Self)] =
        &[("detach", Self::Detach), ("block", Self::Block), ("skip", Self::Skip)];
}

/// A value and the span of the whole option, for errors about both.
#[derive(Clone, Debug)]
pub(crate) struct Written<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) on_cancel: Option<Written<OnCancel>>,
    pub(crate) krate: Option<Written<Path>>,
}

type Parse = fn(&mut Options, &Ident, ParseStream<'_>) -> syn::Result<()>;

/// Every option there is.
const TABLE: &[(&str, Parse)] = &[
    ("on_cancel", |options, name, input| set(&mut options.on_cancel, name, parse_on_cancel(name, input)?)),
    ("crate", |options, name, input| set(&mut options.krate, name, parse_crate(input)?)),
];

impl Options {
    /// Parses `name = value, ..` to the end.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Self::default();
        let mut errors = Errors::default();
        while !input.is_empty() {
            if let Err(error) = options.parse_one(input) {
                errors.push(error);
                skip_to_comma(input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        errors.finish()?;
        Ok(options)
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if !starts_option(input) {
            bail!(
                at input.span(),
                "expected an option such as `on_cancel = block`; more than one cleanup goes into a block: `{{ a(); b() }}`"
            );
        }
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        let known: Vec<_> = TABLE.iter().map(|(name, _)| *name).collect();
        match TABLE.iter().find(|(known, _)| name == known) {
            Some((_, parse)) => parse(self, &name, input),
            None => {
                let written = name.to_string();
                Err(error!(name, "unknown option `{written}`; {}", suggest::instead_of(&written, &known)))
            }
        }
    }
}

/// Whether `name =` follows, which no cleanup starts with: an assignment is not a value that a cleanup may have.
pub(crate) fn starts_option(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

fn set<T>(slot: &mut Option<Written<T>>, name: &Ident, written: Written<T>) -> syn::Result<()> {
    if slot.is_some() {
        bail!(name, "the option `{name}` is given twice; remove one of them");
    }
    *slot = Some(written);
    Ok(())
}

fn parse_on_cancel(name: &Ident, input: ParseStream<'_>) -> syn::Result<Written<OnCancel>> {
    let known: Vec<_> = OnCancel::VALUES.iter().map(|(name, _)| *name).collect();
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        let value = suggest::closest(&literal.value(), &known).unwrap_or("detach");
        bail!(literal, "the value is a word, not a string: `on_cancel = {value}`");
    }
    if !input.peek(Ident::peek_any) {
        bail!(at input.span(), "`on_cancel` is one of `{}`", known.join("`, `"));
    }
    let word = input.call(Ident::parse_any)?;
    match OnCancel::VALUES.iter().find(|(name, _)| word == name) {
        Some((_, value)) => Ok(Written { value: *value, span: name.span() }),
        None => {
            let written = word.to_string();
            bail!(
                word,
                "unknown value `{written}` for `on_cancel`; {}",
                suggest::instead_of(&written, &known)
            )
        }
    }
}

fn parse_crate(input: ParseStream<'_>) -> syn::Result<Written<Path>> {
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        bail!(literal, "the value is a path, not a string: `crate = {}`", literal.value());
    }
    let path = input.call(Path::parse_mod_style)?;
    Ok(Written { span: path.span(), value: path })
}

/// Leaves out the rest of an option that was wrong, so that the next one is looked at too.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
