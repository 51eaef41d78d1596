//! Answers questions about tokens without parsing them, so that tokens inside macros count as well.

mod control_flow;
mod outer_names;
mod variables;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

pub(crate) use self::{
    control_flow::{
        end_of_inner_body, first_await, first_await_or_join, first_question_mark, first_return, has_macro,
        hides_names, is_transparent, last_async_block, macro_name, may_leave,
    },
    outer_names::may_name_outer_parameter,
    variables::{
        first_of, first_whole, is_named, mention, only_gives_to_local, share_nothing, share_variable,
    },
};

pub(crate) fn punct(tree: Option<&TokenTree>) -> Option<char> {
    match tree {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    }
}

/// Joins the parts of an expansion. `collect` is much code, and compiled anew for each type of an iterator.
pub(crate) fn join(parts: impl Iterator<Item = TokenStream>) -> TokenStream {
    let mut joined = TokenStream::new();
    for part in parts {
        joined.extend(part);
    }
    joined
}
/// Returns whether this is `{ .. }`, either written or a `$block:block` of a `macro_rules!` macro.
pub(crate) fn is_block(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if block_in(group).is_some())
}

/// Returns the braces themselves. A `$block:block` has them in a group without delimiters.
pub(crate) fn block_in(group: &Group) -> Option<Group> {
    match group.delimiter() {
        Delimiter::Brace => Some(group.clone()),
        Delimiter::None => {
            let mut inside = group.stream().into_iter();
            match (inside.next(), inside.next()) {
                (Some(TokenTree::Group(group)), None) => block_in(&group),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Returns whether these tokens are a single block.
pub(crate) fn are_block(tokens: &TokenStream) -> bool {
    let mut trees = tokens.clone().into_iter();
    trees.next().is_some_and(|tree| is_block(&tree)) && trees.next().is_none()
}

/// Returns a block for use inside another one. The compiler would warn about braces around a single expression,
/// unless the braces are ours.
pub(crate) fn inner_block(block: &Group) -> Group {
    let has_semicolon = || {
        block
            .stream()
            .into_iter()
            .any(|tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';'))
    };
    // The compiler reports an incomplete expression at the end of the block, and only once if that end has the
    // user's span.
    let is_complete = || syn::parse2::<syn::Expr>(block.stream()).is_ok();
    // The compiler does not warn about braces around several lines. With the user's span, clippy also checks
    // macro calls in the block.
    let is_long = || block.span().source_text().is_some_and(|text| text.contains('\n'));
    let mut inner = block.clone();
    if !has_semicolon() && !is_long() && is_complete() {
        inner.set_span(Span::mixed_site().located_at(block.span()));
    }
    inner
}

/// Returns a block with this content and span.
pub(crate) fn braced(tokens: TokenStream, span: Span) -> Group {
    let mut block = Group::new(Delimiter::Brace, tokens);
    block.set_span(span);
    block
}

/// Returns all identifiers among these tokens.
pub(crate) fn words(tokens: &TokenStream) -> Vec<Ident> {
    let words = tokens.clone().into_iter().flat_map(|tree| match tree {
        TokenTree::Ident(word) => vec![word],
        TokenTree::Group(group) => words(&group.stream()),
        _ => Vec::new(),
    });
    words.filter(|word| !["_", "box", "mut", "ref"].iter().any(|known| word == known)).collect()
}

/// Returns whether this word occurs among the tokens, with any meaning.
pub(crate) fn has_word(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(&group.stream(), word),
        _ => false,
    })
}
