//! Parses a cleanup, and determines its kind.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{
    Block, Expr, ExprAsync, ExprBlock, ExprClosure, ExprLit, ExprPath, Lit, Pat, ReturnType, Stmt, Token,
    Type, parse::ParseStream, parse_quote_spanned, spanned::Spanned as _, token,
};

use crate::{
    error::{bail, error},
    parameters, tokens,
    types::ends_in,
};

pub(crate) struct Cleanup {
    kind: Kind,
    /// All of its tokens, to find the names that it mentions.
    pub(crate) tokens: TokenStream,
    pub(crate) span: Span,
}

enum Kind {
    /// `cleanup`, `Self::close`, `f::<T>`: called without arguments.
    Path(ExprPath),
    /// `|| ..`, `|fate| ..`: called on exit.
    Closure(ExprClosure),
    /// `async || ..`, `async |fate| ..`: called on exit, and awaited.
    AsyncClosure(ExprClosure),
    /// `conn.close().await`, `join!(..)`: treated as an async block.
    Await(Expr),
    /// `release(pool.clone(), self.id)`, `{ .. }`: evaluated on exit.
    Expression(Expr),
}

/// A cleanup, and its replacement on cancellation.
#[derive(Clone, Copy)]
pub(crate) struct Cleanups<'a> {
    pub(crate) first: &'a Cleanup,
    pub(crate) replacement: Option<&'a Cleanup>,
}

impl<'a> Cleanups<'a> {
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.first.mentions(name) || self.replacement.is_some_and(|it| it.mentions(name))
    }

    /// Returns the cleanup that is evaluated last. After it, nothing needs the arguments.
    pub(crate) fn last(&self) -> &'a Cleanup {
        self.replacement.unwrap_or(self.first)
    }
}

/// The way in which a cleanup with `.await` captures the variables that it mentions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uses {
    Taken,
    Borrowed,
}

