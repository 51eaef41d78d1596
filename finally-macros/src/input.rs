//! Parses the function under the attribute. The body stays one group of tokens, so that the compiler reports a
//! syntax error in it once, and editors find the user's tokens in place.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, Expr, FnArg, GenericArgument, Ident, LitStr, Meta, Pat, PathArguments, Receiver, ReceiverKind,
    ReturnType, Signature, Token, Type, TypeParamBound, Visibility,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _, discouraged::Speculative as _},
    punctuated::Punctuated,
    spanned::Spanned as _,
};

use crate::{error::bail, tokens};

pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

/// The result of parsing an item.
pub(crate) enum Item {
    Function(Box<Function>),
    /// A function with a malformed head. The compiler parses an item before it expands the attribute, so it has
    /// reported the error.
    Unreadable,
    /// An expression. The compiler has reported that an attribute is not allowed there.
    Expression,
}

impl Item {
    pub(crate) fn parse(name: &str, item: TokenStream) -> syn::Result<Self> {
        (|input: ParseStream<'_>| Self::parse_stream(name, input)).parse2(item)
    }

    fn parse_stream(name: &str, input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        if ahead.parse().is_ok_and(|expression| !matches!(expression, Expr::Macro(_))) && ahead.is_empty() {
            input.parse::<TokenStream>()?;
            return Ok(Self::Expression);
        }
        let mut attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        expect_function(name, input)?;
        skip_safe(input);
        // The tokens that the fork leaves unread are no error.
        let head = input.fork();
        let Ok(signature) = head.parse::<Signature>() else {
            input.parse::<TokenStream>()?;
            return Ok(Self::Unreadable);
        };
        input.advance_to(&head);
        if let Some(constness) = signature.constness {
            bail!(
                constness,
                "a `const fn` cannot clean up: its cleanup is not a constant; remove `const` or `#[{name}]`"
            );
        }
        if input.peek(Token![;]) {
            bail!(
                signature.ident,
                "`{}` has no body to clean up after; put `#[{name}]` on a function that has one",
                signature.ident
            );
        }
        let (body, inner_attributes) = parse_body(input)?;
        attributes.extend(inner_attributes);
        Ok(Self::Function(Box::new(Function { attributes, visibility, signature, body })))
    }
}

/// Returns the name of an attribute of ours.
pub(crate) fn name_of_ours(attribute: &Attribute) -> Option<&'static str> {
    ["finally", "lastly"].into_iter().find(|name| ends_in(attribute.path(), name))
}

/// The form of the result of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returns {
    /// An `async fn`, whose result is awaited.
    Awaited,
    /// A function that is not async, and returns a value.
    Value,
    /// A function that returns `impl Future`.
    Future,
    /// A function that returns `Pin<Box<dyn Future>>`. `#[async_trait]` also expands a method to one.
    BoxedFuture,
}

/// An unsized type.
pub(crate) enum Unsized<'a> {
    /// `[T]` or `dyn Trait`.
    Certain,
    /// `str`, unless another type has this name.
    ByName(&'a Type),
}

impl Function {
    /// Returns the body as a block inside another block. The compiler would warn about braces around a single
    /// expression, unless the braces are ours. A `$body:block` of a `macro_rules!` macro loses its braces.
    pub(crate) fn block(&self) -> TokenStream {
        let mut trees = self.body.stream().into_iter();
        match (self.body.delimiter(), trees.next(), trees.next()) {
            (Delimiter::None, Some(TokenTree::Group(block)), None) => block.stream(),
            (Delimiter::Brace, Some(_), _) => tokens::inner_block(&self.body).into_token_stream(),
            _ => self.body.to_token_stream(),
        }
    }

    /// Returns the span for code in the place of the body. It is exactly the span of the body, not marked as
    /// generated: coverage counts the lines of an async block or a closure only with such a span.
    pub(crate) fn place(&self) -> Span {
        self.body.span()
    }

    /// Returns the span for names of ours around the body. It is not the span of the whole body, because
    /// editors would then find our names when they look up the definition of a word in it.
    pub(crate) fn brace(&self) -> Span {
        Span::mixed_site().located_at(self.body.span_open())
    }

    pub(crate) fn returns(&self) -> Returns {
        if self.signature.asyncness.is_some() {
            return Returns::Awaited;
        }
        match &self.signature.output {
            ReturnType::Type(_, output) if is_impl_future(ungrouped(output)) => Returns::Future,
            ReturnType::Type(_, output) if is_boxed_future(ungrouped(output)) => Returns::BoxedFuture,
            _ => Returns::Value,
        }
    }

