//! Decides how the arguments get into the body, and which of them are left for the cleanup.
//!
//! An argument that the cleanup does not mention is moved into the body, and dropped with it. One that the
//! cleanup mentions is borrowed by the body. The borrow is unique, because a shared borrow held across an await
//! would require `Sync`.
//!
//! The compiler captures variables in the order in which a block mentions them, and drops them in that order.
//! So each block starts with statements that never run, and that name the arguments in reverse, which is the
//! order in which a function drops them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{
    Attribute, FnArg, Ident, Pat, PatIdent, PatType, ReceiverKind, Signature, Token, parse_quote_spanned,
    spanned::Spanned as _,
};

use crate::{
    cleanup::Cleanups,
    input::Function,
    parameters::{self, Holds, Named},
    tokens,
};

/// The captures of each block in an expansion, as statements that never run.
#[derive(Default)]
pub(crate) struct Captures {
    /// Whether the cleanup mentions an argument.
    pub(crate) mentioned: bool,
    /// For the body: moves the arguments that no cleanup mentions, and borrows the others.
    pub(crate) body: TokenStream,
    /// For the coroutine around the body, if cleanups of later attributes mention arguments: moves all other
    /// arguments.
    pub(crate) coroutine: Option<TokenStream>,
    /// For the evaluation of the cleanup: moves the arguments that it mentions, so that they are dropped right
    /// after it.
    pub(crate) cleanup: TokenStream,
    /// Destructures the arguments whose parts the cleanup mentions. The statements go before the body.
    pub(crate) before_body: TokenStream,
    /// Destructures the other arguments. The statements go inside the body.
    pub(crate) in_body: TokenStream,
}

/// The owner of the arguments. It keeps those that were not moved until the cleanup has been evaluated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The call of a function that is not async.
    Call,
    /// An async function.
    Function,
    /// A coroutine that the function creates and returns.
    Coroutine,
}

