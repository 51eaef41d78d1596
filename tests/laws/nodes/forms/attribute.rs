//! The attribute.

use std::{future::Future, panic::resume_unwind, pin::Pin};

use finally::{Fate, finally};

use super::{Ended, Finally, Form, Handle, Held, Id, Program, Running, body, cleanup, whole};
use crate::{
    event::{What, push},
    failure::catch,
    nodes::{cleanup::CleanupFuture, end_of, immediately},
};

pub fn call(id: Id, it: &Finally, clean: Handle) -> Running {
    let (body, held) = (body(id, &it.body), Held(id));
    match it.form {
        Form::PathSync(0) => whole(id, path_sync::<0>(body, held)),
        Form::PathSync(1) => whole(id, path_sync::<1>(body, held)),
        Form::PathSync(2) => whole(id, path_sync::<2>(body, held)),
        Form::PathSync(_) => whole(id, path_sync::<3>(body, held)),
        Form::PathAsync(0) => whole(id, path_async::<0>(body, held)),
        Form::PathAsync(1) => whole(id, path_async::<1>(body, held)),
        Form::PathAsync(2) => whole(id, path_async::<2>(body, held)),
        Form::PathAsync(_) => whole(id, path_async::<3>(body, held)),
        Form::PathBlock(0) => whole(id, path_block::<0>(body, held)),
        Form::PathBlock(1) => whole(id, path_block::<1>(body, held)),
        Form::PathBlock(2) => whole(id, path_block::<2>(body, held)),
        Form::PathBlock(_) => whole(id, path_block::<3>(body, held)),
        Form::PathSkip(0) => whole(id, path_skip::<0>(body, held)),
        Form::PathSkip(1) => whole(id, path_skip::<1>(body, held)),
        Form::PathSkip(2) => whole(id, path_skip::<2>(body, held)),
        Form::PathSkip(_) => whole(id, path_skip::<3>(body, held)),
        Form::ClosureSync => whole(id, closure_sync(body, held, clean)),
        Form::ClosureUnit => whole(id, closure_unit(body, held, clean)),
        Form::ClosureSkip => whole(id, closure_skip(body, held, clean)),
        Form::FateSync => whole(id, fate_sync(body, held, clean)),
        Form::FateAsync => whole(id, fate_async(body, held, clean)),
        Form::FateBlock => whole(id, fate_block(body, held, clean)),
        Form::FateSkip => whole(id, fate_skip(body, held, clean)),
        Form::AsyncClosure => whole(id, async_closure(body, held, clean)),
        Form::Evaluated => whole(id, evaluated(body, held, clean)),
        Form::Await => whole(id, awaited(body, held, clean)),
        Form::AwaitQuestion => whole(id, awaited_with_question(body, held, clean)),
        Form::AwaitUnit => whole(id, awaited_unit(body, held, clean)),
        Form::BorrowBlock => whole(id, borrowed_and_blocking(body, held, clean)),
        Form::BorrowSkip => whole(id, borrowed_and_skipped(body, held, clean)),
        Form::ReturnsFuture => whole(id, returns_future(body, held, clean)),
        Form::ReturnsBoxed => whole(id, returns_boxed(body, held, clean)),
        Form::Stacked => {
            let top = Handle::new(it.top.as_ref().expect("it has two cleanups"));
            whole(id, stacked(body, held, top, clean))
        }
        Form::ArmedSync => whole(id, armed_sync(body, held, clean)),
        Form::ArmedAsync => whole(id, armed_async(body, held, clean)),
        Form::ArmedAwait => whole(id, armed_awaited(body, held, clean)),
        Form::ArmedBlock => whole(id, armed_and_blocking(body, held, clean)),
        Form::ArmedSkip => whole(id, armed_and_skipped(body, held, clean)),
        Form::ArmedStacked => {
            let top = Handle::new(it.top.as_ref().expect("it has two cleanups"));
            whole(id, armed_stacked(body, held, top, clean))
        }
        _ => unreachable!("it is none of the attribute"),
    }
}

