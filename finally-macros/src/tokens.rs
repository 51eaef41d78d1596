//! What a cleanup's tokens mention, read without parsing them: tokens inside macros count too.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

/// Whether the tokens mention a variable of this name. May say yes for another thing of the same name, never no.
///
/// Names hide in format strings too: `println!("{id}")`.
pub(crate) fn mention(tokens: &TokenStream, name: &str) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Ident(ident) => *ident == name && !is_part_of_path_or_field(&trees, at),
        TokenTree::Group(group) => mention(&group.stream(), name),
        TokenTree::Literal(literal) => format_string_mentions(&literal.to_string(), name),
        TokenTree::Punct(_) => false,
    })
}

/// Fields, methods, lifetimes and path segments are not variables.
fn is_part_of_path_or_field(trees: &[TokenTree], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).and_then(|at| punct(trees.get(at)));
    let after = |distance: usize| punct(trees.get(at + distance));
    let field = before(1) == Some('.') && before(2) != Some('.');
    let lifetime = before(1) == Some('\'');
    let path = (before(1) == Some(':') && before(2) == Some(':'))
        || (after(1) == Some(':') && after(2) == Some(':'));
    field || lifetime || path
}

fn punct(tree: Option<&TokenTree>) -> Option<char> {
    match tree {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    }
}

fn format_string_mentions(literal: &str, name: &str) -> bool {
    let name = name.trim_start_matches("r#");
    literal.contains('"')
        && literal.split('{').skip(1).any(|rest| {
            // `{:width$}` and `{:.precision$}` name arguments as well as `{name}` does.
            rest.split('}').next().is_some_and(|argument| {
                argument.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
            })
        })
}

/// The first `.await` that belongs to these tokens, and not to an async block, an async closure or a function in them.
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

/// The first `return` that belongs to these tokens, and not to a block, a closure or a function in them.
pub(crate) fn first_return(tokens: &TokenStream) -> Option<Span> {
    find(tokens, &|trees, at| match trees.get(at) {
        Some(TokenTree::Ident(word)) if word == "return" => Some(word.span()),
        _ => None,
    })
}

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

/// Where something that has control flow of its own ends, if it starts here.
fn end_of_inner_body(trees: &[TokenTree], at: usize) -> Option<usize> {
    let word =
        |at: usize, word: &str| matches!(trees.get(at), Some(TokenTree::Ident(ident)) if ident == word);
    if word(at, "fn") {
        return Some(after_braces(trees, at));
    }
    if word(at, "async") {
        let next = at + 1 + usize::from(word(at + 1, "move"));
        return match trees.get(next) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => Some(next + 1),
            Some(TokenTree::Punct(bar)) if bar.as_char() == '|' => Some(end_of_closure(trees, next)),
            _ => None,
        };
    }
    (punct(trees.get(at)) == Some('|') && starts_expression(trees, at)).then(|| end_of_closure(trees, at))
}

/// Whether a `|` here opens a closure: an operator stands behind a value.
fn starts_expression(trees: &[TokenTree], at: usize) -> bool {
    match at.checked_sub(1).and_then(|at| trees.get(at)) {
        None => true,
        Some(TokenTree::Punct(punct)) => punct.as_char() != '?',
        Some(TokenTree::Ident(word)) => {
            ["move", "static", "return", "break", "in", "else", "match", "if", "while"]
                .iter()
                .any(|known| word == known)
        }
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) => false,
    }
}

fn end_of_closure(trees: &[TokenTree], bar: usize) -> usize {
    let parameters = trees.iter().skip(bar + 1).take_while(|tree| punct(Some(tree)) != Some('|')).count();
    let body = bar + parameters + 2;
    let returns_type = punct(trees.get(body)) == Some('-') && punct(trees.get(body + 1)) == Some('>');
    match trees.get(body) {
        _ if returns_type => after_braces(trees, body),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => body + 1,
        _ => {
            let ends = |tree: &TokenTree| matches!(punct(Some(tree)), Some(',' | ';'));
            trees.iter().skip(body).position(ends).map_or(trees.len(), |length| body + length)
        }
    }
}

fn after_braces(trees: &[TokenTree], from: usize) -> usize {
    let is_braces =
        |tree: &TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    trees.iter().skip(from).position(is_braces).map_or(trees.len(), |length| from + length + 1)
}

/// The first identifier among these tokens that is one of the names.
pub(crate) fn first_of(tokens: &TokenStream, name: &str) -> Option<Ident> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().find_map(|(at, tree)| match tree {
        TokenTree::Ident(ident) if *ident == name && !is_part_of_path_or_field(&trees, at) => {
            Some(ident.clone())
        }
        TokenTree::Group(group) => first_of(&group.stream(), name),
        _ => None,
    })
}

