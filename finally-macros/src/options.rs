//! `on_cancel = ..`, `armed = ..` and `crate = ..`, for the attribute and the block.

use proc_macro2::{Group, Span};
use syn::{
    Ident, LitStr, Path, Token,
    ext::IdentExt as _,
    parenthesized,
    parse::{ParseStream, Parser as _},
    token,
};

use crate::{
    cleanup::{Cleanup, Uses},
    error::{Errors, bail, error},
    suggest,
};

/// The treatment of an awaited cleanup on cancellation.
pub(crate) enum OnCancel {
    Detach,
    Block,
    Skip,
    /// Another cleanup replaces it, and is detached.
    Replace(Box<Cleanup>),
}

impl OnCancel {
    /// Returns how a cleanup captures variables: it moves them if it may be detached, and borrows them if it is
    /// awaited in place.
    pub(crate) const fn uses(&self) -> Uses {
        match self {
            Self::Detach => Uses::Taken,
            Self::Block | Self::Skip | Self::Replace(_) => Uses::Borrowed,
        }
    }

    pub(crate) const fn replacement(&self) -> Option<&Cleanup> {
        match self {
            Self::Replace(cleanup) => Some(cleanup),
            Self::Detach | Self::Block | Self::Skip => None,
        }
    }
}

impl Word for OnCancel {
    const VALUES: &'static [Choice<Self>] =
        &[("detach", || Self::Detach), ("block", || Self::Block), ("skip", || Self::Skip)];
    const OTHER: Option<&'static str> = Some("(..)");
}

/// The time from which on a dropped future is cleaned up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Armed {
    #[default]
    Poll,
    Call,
}

impl Word for Armed {
    const VALUES: &'static [Choice<Self>] = &[("poll", || Self::Poll), ("call", || Self::Call)];
}

/// A word, and the value that it stands for.
type Choice<T> = (&'static str, fn() -> T);

/// A value that is written as one of a few words.
trait Word: Sized + 'static {
    const VALUES: &'static [Choice<Self>];
    /// The form of a value that is not a word.
    const OTHER: Option<&'static str> = None;

    fn names() -> Vec<&'static str> {
        Self::VALUES.iter().map(|(name, _)| *name).chain(Self::OTHER).collect()
    }
}

/// A value, and the span for errors about it.
pub(crate) struct Written<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) on_cancel: Option<Written<OnCancel>>,
    pub(crate) armed: Option<Written<Armed>>,
    pub(crate) krate: Option<Written<Path>>,
}

