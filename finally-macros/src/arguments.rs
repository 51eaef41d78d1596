//! Parses the arguments of the attribute: `CLEANUP, option = value, ..`.

use syn::{Token, parse::ParseStream};

use crate::{
    cleanup::{Cleanup, Cleanups},
    error::{bail, error},
    options::{self, Armed, OnCancel, Options},
};

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
            options::check_known(input, || format!("the cleanup has no name: `#[{name}(cleanup, ..)]`"))?;
            bail!(at input.span(), "the cleanup comes first, and options after it: `#[{name}(cleanup, ..)]`");
        }
        let cleanup = Cleanup::parse(input)?;
        if input.peek(Token![;]) {
            let after = input.fork();
            let _: Token![;] = after.parse()?;
            if options::starts_option(&after) {
                bail!(at input.span(), "options follow after a comma: `#[{name}(cleanup, ..)]`");
            }
            if after.is_empty() {
                bail!(at input.span(), "a cleanup is an expression; remove the `;`");
            }
            bail!(at input.span(), "more than one statement goes into a block: `#[{name}({{ a(); b() }})]`");
        }
        if !input.is_empty() {
            let _: Token![,] =
                input.parse().map_err(|_| error!(at input.span(), "expected `,` after the cleanup"))?;
        }
        Ok(Self { cleanup, options: Options::parse(input)? })
    }
}
