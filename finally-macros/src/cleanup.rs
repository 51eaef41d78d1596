//! What a cleanup is, and what it means.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{
    Expr, ExprClosure, ExprLit, ExprPath, Lit, Pat, Path, Stmt, parse::ParseStream, spanned::Spanned as _,
};

use crate::{error::bail, options::OnCancel, tokens};

pub(crate) struct Cleanup {
    kind: Kind,
    /// All of it, to find out what it mentions.
    pub(crate) tokens: TokenStream,
    pub(crate) span: Span,
}

enum Kind {
    /// `cleanup`, `Self::close`, `f::<T>`: called with no arguments.
    Path(ExprPath),
    /// `|| ..`, `|fate| ..`: called at exit.
    Closure(ExprClosure),
    /// `async || ..`, `async |fate| ..`: called at exit, and awaited.
    AsyncClosure { parameter: Option<Pat>, body: Expr },
    /// `conn.close().await`: stands for an async block.
    Await(Expr),
    /// `release(pool.clone(), self.id)`, `{ .. }`: evaluated at exit.
    Expression(Expr),
}

impl Cleanup {
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let expression: Expr = input.parse()?;
        let tokens = expression.to_token_stream();
        let span = expression.span();
        Ok(Self { kind: Kind::of(expression, &tokens)?, tokens, span })
    }

    /// Whether this is a future by its looks. One without `.await` may still turn out to be one by its type.
    pub(crate) fn is_async(&self) -> bool {
        matches!(self.kind, Kind::Await(_) | Kind::AsyncClosure { .. })
    }

    /// Where it awaits, for errors about that.
    pub(crate) fn async_span(&self) -> Option<Span> {
        self.is_async().then(|| tokens::first_await(&self.tokens).unwrap_or(self.span))
    }

    pub(crate) fn mentions(&self, name: &str) -> bool {
        tokens::mention(&self.tokens, name)
    }

    /// A closure from the fate to what the cleanup evaluates to.
    ///
    /// What may be detached takes what it mentions, and what is awaited in place borrows it.
    pub(crate) fn to_closure(&self, on_cancel: OnCancel) -> TokenStream {
        let span = Span::mixed_site().located_at(self.span);
        let capture = (on_cancel == OnCancel::Detach).then(|| quote_spanned!(span=> move));
        match &self.kind {
            Kind::Path(path) => quote_spanned!(span=> |_| #path()),
            Kind::Closure(closure) if closure.inputs.is_empty() => {
                let mut closure = closure.clone();
                closure.inputs.push(Pat::Wild(syn::PatWild {
                    attrs: Vec::new(),
                    underscore_token: syn::Token![_](span),
                }));
                closure.into_token_stream()
            }
            Kind::Closure(closure) => closure.into_token_stream(),
            Kind::AsyncClosure { parameter, body } => {
                let parameter =
                    parameter.as_ref().map_or_else(|| quote_spanned!(span=> _), Pat::to_token_stream);
                quote_spanned!(span=> |#parameter| async #capture { #body })
            }
            Kind::Await(Expr::Async(block)) => {
                let block = &block.block;
                quote_spanned!(span=> |_| async #capture #block)
            }
            Kind::Await(Expr::Block(block)) if block.label.is_none() && block.attrs.is_empty() => {
                quote_spanned!(span=> |_| async #capture #block)
            }
            Kind::Await(expression) => quote_spanned!(span=> |_| async #capture { #expression }),
            // Its type is anything, and `()` is what a cleanup may be.
            Kind::Expression(expression) if diverges(expression) => {
                quote_spanned!(span=> |_| -> () { #expression })
            }
            Kind::Expression(expression) => quote_spanned!(span=> |_| #expression),
        }
    }
}

impl Kind {
    fn of(expression: Expr, tokens: &TokenStream) -> syn::Result<Self> {
        match expression {
            Expr::Lit(literal) => Err(not_a_cleanup(&literal)),
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
                Ok(match tokens::first_await(tokens) {
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
        if closure.asyncness.is_none() {
            return Ok(Self::Closure(closure));
        }
        Ok(Self::AsyncClosure { parameter: closure.inputs.into_iter().next(), body: *closure.body })
    }
}

/// Whether the expression ends in a call that never returns, such as `todo!()` and `exit(1)`.
fn diverges(expression: &Expr) -> bool {
    const MACROS: &[&str] = &["panic", "todo", "unimplemented", "unreachable"];
    const FUNCTIONS: &[&str] = &["abort", "exit", "panic_any", "resume_unwind"];

    let ends_in = |path: &Path, names: &[&str]| {
        path.segments.last().is_some_and(|segment| names.iter().any(|name| segment.ident == name))
    };
    match expression {
        Expr::Macro(call) => ends_in(&call.mac.path, MACROS),
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if ends_in(&path.path, FUNCTIONS)),
        Expr::Block(block) => match block.block.stmts.last() {
            Some(Stmt::Expr(expression, _)) => diverges(expression),
            Some(Stmt::Macro(call)) => ends_in(&call.mac.path, MACROS),
            _ => false,
        },
        _ => false,
    }
}

fn not_a_cleanup(literal: &ExprLit) -> syn::Error {
    let way_out = match &literal.lit {
        Lit::Str(path) if syn::parse_str::<syn::Path>(&path.value()).is_ok() => {
            format!("write the function without quotes: `{}`", path.value())
        }
        _ => "give a function, a closure or an expression".to_owned(),
    };
    crate::error::error!(literal, "a literal is not a cleanup; {way_out}")
}
