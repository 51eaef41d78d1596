//! Finds variables among tokens, by their names.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::LitStr;

use super::{hides_names, macro_name, punct};

/// Returns whether the tokens mention a variable of this name. May return `true` for something else of the same
/// name, but never misses the variable.
///
/// Names occur in format strings as well: `println!("{id}")`.
pub(crate) fn mention(tokens: &TokenStream, name: &str) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Ident(ident) => is_named(ident, name) && !is_part_of_path_or_field(&trees, at),
        TokenTree::Group(group) => mention(&group.stream(), name),
        TokenTree::Literal(literal) => format_string_mentions(&literal.to_string(), name),
        TokenTree::Punct(_) => false,
    })
}

/// Returns whether an identifier has this name, raw or not: `r#id` is `id`. A raw keyword is not a keyword.
pub(crate) fn is_named(ident: &Ident, name: &str) -> bool {
    let written = ident.to_string();
    let (one, other) = (written.trim_start_matches("r#"), name.trim_start_matches("r#"));
    one == other && (written == name || syn::parse_str::<Ident>(one).is_ok())
}

/// Returns whether this is a field, a method, a lifetime or a path segment, and so not a variable.
fn is_part_of_path_or_field(trees: &[TokenTree], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).and_then(|at| punct(trees.get(at)));
    let after = |distance: usize| punct(trees.get(at + distance));
    let field = before(1) == Some('.') && before(2) != Some('.');
    let lifetime = before(1) == Some('\'');
    let path = (before(1) == Some(':') && before(2) == Some(':'))
        || (after(1) == Some(':') && after(2) == Some(':'));
    field || lifetime || path
}

fn format_string_mentions(literal: &str, name: &str) -> bool {
    let name = name.trim_start_matches("r#");
    // The compiler unescapes a format string before it looks for names.
    let unescaped = literal.contains('\\').then(|| syn::parse_str::<LitStr>(literal).ok()).flatten();
    let text = unescaped.map_or_else(|| literal.to_owned(), |literal| literal.value());
    literal.contains('"')
        && text.split('{').skip(1).any(|rest| {
            // `{:width$}` and `{:.precision$}` name arguments as well as `{name}` does.
            rest.split('}').next().is_some_and(|argument| {
                argument.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
            })
        })
}

/// Returns the first identifier with this name.
pub(crate) fn first_of(tokens: &TokenStream, name: &str) -> Option<Ident> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().find_map(|(at, tree)| match tree {
        TokenTree::Ident(ident) if is_named(ident, name) && !is_part_of_path_or_field(&trees, at) => {
            Some(ident.clone())
        }
        TokenTree::Group(group) => first_of(&group.stream(), name),
        _ => None,
    })
}

/// Returns whether a block does not use the variable, or first moves it to a local of the same name:
/// `let x = x;`.
pub(crate) fn only_gives_to_local(block: &TokenStream, name: &str) -> bool {
    let trees: Vec<TokenTree> = block.clone().into_iter().collect();
    let is = |at: usize, word: &str| matches!(trees.get(at), Some(TokenTree::Ident(ident)) if ident == word);
    let local = (0..trees.len()).find(|&at| {
        let at_name = if is(at + 1, "mut") { at + 2 } else { at + 1 };
        let equals = punct(trees.get(at_name + 1)) == Some('=') && punct(trees.get(at_name + 3)) == Some(';');
        is(at, "let") && is(at_name, name) && equals && is(at_name + 2, name)
    });
    !mention(&trees.into_iter().take(local.unwrap_or(usize::MAX)).collect(), name)
}

/// Returns whether both mention a name that may be the same variable. Calls do not count, and neither do names
/// that start like a type.
pub(crate) fn share_variable(one: &TokenStream, other: &TokenStream) -> bool {
    let shared_with = |other: &TokenStream, name: &Ident, is_call: bool| {
        !is_call && !name.to_string().starts_with(char::is_uppercase) && mention(other, &name.to_string())
    };
    any_name(one, &|name, is_call| shared_with(other, name, is_call))
        || any_name(other, &|name, is_call| shared_with(one, name, is_call))
}

/// Returns whether no variable can occur in both. May return `false` if there is none, because a function that is
/// called may be a closure, and a macro may mention variables that its input does not name.
///
/// It misses only a variable that has the form of a type, or that a macro mentions under the name of a known one.
pub(crate) fn share_nothing(one: &TokenStream, other: &TokenStream) -> bool {
    let shared_with =
        |other: &TokenStream, name: &Ident| !is_like_type(name) && mention(other, &name.to_string());
    match (hides_names(one), hides_names(other)) {
        (false, false) => {
            !any_name(one, &|name, _| shared_with(other, name))
                && !any_name(other, &|name, _| shared_with(one, name))
        }
        (true, false) => names_nothing(other),
        (false, true) => names_nothing(one),
        (true, true) => false,
    }
}

