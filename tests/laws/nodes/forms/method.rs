//! The methods.

use finally::{FinallyExt as _, block_on_cancel, skip_on_cancel};

use super::{Finally, Form, Handle, Id, Running, body, whole};
use crate::nodes::cleanup::WithResidue;

pub fn call(id: Id, it: &Finally, clean: Handle) -> Running {
    let body = WithResidue::new(id, body(id, &it.body), &it.residue);
    match it.form {
        Form::MethodSync => whole(id, body.finally(move || clean.now())),
        Form::MethodUnit => whole(id, body.finally(move || clean.now_unit())),
        Form::MethodAsync => whole(id, body.finally(move || clean.begin())),
        Form::MethodBlock => whole(id, body.finally(move || block_on_cancel(clean.begin()))),
        Form::MethodSkip => whole(id, body.finally(move || skip_on_cancel(clean.begin()))),
        Form::MethodFateSync => whole(id, body.finally_with(move |fate| clean.shown(fate).now())),
        Form::MethodFateAsync => whole(id, body.finally_with(move |fate| clean.shown(fate).begin())),
        Form::MethodFateBlock => {
            whole(id, body.finally_with(move |fate| block_on_cancel(clean.shown(fate).begin())))
        }
        Form::MethodFateSkip => {
            whole(id, body.finally_with(move |fate| skip_on_cancel(clean.shown(fate).begin())))
        }
        _ => unreachable!("it is no method"),
    }
}
