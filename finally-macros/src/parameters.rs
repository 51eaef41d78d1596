//! The parameters of a function: their names, and how each holds its value.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{
    Attribute, FnArg, Meta, Pat, Receiver, ReceiverKind, Token, Type, parse::Parser as _,
    punctuated::Punctuated,
};

use crate::{
    tokens,
    types::{self, ungrouped},
};

/// The kind of value that a variable holds, as far as its type shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Value,
    Reference,
    MutReference,
    /// A part of an argument, bound by a pattern.
    Part,
}

/// A named argument.
pub(crate) struct Named {
    pub(crate) name: Ident,
    pub(crate) holds: Holds,
    /// Whether its type shows that it is or contains a reference that is not `'static`.
    pub(crate) borrows: bool,
    /// The `#[cfg(..)]` attributes of the argument, to be repeated on all code for it.
    pub(crate) conditions: Vec<Attribute>,
}

impl Named {
    fn new(name: Ident, ty: Option<&Type>, attributes: &[Attribute]) -> Self {
        let holds = match ty.map(ungrouped) {
            Some(Type::Reference(reference)) if reference.mutability.is_some() => Holds::MutReference,
            Some(Type::Reference(_)) => Holds::Reference,
            _ => Holds::Value,
        };
        let borrows = ty.is_some_and(|ty| types::show_borrow(&ty.to_token_stream()));
        let conditions = conditions(attributes);
        Self { name, holds, borrows, conditions }
    }

    /// Returns the `self` of a method.
    pub(crate) fn of_receiver(receiver: &Receiver) -> Self {
        let name = Ident::new("self", receiver.self_token.span);
        match &receiver.kind {
            ReceiverKind::Reference(_, lifetime, mutability) => Self {
                name,
                holds: if mutability.is_some() { Holds::MutReference } else { Holds::Reference },
                borrows: lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static"),
                conditions: Vec::new(),
            },
            ReceiverKind::Typed(_, ty) => Self::new(name, Some(ty), &receiver.attrs),
            _ => Self::new(name, None, &receiver.attrs),
        }
    }

    /// Returns an argument that is a single identifier: `x`, `mut x`.
    pub(crate) fn of_argument(argument: &FnArg) -> Option<Self> {
        match argument {
            FnArg::Receiver(receiver) => Some(Self::of_receiver(receiver)),
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
                    Some(Self::new(pattern.ident.clone(), Some(&typed.ty), &typed.attrs))
                }
                _ => None,
            },
        }
    }
}

/// Returns the `#[cfg(..)]` attributes of an argument, to be repeated on all code for it.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

/// Returns whether an attribute sets lint levels, so that it moves to the local that an argument becomes.
pub(crate) fn is_about_lints(attribute: &Attribute) -> bool {
    const LINT_LEVELS: &[&str] = &["allow", "deny", "expect", "forbid", "warn"];

    fn of_meta(meta: &Meta) -> bool {
        match meta {
            Meta::List(list) if list.path.is_ident("cfg_attr") => {
                let inside = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone());
                inside.is_ok_and(|inside| inside.len() > 1 && inside.iter().skip(1).all(of_meta))
            }
            meta => LINT_LEVELS.iter().any(|level| meta.path().is_ident(level)),
        }
    }

    of_meta(&attribute.meta)
}

/// Returns the attributes of an argument that its local carries.
pub(crate) fn attributes_of_local(attributes: &[Attribute]) -> Vec<Attribute> {
    let belongs = |attribute: &&Attribute| attribute.path().is_ident("cfg") || is_about_lints(attribute);
    attributes.iter().filter(belongs).cloned().collect()
}

/// Returns the names that a pattern binds. Constants are included, which is harmless: no cleanup mentions a
/// constant as an argument.
pub(crate) fn names_in(pattern: &Pat) -> Vec<Ident> {
    fn collect(pattern: &Pat, names: &mut Vec<Ident>) {
        match pattern {
            Pat::Ident(it) => {
                // The alternatives of an or-pattern bind the same names.
                if !names.iter().any(|name| tokens::is_named(name, &it.ident.to_string())) {
                    names.push(it.ident.clone());
                }
                if let Some((_, inner)) = &it.subpat {
                    collect(inner, names);
                }
            }
            Pat::Guard(it) => collect(&it.pat, names),
            Pat::Or(it) => it.cases.iter().for_each(|it| collect(it, names)),
            Pat::Paren(it) => collect(&it.pat, names),
            Pat::Reference(it) => collect(&it.pat, names),
            Pat::Slice(it) => it.elems.iter().for_each(|it| collect(it, names)),
            Pat::Struct(it) => it.fields.iter().for_each(|it| collect(&it.pat, names)),
            Pat::Tuple(it) => it.elems.iter().for_each(|it| collect(it, names)),
            Pat::TupleStruct(it) => it.elems.iter().for_each(|it| collect(it, names)),
            Pat::Type(it) => collect(&it.pat, names),
            // A macro is assumed to bind all names in its input.
            Pat::Macro(it) => names.extend(tokens::words(&it.mac.tokens)),
            Pat::Verbatim(it) => names.extend(tokens::words(it)),
            _ => {}
        }
    }

    let mut names = Vec::new();
    collect(pattern, &mut names);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_bind_names() {
        for (written, bound) in [
            ("(a, mut b)", "a b"),
            ("Point { x, y: (z, ..) }", "x z"),
            ("Some(ref inner)", "inner"),
            ("whole @ (part, _)", "whole part"),
            ("(Ok(text) | Err(text))", "text"),
            ("(r#text | text)", "r#text"),
            ("(N, Unit::<X>, Color::Red)", "N"),
            ("pair!(a, b)", "a b"),
            ("_", ""),
        ] {
            let pattern = Pat::parse_single.parse_str(written).expect("a pattern");
            let names: Vec<_> = names_in(&pattern).iter().map(ToString::to_string).collect();
            assert_eq!(names.join(" "), bound, "{written}");
        }
    }
}
