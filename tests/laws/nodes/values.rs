//! Values with a cleanup: guards, scopes, and acquired values.

use std::future::Future;

use finally::{Guard, Scope, acquire, block_on_cancel, guard, skip_on_cancel, try_acquire};

use super::{Handle, Observed, Running, run, whole};
use crate::{
    event::{Id, What, push},
    failure::{Ended, Failed},
    program::{Acquired, Mode, Op, Program},
};

/// Runs a program beside a guard, and releases or drops the guard. A macro, because each guard has its own type.
macro_rules! beside {
    ($id:expr, $it:expr, $guard:expr) => {{
        let guard = $guard;
        let ended = run(&$it.program).await;
        if ended.is_ok() && $it.release {
            let released = async { Ended::from(Guard::release(guard).await) };
            return whole($id, released).await;
        }
        drop(guard);
        ended
    }};
}

pub async fn guarded(program: Program) -> Ended {
    let Op::Guard(it) = &program.op else { unreachable!("it is called for a guard") };
    let clean = Handle::new(&it.cleanup);
    let id = program.id;
    match it.mode {
        Mode::Sync => beside!(id, it, guard(clean, |clean| clean.now())),
        Mode::Detach => beside!(id, it, guard(clean, |clean| clean.begin())),
        Mode::Block => beside!(id, it, guard(clean, |clean| block_on_cancel(clean.begin()))),
        Mode::Skip => beside!(id, it, guard(clean, |clean| skip_on_cancel(clean.begin()))),
    }
}

pub async fn scoped(program: Program) -> Ended {
    let Op::Scope(it) = &program.op else { unreachable!("it is called for a scope") };
    let mut scope = Scope::<Failed>::new();
    for (mode, cleanup) in &it.cleanups {
        let clean = Handle::new(cleanup);
        match mode {
            Mode::Sync => scope.defer(move || clean.now()),
            _ => scope.defer(move || clean.begin()),
        }
    }
    let ended = run(&it.program).await;
    if ended.is_ok() && it.close {
        return whole(program.id, scope.close()).await;
    }
    drop(scope);
    ended
}

pub async fn acquired(program: Program) -> Ended {
    let Op::Acquire(Acquired { fallible, source, guarded: it }) = &program.op else {
        unreachable!("it is called for what is acquired")
    };
    let clean = Handle::new(&it.cleanup);
    let (id, source) = (program.id, run(source));
    match (fallible, it.mode) {
        (false, Mode::Sync) => {
            let handler = move |()| clean.now();
            beside!(id, it, arrives(id, acquire(infallible(source), handler)).await)
        }
        (false, _) => {
            let handler = move |()| clean.begin();
            beside!(id, it, arrives(id, acquire(infallible(source), handler)).await)
        }
        (true, Mode::Sync) => {
            let handler = move |()| clean.now();
            beside!(id, it, arrives_or_fails(id, try_acquire(source, handler)).await?)
        }
        (true, _) => {
            let handler = move |()| clean.begin();
            beside!(id, it, arrives_or_fails(id, try_acquire(source, handler)).await?)
        }
    }
}

/// Returns a source that discards its error.
async fn infallible(source: Running) {
    if let Err(Failed(id)) = source.await {
        push(id, What::Discarded);
    }
}

/// Awaits a resource, and logs the end of the wait.
async fn arrives<G>(id: Id, acquiring: impl Future<Output = G>) -> G {
    let acquiring = async { Ok(acquiring.await) };
    match arrives_or_fails(id, acquiring).await {
        Ok(guard) => guard,
        Err(_) => unreachable!("its error was thrown away"),
    }
}

async fn arrives_or_fails<G>(
    id: Id,
    acquiring: impl Future<Output = Result<G, Failed>>,
) -> Result<G, Failed> {
    let mut guard = None;
    let acquiring = Box::pin(async {
        guard = Some(acquiring.await?);
        Ok(())
    });
    Observed { id, on_entry: None, on_end: What::Acquired, future: acquiring }.await?;
    Ok(guard.unwrap_or_else(|| unreachable!("it was acquired")))
}