fn sync_in_slot<const SLOT: u8>() -> Ended {
    cleanup::in_slot(SLOT).now()
}

fn async_in_slot<const SLOT: u8>() -> CleanupFuture {
    cleanup::in_slot(SLOT).begin()
}

#[finally(sync_in_slot::<SLOT>)]
async fn path_sync<const SLOT: u8>(body: Running, _held: Held) -> Ended {
    body.await
}

#[finally(async_in_slot::<SLOT>)]
async fn path_async<const SLOT: u8>(body: Running, _held: Held) -> Ended {
    body.await
}

#[finally(async_in_slot::<SLOT>, on_cancel = block)]
async fn path_block<const SLOT: u8>(body: Running, _held: Held) -> Ended {
    body.await
}

#[finally(async_in_slot::<SLOT>, on_cancel = skip)]
async fn path_skip<const SLOT: u8>(body: Running, _held: Held) -> Ended {
    body.await
}

#[finally(|| clean.now())]
async fn closure_sync(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(|| clean.now_unit())]
async fn closure_unit(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(|| clean.now(), on_cancel = skip)]
async fn closure_skip(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(|fate| clean.shown(fate).now())]
async fn fate_sync(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(|fate: Fate<'_, Ended>| clean.shown(fate).begin())]
async fn fate_async(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(|fate| clean.shown(fate).begin(), on_cancel = block)]
async fn fate_block(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(|fate| clean.shown(fate).begin(), on_cancel = skip)]
async fn fate_skip(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(async || clean.run().await)]
async fn async_closure(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(clean.begin())]
async fn evaluated(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(clean.run().await)]
async fn awaited(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally({ clean.run().await?; Ended::Ok(()) })]
async fn awaited_with_question(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(clean.run_unit().await)]
async fn awaited_unit(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(clean.run_borrowed().await, on_cancel = block)]
async fn borrowed_and_blocking(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(clean.run_borrowed().await, on_cancel = skip)]
async fn borrowed_and_skipped(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(clean.begin())]
fn returns_future(body: Running, _held: Held, clean: Handle) -> impl Future<Output = Ended> + Send {
    async move {
        let _held = _held;
        body.await
    }
}

#[finally(clean.begin())]
fn returns_boxed(body: Running, _held: Held, clean: Handle) -> Pin<Box<dyn Future<Output = Ended> + Send>> {
    Box::pin(async move {
        let _held = _held;
        body.await
    })
}

/// The cleanup on top runs first.
#[finally(|| top.now())]
#[finally(clean.run().await)]
async fn stacked(body: Running, _held: Held, top: Handle, clean: Handle) -> Ended {
    body.await
}

#[finally(|fate| clean.shown(fate).now(), armed = call)]
async fn armed_sync(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(|fate: Fate<'_, Ended>| clean.shown(fate).begin(), armed = call)]
async fn armed_async(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(clean.run().await, armed = call)]
async fn armed_awaited(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(clean.run_borrowed().await, on_cancel = block, armed = call)]
async fn armed_and_blocking(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(clean.run_borrowed().await, on_cancel = skip, armed = call)]
async fn armed_and_skipped(body: Running, _held: Held, clean: Handle) -> Ended {
    body.await
}

#[finally(|| top.now(), armed = call)]
#[finally(clean.run().await, armed = call)]
async fn armed_stacked(body: Running, _held: Held, top: Handle, clean: Handle) -> Ended {
    body.await
}

/// Has a body that is polled once, because the function is not async.
#[finally(|| clean.now())]
pub fn plain(id: Id, program: &Program, _held: Held, clean: Handle) -> Ended {
    push(id, What::Entered);
    let ended = catch(|| immediately(id, program));
    push(id, What::Ended(end_of(&ended)));
    ended.unwrap_or_else(|payload| resume_unwind(payload))
}
