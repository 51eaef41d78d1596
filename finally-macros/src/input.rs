//! Parses the function under the attribute. The body stays one group of tokens, so that the compiler reports a
//! syntax error in it once, and editors find the user's tokens in place.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Attribute, Expr, FnArg, Ident, LitStr, ReturnType, Signature, Token, Type, Visibility,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _, discouraged::Speculative as _},
    spanned::Spanned as _,
};

use crate::{error::bail, tokens, types};

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
    ["finally", "lastly"].into_iter().find(|name| types::ends_in(attribute.path(), &[name]))
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
    pub(crate) fn body_span(&self) -> Span {
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
            ReturnType::Type(_, output) if types::is_impl_future(types::ungrouped(output)) => Returns::Future,
            ReturnType::Type(_, output) if types::is_boxed_future(types::ungrouped(output)) => {
                Returns::BoxedFuture
            }
            _ => Returns::Value,
        }
    }

    /// Returns the `T` of `impl Future<Output = T>`.
    pub(crate) fn output_of_future(&self) -> Option<&Type> {
        let ReturnType::Type(_, output) = &self.signature.output else { return None };
        let Type::ImplTrait(output) = types::ungrouped(output) else { return None };
        output.bounds.iter().find_map(types::output_of_bound)
    }

    /// Returns whether the function returns a future with a lifetime bound, and the future's output may not
    /// outlive that lifetime.
    pub(crate) fn output_may_not_outlive(&self) -> bool {
        let output = self.signature.output.to_token_stream();
        matches!(self.returns(), Returns::Future | Returns::BoxedFuture)
            && types::show_lifetime(&output)
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
            Returns::BoxedFuture => types::output_of_boxed_future(output)?,
        };
        let is_opaque = tokens::has_word(&output.to_token_stream(), "impl");
        (types::is_result(output) && !is_opaque).then_some(output)
    }

    /// Returns the return type if a value of it may run later. A reference or a primitive cannot.
    pub(crate) fn type_that_may_run_later(&self) -> Option<&Type> {
        const PRIMITIVES: &[&str] = &[
            "String", "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128",
            "u16", "u32", "u64", "u8", "usize",
        ];

        let ReturnType::Type(_, output) = &self.signature.output else { return None };
        let output = types::ungrouped(output);
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
        arguments.chain(output).find_map(|ty| match types::ungrouped(ty) {
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
        self.attribute("track_caller")
    }

    /// Returns the attribute of this name, which may be inside of a `cfg_attr`.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| {
            let tokens = attribute.meta.to_token_stream();
            attribute.path().is_ident(name)
                || (attribute.path().is_ident("cfg_attr") && tokens::has_word(&tokens, name))
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
        matches!(&self.signature.output, ReturnType::Type(_, output) if matches!(types::ungrouped(output), Type::Never(_)))
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

#[cfg(test)]
mod tests {
    use super::*;

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
