//! Checks with random input that the macros never panic, and that the expansion of accepted input can be parsed.
//!
//! An input is a function or a block of this repository with some trees changed, or a form that is filled with random trees.
//! `cargo test` tries the same inputs each time. With `PROPTEST_CASES`, each test tries that many new ones. Proptest shrinks
//! an input that fails, and the test prints it. It becomes a test of its own beside the fix.

use std::{
    env, fs,
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
    test_runner::RngSeed,
};
use quote::{ToTokens as _, quote};
use syn::{Block, Expr, File, Item, LitStr, Token, parse::Parser as _, punctuated::Punctuated};

/// Lists tokens that are rare in the corpus, or that the macros give a meaning.
const RARE: &str = "
    'a | || & && * ! ? : :: ; , . .. ..= ... = == => -> < > # $ @ _ ~ ^ - += 1 1.0 -1 0u8 1e1 \"\" \"a\" b\"a\" c\"a\" r#\"a\"# b'a' 'a'
    () [] {} (()) fn async await move try const static unsafe safe extern impl dyn for if else match loop while break continue
    return let mut ref self Self super crate type where as in yield gen do box macro union auto default raw r#fn r#async r#self_
    finally lastly on_cancel armed skip block call fate clean panic str Future Pin Box Result Option Output Send vec join select
    #[inline] #![allow(unused)] |fate| |_| <T> <'a, const N: usize> -> impl Future<Output = ()> .await ? {} ; on_cancel = (clean())
";

struct Corpus {
    /// Pairs the arguments of an attribute with the function below it.
    attributes: Vec<(TokenStream, TokenStream)>,
    /// Holds the input of each block macro.
    blocks: Vec<TokenStream>,
    /// Holds every tree of the attributes and blocks, at any depth.
    trees: Vec<TokenTree>,
    rare: Vec<TokenTree>,
}

impl Corpus {
    fn read() -> Self {
        let mut corpus =
            Self { attributes: Vec::new(), blocks: Vec::new(), trees: Vec::new(), rare: Vec::new() };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for folder in ["finally-macros/src", "finally-core/src", "tests", "examples"] {
            corpus.add_folder(&root.join(folder));
        }
        let streams = corpus.attributes.iter().flat_map(|(arguments, item)| [arguments, item]);
        for stream in streams.chain(&corpus.blocks) {
            add_trees(stream, &mut corpus.trees);
        }
        add_trees(&RARE.parse().unwrap(), &mut corpus.rare);
        corpus
    }