type Parse = fn(&mut Options, &Ident, ParseStream<'_>) -> syn::Result<()>;

/// An option: its name, an example, and its parser.
type Known = (&'static str, &'static str, Parse);

const ON_CANCEL: Known = ("on_cancel", "on_cancel = block", |options, name, input| {
    set(&mut options.on_cancel, name, parse_on_cancel(name, input)?)
});

const ARMED: Known =
    ("armed", "armed = call", |options, name, input| set(&mut options.armed, name, parse_word(name, input)?));

const CRATE: Known = ("crate", "crate = ::path", |options, name, input| {
    set(&mut options.krate, name, parse_crate(name, input)?)
});

const OF_ATTRIBUTE: &[Known] = &[ON_CANCEL, ARMED, CRATE];
const OF_BLOCK: &[Known] = &[ON_CANCEL, CRATE];

impl Options {
    pub(crate) fn on_cancel(&self) -> &OnCancel {
        self.on_cancel.as_ref().map_or(&OnCancel::Detach, |written| &written.value)
    }

    /// Parses `name = value, ..` up to the end of the input.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Self::parse_known(OF_ATTRIBUTE, input)
    }

    /// Parses the options of a `finally!` block.
    pub(crate) fn parse_of_block(input: ParseStream<'_>) -> syn::Result<Self> {
        Self::parse_known(OF_BLOCK, input)
    }

    fn parse_known(known: &[Known], input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Self::default();
        let mut errors = Errors::default();
        while !input.is_empty() {
            if let Err(error) = options.parse_one(known, input) {
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

    fn parse_one(&mut self, known: &[Known], input: ParseStream<'_>) -> syn::Result<()> {
        if !starts_option(input) {
            return Err(not_an_option(known, input));
        }
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        match known.iter().find(|(known, ..)| name == known) {
            Some((.., parse)) => parse(self, &name, input),
            None if name == ARMED.0 => Err(error!(
                name,
                "`armed` is an option of the attribute on an `async fn`, and a block does not have it; remove `armed`"
            )),
            None => {
                let (written, known) = (name.to_string(), names(known));
                Err(error!(name, "unknown option `{written}`; {}", suggest::instead_of(&written, &known)))
            }
        }
    }
}

fn names(known: &[Known]) -> Vec<&'static str> {
    known.iter().map(|(name, ..)| *name).collect()
}

/// Returns whether `name =` follows. No cleanup starts with that, because an assignment is not a valid cleanup.
pub(crate) fn starts_option(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

/// Rejects a name that is not like that of any option.
pub(crate) fn check_known(input: ParseStream<'_>, way_out: impl FnOnce() -> String) -> syn::Result<()> {
    let word = input.fork().call(Ident::parse_any)?;
    if suggest::closest(&word.to_string(), &names(OF_ATTRIBUTE)).is_none() {
        bail!(word, "`{word}` is not an option, and {}", way_out());
    }
    Ok(())
}

/// Returns the only word in the parentheses for options, if it is neither an option nor the value of one.
pub(crate) fn other_word(options: &Group) -> Option<Ident> {
    let word = Ident::parse_any.parse2(options.stream()).ok()?;
    let mut known = names(OF_ATTRIBUTE).into_iter().chain(OnCancel::names()).chain(Armed::names());
    known.all(|known| word != known).then_some(word)
}

/// Reports the tokens after the cleanup, which are not `name = ..`.
fn not_an_option(known: &[Known], input: ParseStream<'_>) -> syn::Error {
    if let Ok(word) = input.fork().call(Ident::parse_any) {
        let written = word.to_string();
        let meant = suggest::closest(&written, &names(known));
        if let Some((.., form, _)) = known.iter().find(|(name, ..)| meant == Some(*name)) {
            return error!(word, "an option has a value after `=`, as in `{form}`");
        }
        let values = [("on_cancel", OnCancel::names()), ("armed", Armed::names())];
        if let Some((option, _)) = values.iter().find(|(_, values)| values.contains(&&*written)) {
            return error!(
                word,
                "`{written}` is the value of an option; did you mean `{option} = {written}`?"
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

/// Returns the span for an error about a value: that of the value, or of the option's name if there is no
/// value.
fn span_of_value(name: &Ident, input: ParseStream<'_>) -> Span {
    if input.is_empty() || input.peek(Token![,]) { name.span() } else { input.span() }
}

fn parse_on_cancel(name: &Ident, input: ParseStream<'_>) -> syn::Result<Written<OnCancel>> {
    if !input.peek(token::Paren) {
        if starts_expression(input) {
            bail!(at input.span(), "a cleanup for `{name}` stands in parentheses: `{name} = (..)`");
        }
        return parse_word(name, input);
    }
    let inside;
    let parentheses = parenthesized!(inside in input);
    if inside.is_empty() {
        bail!(
            at parentheses.span.join(),
            "the cleanup is missing: `{name} = (release(..))`, or `{name} = skip` for none"
        );
    }
    let cleanup = Cleanup::parse_replacement(&inside)?;
    if !inside.is_empty() {
        let after = inside.span();
        inside.parse::<proc_macro2::TokenStream>()?;
        bail!(at after, "expected one cleanup; more than one goes into a block: `{name} = ({{ a(); b() }})`");
    }
    Ok(Written { value: OnCancel::Replace(Box::new(cleanup)), span: name.span() })
}

/// Returns whether an expression other than a single word follows.
fn starts_expression(input: ParseStream<'_>) -> bool {
    let word = input.peek(Ident::peek_any);
    let is_alone = !input.peek2(token::Paren)
        && !input.peek2(token::Brace)
        && !input.peek2(Token![.])
        && !input.peek2(Token![!])
        && !input.peek2(Token![move])
        && !input.peek2(Token![|])
        && !input.peek2(Token![||]);
    (word && !is_alone) || input.peek(token::Brace) || input.peek(Token![|]) || input.peek(Token![||])
}

fn parse_word<T: Word>(name: &Ident, input: ParseStream<'_>) -> syn::Result<Written<T>> {
    let known = T::names();
    if input.peek(LitStr) {
        let literal: LitStr = input.parse()?;
        let written = literal.value();
        match suggest::closest(&written, &known) {
            Some(value) => bail!(literal, "the value is a word, not a string: `{name} = {value}`"),
            None => bail!(literal, "unknown value `{written}` for `{name}`; {}", suggest::one_of(&known)),
        }
    }
    if !input.peek(Ident::peek_any) {
        bail!(at span_of_value(name, input), "`{name}` needs a value; {}", suggest::one_of(&known));
    }
    let word = input.call(Ident::parse_any)?;
    match T::VALUES.iter().find(|(known, _)| word == known) {
        Some((_, value)) => Ok(Written { value: value(), span: name.span() }),
        None => {
            let written = word.to_string();
            bail!(word, "unknown value `{written}` for `{name}`; {}", suggest::instead_of(&written, &known))
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

/// Skips the rest of a wrong option, so that the next one is checked as well.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
