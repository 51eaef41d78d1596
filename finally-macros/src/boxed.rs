//! A function that is `Box::pin(async move { .. })` and nothing else, which is what `#[async_trait]` makes of a method, turned
//! back into the async function that it stands for: so its cleanup may use the arguments as that of one does.
//!
//! `#[async_trait]` begins the block with a local for each argument, `let mut __self = self;` or `let (a, b) = { .. };`, and
//! with these the arguments would be gone. Its `__self` is the `self` of the method.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{FnArg, Pat, ReturnType, Type, parse::Parser as _};

use crate::{
    cleanup::Cleanups,
    input::{self, Function, Holds, Named},
    tokens,
};

/// The async function, and what boxes it.
pub(crate) struct Boxed {
    /// Takes those arguments that the block or the cleanup mentions: the future may outlive the others.
    pub(crate) function: Function,
    /// Which arguments of the whole function these are.
    indices: Vec<usize>,
    /// `Box::pin`.
    boxes: TokenStream,
}

impl Boxed {
    /// Nothing if the function does more than that.
    pub(crate) fn new(function: &Function, cleanups: Cleanups<'_>) -> Option<Self> {
        let (boxes, block) = boxed_block(&function.body)?;
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
        Some(Self { function, indices, boxes })
    }

    /// Whether the cleanup mentions an argument, or that of a later attribute does.
    pub(crate) fn mentions_argument(&self, cleanups: Cleanups<'_>) -> bool {
        let later = self.function.later_cleanups();
        let mentions = |name: &String| cleanups.mentions(name) || tokens::mention(&later, name);
        self.function.signature.inputs.iter().flat_map(names).any(|name| mentions(&name))
    }

    /// Boxes what the async function has become, and gives the arguments back as it has changed them.
    pub(crate) fn finish(self, function: &mut Function, block: &TokenStream) -> TokenStream {
        let Self { function: inside, indices, boxes } = self;
        for (index, changed) in indices.into_iter().zip(inside.signature.inputs) {
            if let Some(argument) = function.signature.inputs.iter_mut().nth(index) {
                *argument = changed;
            }
        }
        quote! { #boxes(async move { #block }) }
    }
}

/// The path in front of the parentheses, and what is in the block.
fn boxed_block(body: &Group) -> Option<(TokenStream, Group)> {
    let mut trees: Vec<_> = body.stream().into_iter().collect();
    let TokenTree::Group(arguments) = trees.pop()? else { return None };
    // What another attribute of ours imports belongs to what it has made of the block.
    let behind_import = trees.iter().rposition(is_semicolon).map_or(0, |at| at + 1);
    let boxes = trees.split_off(behind_import);
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
            Some((boxes.into_iter().collect(), whole))
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
        FnArg::Typed(typed) => input::names_in(&typed.pat).iter().map(ToString::to_string).collect(),
    }
}

/// The `T` of `Pin<Box<dyn Future<Output = T>>>` and of `BoxFuture<'_, T>`.
fn output(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, output) = output else { return None };
    input::output_of_boxed_future(output).cloned()
}

/// The locals at the beginning of the block.
struct Locals<'a> {
    inputs: Vec<&'a mut FnArg>,
    cleanups: Cleanups<'a>,
    /// Whether the block says `__self` for a `self` that it is to leave where it is.
    renamed: bool,
}

impl Locals<'_> {
    /// The block, without the locals of those arguments that the cleanup mentions.
    fn take_back(&mut self, block: TokenStream) -> TokenStream {
        let trees: Vec<_> = block.into_iter().collect();
        let mut rest = &*trees;
        let mut taken = TokenStream::new();
        // `if let Some(__ret) = None::<T> { return __ret; }`
        if rest.first().is_some_and(|first| is_word(first, "if")) {
            let (before, behind) = split_behind(rest, |tree| is_group(tree, Delimiter::Brace));
            taken.extend(before.iter().cloned());
            rest = behind;
        }
        loop {
            let (statement, behind) = split_behind(rest, is_semicolon);
            let Some(kept) = self.local(statement) else { break };
            taken.extend(kept);
            rest = behind;
        }
        taken.extend(rest.iter().cloned());
        if self.renamed { with_self(taken) } else { taken }
    }

    /// What becomes of a local. Nothing for any other statement.
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
                let is_mentioned =
                    input::names_in(&pattern).iter().any(|name| self.cleanups.mentions(&name.to_string()));
                if !is_mentioned {
                    return Some(whole());
                }
                // It goes back to where it was written.
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

/// The name of the argument in `{ let __arg1 = __arg1; __arg1 }`.
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

/// Whether the pattern is `name` or `mut name`.
fn is_name(pattern: &[TokenTree], name: &str) -> bool {
    match pattern {
        [local] => is_word(local, name),
        [mutable, local] => is_word(mutable, "mut") && is_word(local, name),
        _ => false,
    }
}

/// The tokens with `self` for `__self`.
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

/// Splits behind the first tree of that kind. Everything is behind if there is none.
fn split_behind(trees: &[TokenTree], is_end: impl Fn(&TokenTree) -> bool) -> (&[TokenTree], &[TokenTree]) {
    let end = trees.iter().position(is_end).map_or(0, |at| at + 1);
    trees.split_at_checked(end).unwrap_or((&[], trees))
}

fn split_attributes(trees: &[TokenTree]) -> (&[TokenTree], &[TokenTree]) {
    let pairs = trees.chunks(2).take_while(
        |pair| matches!(pair, [TokenTree::Punct(hash), group] if hash.as_char() == '#' && is_group(group, Delimiter::Bracket)),
    );
    trees.split_at_checked(2 * pairs.count()).unwrap_or((&[], trees))
}
