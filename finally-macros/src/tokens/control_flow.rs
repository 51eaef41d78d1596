//! Finds awaits, returns and `?` among tokens, and the nested code to which they belong.

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};

use super::{is_block, punct};

/// Returns the first `.await` that is not in a nested async block, async closure or function.
pub(crate) fn first_await(tokens: &TokenStream) -> Option<Span> {
    find(tokens, &|trees, at| match (at.checked_sub(1).and_then(|at| trees.get(at)), trees.get(at)) {
        (Some(TokenTree::Punct(dot)), Some(TokenTree::Ident(word)))
            if dot.as_char() == '.' && word == "await" =>
        {
            Some(word.span())
        }
        _ => None,
    })
}

/// Like [`first_await`], including macros that are known to await.
pub(crate) fn first_await_or_join(tokens: &TokenStream) -> Option<Span> {
    const AWAITING_MACROS: &[&str] = &["join", "select", "select_biased", "try_join"];

    let joins = |trees: &[TokenTree], at| {
        let name = macro_name(trees, at)?;
        AWAITING_MACROS.iter().any(|known| name == known).then(|| name.span())
    };
    first_await(tokens).or_else(|| find(tokens, &joins))
}

/// Returns the span of the `async` block at the end of these tokens.
pub(crate) fn last_async_block(tokens: &TokenStream) -> Option<Span> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut words = trees.iter().rev().skip(1).map_while(|tree| match tree {
        TokenTree::Ident(word) if word == "async" || word == "move" => Some(word),
        _ => None,
    });
    let ends_in_block = trees.last().is_some_and(is_block);
    words.find(|word| *word == "async").filter(|_| ends_in_block).map(Ident::span)
}

/// Returns the first `return` that is not in a nested block, closure or function.
pub(crate) fn first_return(tokens: &TokenStream) -> Option<Span> {
    find(tokens, &|trees, at| match trees.get(at) {
        Some(TokenTree::Ident(word)) if word == "return" => Some(word.span()),
        _ => None,
    })
}

/// Returns the first `?` that is not in a nested block, closure or function. One in a macro may have any
/// meaning.
pub(crate) fn first_question_mark(tokens: &TokenStream) -> Option<Span> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        if let Some(end) = end_of_inner_body(&trees, at) {
            at = end;
            continue;
        }
        let found = match tree {
            TokenTree::Punct(mark) if mark.as_char() == '?' => Some(mark.span()),
            TokenTree::Group(group) if macro_name(&trees, at).is_none() => {
                first_question_mark(&group.stream())
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        at += 1;
    }
    None
}

/// Returns whether these tokens may leave the enclosing function by `return`, by `?`, by the failure of a
/// block's cleanup, or by an unknown macro. May return `true` if that belongs to a nested closure, but never
/// misses a case.
pub(crate) fn may_leave(tokens: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Ident(word) => word == "return",
        TokenTree::Punct(mark) => mark.as_char() == '?',
        TokenTree::Group(group) => match macro_name(&trees, at) {
            Some(name) if makes_stream(name) => false,
            Some(name) if !is_transparent(name) || is_ours(name) => true,
            _ => may_leave(&group.stream()),
        },
        TokenTree::Literal(_) => false,
    })
}

/// Returns whether there is a macro call among these tokens.
pub(crate) fn has_macro(tokens: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Group(group) => macro_name(&trees, at).is_some() || has_macro(&group.stream()),
        _ => false,
    })
}

/// Macros that evaluate their arguments in place, outside any loop of their own, and never return from the
/// enclosing function themselves.
const TRANSPARENT_MACROS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "finally",
    "format",
    "format_args",
    "join",
    "lastly",
    "matches",
    "panic",
    "print",
    "println",
    "select",
    "select_biased",
    "todo",
    "try_join",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

fn is_ours(name: &Ident) -> bool {
    name == "finally" || name == "lastly"
}

pub(crate) fn is_transparent(name: &Ident) -> bool {
    TRANSPARENT_MACROS.iter().any(|known| name == known)
}

/// Returns whether there is a macro call among these tokens that may mention a variable whose name is not in its
/// input: a macro that is defined between locals may mention any of them, and others make names of parts, or read
/// a file.
///
/// A macro that has the name of a known one is taken for that.
pub(crate) fn hides_names(tokens: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let is_known = |name| is_transparent(name) || OTHER_KNOWN_MACROS.iter().any(|known| name == known);
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Group(group) => {
            macro_name(&trees, at).is_some_and(|name| !is_known(name)) || hides_names(&group.stream())
        }
        _ => false,
    })
}

/// Further macros of `core`, `futures`, `tokio`, `tracing`, `log` and `anyhow` that mention no variable beside those
/// in their input.
const OTHER_KNOWN_MACROS: &[&str] = &[
    "anyhow",
    "bail",
    "cfg",
    "concat",
    "debug",
    "debug_span",
    "ensure",
    "env",
    "error",
    "error_span",
    "event",
    "file",
    "include_bytes",
    "include_str",
    "info",
    "info_span",
    "line",
    "log",
    "module_path",
    "option_env",
    "pin",
    "ready",
    "span",
    "stringify",
    "trace",
    "trace_span",
    "warn",
    "warn_span",
];

