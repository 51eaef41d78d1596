//! Answers questions about types as they are written. An alias hides its type.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{GenericArgument, Path, PathArguments, Type, TypeParamBound};

use crate::tokens::punct;

/// Removes groups and parentheses. A type that was passed through a `macro_rules!` macro is in a group.
pub(crate) fn ungrouped(mut ty: &Type) -> &Type {
    while let Type::Group(syn::TypeGroup { elem, .. }) | Type::Paren(syn::TypeParen { elem, .. }) = ty {
        ty = elem;
    }
    ty
}

pub(crate) fn is_impl_future(output: &Type) -> bool {
    matches!(output, Type::ImplTrait(output) if output.bounds.iter().any(is_future))
}

fn is_future(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if ends_in(&bound.path, &["Future"]))
}

/// Returns whether the type is `Pin<Box<dyn Future>>`, or one of its aliases in the futures crates.
pub(crate) fn is_boxed_future(output: &Type) -> bool {
    let Type::Path(output) = output else { return false };
    if ends_in(&output.path, &["BoxFuture", "LocalBoxFuture"]) {
        return true;
    }
    let boxed = inside(&output.path, "Pin");
    let Some(Type::Path(boxed)) = boxed else {
        return false;
    };
    match inside(&boxed.path, "Box") {
        Some(Type::TraitObject(object)) => object.bounds.iter().any(is_future),
        _ => false,
    }
}

/// Returns the `T` of `Pin<Box<dyn Future<Output = T>>>` and of `BoxFuture<'_, T>`.
pub(crate) fn output_of_boxed_future(output: &Type) -> Option<&Type> {
    let Type::Path(output) = ungrouped(output) else { return None };
    if let Some(boxed) = inside(&output.path, "Pin") {
        let Type::Path(boxed) = boxed else { return None };
        let Type::TraitObject(object) = inside(&boxed.path, "Box")? else { return None };
        return object.bounds.iter().find_map(output_of_bound);
    }
    let name = output.path.segments.last()?.ident.to_string();
    inside(&output.path, &name)
}

pub(crate) fn output_of_bound(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let PathArguments::AngleBracketed(arguments) = &bound.path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    })
}

pub(crate) fn is_result(ty: &Type) -> bool {
    let Type::Path(ty) = ungrouped(ty) else { return false };
    ty.path.segments.last().is_some_and(|segment| segment.ident.to_string().ends_with("Result"))
}

/// Returns whether the last segment of a path is one of these names.
pub(crate) fn ends_in(path: &Path, names: &[&str]) -> bool {
    path.segments.last().is_some_and(|segment| names.iter().any(|name| segment.ident == name))
}

/// Returns the `T` of `Name<T>`.
fn inside<'a>(path: &'a Path, name: &str) -> Option<&'a Type> {
    let segment = path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inside) => Some(inside),
        _ => None,
    })
}

/// Returns whether a type visibly borrows. The lifetimes of functions and of `for<'a>` are their own, so they
/// do not count.
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

/// Returns whether a type contains a lifetime or a reference.
pub(crate) fn show_lifetime(ty: &TokenStream) -> bool {
    ty.clone().into_iter().any(|tree| match tree {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
        TokenTree::Group(group) => show_lifetime(&group.stream()),
        _ => false,
    })
}

/// Replaces each `impl Trait` in the type by `_`, so that the type is allowed in an expression.
pub(crate) fn without_impl_trait(output: &Type) -> TokenStream {
    fn erase(tokens: TokenStream) -> TokenStream {
        let mut erased = TokenStream::new();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(tree) = tokens.next() {
            match tree {
                TokenTree::Ident(word) if word == "impl" => {
                    let mut depth = 0_usize;
                    let mut before = ' ';
                    while let Some(next) = tokens.peek() {
                        if let TokenTree::Punct(punct) = next {
                            match punct.as_char() {
                                '<' => depth += 1,
                                '>' if before == '-' => {}
                                '>' | ',' | ';' if depth == 0 => break,
                                '>' => depth -= 1,
                                _ => {}
                            }
                            before = punct.as_char();
                        } else {
                            before = ' ';
                        }
                        tokens.next();
                    }
                    let underscore = syn::Token![_](word.span());
                    erased.extend(quote!(#underscore));
                }
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), erase(group.stream()));
                    inner.set_span(group.span());
                    erased.extend([TokenTree::Group(inner)]);
                }
                other => erased.extend([other]),
            }
        }
        erased
    }

    erase(output.to_token_stream())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impl_trait_is_erased_wherever_it_stands() {
        for (written, erased) in [
            ("impl Display", "_"),
            ("Result<impl Display + 'a, Error>", "Result < _ , Error >"),
            ("(impl Fn(u8) -> Vec<u8>, u8)", "(_ , u8)"),
            ("Result<impl Fn(u8) -> u8, E>", "Result < _ , E >"),
            ("Vec<impl Iterator<Item = u8>>", "Vec < _ >"),
            ("[impl Display; 2]", "[_ ; 2]"),
            ("&mut [(u8, impl Display)]", "& mut [(u8 , _)]"),
            ("u8", "u8"),
        ] {
            let ty: Type = syn::parse_str(written).expect("a type");
            assert_eq!(without_impl_trait(&ty).to_string(), erased, "{written}");
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
            assert_eq!(show_borrow(&ty.parse().expect("tokens")), borrows, "{ty}");
        }
    }
}