/// A variable that an argument binds.
struct Variable {
    name: Ident,
    holds: Holds,
    conditions: Vec<Attribute>,
    /// Whether the cleanup mentions it.
    here: bool,
    /// Whether the cleanup of a later attribute mentions it.
    later: bool,
    /// A local that replaces the capture if nothing mentions the variable. It keeps rustc's warning about an
    /// unused variable.
    unused: Option<TokenStream>,
    /// Whether `mut` can be added without a change for the body. A block captures a `Copy` value by shared
    /// reference, which requires `Sync`, so such a value is borrowed uniquely before it is moved.
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

/// Allows a local to shadow the argument of the same name, which is intended.
fn allow_shadow() -> TokenStream {
    quote!(#[allow(clippy::shadow_same)])
}

/// Allows the use of an argument whose name begins with an underscore: it has to be captured as well.
fn allow_underscore(name: &Ident) -> Option<TokenStream> {
    name.to_string()
        .starts_with('_')
        .then(|| quote!(#[allow(clippy::no_effect_underscore_binding, clippy::used_underscore_binding)]))
}

/// Captures the arguments. `body` is the function's body or a future of it.
///
/// Patterns move from the signature to the place where they are destructured. They stay if a function that is
/// not async uses all parts of the argument, because its documentation shows the pattern.
pub(crate) fn capture(
    function: &mut Function,
    body: &TokenStream,
    owner: Owner,
    cleanups: Cleanups<'_>,
    private: &Ident,
) -> Captures {
    let mut builder = CapturesBuilder::new(function, body, owner, cleanups);
    let signature = &mut function.signature;
    for (index, argument) in signature.inputs.iter_mut().enumerate() {
        match (Named::of_argument(argument), argument) {
            (Some(named), argument) => builder.add_named(named, argument),
            (None, FnArg::Typed(typed)) => builder.add_pattern(index, typed),
            (None, FnArg::Receiver(_)) => {}
        }
    }
    let in_body = builder.give_to_locals(signature);
    builder.make_mutable(signature);
    builder.finish(in_body, private)
}

/// The arguments of a function, as far as they are captured.
struct CapturesBuilder<'a> {
    body: &'a TokenStream,
    owner: Owner,
    cleanups: Cleanups<'a>,
    /// The cleanups of later attributes.
    later: TokenStream,
    variables: Vec<Variable>,
    /// Locals in place of the arguments, for the case that one has to be destructured in the body.
    locals: TokenStream,
    /// The names of the arguments that have such a local.
    local_names: Vec<Ident>,
    /// Whether an argument is destructured in the body.
    takes_apart: bool,
    before_body: TokenStream,
}

impl<'a> CapturesBuilder<'a> {
    fn new(function: &Function, body: &'a TokenStream, owner: Owner, cleanups: Cleanups<'a>) -> Self {
        Self {
            body,
            owner,
            cleanups,
            later: function.later_cleanups(),
            variables: Vec::new(),
            locals: TokenStream::new(),
            local_names: Vec::new(),
            takes_apart: false,
            before_body: TokenStream::new(),
        }
    }

    /// Returns whether arguments become locals. Locals cost nothing in a function that is not async, and most
    /// lints of the compiler apply to locals.
    fn has_locals(&self) -> bool {
        self.owner == Owner::Call
    }

    fn variable(&self, name: Ident, holds: Holds, conditions: Vec<Attribute>) -> Variable {
        let here = self.cleanups.mentions(&name.to_string());
        let later = tokens::mention(&self.later, &name.to_string());
        Variable { name, holds, conditions, here, later, unused: None, may_be_mutable: false }
    }

    /// Adds an argument that binds one variable.
    fn add_named(&mut self, named: Named, argument: &mut FnArg) {
        let Named { name, holds, conditions, .. } = named;
        let mut variable = self.variable(name, holds, conditions);
        if variable.here || variable.later {
            make_mutable_if_value(argument, holds);
        } else if let FnArg::Typed(typed) = argument {
            let (pattern, name) = (&typed.pat, &variable.name);
            let attributes = parameters::attributes_of_local(&typed.attrs);
            let (shadow, allow) = (allow_shadow(), allow_underscore(name));
            if allow.is_none() && !tokens::mention(self.body, &name.to_string()) {
                variable.unused = Some(quote! { #(#attributes)* #shadow let #pattern = #name; });
            }
            // References are left out, because lifetime errors would then point at the local.
            if !(self.has_locals() && matches!(holds, Holds::Reference | Holds::MutReference)) {
                self.locals.extend(quote! { #(#attributes)* #shadow #allow let #pattern = #name; });
                self.local_names.push(name.clone());
            }
        }
        self.variables.push(variable);
    }

    /// Adds an argument with a pattern that binds parts of it.
    fn add_pattern(&mut self, index: usize, typed: &mut PatType) {
        let conditions = parameters::conditions(&typed.attrs);
        let parts: Vec<_> = parameters::names_in(&typed.pat)
            .into_iter()
            .map(|name| self.variable(name, Holds::Part, conditions.clone()))
            .collect();
        // The last attribute that mentions a part destructures the argument.
        let is_for_later = parts.iter().any(|part| part.later);
        if is_for_later || self.keep_pattern(typed, &parts, &conditions) {
            self.variables.extend(parts);
        } else {
            self.move_pattern(index, typed, parts, conditions);
        }
    }

    /// Keeps a pattern in the signature if that is possible, and gives each part that only the body needs a
    /// local.
    fn keep_pattern(&mut self, typed: &mut PatType, parts: &[Variable], conditions: &[Attribute]) -> bool {
        let here = parts.iter().any(|part| part.here);
        let is_used = |part: &Variable| part.here || tokens::mention(self.body, &part.name.to_string());
        let is_plain = here || parameters::attributes_of_local(&typed.attrs).len() == conditions.len();
        let bindings = whole_bindings(&mut typed.pat).filter(|_| is_plain && parts.iter().all(is_used));
        if !self.has_locals() || !(here || bindings.is_some()) {
            return false;
        }
        for PatIdent { mutability, ident, .. } in bindings.into_iter().flatten() {
            if parts.iter().any(|part| part.name == *ident && !part.here) {
                let (shadow, mutability) = (allow_shadow(), mutability.take());
                self.locals.extend(quote! { #(#conditions)* #shadow let #mutability #ident = #ident; });
            }
        }
        true
    }

    /// Moves a pattern out of the signature: before the body if the cleanup mentions a part, else into it.
    fn move_pattern(
        &mut self,
        index: usize,
        typed: &mut PatType,
        parts: Vec<Variable>,
        conditions: Vec<Attribute>,
    ) {
        let attributes = parameters::attributes_of_local(&typed.attrs);
        typed.attrs.retain(|attribute| !parameters::is_about_lints(attribute));
        let whole = format_ident!("__finally_argument_{index}", span = Span::mixed_site());
        let pattern = std::mem::replace(&mut *typed.pat, plain(whole.clone()));
        // `ref mut` borrows from the argument, so it has to be mutable.
        let words = pattern.to_token_stream();
        let mutable = (tokens::has_word(&words, "ref") && tokens::has_word(&words, "mut"))
            .then(|| Token![mut](Span::mixed_site()));
        let allow = mutable.is_some().then(|| quote!(#[allow(unused_mut)]));
        let local = quote! { #(#conditions)* #allow let #mutable #whole = #whole; };
        let destructured = destructure(&pattern, &whole, &attributes);
        if parts.iter().any(|part| part.here) {
            // Without this local, a coroutine would own only the parts that the pattern binds.
            if mutable.is_some() || self.owner == Owner::Coroutine {
                self.before_body.extend(local);
            }
            self.before_body.extend(destructured);
            self.variables.extend(parts);
        } else {
            self.takes_apart = true;
            self.locals.extend(local);
            self.locals.extend(destructured);
            self.variables.push(self.variable(whole, Holds::Value, conditions));
        }
    }

    /// Returns the locals of the body. They get `mut` and the lint attributes of their arguments, and so do the
    /// locals in place of arguments that nothing mentions.
    fn give_to_locals(&mut self, signature: &mut Signature) -> TokenStream {
        let mut in_body = TokenStream::new();
        if self.takes_apart || self.has_locals() {
            // Parts of an argument are locals of the body. The other arguments have to be locals as well, or the
            // drop order would change. This stores them twice, which is rare.
            signature.inputs.iter_mut().for_each(|argument| give_to_local(argument, &self.local_names));
            in_body = std::mem::take(&mut self.locals);
            // The warning about an unused variable is now that of the local.
            for variable in &mut self.variables {
                if self.local_names.contains(&variable.name) {
                    variable.unused = None;
                }
            }
        }
        let unused = self.variables.iter().filter(|it| it.unused.is_some());
        let unused: Vec<_> = unused.map(|it| it.name.clone()).collect();
        signature.inputs.iter_mut().for_each(|argument| give_to_local(argument, &unused));
        in_body
    }

    /// Makes values mutable that are borrowed uniquely before the body moves them, where the body does not see
    /// it.
    fn make_mutable(&mut self, signature: &mut Signature) {
        if self.owner == Owner::Call || !self.variables.iter().any(|it| it.here || it.later) {
            return;
        }
        for argument in &mut signature.inputs {
            let FnArg::Typed(typed) = &argument else { continue };
            let Pat::Ident(PatIdent { ident, mutability: None, .. }) = &*typed.pat else { continue };
            let Some(variable) = self.variables.iter_mut().find(|it| it.name == *ident) else { continue };
            let is_moved = variable.holds == Holds::Value && !variable.here && !variable.later;
            if is_moved && tokens::only_gives_to_local(self.body, &variable.name.to_string()) {
                variable.may_be_mutable = true;
                make_mutable_if_value(argument, Holds::Value);
            }
        }
    }

    /// Generates the statements of each block.
    fn finish(self, in_body: TokenStream, private: &Ident) -> Captures {
        let Self { variables, cleanups, before_body, .. } = self;
        let take = |which: fn(&Variable) -> bool| -> TokenStream {
            tokens::join(variables.iter().rev().filter(|it| which(it)).map(|it| it.take(private)))
        };
        let borrow = |which: fn(&Variable) -> bool| -> TokenStream {
            tokens::join(variables.iter().filter(|it| which(it)).map(Variable::borrow))
        };
        let mut body = take(|it| !it.here && !it.later);
        body.extend(borrow(|it| it.here || it.later));
        let coroutine = variables.iter().any(|it| it.later).then(|| {
            let mut statements = take(|it| !it.later);
            statements.extend(borrow(|it| it.later));
            statements
        });
        // If the body moves such an argument away, the error points at the place where the cleanup needs it.
        let last = cleanups.last();
        let used =
            variables.iter().rev().filter(|it| it.here && !it.later && last.mentions(&it.name.to_string()));
        let cleanup =
            tokens::join(used.map(|it| self::take(&last.at_mention(&it.name), &it.conditions, private)));
        let mentioned = variables.iter().any(|it| it.here);
        Captures { mentioned, body, coroutine, cleanup, before_body, in_body }
    }
}

/// Captures the arguments that the cleanup mentions, for a function whose block moves the arguments into a
/// future by itself.
pub(crate) fn capture_mentioned(signature: &Signature, cleanups: Cleanups<'_>, private: &Ident) -> Captures {
    let arguments = signature.inputs.iter().rev().flat_map(|argument| match argument {
        FnArg::Receiver(receiver) => vec![(Named::of_receiver(receiver).name, Vec::new())],
        FnArg::Typed(typed) => {
            let names = parameters::names_in(&typed.pat).into_iter();
            names.map(|name| (name, parameters::conditions(&typed.attrs))).collect()
        }
    });
    let mentioned: Vec<_> = arguments.filter(|(name, _)| cleanups.mentions(&name.to_string())).collect();
    let last = cleanups.last();
    let used = mentioned.iter().filter(|(name, _)| last.mentions(&name.to_string()));
    let cleanup =
        tokens::join(used.map(|(name, conditions)| take(&last.at_mention(name), conditions, private)));
    Captures { mentioned: !mentioned.is_empty(), cleanup, ..Captures::default() }
}

/// Returns the variables that a pattern binds. Returns `None` if it leaves a part of the argument unbound,
/// because that part would outlive the variables.
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

/// Generates the local for the pattern of an argument.
fn destructure(pattern: &Pat, whole: &Ident, attributes: &[Attribute]) -> TokenStream {
    // A lone `_` is not the user's: clippy asks them not to bind a value of type `()`.
    if let Pat::Wild(_) = pattern {
        return quote_spanned! {Span::mixed_site()=> #(#attributes)* let _ = #whole; };
    }
    quote_spanned! {pattern.span()=> #(#attributes)* let #pattern = #whole; }
}

fn plain(name: Ident) -> Pat {
    Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident: name, subpat: None })
}

/// Adds `mut` to an argument that is held by value, because a unique borrow requires it.
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
        // It has the span of the argument, because the compiler's suggestions insert text in front of it.
        *mutability = Some(Token![mut](span));
        attributes.push(parse_quote_spanned!(span=> #[allow(unused_mut)]));
    }
}

/// Removes `mut` and lint attributes from arguments that become locals, which carry them instead. All other
/// attributes belong to other macros.
fn give_to_local(argument: &mut FnArg, locals: &[Ident]) {
    if let FnArg::Typed(typed) = argument {
        if let Pat::Ident(pattern) = &mut *typed.pat {
            if locals.contains(&pattern.ident) {
                pattern.mutability = None;
                typed.attrs.retain(|attribute| !parameters::is_about_lints(attribute));
            }
        }
    }
}
