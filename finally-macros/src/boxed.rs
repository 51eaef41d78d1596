//! Turns a function that consists of `Box::pin(async move { .. })` back into an async function, so that its
//! cleanup can use the arguments. `#[async_trait]` expands a method to such a function.
//!
//! `#[async_trait]` begins the block with a local for each argument, `let mut __self = self;` or
//! `let (a, b) = { .. };`. These locals would move the arguments away from the cleanup. `__self` is the `self`
//! of the method.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{FnArg, Pat, ReturnType, Type, parse::Parser as _};

use crate::{
    cleanup::Cleanups,
    input::Function,
    parameters::{self, Holds, Named},
    tokens, types,
};

/// The async function, and the call that boxes its future.
pub(crate) struct Boxed {
    /// The async function. It has only those arguments that the block or the cleanup mentions, because the
    /// future may outlive the others.
    pub(crate) function: Function,
    /// The positions of its arguments in the original function.
    indices: Vec<usize>,
    /// `Box::pin`.
    boxes: TokenStream,
    /// The span of the parentheses after it.
    parentheses: Span,
}

impl Boxed {
    /// Returns `None` if the function does anything else.
    pub(crate) fn new(function: &Function, cleanups: Cleanups<'_>) -> Option<Self> {
        let (boxes, parentheses, block) = boxed_block(&function.body)?;
        let mut signature = function.signature.clone();
        let (body, indices) = {
            let mut locals =
                Locals { inputs: signature.inputs.iter_mut().collect(), cleanups, renamed: false };
            let body = locals.take_back(block.stream());
            let needs = |name: &str| cleanups.mentions(name) || tokens::mention(&body, name);
            let needed = |argument: &FnArg| names(argument).iter().any(|name| needs(name));
            let indices: Vec<_> =
                (0..).zip(&locals.inputs).filter(|(_, it)| needed(it)).map(|(index, _)| index).collect();
            (body, indices)
        };
        let inputs = (0..).zip(signature.inputs).filter(|(index, _)| indices.contains(index));
        signature.inputs = inputs.map(|(_, argument)| argument).collect();
        let output = output(&function.signature.output)?;
        signature.output = ReturnType::Type(Default::default(), Box::new(output));
        let mut whole = Group::new(Delimiter::Brace, body);
        whole.set_span(block.span());
        let function = Function {
            attributes: function.attributes.clone(),
            visibility: function.visibility.clone(),
            signature,
            body: whole,
        };
        Some(Self { function, indices, boxes, parentheses })
    }

    /// Returns whether this cleanup or one of a later attribute mentions an argument.
    pub(crate) fn mentions_argument(&self, cleanups: Cleanups<'_>) -> bool {
        let later = self.function.later_cleanups();
        let mentions = |name: &String| cleanups.mentions(name) || tokens::mention(&later, name);
        self.function.signature.inputs.iter().flat_map(names).any(|name| mentions(&name))
    }

    /// Boxes the future of the expanded async function, and copies its changed arguments back to `function`.
    pub(crate) fn finish(self, function: &mut Function, future: &TokenStream) -> TokenStream {
        let Self { function: inside, indices, boxes, parentheses } = self;
        for (index, changed) in indices.into_iter().zip(inside.signature.inputs) {
            if let Some(argument) = function.signature.inputs.iter_mut().nth(index) {
                *argument = changed;
            }
        }
        // The compiler reports a future that is not `Send` at this call.
        let mut arguments = Group::new(Delimiter::Parenthesis, future.clone());
        arguments.set_span(parentheses);
        quote! { #boxes #arguments }
    }
}

/// Returns the path before the parentheses, their span, and the content of the async block.
fn boxed_block(body: &Group) -> Option<(TokenStream, Span, Group)> {
    let mut trees: Vec<_> = body.stream().into_iter().collect();
    let TokenTree::Group(arguments) = trees.pop()? else { return None };
    // An import before it was added by another attribute of this crate, and belongs to the expansion of that.
    let after_import = trees.iter().rposition(is_semicolon).map_or(0, |at| at + 1);
    let boxes = trees.split_off(after_import);
    let imports = trees.first().is_none_or(|first| is_word(first, "use"));
    let is_path = |tree: &TokenTree| match tree {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    };
    let pins = boxes.last().is_some_and(|it| is_word(it, "pin")) && boxes.iter().all(is_path);
    if !imports || !pins || arguments.delimiter() != Delimiter::Parenthesis {
        return None;
    }
    let inside: Vec<_> = arguments.stream().into_iter().collect();
    match &*inside {
        [word, moves, TokenTree::Group(block)]
            if is_word(word, "async") && is_word(moves, "move") && block.delimiter() == Delimiter::Brace =>
        {
            let mut whole = Group::new(Delimiter::Brace, trees.into_iter().chain(block.stream()).collect());
            whole.set_span(block.span());
            Some((boxes.into_iter().collect(), arguments.span(), whole))
        }
        _ => None,
    }
}

fn is_word(tree: &TokenTree, expected: &str) -> bool {
    matches!(tree, TokenTree::Ident(word) if word == expected)
}

fn is_semicolon(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';')
}

fn names(argument: &FnArg) -> Vec<String> {
    match argument {
        FnArg::Receiver(_) => vec!["self".to_owned()],
        FnArg::Typed(typed) => parameters::names_in(&typed.pat).iter().map(ToString::to_string).collect(),
    }
}

/// Returns the `T` of `Pin<Box<dyn Future<Output = T>>>` and of `BoxFuture<'_, T>`.
fn output(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, output) = output else { return None };
    types::output_of_boxed_future(output).cloned()
}