    fn add_folder(&mut self, folder: &Path) {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        // The inputs are to be the same on each machine.
        paths.sort();
        for path in paths {
            if path.is_dir() && !path.ends_with("target") {
                self.add_folder(&path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                // Some cases of `tests/messages/ui` cannot be read as tokens.
                if let Ok(tokens) = fs::read_to_string(path).unwrap().parse() {
                    self.add(tokens);
                }
            }
        }
    }

    /// Adds the functions and blocks in these tokens.
    fn add(&mut self, tokens: TokenStream) {
        let trees: Vec<_> = tokens.into_iter().collect();
        for (index, tree) in trees.iter().enumerate() {
            match tree {
                TokenTree::Ident(word) if word == "fn" => {
                    self.attributes.extend(function(&trees, index));
                }
                TokenTree::Ident(word) if word == "finally" || word == "lastly" => {
                    let Some(TokenTree::Punct(mark)) = trees.get(index + 1) else { continue };
                    let Some(TokenTree::Group(block)) = trees.get(index + 2) else { continue };
                    if mark.as_char() == '!' {
                        self.blocks.push(block.stream());
                    }
                }
                // A snapshot has its input in string literals.
                TokenTree::Ident(word) if word == "check" => {
                    if let Some(TokenTree::Group(arguments)) = trees.get(index + 1) {
                        self.attributes.extend(snapshot(arguments.stream()));
                    }
                }
                TokenTree::Group(group) => self.add(group.stream()),
                _ => {}
            }
        }
    }

    fn tree(&self, rare: bool, index: Index) -> TokenTree {
        index.get(if rare { &self.rare } else { &self.trees }).clone()
    }
}

thread_local! {
    static CORPUS: Corpus = Corpus::read();
}

fn add_trees(stream: &TokenStream, trees: &mut Vec<TokenTree>) {
    for tree in stream.clone() {
        if let TokenTree::Group(group) = &tree {
            add_trees(&group.stream(), trees);
        }
        trees.push(tree);
    }
}

/// Finds the function whose `fn` stands at the index, and the arguments of our attribute above it. A function without our
/// attribute gets a cleanup.
fn function(trees: &[TokenTree], index: usize) -> Option<(TokenStream, TokenStream)> {
    let is_brace =
        |tree: &TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let end = index + trees[index..].iter().position(is_brace)?;
    let is_qualifier = |tree: &TokenTree| {
        let qualifiers = ["pub", "async", "unsafe", "extern", "const"];
        matches!(tree, TokenTree::Ident(word) if qualifiers.iter().any(|qualifier| word == qualifier))
    };
    let start = index - trees[..index].iter().rev().take_while(|tree| is_qualifier(tree)).count();
    let arguments = match start.checked_sub(1).map(|above| &trees[above]) {
        Some(TokenTree::Group(attribute)) => arguments_of_ours(attribute.stream()),
        _ => None,
    };
    Some((arguments.unwrap_or_else(|| quote!(clean())), trees[start..=end].iter().cloned().collect()))
}

fn arguments_of_ours(attribute: TokenStream) -> Option<TokenStream> {
    let mut trees = attribute.into_iter();
    match (trees.next()?, trees.next()?) {
        (TokenTree::Ident(name), TokenTree::Group(arguments)) if name == "finally" || name == "lastly" => {
            Some(arguments.stream())
        }
        _ => None,
    }
}

/// Reads `check("ARGUMENTS", "ITEM", ..)`.
fn snapshot(arguments: TokenStream) -> Option<(TokenStream, TokenStream)> {
    let mut sources = arguments
        .into_iter()
        .filter_map(|tree| syn::parse2::<LitStr>(tree.into()).ok()?.value().parse::<TokenStream>().ok());
    Some((sources.next()?, sources.next()?))
}

/// Changes one tree, at any depth.
#[derive(Clone, Copy, Debug)]
enum Change {
    Delete,
    Double,
    SwapWithNext,
    Unwrap,
    Wrap(Delimiter),
    Insert { rare: bool, tree: Index },
    Replace { rare: bool, tree: Index },
}

#[derive(Clone, Copy, Debug)]
struct Edit {
    place: Index,
    change: Change,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let tree = || (any::<bool>(), any::<Index>());
    let delimiter =
        select(vec![Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None]);
    let change = prop_oneof![
        Just(Change::Delete),
        Just(Change::Double),
        Just(Change::SwapWithNext),
        Just(Change::Unwrap),
        delimiter.prop_map(Change::Wrap),
        tree().prop_map(|(rare, tree)| Change::Insert { rare, tree }),
        tree().prop_map(|(rare, tree)| Change::Replace { rare, tree }),
    ];
    vec((any::<Index>(), change).prop_map(|(place, change)| Edit { place, change }), 0..5)
}

fn soup() -> impl Strategy<Value = Vec<(bool, Index)>> {
    vec((any::<bool>(), any::<Index>()), 0..8)
}

impl Corpus {
    fn edited(&self, stream: &TokenStream, edits: &[Edit]) -> TokenStream {
        edits.iter().fold(stream.clone(), |stream, edit| {
            let mut trees = Vec::new();
            add_trees(&stream, &mut trees);
            if trees.is_empty() {
                return stream;
            }
            let mut place = Some(edit.place.index(trees.len()));
            self.change(stream, &mut place, edit.change)
        })
    }

    /// Changes one tree. The place counts down to it, and is `None` once it is changed.
    fn change(&self, stream: TokenStream, place: &mut Option<usize>, change: Change) -> TokenStream {
        let mut trees: Vec<_> = stream.into_iter().collect();
        for index in 0..trees.len() {
            let Some(left) = *place else { break };
            if let Some(left) = left.checked_sub(1) {
                *place = Some(left);
                if let TokenTree::Group(group) = &trees[index] {
                    let inside = self.change(group.stream(), place, change);
                    trees[index] = Group::new(group.delimiter(), inside).into();
                }
                continue;
            }
            *place = None;
            match change {
                Change::Delete => {
                    trees.remove(index);
                }
                Change::Double => trees.insert(index, trees[index].clone()),
                Change::SwapWithNext if index + 1 < trees.len() => trees.swap(index, index + 1),
                Change::SwapWithNext => {}
                Change::Unwrap => {
                    if let TokenTree::Group(group) = trees[index].clone() {
                        trees.splice(index..=index, group.stream());
                    }
                }
                Change::Wrap(delimiter) => {
                    trees[index] = Group::new(delimiter, trees[index].clone().into()).into();
                }
                Change::Insert { rare, tree } => trees.insert(index, self.tree(rare, tree)),
                Change::Replace { rare, tree } => trees[index] = self.tree(rare, tree),
            }
            break;
        }
        trees.into_iter().collect()
    }

    fn soup(&self, trees: &[(bool, Index)]) -> TokenStream {
        trees.iter().map(|&(rare, index)| self.tree(rare, index)).collect()
    }
}

/// Returns whether a file can contain these tokens. It has no invisible groups, in which syn and the compiler differ, and no
/// `'` without a name.
fn is_source(stream: &TokenStream) -> bool {
    let mut trees = stream.clone().into_iter().peekable();
    while let Some(tree) = trees.next() {
        let is_source = match tree {
            TokenTree::Punct(mark) => {
                mark.as_char() != '\'' || matches!(trees.peek(), Some(TokenTree::Ident(_)))
            }
            TokenTree::Group(group) => group.delimiter() != Delimiter::None && is_source(&group.stream()),
            _ => true,
        };
        if !is_source {
            return false;
        }
    }
    true
}

fn mentions_compile_error(stream: &TokenStream) -> bool {
    stream.clone().into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == "compile_error",
        TokenTree::Group(group) => mentions_compile_error(&group.stream()),
        _ => false,
    })
}

