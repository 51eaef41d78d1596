//! The methods.

use finally::{FinallyExt as _, block_on_cancel, skip_on_cancel};

use super::{Clean, Ended, Finally, Form, Id, body, whole};
use crate::nodes::cleaning::WithResidue;

pub async fn run(id: Id, it: &Finally, clean: Clean) -> Ended {
    let body = WithResidue::new(id, body(id, &it.body), &it.residue);
    match it.form {
        Form::MethodSync => whole(id, body.finally(move || clean.now())).await,
        Form::MethodUnit => whole(id, body.finally(move || clean.now_unit())).await,
        Form::MethodAsync => whole(id, body.finally(move || clean.begin())).await,
        Form::MethodBlock => whole(id, body.finally(move || block_on_cancel(clean.begin()))).await,
        Form::MethodSkip => whole(id, body.finally(move || skip_on_cancel(clean.begin()))).await,
        Form::MethodFateSync => whole(id, body.finally_with(move |fate| clean.shown(fate).now())).await,
        Form::MethodFateAsync => whole(id, body.finally_with(move |fate| clean.shown(fate).begin())).await,
        Form::MethodFateBlock => {
            whole(id, body.finally_with(move |fate| block_on_cancel(clean.shown(fate).begin()))).await
        }
        Form::MethodFateSkip => {
            whole(id, body.finally_with(move |fate| skip_on_cancel(clean.shown(fate).begin()))).await
        }
        _ => unreachable!("it is no method"),
    }
}
