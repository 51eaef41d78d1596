//! How the arguments get into the body, and what of them is left for the cleanup.
//!
//! An argument that the cleanup does not mention lives and dies with the body. One that it mentions is borrowed by the
//! body, and uniquely: a shared borrow held across an await would ask `Sync` of it.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, Ident, Pat, PatIdent, ReceiverKind, Signature, Token, parse_quote};

use crate::{
    cleanup::Cleanup,
    input::{self, Holds, Named},
};

#[derive(Default)]
pub(crate) struct Captures {
    /// Whether the cleanup mentions an argument.
    pub(crate) mentioned: bool,
    /// Statements that never run. The compiler captures in the order in which a body mentions, and drops in that order,
    /// so they stand in the reverse order of the arguments, as a function drops them.
    pub(crate) never_run: TokenStream,
    /// Takes apart the arguments whose parts the cleanup mentions, before the body.
    pub(crate) before_body: TokenStream,
    /// Takes apart the others, inside it.
    pub(crate) in_body: TokenStream,
}

/// Finds out what the cleanup mentions, for a function whose body makes a future out of the arguments by itself.
pub(crate) fn mentions_argument(signature: &Signature, cleanup: &Cleanup) -> bool {
    signature.inputs.iter().any(|argument| match argument {
        FnArg::Receiver(_) => cleanup.mentions("self"),
        FnArg::Typed(typed) => input::names_in(&typed.pat)
            .iter()
            .any(|name| cleanup.mentions(&name.to_string())),
    })
}

/// Captures the arguments. Patterns move from the signature to where they are taken apart.
pub(crate) fn capture(signature: &mut Signature, cleanup: &Cleanup, private: &TokenStream) -> Captures {
    let mut captures = Captures::default();
    let mut statements = Vec::new();
    let mut take = |name: &Ident, conditions: &[Attribute]| {
        let span = Span::mixed_site();
        statements.push(quote_spanned!(span=> #(#conditions)* #private::take(#name);));
    };
    let mut borrows = TokenStream::new();
    let mut taken_whole = Vec::new();
    let mut takes_apart = false;

    for (index, argument) in signature.inputs.iter_mut().enumerate() {
        if let Some(Named {
            name,
            holds,
            conditions,
            ..
        }) = Named::of_argument(argument)
        {
            if !cleanup.mentions(&name.to_string()) {
                take(&name, &conditions);
                taken_whole.push(index);
                continue;
            }
            captures.mentioned = true;
            match holds {
                Holds::Value => {
                    make_mutable(argument);
                    borrows.extend(quote! { #(#conditions)* let _ = &mut #name; });
                }
                Holds::MutReference => borrows.extend(quote! { #(#conditions)* let _ = &mut *#name; }),
                Holds::Reference => {}
            }
        } else if let FnArg::Typed(typed) = argument {
            let whole = format_ident!("__finally_argument_{index}", span = Span::mixed_site());
            let pattern = std::mem::replace(&mut *typed.pat, plain(whole.clone()));
            let conditions: Vec<_> = typed
                .attrs
                .iter()
                .filter(|it| it.path().is_ident("cfg"))
                .cloned()
                .collect();
            let names = input::names_in(&pattern);
            if names.iter().any(|name| cleanup.mentions(&name.to_string())) {
                captures.mentioned = true;
                captures
                    .before_body
                    .extend(quote! { #(#conditions)* let #pattern = #whole; });
                names
                    .iter()
                    .filter(|name| !cleanup.mentions(&name.to_string()))
                    .for_each(|name| take(name, &conditions));
            } else {
                take(&whole, &conditions);
                captures
                    .in_body
                    .extend(quote! { #(#conditions)* let #pattern = #whole; });
                takes_apart = true;
            }
        }
    }
    if takes_apart {
        captures.in_body = rebind(signature, &taken_whole, captures.in_body);
    }
    statements.reverse();
    captures.never_run = quote! { #(#statements)* #borrows };
    captures
}

/// Parts of an argument are variables of the body, and so the whole arguments around them have to be, or they would be
/// dropped in another order. This costs their size once more, and is rare.
fn rebind(signature: &mut Signature, taken_whole: &[usize], patterns: TokenStream) -> TokenStream {
    let mut patterns = patterns.into_iter().peekable();
    let mut rebound = TokenStream::new();
    for (index, argument) in signature.inputs.iter_mut().enumerate() {
        let FnArg::Typed(typed) = argument else { continue };
        if let Pat::Ident(name) = &mut *typed.pat {
            if taken_whole.contains(&index) {
                let pattern = name.clone();
                name.mutability = None;
                let name = &name.ident;
                let conditions = typed.attrs.iter().filter(|it| it.path().is_ident("cfg"));
                rebound.extend(quote! { #(#conditions)* let #pattern = #name; });
            } else if name.ident.to_string().starts_with("__finally_argument_") {
                // The next pattern's statement, which ends in its semicolon.
                for tree in patterns.by_ref() {
                    let ends = matches!(&tree, proc_macro2::TokenTree::Punct(end) if end.as_char() == ';');
                    rebound.extend([tree]);
                    if ends {
                        break;
                    }
                }
            }
        }
    }
    rebound
}

fn plain(name: Ident) -> Pat {
    Pat::Ident(PatIdent {
        attrs: Vec::new(),
        by_ref: None,
        mutability: None,
        ident: name,
        subpat: None,
    })
}

/// A unique borrow asks for `mut`, whether the user wrote it or not.
fn make_mutable(argument: &mut FnArg) {
    let allow: Attribute = parse_quote!(#[allow(unused_mut)]);
    match argument {
        FnArg::Receiver(receiver)
            if receiver.mutability.is_none() && !matches!(receiver.kind, ReceiverKind::Reference(..)) =>
        {
            receiver.mutability = Some(Token![mut](Span::mixed_site()));
            receiver.attrs.push(allow);
        }
        FnArg::Typed(typed) => {
            if let Pat::Ident(pattern) = &mut *typed.pat {
                if pattern.mutability.is_none() {
                    pattern.mutability = Some(Token![mut](Span::mixed_site()));
                    typed.attrs.push(allow);
                }
            }
        }
        FnArg::Receiver(_) => {}
    }
}
