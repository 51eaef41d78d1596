//! The forms of a finally, each as an async function around any body and any cleanup.

mod attribute;
mod block;
mod method;

use super::{Clean, body, cleaning, cleaning::Held, whole};
use crate::{
    event::Id,
    failure::Ended,
    program::{Finally, Form, Op, Program},
};

/// Runs a finally in the form that it has.
pub async fn finally(program: Program) -> Ended {
    let Op::Finally(it) = &program.op else { unreachable!("it is called for a finally") };
    let id = program.id;
    let clean = Clean::new(&it.cleanup);
    if let Some(slot) = it.form.slot() {
        cleaning::put(slot, clean.clone());
    }
    match it.form {
        Form::Plain => whole(id, async { attribute::plain(id, &it.body, Held(id), clean) }).await,
        form if form.is_method() => method::run(id, it, clean).await,
        form if form.is_block() => block::run(id, it, clean).await,
        _ => attribute::run(id, it, clean).await,
    }
}