type Find<'a> = dyn Fn(&[TokenTree], usize) -> Option<Span> + 'a;

fn find(tokens: &TokenStream, hit: &Find<'_>) -> Option<Span> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        if let Some(end) = end_of_inner_body(&trees, at) {
            at = end;
            continue;
        }
        if let Some(span) = hit(&trees, at) {
            return Some(span);
        }
        if let TokenTree::Group(group) = tree {
            if let Some(span) = find(&group.stream(), hit) {
                return Some(span);
            }
        }
        at += 1;
    }
    None
}

/// Returns the end of a nested item with its own control flow, if one starts at `at`.
pub(crate) fn end_of_inner_body(trees: &[TokenTree], at: usize) -> Option<usize> {
    let word =
        |at: usize, word: &str| matches!(trees.get(at), Some(TokenTree::Ident(ident)) if ident == word);
    if let Some(name) = macro_name(trees, at + 2) {
        let makes_future =
            || matches!(trees.get(at + 2), Some(TokenTree::Group(block)) if starts_async(block));
        let has_no_code = MACROS_WITHOUT_CODE.iter().any(|known| name == known);
        let is_future = makes_stream(name) || (is_ours(name) && makes_future());
        return (has_no_code || is_future).then_some(at + 3);
    }
    if word(at, "macro_rules") && punct(trees.get(at + 1)) == Some('!') {
        return Some(at + 4);
    }
    // A function pointer type has no name.
    if word(at, "fn") && matches!(trees.get(at + 1), Some(TokenTree::Ident(_))) {
        return Some(after_body(trees, at));
    }
    if word(at, "async") {
        let next = at + 1 + usize::from(word(at + 1, "move"));
        return match trees.get(next) {
            Some(block) if is_block(block) => Some(next + 1),
            Some(_) => closing_bar(trees, next).map(|bar| end_of_closure(trees, bar)),
            None => None,
        };
    }
    if !starts_expression(trees, at) {
        return None;
    }
    closing_bar(trees, at).filter(|bar| !is_match_arm(trees, at, *bar)).map(|bar| end_of_closure(trees, bar))
}

/// Macros whose input is not code of this place.
const MACROS_WITHOUT_CODE: &[&str] = &["parse_quote", "quote", "quote_spanned", "stringify"];

/// Returns whether the macro turns its input into a stream, to which any await, yield and return in it belongs.
fn makes_stream(name: &Ident) -> bool {
    ["async_stream", "async_try_stream", "stream", "try_stream"].iter().any(|known| name == known)
}

/// Returns the name of the macro whose input is at `at`.
pub(crate) fn macro_name(trees: &[TokenTree], at: usize) -> Option<&Ident> {
    let (bang, name) = (at.checked_sub(1)?, at.checked_sub(2)?);
    match (trees.get(name), punct(trees.get(bang)), trees.get(at)) {
        (Some(TokenTree::Ident(name)), Some('!'), Some(TokenTree::Group(_))) => Some(name),
        _ => None,
    }
}

