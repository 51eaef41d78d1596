//! The block.

use finally::block::finally;

use super::{Clean, Ended, Finally, Form, Id, body, whole};
use crate::nodes::Running;

pub async fn run(id: Id, it: &Finally, clean: Clean) -> Ended {
    let body = body(id, &it.body);
    match it.form {
        Form::InPlaceSync => whole(id, sync(body, clean)).await,
        Form::InPlaceAwait => whole(id, awaited(body, clean)).await,
        Form::InPlaceQuestion => whole(id, with_question(body, clean)).await,
        Form::InPlaceFate => whole(id, fate(body, clean)).await,
        Form::InPlaceFateAsync => whole(id, fate_async(body, clean)).await,
        Form::InPlaceBlock => whole(id, blocking(body, clean)).await,
        Form::InPlaceSkip => whole(id, skipped(body, clean)).await,
        Form::AsFuture => whole(id, as_future(body, clean)).await,
        _ => unreachable!("it is no block"),
    }
}

async fn sync(body: Running, clean: Clean) -> Ended {
    finally! { try { body.await } finally { clean.now() } }
}

async fn awaited(body: Running, clean: Clean) -> Ended {
    finally! { try { body.await } finally { clean.run().await } }
}

/// An error leaves the function.
async fn with_question(body: Running, clean: Clean) -> Ended {
    finally! { try { body.await?; } finally { clean.run().await } }
    Ok(())
}

async fn fate(body: Running, clean: Clean) -> Ended {
    finally! { try { body.await } finally |fate| { clean.shown(fate).now() } }
}

async fn fate_async(body: Running, clean: Clean) -> Ended {
    finally! { try { body.await } finally |fate| { clean.shown(fate).begin() } }
}

async fn blocking(body: Running, clean: Clean) -> Ended {
    finally! { try { body.await } finally(on_cancel = block) { clean.run_borrowed().await } }
}

async fn skipped(body: Running, clean: Clean) -> Ended {
    finally! { try { body.await } finally(on_cancel = skip) { clean.run_borrowed().await } }
}

async fn as_future(body: Running, clean: Clean) -> Ended {
    finally! { <Ended> async move { body.await } finally { clean.begin() } }.await
}
