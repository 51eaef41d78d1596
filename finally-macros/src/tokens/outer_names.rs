//! Finds names that may be parameters of an `impl` block or a trait. An attribute does not see their heads, and an item in
//! a function cannot name them.

use proc_macro2::{TokenStream, TokenTree};

use super::{hides_names, punct};

/// Types and variants of the standard library. A name among them is taken for the one there.
const OF_THE_STANDARD_LIBRARY: &[&str] = &[
    "Arc", "BTreeMap", "BTreeSet", "Box", "Cell", "Duration", "Err", "HashMap", "HashSet", "Instant",
    "Mutex", "None", "Ok", "Option", "PathBuf", "Rc", "RefCell", "Result", "RwLock", "Some", "String", "Vec",
    "VecDeque",
];

/// Methods of statics. A const parameter has none of them, because it is an integer, a `bool` or a `char`.
const OF_STATICS: &[&str] = &["get", "load", "lock", "read", "set", "store", "take", "with", "write"];

/// Returns whether the tokens may name a generic parameter, a lifetime or `Self`. May return `true` for another type
/// or a constant, and for a macro that is not a known one, because it may name what its input does not.
pub(crate) fn may_name_outer_parameter(tokens: &TokenStream) -> bool {
    hides_names(tokens) || mentions_like_parameter(tokens)
}

fn mentions_like_parameter(tokens: &TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    trees.iter().enumerate().any(|(at, tree)| {
        let before = |distance: usize| at.checked_sub(distance).and_then(|at| punct(trees.get(at)));
        match tree {
            TokenTree::Ident(name) if before(1) == Some('\'') => name != "static",
            TokenTree::Ident(_) if before(1) == Some(':') && before(2) == Some(':') => false,
            TokenTree::Ident(_) if is_static(&trees, at) => false,
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let name = name.trim_start_matches("r#");
                begins_like_parameter(name) && !OF_THE_STANDARD_LIBRARY.contains(&name)
            }
            TokenTree::Group(group) => mentions_like_parameter(&group.stream()),
            TokenTree::Literal(literal) => format_string_may_name_parameter(&literal.to_string()),
            TokenTree::Punct(_) => false,
        }
    })
}

/// Returns whether the compiler accepts this as the name of a parameter without a warning. Not every script has an uppercase.
fn begins_like_parameter(name: &str) -> bool {
    name.trim_start_matches('_').starts_with(starts_parameter)
}

/// Returns whether the compiler warns about a variable with this letter, or the letter has no case.
fn starts_parameter(letter: char) -> bool {
    letter.is_alphabetic() && !letter.is_lowercase()
}

/// Returns whether this is `NAME.with(..)`, or another method of [`OF_STATICS`].
fn is_static(trees: &[TokenTree], at: usize) -> bool {
    let method = |tree: &TokenTree| matches!(tree, TokenTree::Ident(name) if OF_STATICS.iter().any(|known| name == known));
    punct(trees.get(at + 1)) == Some('.') && trees.get(at + 2).is_some_and(method)
}

/// Returns whether a format string may name a const parameter, as `"{N}"` does.
fn format_string_may_name_parameter(literal: &str) -> bool {
    let is_escaped = literal.contains("\\x") || literal.contains("\\u");
    let mut arguments = literal.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    literal.contains('"') && (is_escaped || arguments.any(|argument| argument.contains(starts_parameter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_like_a_parameter_may_be_one() {
        let accepted = [
            "{ let rc = Rc::new(1); tick().await; println!(\"{rc} {:?}\\n\", Some(1)) }",
            "state().lock().unwrap().flush::<{ crate::SIZE }>().await",
            "{ let log = LOG.with(Rc::clone); STATE.lock().unwrap().clear(); tick().await }",
            "{ let name: &'static str = store::Kind::NAME; 'c'; }",
            "{ let _ = tick().await; println!(\"{_rest} {0:_<5}\", __finally::size()); _done(_) }",
            "{ tokio::join!(tick(), tick()); tracing::info!(\"end\") }",
        ];
        let refused = [
            "T::release().await",
            "r#T::release().await",
            "_T::release().await",
            "__T::release().await",
            "型::release().await",
            "println!(\"{_N}\")",
            "println!(\"{型}\")",
            "clean!().await",
            "{ clean! {}; tick().await }",
            "release::<T>().await",
            "{ let it: T = make(); release(it).await }",
            "Self::release().await",
            "<S as Store>::release().await",
            "release(SIZE).await",
            "release(SIZE.pow(2)).await",
            "println!(\"{N}\")",
            "println!(\"{:N$}\", 1)",
            "println!(\"\\x7bN}\")",
            "{ let name: &'a str = name(); }",
            "'outer: loop { break 'outer }",
        ];
        for source in accepted {
            assert!(!may_name_outer_parameter(&source.parse().unwrap()), "{source}");
        }
        for source in refused {
            assert!(may_name_outer_parameter(&source.parse().unwrap()), "{source}");
        }
    }
}