    /// Returns the `T` of `impl Future<Output = T>`.
    pub(crate) fn output_of_future(&self) -> Option<&Type> {
        let ReturnType::Type(_, output) = &self.signature.output else { return None };
        let Type::ImplTrait(output) = ungrouped(output) else { return None };
        output.bounds.iter().find_map(output_of_bound)
    }

    /// Returns whether the function returns a future with a lifetime bound, and the future's output may not
    /// outlive that lifetime.
    pub(crate) fn output_may_not_outlive(&self) -> bool {
        let output = self.signature.output.to_token_stream();
        matches!(self.returns(), Returns::Future | Returns::BoxedFuture)
            && tokens::show_lifetime(&output)
            && self
                .signature
                .generics
                .type_params()
                .any(|parameter| tokens::has_word(&output, &parameter.ident.to_string()))
    }

    /// Returns the type of the body's or the future's output if it is written as `Result` or an alias, and can
    /// be named in an expression.
    pub(crate) fn result(&self) -> Option<&Type> {
        let ReturnType::Type(_, output) = &self.signature.output else { return None };
        let output = match self.returns() {
            Returns::Awaited | Returns::Value => output,
            Returns::Future => self.output_of_future()?,
            Returns::BoxedFuture => output_of_boxed_future(output)?,
        };
        let is_opaque = tokens::has_word(&output.to_token_stream(), "impl");
        (is_result(output) && !is_opaque).then_some(output)
    }

    /// Returns the return type if a value of it may run later. A reference or a primitive cannot.
    pub(crate) fn type_that_may_run_later(&self) -> Option<&Type> {
        const PRIMITIVES: &[&str] = &[
            "String", "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128",
            "u16", "u32", "u64", "u8", "usize",
        ];

        let ReturnType::Type(_, output) = &self.signature.output else { return None };
        let output = ungrouped(output);
        let may = match output {
            Type::Path(ty) => !PRIMITIVES.iter().any(|name| ty.path.is_ident(name)),
            Type::ImplTrait(_) => true,
            _ => false,
        };
        may.then_some(output)
    }

    /// Returns the content of our other attributes, which are below this one and are expanded later.
    pub(crate) fn later_cleanups(&self) -> TokenStream {
        let ours = self.attributes.iter().filter(|attribute| name_of_ours(attribute).is_some());
        tokens::join(ours.map(|attribute| attribute.meta.to_token_stream()))
    }

    /// Removes the first of our other attributes.
    pub(crate) fn remove_later_cleanup(&mut self) {
        if let Some(at) = self.attributes.iter().position(|attribute| name_of_ours(attribute).is_some()) {
            self.attributes.remove(at);
        }
    }

    /// Returns the span of the end of the function's head.
    pub(crate) fn end(&self) -> Span {
        match self.signature.to_token_stream().into_iter().last() {
            Some(TokenTree::Group(group)) => group.span_close(),
            Some(last) => last.span(),
            None => self.signature.span(),
        }
    }

    /// Returns an unsized type among the arguments and the output. No function can have one.
    pub(crate) fn unsized_type(&self) -> Option<Unsized<'_>> {
        let arguments = self.signature.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(&*argument.ty),
            FnArg::Receiver(_) => None,
        });
        let output = match &self.signature.output {
            ReturnType::Type(_, output) => Some(&**output),
            ReturnType::Default => None,
        };
        arguments.chain(output).find_map(|ty| match ungrouped(ty) {
            Type::Slice(_) | Type::TraitObject(_) => Some(Unsized::Certain),
            Type::Path(path) if path.path.is_ident("str") => Some(Unsized::ByName(ty)),
            _ => None,
        })
    }

    /// Returns whether an attribute such as `#[tokio::main]` has turned an async function into one that runs a
    /// future.
    pub(crate) fn was_async(&self) -> bool {
        let body = self.body.stream();
        tokens::has_word(&body, "async") && tokens::has_word(&body, "block_on")
    }

    /// Returns the attribute that contains `track_caller`.
    pub(crate) fn track_caller(&self) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| {
            let tokens = attribute.meta.to_token_stream();
            attribute.path().is_ident("track_caller")
                || (attribute.path().is_ident("cfg_attr") && tokens::has_word(&tokens, "track_caller"))
        })
    }

    /// Returns whether `#[tracing::instrument]` was expanded before.
    pub(crate) fn is_instrumented(&self) -> bool {
        tokens::has_word(&self.body.stream(), "__tracing_attr_span")
    }

    /// Returns the span of the start of the function's head.
    pub(crate) fn start(&self) -> Span {
        match &self.visibility {
            Visibility::Inherited => self.signature.span(),
            visibility => visibility.span(),
        }
    }

    /// Returns whether the function returns `!`.
    pub(crate) fn diverges(&self) -> bool {
        matches!(&self.signature.output, ReturnType::Type(_, output) if matches!(ungrouped(output), Type::Never(_)))
    }
}