/// Returns whether there is no variable among these tokens.
fn names_nothing(tokens: &TokenStream) -> bool {
    !any_name(tokens, &|name, _| !is_like_type(name)) && !has_format_string(tokens)
}

fn has_format_string(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        TokenTree::Group(group) => has_format_string(&group.stream()),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            // The brace may be escaped.
            text.contains('"') && (text.contains('{') || text.contains('\\'))
        }
        _ => false,
    })
}

/// Returns whether this is a type, or a variant such as `Some`. The compiler warns about a variable of that form.
fn is_like_type(name: &Ident) -> bool {
    let name = name.to_string();
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// Returns whether a name that may be a variable satisfies the condition. The condition also gets whether the name
/// is called.
fn any_name(tokens: &TokenStream, condition: &dyn Fn(&Ident, bool) -> bool) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let is_name = |ident: &Ident| *ident == "self" || syn::parse2::<Ident>(ident.to_token_stream()).is_ok();
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Ident(ident) => {
            let is_macro = macro_name(&trees, at + 2).is_some();
            let is_call = matches!(trees.get(at + 1), Some(TokenTree::Group(arguments)) if arguments.delimiter() == Delimiter::Parenthesis);
            !is_macro && is_name(ident) && !is_part_of_path_or_field(&trees, at) && condition(ident, is_call)
        }
        TokenTree::Group(group) => any_name(&group.stream(), condition),
        _ => false,
    })
}

/// Returns the first use of a variable as a whole, and not of one of its fields.
pub(crate) fn first_whole(tokens: &TokenStream, name: &str) -> Option<Ident> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().find_map(|(at, tree)| match tree {
        TokenTree::Ident(ident) if is_named(ident, name) && !is_part_of_path_or_field(&trees, at) => {
            let is_method = matches!(trees.get(at + 3), Some(TokenTree::Group(arguments)) if arguments.delimiter() == Delimiter::Parenthesis)
                || punct(trees.get(at + 3)) == Some(':');
            let is_field = punct(trees.get(at + 1)) == Some('.') && !is_method;
            (!is_field).then(|| ident.clone())
        }
        TokenTree::Group(group) => first_whole(&group.stream(), name),
        _ => None,
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
            "close(r#conn)",
            r#"println!("{\u{63}onn}")"#,
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
    fn a_body_and_a_cleanup_share_nothing_if_no_name_can_be_a_variable_of_both() {
        for (body, cleanup) in [
            ("{ f(x).await? }", "{ clean() }"),
            ("{ f(x).await? }", "{ y.clean(); }"),
            ("{ self.x.f().await }", "{ y.self_test(); }"),
            ("{ Some(x.f().await) }", "{ let _ = Some(y); }"),
            ("{ y::x.f().await }", "{ x::y(); }"),
            ("{ println!(\"{x}\"); f().await }", "{ println!(\"{y}\") }"),
            ("{ tracing::info!(x); f().await }", "{ y.clean(); }"),
            ("{ unknown!(x); f().await }", "{ self::clean(); log::info!(\"end\"); }"),
            ("{ unknown::unknown!(x); f().await }", "{ self::clean(); }"),
        ] {
            assert!(share_nothing(&tokens(body), &tokens(cleanup)), "{body} {cleanup}");
        }
        for (body, cleanup) in [
            ("{ f(x).await }", "{ x.clean(); }"),
            ("{ clean().await }", "{ clean() }"),
            ("{ self.x.f().await }", "{ self.y.clean(); }"),
            ("{ println!(\"{x}\"); f().await }", "{ x.clean(); }"),
            ("{ f(x).await }", "{ println!(\"{:x$}\", 1); }"),
            ("{ COUNT.f().await }", "{ COUNT.clean(); }"),
            ("{ X.f().await }", "{ X.clean(); }"),
            ("{ unknown!(); f().await }", "{ clean(); }"),
            ("{ unknown!(); f().await }", "{ println!(\"{x}\"); }"),
            ("{ unknown!(); f().await }", "{ println!(\"\\u{7b}x}\"); }"),
            ("{ include!(\"x.rs\").await }", "{ x.clean(); }"),
            ("{ paste::paste!([<x y>]).await }", "{ xy.clean(); }"),
            ("{ f(x).await }", "{ unknown!() }"),
            ("{ f().await }", "{ unknown!(y) }"),
        ] {
            assert!(!share_nothing(&tokens(body), &tokens(cleanup)), "{body} {cleanup}");
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
    fn a_variable_that_is_given_to_a_local_is_not_used_in_another_way() {
        for (block, is) in [
            ("", true),
            ("f();", true),
            ("let x = x; f(x)", true),
            ("let y = y; let mut x = x; x += 1;", true),
            ("let x = x + 1;", false),
            ("let y = x;", false),
            ("f(x); let x = x;", false),
            ("x = 1;", false),
            ("println!(\"{x}\")", false),
        ] {
            assert_eq!(only_gives_to_local(&tokens(block), "x"), is, "{block}");
        }
    }
}
