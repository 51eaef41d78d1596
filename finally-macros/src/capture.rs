//! How the arguments get into the body, and what of them is left for the cleanup.
//!
//! An argument that the cleanup does not mention lives and dies with the body. One that it mentions is borrowed by the
//! body, and uniquely: a shared borrow held across an await would ask `Sync` of it.
//!
//! The compiler captures in the order in which a block mentions, and drops in that order. So statements that never run
//! stand at the top of a block, and name the arguments in reverse, as a function drops them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{
    Attribute, FnArg, Ident, Pat, PatIdent, ReceiverKind, Signature, Token, parse_quote_spanned,
    spanned::Spanned as _,
};

use crate::{
    cleanup::Cleanups,
    input::{self, Function, Holds, Named},
    tokens,
};

/// What the blocks of an expansion capture, each as statements that never run.
#[derive(Default)]
pub(crate) struct Captures {
    /// Whether the cleanup mentions an argument.
    pub(crate) mentioned: bool,
    /// For the body: takes what no cleanup mentions, borrows the rest.
    pub(crate) body: TokenStream,
    /// For the coroutine around it, where cleanups of later attributes mention arguments: takes all but those.
    pub(crate) coroutine: Option<TokenStream>,
    /// For the evaluation of the cleanup: takes what it mentions, so that it is dropped right after.
    pub(crate) cleanup: TokenStream,
    /// Takes apart the arguments whose parts the cleanup mentions, before the body.
    pub(crate) before_body: TokenStream,
    /// Takes apart the others, inside it.
    pub(crate) in_body: TokenStream,
}

/// The owner of the arguments, which keeps the rest of them until the cleanup has been evaluated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The call of a function that is not async.
    Call,
    /// An async function.
    Function,
    /// A coroutine that the function makes, and returns.
    Coroutine,
}

/// A variable that an argument binds.
struct Variable {
    name: Ident,
    holds: Holds,
    conditions: Vec<Attribute>,
    /// Whether the cleanup mentions it.
    here: bool,
    /// Whether the cleanup of a later attribute does.
    later: bool,
    /// A local for what nothing mentions: the compiler calls that unused, and still has to.
    unused: Option<TokenStream>,
    /// Whether the body does not care if it is mutable. Of a value that is `Copy` a block takes no more than a shared borrow,
    /// which asks `Sync` of it, so such a value is borrowed uniquely before it is taken.
    may_be_mutable: bool,
}

