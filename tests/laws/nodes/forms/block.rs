//! The block.

use std::future::Future;

use finally::block::finally;

use super::{Ended, Finally, Form, Handle, Id, Running, body, whole};

pub fn call(id: Id, it: &Finally, clean: Handle) -> Running {
    let body = body(id, &it.body);
    match it.form {
        Form::InPlaceSync => whole(id, sync(body, clean)),
        Form::InPlaceAwait => whole(id, awaited(body, clean)),
        Form::InPlaceQuestion => whole(id, with_question(body, clean)),
        Form::InPlaceFate => whole(id, fate(body, clean)),
        Form::InPlaceFateAsync => whole(id, fate_async(body, clean)),
        Form::InPlaceBlock => whole(id, blocking(body, clean)),
        Form::InPlaceSkip => whole(id, skipped(body, clean)),
        Form::AsFuture => whole(id, as_future(body, clean)),
        _ => unreachable!("it is no block"),
    }
}

async fn sync(body: Running, clean: Handle) -> Ended {
    finally! { try { body.await } finally { clean.now() } }
}

async fn awaited(body: Running, clean: Handle) -> Ended {
    finally! { try { body.await } finally { clean.run().await } }
}

/// An error leaves the function.
async fn with_question(body: Running, clean: Handle) -> Ended {
    finally! { try { body.await?; } finally { clean.run().await } }
    Ok(())
}

async fn fate(body: Running, clean: Handle) -> Ended {
    finally! { try { body.await } finally |fate| { clean.shown(fate).now() } }
}

async fn fate_async(body: Running, clean: Handle) -> Ended {
    finally! { try { body.await } finally |fate| { clean.shown(fate).begin() } }
}

async fn blocking(body: Running, clean: Handle) -> Ended {
    finally! { try { body.await } finally(on_cancel = block) { clean.run_borrowed().await } }
}

async fn skipped(body: Running, clean: Handle) -> Ended {
    finally! { try { body.await } finally(on_cancel = skip) { clean.run_borrowed().await } }
}

fn as_future(body: Running, clean: Handle) -> impl Future<Output = Ended> + Send {
    finally! { <Ended> async move { body.await } finally { clean.begin() } }
}