/// The locals at the beginning of the block.
struct Locals<'a> {
    inputs: Vec<&'a mut FnArg>,
    cleanups: Cleanups<'a>,
    /// Whether a `let __self = self;` was removed, so that `__self` has to be renamed to `self`.
    renamed: bool,
}

impl Locals<'_> {
    /// Returns the block without the locals for arguments that the cleanup mentions.
    fn take_back(&mut self, block: TokenStream) -> TokenStream {
        let trees: Vec<_> = block.into_iter().collect();
        let mut rest = &*trees;
        let mut taken = TokenStream::new();
        // `if let Some(__ret) = None::<T> { return __ret; }`
        if rest.first().is_some_and(|first| is_word(first, "if")) {
            let (before, after) = split_after(rest, |tree| is_group(tree, Delimiter::Brace));
            taken.extend(before.iter().cloned());
            rest = after;
        }
        loop {
            let (statement, after) = split_after(rest, is_semicolon);
            let Some(kept) = self.local(statement) else { break };
            taken.extend(kept);
            rest = after;
        }
        taken.extend(rest.iter().cloned());
        if self.renamed { with_self(taken) } else { taken }
    }

    /// Returns the replacement of a local, or `None` for any other statement.
    fn local(&mut self, statement: &[TokenTree]) -> Option<TokenStream> {
        let (attributes, statement) = split_attributes(statement);
        let [TokenTree::Ident(word), pattern @ .., TokenTree::Punct(equals), value, TokenTree::Punct(_)] =
            statement
        else {
            return None;
        };
        if word != "let" || equals.as_char() != '=' {
            return None;
        }
        let whole = || attributes.iter().chain(statement).cloned().collect::<TokenStream>();
        match value {
            TokenTree::Ident(value) => {
                let [.., TokenTree::Ident(_)] = pattern else { return None };
                let argument = self
                    .inputs
                    .iter()
                    .find_map(|it| Named::of_argument(it).filter(|it| it.name == *value))?;
                if !self.cleanups.mentions(&value.to_string()) {
                    return Some(whole());
                }
                match argument.holds {
                    Holds::MutReference => {
                        let pattern = pattern.iter().cloned().collect::<TokenStream>();
                        let borrow = quote_spanned!(value.span()=> &mut *#value);
                        Some(quote! { #word #pattern #equals #borrow; })
                    }
                    Holds::Value if value == "self" && is_name(pattern, "__self") => {
                        self.renamed = true;
                        Some(TokenStream::new())
                    }
                    Holds::Value if is_name(pattern, &value.to_string()) => Some(TokenStream::new()),
                    _ => Some(whole()),
                }
            }
            TokenTree::Group(value) if value.delimiter() == Delimiter::Brace => {
                let name = moved_in(value)?;
                let pattern: TokenStream = pattern.iter().cloned().collect();
                let pattern = Pat::parse_multi.parse2(pattern).ok()?;
                let is_mentioned = parameters::names_in(&pattern)
                    .iter()
                    .any(|name| self.cleanups.mentions(&name.to_string()));
                if !is_mentioned {
                    return Some(whole());
                }
                // The pattern moves back to the signature, where the user wrote it.
                let argument = self.inputs.iter_mut().find_map(|argument| match &mut **argument {
                    FnArg::Typed(typed) => match &*typed.pat {
                        Pat::Ident(pattern) => (pattern.ident == name).then_some(typed),
                        _ => None,
                    },
                    FnArg::Receiver(_) => None,
                })?;
                *argument.pat = pattern;
                Some(TokenStream::new())
            }
            _ => None,
        }
    }
}

/// Returns the name of the argument in `{ let __arg1 = __arg1; __arg1 }`.
fn moved_in(block: &Group) -> Option<String> {
    let trees: Vec<_> = block.stream().into_iter().collect();
    match &*trees {
        [
            TokenTree::Ident(word),
            TokenTree::Ident(local),
            TokenTree::Punct(_),
            TokenTree::Ident(argument),
            TokenTree::Punct(_),
            TokenTree::Ident(value),
        ] if word == "let" && local == argument && local == value => Some(local.to_string()),
        _ => None,
    }
}

/// Returns whether the pattern is `name` or `mut name`.
fn is_name(pattern: &[TokenTree], name: &str) -> bool {
    match pattern {
        [local] => is_word(local, name),
        [mutable, local] => is_word(mutable, "mut") && is_word(local, name),
        _ => false,
    }
}

/// Replaces `__self` by `self`.
fn with_self(tokens: TokenStream) -> TokenStream {
    let rename = |tree| match tree {
        TokenTree::Ident(word) if word == "__self" => Ident::new("self", word.span()).into(),
        TokenTree::Group(group) => {
            let mut renamed = Group::new(group.delimiter(), with_self(group.stream()));
            renamed.set_span(group.span());
            renamed.into()
        }
        tree => tree,
    };
    tokens.into_iter().map(rename).collect()
}

fn is_group(tree: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// Splits after the first tree that is an end. Without an end, the first part is empty.
fn split_after(trees: &[TokenTree], is_end: impl Fn(&TokenTree) -> bool) -> (&[TokenTree], &[TokenTree]) {
    let end = trees.iter().position(is_end).map_or(0, |at| at + 1);
    trees.split_at_checked(end).unwrap_or((&[], trees))
}

fn split_attributes(trees: &[TokenTree]) -> (&[TokenTree], &[TokenTree]) {
    let pairs = trees.chunks(2).take_while(
        |pair| matches!(pair, [TokenTree::Punct(hash), group] if hash.as_char() == '#' && is_group(group, Delimiter::Bracket)),
    );
    trees.split_at_checked(2 * pairs.count()).unwrap_or((&[], trees))
}
