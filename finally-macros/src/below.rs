//! The attributes below this one. They are expanded later. If this one desugars an `async fn`, they see a function
//! that is not async.
//!
//! Our own attributes are expanded together with this one. All others must not depend on an `async fn`.

use quote::ToTokens as _;
use syn::{
    Attribute, Meta, Path, Token,
    parse::{ParseStream, Parser as _},
    punctuated::Punctuated,
};

use crate::{
    arguments::Arguments,
    error::{Errors, error},
    input::{self, Function, Returns},
    options::Armed,
    tokens,
};

/// Built-in attributes that have the same meaning on a function that is not async.
const BUILT_IN: &[&str] = &[
    "allow",
    "automatically_derived",
    "cfg",
    "cold",
    "coverage",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "export_name",
    "forbid",
    "inline",
    "instruction_set",
    "link_section",
    "must_use",
    "no_mangle",
    "no_sanitize",
    "optimize",
    "sanitize",
    "stable",
    "target_feature",
    "track_caller",
    "unsafe",
    "unstable",
    "warn",
];

/// Tools whose attributes do not change the function.
const TOOLS: &[&str] = &["clippy", "diagnostic", "miri", "rust_analyzer", "rustfmt"];

/// Attributes that the compiler applies to the value of an `async fn`, or to an `async fn` alone.
const OF_ASYNC: &[&str] = &["expect", "must_use", "track_caller"];

/// Returns whether an `async fn` may become a function that returns its future: no attribute below sees the
/// difference.
pub(crate) fn may_be_desugared(function: &Function) -> bool {
    function.returns() == Returns::Awaited
        && function.attributes.iter().all(|it| input::name_of_ours(it).is_some() || sees_no_async(it))
}

/// Returns whether an attribute has the same meaning on a function that is not async.
pub(crate) fn sees_no_async(attribute: &Attribute) -> bool {
    let words = attribute.meta.to_token_stream();
    may_need_async(&attribute.meta).is_none() && !OF_ASYNC.iter().any(|name| tokens::has_word(&words, name))
}

/// Checks the attributes below one with `armed = call`.
pub(crate) fn check(name: &str, function: &Function, errors: &mut Errors) {
    for attribute in &function.attributes {
        if let Some(below) = input::name_of_ours(attribute) {
            if arguments(below, attribute).is_ok_and(|below| below.armed() == Armed::Poll) {
                errors.push(error!(
                    attribute.path(),
                    "`#[{name}]` above is armed by the call, so this one, which is around it, has to be as well: \
                     `#[{below}(.., armed = call)]`"
                ));
            }
        } else if let Some(path) = may_need_async(&attribute.meta) {
            let written = path.to_token_stream().to_string().replace(' ', "");
            errors.push(error!(
                path,
                "`#[{written}]` may need an `async fn`, and `armed = call` above makes a function of this that is not async; put \
                 `#[{written}]` above `#[{name}]`, or remove `armed`"
            ));
        }
    }
}

/// Returns the arguments of our own attributes, from top to bottom.
pub(crate) fn arguments_of_ours(
    function: &Function,
) -> impl Iterator<Item = (&'static str, syn::Result<Arguments>)> {
    let ours = function.attributes.iter().filter_map(|it| Some((input::name_of_ours(it)?, it)));
    ours.map(|(name, attribute)| (name, arguments(name, attribute)))
}

fn arguments(name: &str, attribute: &Attribute) -> syn::Result<Arguments> {
    attribute.parse_args_with(|input: ParseStream<'_>| Arguments::parse(name, input))
}

/// Returns the path of the attribute, or of one inside a `cfg_attr`, if it is not known to be harmless.
fn may_need_async(meta: &Meta) -> Option<Path> {
    let path = meta.path();
    if let (true, Meta::List(list)) = (path.is_ident("cfg_attr"), meta) {
        let inside = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone()).ok()?;
        return inside.iter().skip(1).find_map(may_need_async);
    }
    let first = path.segments.first()?;
    let known = if path.segments.len() == 1 { BUILT_IN } else { TOOLS };
    if known.iter().any(|known| first.ident == known) { None } else { Some(path.clone()) }
}