/// A block at the start of a statement ends it, so `{ .. } = ()` is an expression in other places only. A cleanup may become a
/// statement, and then the compiler reports it.
fn is_list_of_expressions(stream: TokenStream) -> bool {
    let is_statement = |it: &Expr| Block::parse_within.parse2(it.to_token_stream()).is_ok();
    let list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(stream);
    list.is_ok_and(|list| list.iter().all(is_statement))
}

#[test]
fn an_assignment_to_a_block_is_left_to_the_compiler() {
    check_attribute(
        &quote!(
            {
                clean().await;
            } = ()
        ),
        &quote!(
            async fn f() {}
        ),
    )
    .unwrap();
}

/// Checks the expansion of an attribute. It is parsed only if the item and the arguments can be parsed: the compiler reports
/// a syntax error in an item before it calls the macro, and one in a cleanup when it parses the expansion.
fn check_attribute(arguments: &TokenStream, item: &TokenStream) -> Result<(), String> {
    let input = format!("#[finally({arguments})]\n{item}");
    let expand = || crate::attribute::expand("finally", arguments.clone(), item.clone());
    let expansion = panic::catch_unwind(AssertUnwindSafe(expand)).map_err(|_| format!("panics:\n{input}"))?;
    let is_parsed = is_source(arguments)
        && is_source(item)
        && is_list_of_expressions(arguments.clone())
        && syn::parse2::<Item>(item.clone()).is_ok();
    if is_parsed && !mentions_compile_error(&expansion) {
        syn::parse2::<File>(expansion.clone())
            .map_err(|error| format!("{error}:\n{input}\nexpands to:\n{expansion}"))?;
    }
    Ok(())
}

/// Checks the expansion of a block. It is parsed only if the body and the cleanup can be parsed.
fn check_block(block: &TokenStream) -> Result<(), String> {
    let input = format!("finally! {{ {block} }}");
    let expand = || crate::block::expand(quote!([finally finally] #block), true);
    let expansion = panic::catch_unwind(AssertUnwindSafe(expand)).map_err(|_| format!("panics:\n{input}"))?;
    let is_parsed = is_source(block)
        && block.clone().into_iter().all(|tree| match tree {
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Brace => Block::parse_within.parse2(group.stream()).is_ok(),
                _ => is_list_of_expressions(group.stream()),
            },
            _ => true,
        });
    if is_parsed && !mentions_compile_error(&expansion) {
        syn::parse2::<Expr>(expansion.clone())
            .map_err(|error| format!("{error}:\n{input}\nexpands to:\n{expansion}"))?;
    }
    Ok(())
}

fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.rng_seed = RngSeed::Fixed(0);
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_edited_function(
        item in any::<Index>(),
        other_arguments in option::of(any::<Index>()),
        edits_of_arguments in edits(),
        edits_of_item in edits(),
    ) {
        let checked = CORPUS.with(|corpus| {
            let (arguments, item) = item.get(&corpus.attributes);
            let arguments = other_arguments.map_or(arguments, |other| &other.get(&corpus.attributes).0);
            check_attribute(
                &corpus.edited(arguments, &edits_of_arguments),
                &corpus.edited(item, &edits_of_item),
            )
        });
        checked.map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_function_of_random_tokens(
        is_async in any::<bool>(),
        arguments in soup(),
        parameters in soup(),
        output in soup(),
        body in soup(),
    ) {
        let checked = CORPUS.with(|corpus| {
            let asyncness = is_async.then(|| Ident::new("async", Span::call_site()));
            let [parameters, output, body] = [parameters, output, body].map(|trees| corpus.soup(&trees));
            check_attribute(&corpus.soup(&arguments), &quote!(#asyncness fn f(#parameters) #output { #body }))
        });
        checked.map_err(TestCaseError::fail)?;
    }

    #[test]
    fn random_tokens(arguments in soup(), item in soup()) {
        let checked = CORPUS.with(|corpus| {
            let item = corpus.soup(&item);
            check_attribute(&corpus.soup(&arguments), &item)?;
            check_block(&item)
        });
        checked.map_err(TestCaseError::fail)?;
    }

    #[test]
    fn an_edited_block(block in any::<Index>(), edits in edits()) {
        let checked = CORPUS.with(|corpus| check_block(&corpus.edited(block.get(&corpus.blocks), &edits)));
        checked.map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_block_of_random_tokens(
        body in soup(),
        cleanup in soup(),
        before in soup(),
        word in select(vec!["try", "async", "async move"]),
    ) {
        let checked = CORPUS.with(|corpus| {
            let word: TokenStream = word.parse().unwrap();
            let [body, cleanup, before] = [body, cleanup, before].map(|trees| corpus.soup(&trees));
            check_block(&quote!(#word { #body } finally #before { #cleanup }))
        });
        checked.map_err(TestCaseError::fail)?;
    }
}