/// Returns whether the group starts with `[<TYPE>] async`: a `finally!` block that is a future of its own.
fn starts_async(block: &Group) -> bool {
    let words = block.stream().into_iter().filter_map(|tree| match tree {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    let mut kinds = words.filter(|word| word == "try" || word == "async");
    kinds.next().is_some_and(|word| word == "async")
}

/// Returns whether an expression may start here, so that `|` opens a closure. An operator follows a value
/// instead. If this wrongly returns `false`, the content of a closure counts as code of this place, which can
/// cause an error but never a silent fault.
fn starts_expression(trees: &[TokenTree], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).and_then(|at| trees.get(at));
    match before(1) {
        None => true,
        Some(TokenTree::Punct(punct)) => match punct.as_char() {
            // The second half of an operator. The bar of a closure is the first half.
            '|' => punct.spacing() == Spacing::Alone,
            // The end of generic arguments, unless it is that of `=>`.
            '>' => {
                matches!(before(2), Some(TokenTree::Punct(it)) if it.as_char() == '=' && it.spacing() == Spacing::Joint)
            }
            '?' | '.' => false,
            _ => true,
        },
        Some(TokenTree::Ident(word)) => {
            ["move", "static", "return", "break"].iter().any(|known| word == known)
        }
        Some(TokenTree::Group(group)) => {
            group.delimiter() == Delimiter::Bracket && punct(before(2)) == Some('#')
        }
        Some(TokenTree::Literal(_)) => false,
    }
}

/// Returns the bar that ends the parameters of a closure, if the one at `bar` begins them.
fn closing_bar(trees: &[TokenTree], bar: usize) -> Option<usize> {
    if punct(trees.get(bar)) != Some('|') {
        return None;
    }
    let ends = |tree: &TokenTree| matches!(punct(Some(tree)), Some('|' | ';'));
    let end = bar + 1 + trees.iter().skip(bar + 1).position(ends)?;
    (punct(trees.get(end)) == Some('|')).then_some(end)
}

/// Returns whether the bars belong to the pattern of a match arm, as in `| A | B => ..`, and not to a closure.
fn is_match_arm(trees: &[TokenTree], bar: usize, closing_bar: usize) -> bool {
    let before = bar.checked_sub(1).map(|at| punct(trees.get(at)));
    if !matches!(before, None | Some(Some(','))) {
        return false;
    }
    let is = |at: usize, mark: char| punct(trees.get(at)) == Some(mark);
    // A comma inside the angle brackets of a path does not end the arm.
    let mut depth = 0_usize;
    for at in closing_bar + 1..trees.len() {
        if is(at, '<') && is(at - 1, ':') {
            depth += 1;
        } else if is(at, '>') && is(at - 1, '=') {
            return true;
        } else if is(at, '>') {
            depth = depth.saturating_sub(1);
        } else if is(at, ';') || (is(at, ',') && depth == 0) {
            return false;
        }
    }
    false
}

/// Returns the end of the closure whose parameters end at this bar.
fn end_of_closure(trees: &[TokenTree], closing_bar: usize) -> usize {
    let body = closing_bar + 1;
    let returns_type = punct(trees.get(body)) == Some('-') && punct(trees.get(body + 1)) == Some('>');
    match trees.get(body) {
        _ if returns_type => after_body(trees, body),
        Some(block) if is_block(block) => body + 1,
        _ => {
            let ends = |tree: &TokenTree| matches!(punct(Some(tree)), Some(',' | ';'));
            trees.iter().skip(body).position(ends).map_or(trees.len(), |length| body + length)
        }
    }
}

/// Returns the end of the function or closure whose head is here.
fn after_body(trees: &[TokenTree], head: usize) -> usize {
    let is = |at: usize, mark: char| punct(trees.get(at)) == Some(mark);
    // A block among the generic arguments of a type: `Buffer<{ SIZE }>`.
    let is_argument = |at: usize| is(at - 1, '<') || is(at + 1, '>') || (is(at - 1, ',') && is(at + 1, ','));
    let ends = |at: &usize| is(*at, ';') || (trees.get(*at).is_some_and(is_block) && !is_argument(*at));
    (head + 1..trees.len()).find(ends).map_or(trees.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str) -> TokenStream {
        source.parse().expect("the source is made of tokens")
    }

    #[test]
    fn an_await_belongs_to_the_innermost_async_body() {
        for source in [
            "a.b().await",
            "{ f(x.await) }",
            "match a { _ => b.await }",
            "x(|| 1, y.await)",
            "a || b.await",
            "{ if a || b { c.await } }",
            "{ let f = || a || b; c.await }",
            "{ let f: fn() = g; c.await }",
            "match a { | None => {}, | Some(b) => c.await }",
            "match a { | A | B => c.await, _ => {} }",
            "match a { _ => {}, | A::<u8, u8>::B | B if d => c.await }",
            "{ macro_rules! m (() => (1)); { c.await } }",
            "{ let a = N::<u8> | 1; c.await }",
            "{ trait T { fn f(); } c.await }",
        ] {
            assert!(first_await(&tokens(source)).is_some(), "{source}");
        }
        for source in [
            "async { a.await }",
            "async move { a.await }",
            "spawn(async move { a.await })",
            "async || a.await",
            "f(async move |x| { x.await })",
            "f(async || a || b.await)",
            "{ async fn f() { a.await } f() }",
            "{ async fn f() -> Buffer<{ SIZE }> { a.await } f() }",
            "{ async fn f(_: Pair<1, { SIZE }, 2>) { a.await } f() }",
            "await_this()",
            "stream! { yield a.await; }",
            "async_stream::try_stream! { yield a.await?; }",
        ] {
            assert!(first_await(&tokens(source)).is_none(), "{source}");
        }
    }

    #[test]
    fn a_return_belongs_to_the_innermost_body() {
        for source in [
            "return",
            "{ if x { return; } }",
            "a | return",
            "a || return",
            "if a || b { return }",
            "x.map(|y| y); return",
            "{ let f: fn() = g; if x { return } }",
            "{ let f: unsafe extern \"C\" fn(u8) -> u8 = g; if x { return } }",
            "match a { | None => return, _ => {} }",
        ] {
            assert!(first_return(&tokens(source)).is_some(), "{source}");
        }
        for source in [
            "|| return",
            "|| a || return",
            "x.map(|y| { return y })",
            "x.map(move |y| return y)",
            "f(x, |y| return y, |y| return y)",
            "f(#[allow(unused)] |y| return y)",
            "match a { b => |y| return y, c => |y| return y }",
            "{ fn f() { return } }",
            "{ fn r#f() { return } }",
            "async { return }",
        ] {
            assert!(first_return(&tokens(source)).is_none(), "{source}");
        }
    }
}
