//! The function under the attribute. Its body stays one group of tokens that nobody looks into, so that a syntax error in
//! it is told once, by the compiler, and editors find the user's tokens where they put them.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, FnArg, GenericArgument, Ident, Pat, PathArguments, Receiver, ReceiverKind, ReturnType,
    Signature, Token, Type, TypeParamBound, Visibility,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

use crate::error::bail;

pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

/// How a function gives its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returns {
    /// It is awaited: an `async fn`.
    Awaited,
    /// At once: a function that is not async.
    Value,
    /// As `impl Future`.
    Future,
    /// As `Pin<Box<dyn Future>>`, which is also what `#[async_trait]` makes of a method.
    BoxedFuture,
}

impl Function {
    pub(crate) fn parse(name: &str, item: TokenStream) -> syn::Result<Self> {
        (|input: ParseStream<'_>| Self::parse_item(name, input)).parse2(item)
    }

    fn parse_item(name: &str, input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        expect_function(name, input)?;
        let signature: Signature = input.parse()?;
        if let Some(constness) = signature.constness {
            bail!(
                constness,
                "a `const fn` cannot clean up: its cleanup is not a constant; remove `const` or `#[{name}]`"
            );
        }
        if input.peek(Token![;]) {
            bail!(
                signature.ident,
                "`{}` has no body to clean up after; put `#[{name}]` where its body is",
                signature.ident
            );
        }
        let (body, inner_attributes) = parse_body(input)?;
        attributes.extend(inner_attributes);
        Ok(Self { attributes, visibility, signature, body })
    }

    /// The body as it stands inside another block. A `$body:block` of a `macro_rules!` macro comes without its braces, which
    /// the compiler would call unnecessary there.
    pub(crate) fn block(&self) -> TokenStream {
        let mut trees = self.body.stream().into_iter();
        match (self.body.delimiter(), trees.next(), trees.next()) {
            (Delimiter::None, Some(TokenTree::Group(block)), None) => block.stream(),
            _ => self.body.to_token_stream(),
        }
    }

    pub(crate) fn returns(&self) -> Returns {
        if self.signature.asyncness.is_some() {
            return Returns::Awaited;
        }
        match &self.signature.output {
            ReturnType::Type(_, output) if is_impl_future(output) => Returns::Future,
            ReturnType::Type(_, output) if is_boxed_future(output) => Returns::BoxedFuture,
            _ => Returns::Value,
        }
    }

    /// What the attributes of ours say that stand below this one, and run after it.
    pub(crate) fn later_cleanups(&self) -> TokenStream {
        let ours =
            |attribute: &&Attribute| ["finally", "lastly"].iter().any(|name| ends_in(attribute.path(), name));
        self.attributes.iter().filter(ours).map(|attribute| attribute.meta.to_token_stream()).collect()
    }

    /// Whether it returns `!`.
    pub(crate) fn diverges(&self) -> bool {
        matches!(&self.signature.output, ReturnType::Type(_, output) if matches!(**output, Type::Never(_)))
    }
}

/// Tells what the item is, where it is not a function.
fn expect_function(name: &str, input: ParseStream<'_>) -> syn::Result<()> {
    const MODIFIERS: &[&str] = &["const", "async", "unsafe", "safe", "extern", "default", "fn"];

    let start = input.fork();
    let Ok(word) = start.call(Ident::parse_any) else {
        bail!(at input.span(), "`#[{name}]` goes on a function");
    };
    // `const NAME: ..` and `extern crate ..` start like functions.
    let is_item = (word == "const" && start.peek(Ident) && !start.peek(Token![async])
        || start.peek(Token![crate]))
        || (word == "extern" || word == "unsafe")
            && (is_block(&start) || start.peek(Token![impl]) || start.peek(Token![trait]));
    if MODIFIERS.iter().any(|modifier| word == modifier) && !is_item {
        return Ok(());
    }
    let way_out = match word.to_string().as_str() {
        "impl" | "trait" => "put it on the methods inside".to_owned(),
        "extern" => "put it on functions with a body".to_owned(),
        "mod" => "put it on the functions inside".to_owned(),
        _ => "put it on the function that needs the cleanup".to_owned(),
    };
    bail!(word, "`#[{name}]` goes on a function, and this is not one; {way_out}")
}

fn is_block(input: ParseStream<'_>) -> bool {
    input.peek(syn::token::Brace) || (input.peek(syn::LitStr) && input.peek2(syn::token::Brace))
}

/// The body, and its inner attributes, which are attributes of the function.
fn parse_body(input: ParseStream<'_>) -> syn::Result<(Group, Vec<Attribute>)> {
    let body = match input.parse()? {
        TokenTree::Group(body) if body.delimiter() != Delimiter::Parenthesis => body,
        other => bail!(other, "expected the body of the function"),
    };
    if !input.is_empty() {
        bail!(at input.span(), "expected nothing behind the body of the function");
    }
    let split = |input: ParseStream<'_>| {
        let attributes = if input.peek(Token![#]) && input.peek2(Token![!]) {
            input.call(Attribute::parse_inner)?
        } else {
            Vec::new()
        };
        Ok((attributes, input.parse::<TokenStream>()?))
    };
    let (mut attributes, rest) = split.parse2(body.stream())?;
    if attributes.is_empty() {
        return Ok((body, attributes));
    }
    for attribute in &mut attributes {
        attribute.style = syn::AttrStyle::Outer;
    }
    let mut rest = Group::new(body.delimiter(), rest);
    rest.set_span(body.span());
    Ok((rest, attributes))
}

fn is_impl_future(output: &Type) -> bool {
    matches!(output, Type::ImplTrait(output) if output.bounds.iter().any(is_future))
}

fn is_future(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if ends_in(&bound.path, "Future"))
}

