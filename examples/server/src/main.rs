//! Starts the server, and stops it so that nothing is left.

use std::{env, error::Error, io, process::ExitCode, time::Duration};

use axum::routing::post;
use finally_example_server::{
    app::{App, milliseconds},
    by_hand, job, page,
};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    select,
    signal::unix::{SignalKind, signal},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// The time that cancelled requests and cleanups have to end.
const LIMIT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    finally::set_failure_hook(page::keep);
    let runtime = Runtime::new().expect("a runtime");
    let ended = runtime.block_on(serve());
    // 5. The runtime comes last, because cleanups need its timers and sockets.
    drop(runtime);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let way = env::args().nth(1).unwrap_or_else(|| "finally".into());
    let handler = match way.as_str() {
        "finally" => post(job::job),
        "scopeguard" => post(by_hand::scopeguard::job),
        "task-tracker" => post(by_hand::task_tracker::job),
        "catch-unwind" => post(by_hand::catch_unwind::job),
        other => {
            return Err(format!("{other}: give finally, scopeguard, task-tracker or catch-unwind").into());
        }
    };
    let grace = milliseconds("GRACE_MS", 5_000)?;
    let listener = TcpListener::bind(env::var("LISTEN").as_deref().unwrap_or("127.0.0.1:8080")).await?;
    let app = App::open().await?;
    println!("http://{}", listener.local_addr()?);

    let stop = CancellationToken::new();
    let server = axum::serve(listener, app.clone().router(handler))
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let mut server = tokio::spawn(server.into_future());
    select! {
        ended = &mut server => return Ok(ended??),
        signal = asked_to_stop() => signal?,
    }

    // 1. Accept no more requests, and let those that run end.
    stop.cancel();
    if timeout(grace, &mut server).await.is_err() {
        // 2. Cancel what still runs. Its clients get an answer, after the cleanups.
        app.cancel.cancel();
        // 3. Await it, so that the answers are sent.
        if timeout(LIMIT, &mut server).await.is_err() {
            eprintln!("a connection does not end");
            server.abort();
        }
    }
    if way == "task-tracker" && !by_hand::task_tracker::wait(LIMIT).await {
        eprintln!("a task does not end");
    }
    // 4. Wait for the cleanups of the requests whose clients have left.
    app.requests.drain_timeout(LIMIT).await?;
    app.rows.close().await;
    Ok(())
}

/// Waits for what stops a server: a SIGTERM, or Ctrl-C.
async fn asked_to_stop() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