impl Cleanup {
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        check_first_word(input)?;
        let expression: Expr = input.parse()?;
        let tokens = expression.to_token_stream();
        let span = expression.span();
        Ok(Self { kind: Kind::of(expression, &tokens)?, tokens, span })
    }

    /// Parses the value of `on_cancel = (..)`.
    pub(crate) fn parse_replacement(input: ParseStream<'_>) -> syn::Result<Self> {
        let cleanup = Self::parse(input)?;
        if let Some(fate) = cleanup.fate() {
            bail!(
                fate,
                "a cleanup for `on_cancel` takes no argument, because it runs on cancellation alone: `|| ..`"
            );
        }
        Ok(cleanup)
    }

    /// Gives a cleanup that uses `?` and ends in `Ok(())` the error type of `result`. `?` converts into any
    /// error type, so nothing else determines it.
    pub(crate) fn fail_as(&mut self, result: &Type) {
        if let Some(ok) = self.ok_of_unknown_error() {
            let span = Span::mixed_site().located_at(ok.span());
            *ok = parse_quote_spanned!(span=> __finally::succeed::<#result>);
        }
    }

    /// Rejects a cleanup that uses `?` and ends in `Ok(())`, if there is no `result` to take the error type
    /// from.
    pub(crate) fn check_error(&mut self) -> syn::Result<()> {
        match self.ok_of_unknown_error() {
            Some(ok) => bail!(ok, "nothing says which error this is; name it: `Ok::<(), E>(())`"),
            None => Ok(()),
        }
    }

    /// Returns the final `Ok` of a cleanup that uses `?` and ends in `Ok(())`.
    fn ok_of_unknown_error(&mut self) -> Option<&mut Expr> {
        let expression = match &mut self.kind {
            Kind::Await(expression) | Kind::Expression(expression) => expression,
            Kind::Closure(it) | Kind::AsyncClosure(it) if matches!(it.output, ReturnType::Default) => {
                &mut *it.body
            }
            _ => return None,
        };
        let block = match expression {
            Expr::Block(it) => &mut it.block,
            Expr::Async(it) => &mut it.block,
            _ => return None,
        };
        let body = block.to_token_stream();
        if tokens::first_question_mark(&body).is_none() || tokens::has_word(&body, "return") {
            return None;
        }
        let Some(Stmt::Expr(Expr::Call(call), None)) = block.stmts.last_mut() else { return None };
        let is_unit = call.args.iter().all(|it| matches!(it, Expr::Tuple(it) if it.elems.is_empty()));
        let is_ok = matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Ok"));
        (is_unit && is_ok).then_some(&mut *call.func)
    }

    /// Rejects a cleanup that uses `?` but ends without a value.
    pub(crate) fn check_failure(&self) -> syn::Result<()> {
        let block = match &self.kind {
            Kind::Await(Expr::Block(it)) | Kind::Expression(Expr::Block(it)) => &it.block,
            Kind::Await(Expr::Async(it)) => &it.block,
            Kind::Closure(it) | Kind::AsyncClosure(it) if matches!(it.output, ReturnType::Default) => {
                match &*it.body {
                    Expr::Block(it) => &it.block,
                    _ => return Ok(()),
                }
            }
            _ => return Ok(()),
        };
        match tokens::first_question_mark(&block.to_token_stream()) {
            Some(span) if ends_in_nothing(block) && !block_diverges(block) => Err(error!(
                at span,
                "`?` ends the cleanup with an error, and the cleanup ends in `()`; end it in a `Result`: `Ok::<(), E>(())`, where `E` \
                 is the type of the error"
            )),
            _ => Ok(()),
        }
    }

    /// Adapts the cleanup to a function that is not async, in which a macro named `join` does not await.
    pub(crate) fn of_sync_function(self) -> Self {
        let Self { kind, tokens, span } = self;
        let kind = match kind {
            Kind::Await(expression)
                if !matches!(expression, Expr::Async(_)) && tokens::first_await(&tokens).is_none() =>
            {
                Kind::Expression(expression)
            }
            kind => kind,
        };
        Self { kind, tokens, span }
    }

    /// Creates the cleanup of a `finally!` block from `{ .. }` or `|fate| { .. }`. If it contains `.await`, it
    /// is treated as an async block.
    pub(crate) fn of_block(fate: Option<Pat>, block: Group) -> Self {
        let (span, section) = (block.span(), block.to_token_stream());
        let awaits = tokens::first_await_or_join(&block.stream()).is_some();
        // If it cannot be parsed, the compiler reports the error.
        let block = syn::parse2(section.clone()).unwrap_or(Expr::Verbatim(section.clone()));
        let (kind, tokens) = match fate {
            None if awaits => (Kind::Await(block), section),
            None => (Kind::Expression(block), section),
            Some(fate) => {
                let mut closure: ExprClosure = parse_quote_spanned!(span=> |_| {});
                closure.inputs = [fate].into_iter().collect();
                *closure.body = block;
                let tokens = closure.to_token_stream();
                (if awaits { Kind::AsyncClosure(closure) } else { Kind::Closure(closure) }, tokens)
            }
        };
        Self { kind, tokens, span }
    }

    /// Returns whether the syntax shows that this is a future. Any other cleanup may still have the type of a
    /// future.
    pub(crate) fn is_async(&self) -> bool {
        matches!(self.kind, Kind::Await(_) | Kind::AsyncClosure(_))
    }

    /// Returns the span of the first await, for errors.
    pub(crate) fn async_span(&self) -> Option<Span> {
        self.is_async().then(|| tokens::first_await_or_join(&self.tokens).unwrap_or(self.span))
    }

    pub(crate) fn mentions(&self, name: &str) -> bool {
        tokens::mention(&self.tokens, name)
    }

    /// Returns the same name with the span of its first mention in the cleanup.
    pub(crate) fn at_mention(&self, name: &Ident) -> Ident {
        let mention = tokens::first_of(&self.tokens, &name.to_string());
        let at = mention.map_or(self.span, |mention| mention.span());
        let mut name = name.clone();
        name.set_span(name.span().located_at(at));
        name
    }

    /// Returns the parameter that receives the fate.
    pub(crate) fn fate(&self) -> Option<&Pat> {
        match &self.kind {
            Kind::Closure(closure) | Kind::AsyncClosure(closure) => closure.inputs.first(),
            Kind::Path(_) | Kind::Await(_) | Kind::Expression(_) => None,
        }
    }

    /// Returns the first use of the fate in a future.
    pub(crate) fn awaited_fate(&self) -> Option<Ident> {
        let closure = match &self.kind {
            Kind::AsyncClosure(closure) => closure,
            Kind::Closure(closure) if async_block(&closure.body).is_some() => closure,
            _ => return None,
        };
        let awaited = closure.body.to_token_stream();
        let names = parameters::names_in(closure.inputs.first()?);
        names.iter().find_map(|name| tokens::first_of(&awaited, &name.to_string()))
    }

    /// Returns whether the syntax shows that this is a future which uses each variable as a whole, so that it
    /// moves all of it.
    pub(crate) fn takes_whole(&self) -> bool {
        match &self.kind {
            Kind::Await(Expr::Async(ExprAsync { block, .. })) => block_uses_whole(block),
            Kind::Await(expression) => uses_whole(expression),
            Kind::AsyncClosure(closure) => closure.inputs.is_empty() && uses_whole(&closure.body),
            Kind::Path(_) | Kind::Closure(_) | Kind::Expression(_) => false,
        }
    }

    pub(crate) fn evaluation(&self, uses: Uses) -> Evaluation {
        let span = Span::mixed_site().located_at(self.span);
        // An expression that never returns has any type, so it is given `()`, which is a valid cleanup.
        let unit = |diverges: bool| diverges.then(|| quote_spanned!(span=> -> ()));
        Evaluation::Closure(match &self.kind {
            Kind::Path(path) => match unit(ends_in(&path.path, DIVERGING_FUNCTIONS)) {
                Some(unit) => quote_spanned!(span=> |_| #unit { #path() }),
                None => quote_spanned!(span=> |_| #path()),
            },
            Kind::Closure(closure) => {
                let mut closure = closure.clone();
                if closure.inputs.is_empty() {
                    closure.inputs.push(parse_quote_spanned!(span=> _));
                }
                if matches!(closure.output, ReturnType::Default) && diverges(&closure.body) {
                    closure.output = parse_quote_spanned!(span=> -> ());
                }
                closure.into_token_stream()
            }
            Kind::AsyncClosure(ExprClosure { capture, inputs, body, .. }) => {
                let future = self.future(uses, *capture, self.block(body), diverges(body));
                if inputs.is_empty() {
                    return Evaluation::Future(future);
                }
                quote_spanned!(span=> |#inputs| #future)
            }
            Kind::Await(Expr::Async(ExprAsync { capture, block, .. })) => {
                let diverges = block_diverges(block);
                return Evaluation::Future(self.future(uses, *capture, block.to_token_stream(), diverges));
            }
            Kind::Await(expression) => {
                let diverges = diverges(expression);
                return Evaluation::Future(self.future(uses, None, self.block(expression), diverges));
            }
            Kind::Expression(expression) => match unit(diverges(expression)) {
                Some(unit) => {
                    let block = self.block(expression);
                    quote_spanned!(span=> |_| #unit #block)
                }
                // As an argument of a call, the expression would cause a warning about unnecessary braces or
                // parentheses.
                None if matches!(expression, Expr::Block(_) | Expr::Paren(_)) => {
                    quote_spanned!(span=> |_| #expression)
                }
                None => return Evaluation::Expression(expression.to_token_stream()),
            },
        })
    }

    /// Returns the future if the syntax shows that its output is `()`, and that it does not use the fate.
    pub(crate) fn future_of_unit(&self, uses: Uses) -> Option<TokenStream> {
        let (block, future) = match (&self.kind, self.evaluation(uses)) {
            (Kind::Closure(closure), _) if closure.inputs.is_empty() => {
                (&async_block(&closure.body)?.block, closure.body.to_token_stream())
            }
            (
                Kind::Await(Expr::Block(ExprBlock { block, .. }) | Expr::Async(ExprAsync { block, .. })),
                Evaluation::Future(future),
            ) => (block, future),
            (Kind::AsyncClosure(closure), Evaluation::Future(future)) => match &*closure.body {
                Expr::Block(it) => (&it.block, future),
                _ => return None,
            },
            _ => return None,
        };
        let is_unit = (ends_in_nothing(block) || ends_in_unit(block))
            && !block_diverges(block)
            && !tokens::has_word(&self.tokens, "return")
            && tokens::first_question_mark(&self.tokens).is_none();
        is_unit.then_some(future)
    }

    fn future(
        &self,
        uses: Uses,
        capture: Option<Token![move]>,
        body: TokenStream,
        diverges: bool,
    ) -> TokenStream {
        let span = Span::mixed_site().located_at(self.span);
        let taken = || (uses == Uses::Taken).then(|| Token![move](span));
        let capture = capture.or_else(taken);
        if diverges {
            quote_spanned!(span=> async #capture { if false { return } else #body })
        } else {
            quote_spanned!(span=> async #capture #body)
        }
    }

    fn block(&self, expression: &Expr) -> TokenStream {
        let span = Span::mixed_site().located_at(self.span);
        match expression {
            Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => block.to_token_stream(),
            // The section of a `finally!` that does not parse. The compiler reports it.
            Expr::Verbatim(section) if tokens::are_block(section) => section.clone(),
            expression => quote_spanned!(span=> { #expression }),
        }
    }
}

/// The form of the evaluation of a cleanup.
pub(crate) enum Evaluation {
    /// A block that has to be made a future, and that does not use the fate.
    Future(TokenStream),
    /// An expression that does not use the fate.
    Expression(TokenStream),
    /// A closure from the fate to the cleanup.
    Closure(TokenStream),
}

impl Evaluation {
    pub(crate) fn into_closure(self, span: Span) -> TokenStream {
        match self {
            Self::Future(cleanup) | Self::Expression(cleanup) => quote_spanned!(span=> |_| #cleanup),
            Self::Closure(closure) => closure,
        }
    }
}

impl Kind {
    fn of(expression: Expr, tokens: &TokenStream) -> syn::Result<Self> {
        match expression {
            // A fragment that was passed through a `macro_rules!` macro is in a group without delimiters.
            Expr::Group(group) => Self::of(*group.expr, tokens),
            Expr::Lit(literal) => Err(not_a_cleanup(&literal)),
            Expr::Let(expression) => {
                bail!(expression.let_token, "a `let` is not a cleanup; put it into a block: `{{ let .. }}`")
            }
            Expr::Path(path) => Ok(Self::Path(path)),
            Expr::Closure(closure) => Self::of_closure(closure),
            Expr::Async(_) => Ok(Self::Await(expression)),
            expression => {
                if let Some(span) = tokens::first_return(tokens) {
                    bail!(
                        at span,
                        "`return` cannot leave the function from its cleanup; end the cleanup with `if`, or write it as a closure: `|| ..`"
                    );
                }
                Ok(match tokens::first_await_or_join(tokens) {
                    Some(_) => Self::Await(expression),
                    None => Self::Expression(expression),
                })
            }
        }
    }

    fn of_closure(closure: ExprClosure) -> syn::Result<Self> {
        if closure.inputs.len() > 1 {
            bail!(closure.inputs, "a cleanup takes no argument, or one, the fate: `|fate| ..`");
        }
        Ok(match closure.asyncness {
            Some(_) => Self::AsyncClosure(closure),
            None => Self::Closure(closure),
        })
    }
}

const DIVERGING_MACROS: &[&str] = &["panic", "todo", "unimplemented", "unreachable"];
const DIVERGING_FUNCTIONS: &[&str] = &["abort", "exit", "panic_any", "resume_unwind"];

/// Returns whether the expression ends in a call that never returns, such as `todo!()` or `exit(1)`.
fn diverges(expression: &Expr) -> bool {
    match expression {
        Expr::Macro(call) => ends_in(&call.mac.path, DIVERGING_MACROS),
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Path(path) if ends_in(&path.path, DIVERGING_FUNCTIONS))
        }
        Expr::Loop(body) => !tokens::has_word(&body.body.to_token_stream(), "break"),
        Expr::Return(_) => true,
        Expr::Block(block) => block_diverges(&block.block),
        _ => false,
    }
}

/// Returns the same for a block that was not parsed.
pub(crate) fn never_ends(block: &Group) -> bool {
    syn::parse2(block.to_token_stream()).is_ok_and(|block| block_diverges(&block))
}

fn ends_in_nothing(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(Expr::ForLoop(_) | Expr::While(_), _) | Stmt::Local(_)) => true,
        Some(Stmt::Expr(Expr::If(it), _)) if it.else_branch.is_none() => true,
        Some(Stmt::Expr(_, semicolon)) => semicolon.is_some(),
        Some(Stmt::Macro(call)) => call.semi_token.is_some(),
        _ => false,
    }
}

/// Returns whether a block ends in a well-known call whose value is `()`.
fn ends_in_unit(block: &Block) -> bool {
    const MACROS: &[&str] = &["assert", "assert_eq", "assert_ne", "eprint", "eprintln", "print", "println"];

    match block.stmts.last() {
        Some(Stmt::Macro(call)) => ends_in(&call.mac.path, MACROS),
        Some(Stmt::Expr(Expr::Macro(call), None)) => ends_in(&call.mac.path, MACROS),
        Some(Stmt::Expr(Expr::Call(call), None)) => {
            matches!(&*call.func, Expr::Path(path) if path.path.is_ident("drop"))
        }
        _ => false,
    }
}

fn block_diverges(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(expression, _)) => diverges(expression),
        Some(Stmt::Macro(call)) => ends_in(&call.mac.path, DIVERGING_MACROS),
        _ => false,
    }
}

/// Returns whether the expression only calls, borrows and awaits, so that it uses each variable as a whole. A
/// string is excluded, because it may seem to mention a variable that it does not capture.
fn uses_whole(expression: &Expr) -> bool {
    let attributes = match expression {
        Expr::Await(it) => &it.attrs,
        Expr::Block(it) => &it.attrs,
        Expr::Call(it) => &it.attrs,
        Expr::Lit(it) if !matches!(it.lit, Lit::Str(_)) => &it.attrs,
        Expr::MethodCall(it) => &it.attrs,
        Expr::Path(it) => &it.attrs,
        Expr::Reference(it) => &it.attrs,
        Expr::Try(it) => &it.attrs,
        _ => return false,
    };
    attributes.is_empty()
        && match expression {
            Expr::Await(it) => uses_whole(&it.base),
            Expr::Block(it) => block_uses_whole(&it.block),
            Expr::Call(it) => uses_whole(&it.func) && it.args.iter().all(uses_whole),
            Expr::MethodCall(it) => uses_whole(&it.receiver) && it.args.iter().all(uses_whole),
            Expr::Reference(it) => uses_whole(&it.expr),
            Expr::Try(it) => uses_whole(&it.expr),
            _ => true,
        }
}

fn block_uses_whole(block: &Block) -> bool {
    block
        .stmts
        .iter()
        .all(|statement| matches!(statement, Stmt::Expr(expression, _) if uses_whole(expression)))
}

/// Returns the `async` block that the expression is, possibly in braces.
fn async_block(expression: &Expr) -> Option<&ExprAsync> {
    match expression {
        Expr::Async(block) => Some(block),
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [Stmt::Expr(only, None)] => async_block(only),
            _ => None,
        },
        _ => None,
    }
}

/// Rejects a cleanup that begins like an expression and is none. The parser would only name the token that it expects.
fn check_first_word(input: ParseStream<'_>) -> syn::Result<()> {
    let begins_closure = input.peek2(Token![|]) || input.peek2(Token![||]);
    if input.peek(Token![await]) {
        bail!(at input.span(), "`.await` stands after what it awaits: `close().await`");
    }
    if input.peek(Token![move]) && !begins_closure {
        bail!(at input.span(), "`move` begins a closure: `move || ..`");
    }
    if input.peek(Token![async])
        && !begins_closure
        && !input.peek2(Token![move])
        && !input.peek2(token::Brace)
    {
        bail!(at input.span(), "`async` begins a block or a closure: `async {{ .. }}`");
    }
    if input.peek(Token![fn]) {
        bail!(at input.span(), "a function is not declared here; give its name, or a closure: `|| ..`");
    }
    Ok(())
}

fn not_a_cleanup(literal: &ExprLit) -> syn::Error {
    let way_out = match &literal.lit {
        Lit::Str(path) if syn::parse_str::<syn::Path>(&path.value()).is_ok() => {
            format!("write the function without quotes: `{}`", path.value())
        }
        _ => "give a function, a closure or an expression".to_owned(),
    };
    error!(literal, "a literal is not a cleanup; {way_out}")
}