/// `Pin<Box<dyn Future>>`, or one of the names that futures crates give it.
fn is_boxed_future(output: &Type) -> bool {
    let Type::Path(output) = output else { return false };
    if ends_in(&output.path, "BoxFuture") || ends_in(&output.path, "LocalBoxFuture") {
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

fn ends_in(path: &syn::Path, name: &str) -> bool {
    path.segments.last().is_some_and(|segment| segment.ident == name)
}

/// The `T` of `Name<T>`.
fn inside<'a>(path: &'a syn::Path, name: &str) -> Option<&'a Type> {
    let segment = path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inside) => Some(inside),
        _ => None,
    })
}

/// What a variable holds, as far as its type shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Value,
    Reference,
    MutReference,
    /// Whatever a pattern bound it to.
    Part,
}

/// An argument by its name.
pub(crate) struct Named {
    pub(crate) name: Ident,
    pub(crate) holds: Holds,
    /// Whether it is a reference to something that is not `'static`.
    pub(crate) is_borrowed: bool,
    /// `#[cfg(..)]` on the argument, which everything about it has to carry.
    pub(crate) conditions: Vec<Attribute>,
}

impl Named {
    fn new(name: Ident, ty: Option<&Type>, attributes: &[Attribute]) -> Self {
        let (holds, is_borrowed) = match ty {
            Some(Type::Reference(reference)) => (
                if reference.mutability.is_some() { Holds::MutReference } else { Holds::Reference },
                reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static"),
            ),
            _ => (Holds::Value, false),
        };
        let conditions = conditions(attributes);
        Self { name, holds, is_borrowed, conditions }
    }

    /// The `self` of a method.
    pub(crate) fn of_receiver(receiver: &Receiver) -> Self {
        let name = Ident::new("self", receiver.self_token.span);
        match &receiver.kind {
            ReceiverKind::Reference(_, lifetime, mutability) => Self {
                name,
                holds: if mutability.is_some() { Holds::MutReference } else { Holds::Reference },
                is_borrowed: lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static"),
                conditions: Vec::new(),
            },
            ReceiverKind::Typed(_, ty) => Self::new(name, Some(ty), &receiver.attrs),
            _ => Self::new(name, None, &receiver.attrs),
        }
    }

    /// An argument that is one identifier: `x`, `mut x`.
    pub(crate) fn of_argument(argument: &FnArg) -> Option<Self> {
        match argument {
            FnArg::Receiver(receiver) => Some(Self::of_receiver(receiver)),
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
                    Some(Self::new(pattern.ident.clone(), Some(&typed.ty), &typed.attrs))
                }
                _ => None,
            },
        }
    }
}

/// `#[cfg(..)]` on an argument, which everything about it has to carry.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

/// The names that a pattern binds. A constant among them is harmless: nobody mentions it as an argument.
pub(crate) fn names_in(pattern: &Pat) -> Vec<Ident> {
    fn collect(tokens: TokenStream, names: &mut Vec<Ident>) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, tree) in trees.iter().enumerate() {
            match tree {
                TokenTree::Ident(name) if !["mut", "ref", "box", "_"].iter().any(|word| name == word) => {
                    // `path::`, `Struct {`, `Tuple(` and `field:` bind nothing; `name @` does.
                    let next = trees.get(at + 1);
                    let is_path = matches!(next, Some(TokenTree::Punct(next)) if next.as_char() == ':')
                        || matches!(next, Some(TokenTree::Group(_)))
                        || name.to_string().starts_with(char::is_uppercase);
                    if !is_path {
                        names.push(name.clone());
                    }
                }
                TokenTree::Group(group) => collect(group.stream(), names),
                _ => {}
            }
        }
    }

    let mut names = Vec::new();
    collect(pattern.to_token_stream(), &mut names);
    names
}

/// The type with each `impl Trait` in it left to inference, so that it can stand in an expression.
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
                                '>' | ',' if depth == 0 => break,
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
            ("u8", "u8"),
        ] {
            let ty: Type = syn::parse_str(written).expect("a type");
            assert_eq!(without_impl_trait(&ty).to_string(), erased, "{written}");
        }
    }

    #[test]
    fn patterns_bind_names() {
        for (written, bound) in [
            ("(a, mut b)", "a b"),
            ("Point { x, y: (z, ..) }", "x z"),
            ("Some(ref inner)", "inner"),
            ("whole @ (part, _)", "whole part"),
            ("_", ""),
        ] {
            let pattern = Pat::parse_single.parse_str(written).expect("a pattern");
            let names: Vec<_> = names_in(&pattern).iter().map(ToString::to_string).collect();
            assert_eq!(names.join(" "), bound, "{written}");
        }
    }

    #[test]
    fn a_function_that_returns_a_future_is_told_by_its_type() {
        for (written, returns) in [
            ("async fn f() {}", Returns::Awaited),
            ("fn f() -> u8 {}", Returns::Value),
            ("fn f() -> impl Future<Output = u8> + Send {}", Returns::Future),
            ("fn f() -> impl std::future::Future<Output = ()> {}", Returns::Future),
            ("fn f() -> impl Display {}", Returns::Value),
            ("fn f<'a>() -> Pin<Box<dyn Future<Output = u8> + Send + 'a>> {}", Returns::BoxedFuture),
            (
                "fn f() -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = ()>>> {}",
                Returns::BoxedFuture,
            ),
            ("fn f() -> BoxFuture<'static, u8> {}", Returns::BoxedFuture),
        ] {
            let function = Function::parse("finally", written.parse().expect("tokens")).expect("a function");
            assert_eq!(function.returns(), returns, "{written}");
        }
    }
}