/// Reports the kind of the item unless it is a function.
fn expect_function(name: &str, input: ParseStream<'_>) -> syn::Result<()> {
    const INSIDE: &str = "put it on the function inside";
    const ELSEWHERE: &str = "put it on the function that needs the cleanup";

    let ahead = input.fork();
    let Ok(word) = item_word(&ahead) else {
        bail!(at input.span(), "`#[{name}]` goes on a function");
    };
    let (item, way_out) = match word.to_string().as_str() {
        "fn" => return Ok(()),
        "impl" => ("an `impl` block", "put it on the methods inside"),
        "trait" => ("a trait", "put it on the methods inside that have a body"),
        "mod" => ("a module", INSIDE),
        "macro_rules" => ("a macro", INSIDE),
        "extern" if ahead.peek(Token![crate]) => ("an `extern crate`", ELSEWHERE),
        "extern" => ("an `extern` block", "put it on a function that has a body"),
        "struct" => ("a struct", ELSEWHERE),
        "enum" => ("an enum", ELSEWHERE),
        "union" => ("a union", ELSEWHERE),
        "const" => ("a constant", ELSEWHERE),
        "static" => ("a static", ELSEWHERE),
        "type" => ("a type", ELSEWHERE),
        "use" => ("an import", ELSEWHERE),
        _ if ahead.peek(Token![!]) || ahead.peek(Token![::]) => {
            ("a macro call", "put it on the function that the macro makes")
        }
        _ => bail!(word, "`#[{name}]` goes on a function; {ELSEWHERE}"),
    };
    bail!(word, "`#[{name}]` goes on a function, not on {item}; {way_out}")
}

/// Returns the word that shows the kind of an item, after modifiers such as `unsafe`.
fn item_word(input: ParseStream<'_>) -> syn::Result<Ident> {
    const MODIFIERS: &[&str] = &["async", "const", "default", "extern", "safe", "unsafe"];

    let modifies = |word: &Ident| MODIFIERS.iter().any(|modifier| word == modifier);
    let mut word = input.call(Ident::parse_any)?;
    while modifies(&word) {
        let ahead = input.fork();
        if word == "extern" {
            ahead.parse::<Option<LitStr>>()?;
        }
        match ahead.call(Ident::parse_any) {
            Ok(next) if next == "fn" || modifies(&next) || (word != "const" && word != "extern") => {
                input.advance_to(&ahead);
                word = next;
            }
            // `const NAME`, `extern crate`, `extern {`
            _ => break,
        }
    }
    Ok(word)
}

/// Skips `safe`, which only a function of an `extern` block can have. `syn` does not parse it in a signature.
fn skip_safe(input: ParseStream<'_>) {
    let ahead = input.fork();
    if ahead.call(Ident::parse_any).is_ok_and(|word| word == "safe") {
        input.advance_to(&ahead);
    }
}