impl Variable {
    fn take(&self, private: &Ident) -> TokenStream {
        let borrow = self.may_be_mutable.then(|| self.borrow());
        let take = self.unused.clone().unwrap_or_else(|| take(&self.name, &self.conditions, private));
        quote! { #borrow #take }
    }

    fn borrow(&self) -> TokenStream {
        let Self { name, conditions, .. } = self;
        let allow = allow_underscore(name);
        match self.holds {
            Holds::Value => quote! { #(#conditions)* #allow let _ = &mut #name; },
            Holds::MutReference => quote! { #(#conditions)* let _ = &mut *#name; },
            Holds::Reference | Holds::Part => TokenStream::new(),
        }
    }
}

fn take(name: &Ident, conditions: &[Attribute], private: &Ident) -> TokenStream {
    let allow = allow_underscore(name);
    quote_spanned!(Span::mixed_site()=> #(#conditions)* #allow #private::take(#name);)
}

/// A local of the name of an argument is there on purpose.
fn allow_shadow() -> TokenStream {
    quote!(#[allow(clippy::shadow_same)])
}

/// An argument that says by its name that it is not used is still captured.
fn allow_underscore(name: &Ident) -> Option<TokenStream> {
    name.to_string()
        .starts_with('_')
        .then(|| quote!(#[allow(clippy::no_effect_underscore_binding, clippy::used_underscore_binding)]))
}

/// Captures the arguments, for a `body` that may be the function's or a future of it. Patterns move from the signature to where
/// they are taken apart, unless a function that is not async uses all parts of the argument: its documentation shows them.
pub(crate) fn capture(
    function: &mut Function,
    body: &TokenStream,
    owner: Owner,
    cleanups: Cleanups<'_>,
    private: &Ident,
) -> Captures {
    let mut captures = Captures::default();
    let mut variables = Vec::new();
    let later = function.later_cleanups();
    let variable = |name: Ident, holds, conditions| {
        let (here, later) =
            (cleanups.mentions(&name.to_string()), tokens::mention(&later, &name.to_string()));
        Variable { name, holds, conditions, here, later, unused: None, may_be_mutable: false }
    };
    // A function that is not async keeps its arguments in locals for nothing, and the compiler says most about those. Not
    // about references: what it says about lifetimes it would say about the local.
    let has_locals = owner == Owner::Call;
    let signature = &mut function.signature;
    // A local in the place of each argument, for the case that one has to be taken apart in the body.
    let mut locals = TokenStream::new();
    let mut takes_apart = false;
    let mut local_names = Vec::new();

    for (index, argument) in signature.inputs.iter_mut().enumerate() {
        if let Some(Named { name, holds, conditions, .. }) = Named::of_argument(argument) {
            let mut variable = variable(name, holds, conditions);
            if variable.here || variable.later {
                make_mutable_if_value(argument, holds);
            } else if let FnArg::Typed(typed) = argument {
                let (pattern, name) = (&typed.pat, &variable.name);
                let attributes = input::attributes_of_local(&typed.attrs);
                let (shadow, allow) = (allow_shadow(), allow_underscore(name));
                if allow.is_none() && !tokens::mention(body, &name.to_string()) {
                    variable.unused = Some(quote! { #(#attributes)* #shadow let #pattern = #name; });
                }
                if !(has_locals && matches!(holds, Holds::Reference | Holds::MutReference)) {
                    locals.extend(quote! { #(#attributes)* #shadow #allow let #pattern = #name; });
                    local_names.push(name.clone());
                }
            }
            variables.push(variable);
        } else if let FnArg::Typed(typed) = argument {
            let conditions = input::conditions(&typed.attrs);
            let parts: Vec<_> = input::names_in(&typed.pat)
                .into_iter()
                .map(|name| variable(name, Holds::Part, conditions.clone()))
                .collect();
            let (here, later) = (parts.iter().any(|part| part.here), parts.iter().any(|part| part.later));
            if later {
                // The last attribute that mentions a part takes the argument apart.
                variables.extend(parts);
                continue;
            }
            let attributes = input::attributes_of_local(&typed.attrs);
            let is_used = |part: &Variable| part.here || tokens::mention(body, &part.name.to_string());
            let is_plain = has_locals && (here || attributes.len() == conditions.len());
            let bindings = whole_bindings(&mut typed.pat).filter(|_| is_plain && parts.iter().all(is_used));
            if has_locals && (here || bindings.is_some()) {
                for PatIdent { mutability, ident, .. } in bindings.into_iter().flatten() {
                    if parts.iter().any(|part| part.name == *ident && !part.here) {
                        let (shadow, mutability) = (allow_shadow(), mutability.take());
                        locals.extend(quote! { #(#conditions)* #shadow let #mutability #ident = #ident; });
                    }
                }
                variables.extend(parts);
                continue;
            }
            typed.attrs.retain(|attribute| !input::is_about_lints(attribute));
            let whole = format_ident!("__finally_argument_{index}", span = Span::mixed_site());
            let pattern = std::mem::replace(&mut *typed.pat, plain(whole.clone()));
            // `ref mut` borrows from the argument.
            let words = pattern.to_token_stream();
            let mutable = (tokens::has_word(&words, "ref") && tokens::has_word(&words, "mut"))
                .then(|| Token![mut](Span::mixed_site()));
            let allow = mutable.is_some().then(|| quote!(#[allow(unused_mut)]));
            if here {
                // A coroutine would own those parts alone that the pattern binds.
                if mutable.is_some() || owner == Owner::Coroutine {
                    captures
                        .before_body
                        .extend(quote! { #(#conditions)* #allow let #mutable #whole = #whole; });
                }
                captures
                    .before_body
                    .extend(quote_spanned! {pattern.span()=> #(#attributes)* let #pattern = #whole; });
                variables.extend(parts);
            } else {
                takes_apart = true;
                locals.extend(quote! { #(#conditions)* #allow let #mutable #whole = #whole; });
                locals.extend(quote_spanned! {pattern.span()=> #(#attributes)* let #pattern = #whole; });
                variables.push(variable(whole, Holds::Value, conditions));
            }
        }
    }
    if takes_apart || has_locals {
        // Parts of an argument are locals of the body, and so the other arguments have to be, or they would be dropped
        // in another order. This costs their size once more, and is rare.
        signature.inputs.iter_mut().for_each(|argument| give_to_local(argument, &local_names));
        captures.in_body = locals;
        // Whether the local is used is what counts.
        let is_local = |it: &&mut Variable| local_names.contains(&it.name);
        variables.iter_mut().filter(is_local).for_each(|it| it.unused = None);
    }

    let unused: Vec<_> =
        variables.iter().filter(|it| it.unused.is_some()).map(|it| it.name.clone()).collect();
    signature.inputs.iter_mut().for_each(|argument| give_to_local(argument, &unused));
    if owner != Owner::Call && variables.iter().any(|it| it.here || it.later) {
        for argument in &mut signature.inputs {
            let FnArg::Typed(typed) = &argument else { continue };
            let Pat::Ident(PatIdent { ident, mutability: None, .. }) = &*typed.pat else { continue };
            let Some(variable) = variables.iter_mut().find(|it| it.name == *ident) else { continue };
            let Variable { name, holds, here, later, .. } = variable;
            if *holds == Holds::Value
                && !*here
                && !*later
                && tokens::only_gives_to_local(body, &name.to_string())
            {
                variable.may_be_mutable = true;
                make_mutable_if_value(argument, Holds::Value);
            }
        }
    }

    let take = |which: fn(&Variable) -> bool| -> TokenStream {
        variables.iter().rev().filter(|it| which(it)).map(|it| it.take(private)).collect()
    };
    let borrow = |which: fn(&Variable) -> bool| -> TokenStream {
        variables.iter().filter(|it| which(it)).map(Variable::borrow).collect()
    };
    captures.mentioned = variables.iter().any(|it| it.here);
    captures.body = take(|it| !it.here && !it.later);
    captures.body.extend(borrow(|it| it.here || it.later));
    // A body that moves such an argument away is told where the cleanup needs it.
    let last = cleanups.last();
    captures.cleanup = variables
        .iter()
        .rev()
        .filter(|it| it.here && !it.later && last.mentions(&it.name.to_string()))
        .map(|it| self::take(&last.at_mention(&it.name), &it.conditions, private))
        .collect();
    captures.coroutine = variables.iter().any(|it| it.later).then(|| {
        let mut statements = take(|it| !it.later);
        statements.extend(borrow(|it| it.later));
        statements
    });
    captures
}

/// What the cleanup mentions, for a function whose block makes a future out of the arguments by itself.
pub(crate) fn capture_mentioned(signature: &Signature, cleanups: Cleanups<'_>, private: &Ident) -> Captures {
    let arguments = signature.inputs.iter().rev().flat_map(|argument| match argument {
        FnArg::Receiver(receiver) => vec![(Named::of_receiver(receiver).name, Vec::new())],
        FnArg::Typed(typed) => {
            let names = input::names_in(&typed.pat).into_iter();
            names.map(|name| (name, input::conditions(&typed.attrs))).collect()
        }
    });
    let mentioned: Vec<_> = arguments.filter(|(name, _)| cleanups.mentions(&name.to_string())).collect();
    let last = cleanups.last();
    let taken = mentioned
        .iter()
        .filter(|(name, _)| last.mentions(&name.to_string()))
        .map(|(name, conditions)| take(&last.at_mention(name), conditions, private))
        .collect();
    Captures { mentioned: !mentioned.is_empty(), cleanup: taken, ..Captures::default() }
}

/// The variables that a pattern binds, if it leaves nothing of the argument unbound, which would outlive them.
fn whole_bindings(pattern: &mut Pat) -> Option<Vec<&mut PatIdent>> {
    fn of_all<'a>(patterns: impl Iterator<Item = &'a mut Pat>) -> Option<Vec<&'a mut PatIdent>> {
        let bindings: Option<Vec<_>> = patterns.map(whole_bindings).collect();
        bindings.map(|bindings| bindings.into_iter().flatten().collect())
    }

    match pattern {
        Pat::Ident(it) if it.by_ref.is_none() && it.subpat.is_none() => Some(vec![it]),
        Pat::Paren(it) => whole_bindings(&mut it.pat),
        Pat::Reference(it) => whole_bindings(&mut it.pat),
        Pat::Slice(it) => of_all(it.elems.iter_mut()),
        Pat::Struct(it) if it.rest.is_none() => of_all(it.fields.iter_mut().map(|field| &mut *field.pat)),
        Pat::Tuple(it) => of_all(it.elems.iter_mut()),
        Pat::TupleStruct(it) => of_all(it.elems.iter_mut()),
        _ => None,
    }
}

fn plain(name: Ident) -> Pat {
    Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident: name, subpat: None })
}

/// A unique borrow asks for `mut`, whether the user wrote it or not.
fn make_mutable_if_value(argument: &mut FnArg, holds: Holds) {
    let span = argument.span();
    let (mutability, attributes) = match argument {
        _ if holds != Holds::Value => return,
        FnArg::Receiver(receiver) if matches!(receiver.kind, ReceiverKind::Reference(..)) => return,
        FnArg::Receiver(receiver) => (&mut receiver.mutability, &mut receiver.attrs),
        FnArg::Typed(typed) => match &mut *typed.pat {
            Pat::Ident(pattern) => (&mut pattern.mutability, &mut typed.attrs),
            _ => return,
        },
    };
    if mutability.is_none() {
        // Where the argument stands is where the compiler puts another one in front of it.
        *mutability = Some(Token![mut](span));
        attributes.push(parse_quote_spanned!(span=> #[allow(unused_mut)]));
    }
}

/// The `mut` of an argument goes with its local, and so does what is allowed or expected of it. What else stands in front of an
/// argument is for another attribute.
fn give_to_local(argument: &mut FnArg, locals: &[Ident]) {
    if let FnArg::Typed(typed) = argument {
        if let Pat::Ident(pattern) = &mut *typed.pat {
            if locals.contains(&pattern.ident) {
                pattern.mutability = None;
                typed.attrs.retain(|attribute| !input::is_about_lints(attribute));
            }
        }
    }
}