/// The first use of a variable that is not the use of one of its fields.
pub(crate) fn first_whole(tokens: &TokenStream, name: &str) -> Option<Ident> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().find_map(|(at, tree)| match tree {
        TokenTree::Ident(ident) if *ident == name && !is_part_of_path_or_field(&trees, at) => {
            let is_method = matches!(trees.get(at + 3), Some(TokenTree::Group(arguments)) if arguments.delimiter() == Delimiter::Parenthesis)
                || punct(trees.get(at + 3)) == Some(':');
            let is_field = punct(trees.get(at + 1)) == Some('.') && !is_method;
            (!is_field).then(|| ident.clone())
        }
        TokenTree::Group(group) => first_whole(&group.stream(), name),
        _ => None,
    })
}

/// Whether a type shows that it borrows. Functions and `for<'a>` have lifetimes of their own, so they show nothing.
pub(crate) fn show_borrow(ty: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = ty.clone().into_iter().collect();
    let is_static = |at: usize| {
        punct(trees.get(at)) == Some('\'')
            && matches!(trees.get(at + 1), Some(TokenTree::Ident(name)) if name == "static")
    };
    let has_own_lifetimes =
        |word: &Ident| ["fn", "for"].iter().any(|it| word == it) || word.to_string().contains("Fn");
    !trees.iter().any(|tree| matches!(tree, TokenTree::Ident(word) if has_own_lifetimes(word)))
        && trees.iter().enumerate().any(|(at, tree)| match tree {
            TokenTree::Punct(punct) if punct.as_char() == '&' => !is_static(at + 1),
            TokenTree::Punct(punct) if punct.as_char() == '\'' => !is_static(at),
            TokenTree::Group(group) => show_borrow(&group.stream()),
            _ => false,
        })
}

/// Whether this word is among the tokens, whatever it stands for.
pub(crate) fn has_word(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(&group.stream(), word),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str) -> TokenStream {
        source.parse().expect("the source is made of tokens")
    }

    #[test]
    fn variables_are_mentioned_in_expressions_macros_and_format_strings() {
        for source in [
            "conn.close()",
            "close(&conn)",
            "{ let c = conn; }",
            "println!(\"{conn}\")",
            "println!(\"{conn:?} {}\", 1)",
            "println!(\"{:conn$}\", 1)",
            "println!(r#\"{conn}\"#)",
            "..conn",
            "0..conn",
        ] {
            assert!(mention(&tokens(source), "conn"), "{source}");
        }
    }

    #[test]
    fn fields_methods_paths_and_lifetimes_are_not_variables() {
        for source in [
            "self.conn",
            "pool.conn()",
            "conn::close()",
            "pool::conn()",
            "f::<'conn>()",
            "println!(\"conn {id}\")",
            "'{'",
        ] {
            assert!(!mention(&tokens(source), "conn"), "{source}");
        }
    }

    #[test]
    fn a_field_is_not_the_whole() {
        for (source, is_whole) in [
            ("conn.close()", true),
            ("conn.close::<u8>()", true),
            ("close(conn)", true),
            ("close(conn.id)", false),
            ("conn.pool.close()", false),
        ] {
            assert_eq!(first_whole(&tokens(source), "conn").is_some(), is_whole, "{source}");
        }
    }

    #[test]
    fn a_type_shows_that_it_borrows() {
        for (ty, borrows) in [
            ("&u8", true),
            ("Option<&'a mut u8>", true),
            ("Lease<'_>", true),
            ("Pin<&mut Self>", true),
            ("(u8, [&u8; 2])", true),
            ("&'static str", false),
            ("Lease<'static>", false),
            ("Box<dyn FnOnce(&u8)>", false),
            ("for<'a> fn(&'a u8)", false),
            ("Lease", false),
        ] {
            assert_eq!(show_borrow(&tokens(ty)), borrows, "{ty}");
        }
    }

    #[test]
    fn an_await_belongs_to_the_innermost_async_body() {
        for source in ["a.b().await", "{ f(x.await) }", "match a { _ => b.await }", "x(|| 1, y.await)"] {
            assert!(first_await(&tokens(source)).is_some(), "{source}");
        }
        for source in [
            "async { a.await }",
            "async move { a.await }",
            "spawn(async move { a.await })",
            "async || a.await",
            "f(async move |x| { x.await })",
            "{ async fn f() { a.await } f() }",
            "await_this()",
        ] {
            assert!(first_await(&tokens(source)).is_none(), "{source}");
        }
    }

    #[test]
    fn a_return_belongs_to_the_innermost_body() {
        for source in ["return", "{ if x { return; } }", "a | return", "x.map(|y| y); return"] {
            assert!(first_return(&tokens(source)).is_some(), "{source}");
        }
        for source in [
            "|| return",
            "x.map(|y| { return y })",
            "x.map(move |y| return y)",
            "{ fn f() { return } }",
            "async { return }",
        ] {
            assert!(first_return(&tokens(source)).is_none(), "{source}");
        }
    }
}
