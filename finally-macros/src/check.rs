//! Reports everything that cannot work, at the user's tokens.

use crate::{
    arguments::Arguments,
    below,
    cleanup::Cleanup,
    error::{Errors, bail, error},
    input::{Function, Returns},
    options::{Armed, OnCancel},
    parameters::{Holds, Named},
    tokens,
};

pub(crate) fn check(name: &str, function: &Function, arguments: &Arguments) -> syn::Result<()> {
    let mut errors = Errors::default();
    if let Err(error) = check_fate(&arguments.cleanup) {
        errors.push(error);
    }
    let cleanups = arguments.cleanups();
    for cleanup in [Some(cleanups.first), cleanups.replacement].into_iter().flatten() {
        if let Err(error) = cleanup.check_failure() {
            errors.push(error);
        }
    }
    if function.returns() == Returns::Value {
        check_sync_function(name, function, arguments, &mut errors);
    } else {
        check_detached_cleanup(function, arguments, &mut errors);
        check_moved_arguments(name, function, arguments, &mut errors);
        check_armed(name, function, arguments, &mut errors);
    }
    check_tracked_caller(function, arguments, &mut errors);
    if let Some(variadic) = &function.signature.variadic {
        errors.push(error!(
            variadic,
            "a function with `...` cannot be cleaned up after: its arguments cannot be captured"
        ));
    }
    errors.finish()
}

pub(crate) fn check_fate(cleanup: &Cleanup) -> syn::Result<()> {
    if let Some(fate) = cleanup.awaited_fate() {
        bail!(
            fate,
            "`{fate}` borrows from the result, which what is awaited cannot do; read it before: \
             `|{fate}| {{ let cancelled = {fate}.is_cancelled(); async move {{ .. }} }}`"
        );
    }
    Ok(())
}

fn check_sync_function(name: &str, function: &Function, arguments: &Arguments, errors: &mut Errors) {
    let awaits = arguments.cleanup.async_span();
    let can_be_cancelled = arguments.options.on_cancel.as_ref().map(|on_cancel| on_cancel.span);
    if let Some(armed) = &arguments.options.armed {
        errors.push(if function.was_async() {
            error!(
                at armed.span,
                "an attribute above, such as `#[tokio::main]`, has made a function of this that is not async; remove `armed`"
            )
        } else {
            error!(
                at armed.span,
                "a function that is not async runs when it is called; remove `armed`, or make the function `async`"
            )
        });
    } else if let Some(span) = awaits.or(can_be_cancelled).filter(|_| function.was_async()) {
        errors.push(error!(
            at span,
            "an attribute above, such as `#[tokio::main]`, has made a function of this that is not async; swap them: \
             `#[{name}]` goes above"
        ));
    } else if let Some(span) = awaits {
        errors.push(error!(
            at span,
            "a function that is not async cannot await its cleanup; make the function `async`, or the cleanup not"
        ));
    } else if let Some(span) = can_be_cancelled {
        errors.push(error!(
            at span,
            "a function that is not async cannot be cancelled; remove `on_cancel`"
        ));
    }
}

/// Checks a function with `#[track_caller]`. Its body cannot move into a closure, because the closure would
/// become the caller.
fn check_tracked_caller(function: &Function, arguments: &Arguments, errors: &mut Errors) {
    if function.track_caller().is_none() {
        return;
    }
    let cleanup = &arguments.cleanup;
    match function.returns() {
        Returns::Value => {
            if let Some(fate) = cleanup.fate() {
                errors.push(error!(
                    fate,
                    "the cleanup of a function with `#[track_caller]` cannot look at the fate: its body stays where it is, so that it \
                     keeps its caller, and nobody catches its panic; remove the argument, or `#[track_caller]`"
                ));
            }
            for argument in function.signature.inputs.iter().filter_map(Named::of_argument) {
                let name = argument.name.to_string();
                if argument.holds == Holds::MutReference && cleanup.mentions(&name) {
                    errors.push(error!(
                        cleanup.at_mention(&argument.name),
                        "the cleanup of a function with `#[track_caller]` cannot share `{name}` with the body, which stays where it is, so \
                         that it keeps its caller; remove `#[track_caller]`, or put the body into a function of its own"
                    ));
                }
            }
        }
        Returns::Future | Returns::BoxedFuture => {
            if let Some(span) = tokens::first_return(&function.body.stream())
                .or_else(|| tokens::first_question_mark(&function.body.stream()))
            {
                errors.push(error!(
                    at span,
                    "a function with `#[track_caller]` that returns a future cannot end here: what makes the future stays where it is, so \
                     that it keeps its caller; decide it in the future, or remove `#[track_caller]`"
                ));
            }
        }
        // The compiler itself rejects `#[track_caller]` on an `async fn`.
        Returns::Awaited => {}
    }
}

