//! The forms of a finally, each as an async function around any body and any cleanup.

mod attribute;
mod block;
mod method;

use super::{Handle, Running, body, cleanup, cleanup::Held, whole};
use crate::{
    event::Id,
    failure::Ended,
    program::{Finally, Form, Program},
};

/// Calls a finally in its form. The future may be dropped without a poll.
pub fn finally(id: Id, it: &Finally) -> Running {
    let clean = Handle::new(&it.cleanup);
    if let Some(slot) = it.form.slot() {
        cleanup::put(slot, clean.clone());
    }
    match it.form {
        Form::Plain => {
            let body = it.body.clone();
            whole(id, async move { attribute::plain(id, &body, Held(id), clean) })
        }
        form if form.is_method() => method::call(id, it, clean),
        form if form.is_block() => block::call(id, it, clean),
        _ => attribute::call(id, it, clean),
    }
}