/// Parses the body and its inner attributes, which are attributes of the function.
fn parse_body(input: ParseStream<'_>) -> syn::Result<(Group, Vec<Attribute>)> {
    let body = match input.parse()? {
        TokenTree::Group(body) if body.delimiter() != Delimiter::Parenthesis => body,
        other => bail!(other, "expected the body of the function"),
    };
    if !input.is_empty() {
        bail!(at input.span(), "expected nothing after the body of the function");
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

/// Removes groups and parentheses. A type that was passed through a `macro_rules!` macro is in a group.
fn ungrouped(mut ty: &Type) -> &Type {
    while let Type::Group(syn::TypeGroup { elem, .. }) | Type::Paren(syn::TypeParen { elem, .. }) = ty {
        ty = elem;
    }
    ty
}

fn is_impl_future(output: &Type) -> bool {
    matches!(output, Type::ImplTrait(output) if output.bounds.iter().any(is_future))
}

fn is_future(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if ends_in(&bound.path, "Future"))
}

/// Returns whether the type is `Pin<Box<dyn Future>>`, or one of its aliases in the futures crates.
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

fn output_of_bound(bound: &TypeParamBound) -> Option<&Type> {
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

fn ends_in(path: &syn::Path, name: &str) -> bool {
    path.segments.last().is_some_and(|segment| segment.ident == name)
}

/// Returns the `T` of `Name<T>`.
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

/// The kind of value that a variable holds, as far as its type shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Value,
    Reference,
    MutReference,
    /// A part of an argument, bound by a pattern.
    Part,
}

/// A named argument.
pub(crate) struct Named {
    pub(crate) name: Ident,
    pub(crate) holds: Holds,
    /// Whether its type shows that it is or contains a reference that is not `'static`.
    pub(crate) borrows: bool,
    /// The `#[cfg(..)]` attributes of the argument, to be repeated on all code for it.
    pub(crate) conditions: Vec<Attribute>,
}

impl Named {
    fn new(name: Ident, ty: Option<&Type>, attributes: &[Attribute]) -> Self {
        let holds = match ty.map(ungrouped) {
            Some(Type::Reference(reference)) if reference.mutability.is_some() => Holds::MutReference,
            Some(Type::Reference(_)) => Holds::Reference,
            _ => Holds::Value,
        };
        let borrows = ty.is_some_and(|ty| tokens::show_borrow(&ty.to_token_stream()));
        let conditions = conditions(attributes);
        Self { name, holds, borrows, conditions }
    }

    /// Returns the `self` of a method.
    pub(crate) fn of_receiver(receiver: &Receiver) -> Self {
        let name = Ident::new("self", receiver.self_token.span);
        match &receiver.kind {
            ReceiverKind::Reference(_, lifetime, mutability) => Self {
                name,
                holds: if mutability.is_some() { Holds::MutReference } else { Holds::Reference },
                borrows: lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static"),
                conditions: Vec::new(),
            },
            ReceiverKind::Typed(_, ty) => Self::new(name, Some(ty), &receiver.attrs),
            _ => Self::new(name, None, &receiver.attrs),
        }
    }

    /// Returns an argument that is a single identifier: `x`, `mut x`.
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

/// Returns the `#[cfg(..)]` attributes of an argument, to be repeated on all code for it.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

/// Returns whether an attribute sets lint levels, so that it moves to the local that an argument becomes.
pub(crate) fn is_about_lints(attribute: &Attribute) -> bool {
    const LINT_LEVELS: &[&str] = &["allow", "deny", "expect", "forbid", "warn"];

    fn of_meta(meta: &Meta) -> bool {
        match meta {
            Meta::List(list) if list.path.is_ident("cfg_attr") => {
                let inside = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone());
                inside.is_ok_and(|inside| inside.len() > 1 && inside.iter().skip(1).all(of_meta))
            }
            meta => LINT_LEVELS.iter().any(|level| meta.path().is_ident(level)),
        }
    }

    of_meta(&attribute.meta)
}

/// Returns the attributes of an argument that its local carries.
pub(crate) fn attributes_of_local(attributes: &[Attribute]) -> Vec<Attribute> {
    let belongs = |attribute: &&Attribute| attribute.path().is_ident("cfg") || is_about_lints(attribute);
    attributes.iter().filter(belongs).cloned().collect()
}

/// Returns the names that a pattern binds. Constants are included, which is harmless: no cleanup mentions a
/// constant as an argument.
pub(crate) fn names_in(pattern: &Pat) -> Vec<Ident> {
    fn collect(pattern: &Pat, names: &mut Vec<Ident>) {
        match pattern {
            Pat::Ident(it) => {
                // The alternatives of an or-pattern bind the same names.
                if !names.iter().any(|name| tokens::is_named(name, &it.ident.to_string())) {
                    names.push(it.ident.clone());
                }
                if let Some((_, inner)) = &it.subpat {
                    collect(inner, names);
                }
            }
            Pat::Guard(it) => collect(&it.pat, names),
            Pat::Or(it) => it.cases.iter().for_each(|it| collect(it, names)),
            Pat::Paren(it) => collect(&it.pat, names),
            Pat::Reference(it) => collect(&it.pat, names),
            Pat::Slice(it) => it.elems.iter().for_each(|it| collect(it, names)),
            Pat::Struct(it) => it.fields.iter().for_each(|it| collect(&it.pat, names)),
            Pat::Tuple(it) => it.elems.iter().for_each(|it| collect(it, names)),
            Pat::TupleStruct(it) => it.elems.iter().for_each(|it| collect(it, names)),
            Pat::Type(it) => collect(&it.pat, names),
            // A macro is assumed to bind all names in its input.
            Pat::Macro(it) => names.extend(tokens::words(&it.mac.tokens)),
            Pat::Verbatim(it) => names.extend(tokens::words(it)),
            _ => {}
        }
    }

    let mut names = Vec::new();
    collect(pattern, &mut names);
    names
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
    fn patterns_bind_names() {
        for (written, bound) in [
            ("(a, mut b)", "a b"),
            ("Point { x, y: (z, ..) }", "x z"),
            ("Some(ref inner)", "inner"),
            ("whole @ (part, _)", "whole part"),
            ("(Ok(text) | Err(text))", "text"),
            ("(r#text | text)", "r#text"),
            ("(N, Unit::<X>, Color::Red)", "N"),
            ("pair!(a, b)", "a b"),
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
            let item = Item::parse("finally", written.parse().expect("tokens"));
            let Ok(Item::Function(function)) = item else { panic!("{written} is a function") };
            assert_eq!(function.returns(), returns, "{written}");
        }
    }
}