/// Checks `armed = call`, which requires an `async fn`.
fn check_armed(name: &str, function: &Function, arguments: &Arguments, errors: &mut Errors) {
    let Some(armed) = arguments.options.armed.as_ref().filter(|armed| armed.value == Armed::Call) else {
        return;
    };
    match function.returns() {
        Returns::Awaited => below::check(name, function, errors),
        Returns::Value | Returns::Future => errors.push(error!(
            at armed.span,
            "`armed = call` goes on an `async fn`; make this function one, or remove `armed`"
        )),
        Returns::BoxedFuture => errors.push(error!(
            at armed.span,
            "`armed = call` goes on an `async fn`, and this function returns a future in a box, which is also what `#[async_trait]` \
             makes of one; remove `armed`, or put the attribute on an `async fn` that this function calls"
        )),
    }
}

/// Reports a cleanup that mentions an argument which `#[tracing::instrument]` has moved into a block of its
/// own.
fn check_moved_arguments(name: &str, function: &Function, arguments: &Arguments, errors: &mut Errors) {
    if !function.is_instrumented() {
        return;
    }
    let cleanups = arguments.cleanups();
    let cleanups = [Some(cleanups.first), cleanups.replacement];
    for argument in function.signature.inputs.iter().filter_map(Named::of_argument) {
        let Named { name: argument, .. } = argument;
        let mentions = |cleanup: &&Cleanup| cleanup.mentions(&argument.to_string());
        if let Some(cleanup) = cleanups.into_iter().flatten().find(mentions) {
            let way_out = match arguments.armed() {
                Armed::Poll => "",
                Armed::Call => "remove `armed`, and ",
            };
            errors.push(error!(
                cleanup.at_mention(&argument),
                "`#[instrument]` above has moved `{argument}` away; {way_out}swap them: `#[{name}]` goes above"
            ));
            return;
        }
    }
}

/// Reports borrowed arguments in a cleanup that may be detached, because such a cleanup takes ownership.
fn check_detached_cleanup(function: &Function, arguments: &Arguments, errors: &mut Errors) {
    let (cleanup, way_out) = match arguments.on_cancel() {
        OnCancel::Detach => (&arguments.cleanup, ", or choose `on_cancel = block` or `on_cancel = skip`"),
        OnCancel::Replace(cleanup) => (&**cleanup, ""),
        OnCancel::Block | OnCancel::Skip => return,
    };
    if !cleanup.is_async() {
        return;
    }
    for argument in &function.signature.inputs {
        let Some(argument) = Named::of_argument(argument) else {
            continue;
        };
        let name = argument.name.to_string();
        let (mention, borrows) = match argument.holds {
            Holds::Value | Holds::Part => (tokens::first_whole(&cleanup.tokens, &name), "holds a borrow"),
            Holds::Reference | Holds::MutReference => {
                (cleanup.mentions(&name).then(|| cleanup.at_mention(&argument.name)), "is borrowed")
            }
        };
        if let Some(mention) = mention.filter(|_| argument.borrows) {
            errors.push(error!(
                mention,
                "`{name}` {borrows}, and a cleanup that may be detached owns what it uses: pass what it needs to a \
                 function that returns a future, as in `release({name}.pool.clone())`{way_out}"
            ));
        }
    }
}
