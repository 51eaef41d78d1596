//! `on_cancel = ..` and `crate = ..`, for the attribute and wherever else they are written.

use proc_macro2::Span;
use syn::{Ident, LitStr, Path, Token, ext::IdentExt as _, parse::ParseStream};

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

/// A value and where to tell what is wrong with it.
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

/// Every option there is: its name, how it looks, how it is parsed.
const TABLE: &[(&str, &str, Parse)] = &[
    ("on_cancel", "on_cancel = block", |options, name, input| {
        set(&mut options.on_cancel, name, parse_on_cancel(name, input)?)
    }),
    ("crate", "crate = ::path", |options, name, input| {
        set(&mut options.krate, name, parse_crate(name, input)?)
    }),
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
            if input.is_empty() {
                break;
            }
            if let Err(error) = input.parse::<Token![,]>() {
                errors.push(error);
                break;
            }
        }
        errors.finish()?;
        Ok(options)
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if !starts_option(input) {
            return Err(not_an_option(input));
        }
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        match TABLE.iter().find(|(known, ..)| name == known) {
            Some((.., parse)) => parse(self, &name, input),
            None => {
                let (written, known) = (name.to_string(), names());
                Err(error!(name, "unknown option `{written}`; {}", suggest::instead_of(&written, &known)))
            }
        }
    }
}

fn names() -> Vec<&'static str> {
    TABLE.iter().map(|(name, ..)| *name).collect()
}

/// Whether `name =` follows, which no cleanup starts with: an assignment is not a value that a cleanup may have.
pub(crate) fn starts_option(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

/// Tells what stands behind the cleanup, where it is not `name = ..`.
fn not_an_option(input: ParseStream<'_>) -> syn::Error {
    if let Ok(word) = input.fork().call(Ident::parse_any) {
        let written = word.to_string();
        let meant = suggest::closest(&written, &names());
        if let Some((.., form, _)) = TABLE.iter().find(|(name, ..)| meant == Some(*name)) {
            return error!(word, "an option has a value behind `=`, as in `{form}`");
        }
        if OnCancel::VALUES.iter().any(|(name, _)| word == name) {
            return error!(
                word,
                "`{written}` is the value of an option; did you mean `on_cancel = {written}`?"
            );
        }
    }
    error!(
        at input.span(),
        "expected an option such as `on_cancel = block`; more than one cleanup goes into a block: `{{ a(); b() }}`"
    )
}

fn set<T>(slot: &mut Option<Written<T>>, name: &Ident, written: Written<T>) -> syn::Result<()> {
    if slot.is_some() {
        bail!(name, "the option `{name}` is given twice; remove one of them");
    }
    *slot = Some(written);
    Ok(())
}

/// Where a value is wrong: at the value, or at the option's name where there is none.
fn span_of_value(name: &Ident, input: ParseStream<'_>) -> Span {
    if input.is_empty() || input.peek(Token![,]) { name.span() } else { input.span() }
}

fn parse_on_cancel(name: &Ident, input: ParseStream<'_>) -> syn::Result<Written<OnCancel>> {
    let known: Vec<_> = OnCancel::VALUES.iter().map(|(name, _)| *name).collect();
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        let written = literal.value();
        match suggest::closest(&written, &known) {
            Some(value) => bail!(literal, "the value is a word, not a string: `on_cancel = {value}`"),
            None => bail!(literal, "unknown value `{written}` for `on_cancel`; {}", suggest::one_of(&known)),
        }
    }
    if !input.peek(Ident::peek_any) {
        bail!(at span_of_value(name, input), "`on_cancel` needs a value; {}", suggest::one_of(&known));
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

fn parse_crate(name: &Ident, input: ParseStream<'_>) -> syn::Result<Written<Path>> {
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        bail!(literal, "the value is a path, not a string: `crate = {}`", literal.value());
    }
    if !input.peek(Token![::]) && !input.peek(Ident::peek_any) {
        bail!(at span_of_value(name, input), "`crate` needs a path, as in `crate = ::path`");
    }
    let path = input.call(Path::parse_mod_style)?;
    let span = path.segments.last().map_or(name.span(), |segment| segment.ident.span());
    Ok(Written { span, value: path })
}

/// Leaves out the rest of an option that was wrong, so that the next one is looked at too.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
