//! In which order do several cleanups run, and what becomes of them if one fails?

use finally::Scope;
use tokio::task::yield_now;

async fn install(scope: &mut Scope<String>, parts: &[&'static str]) -> Result<(), String> {
    for &part in parts {
        if part == "engine" {
            return Err("there is no engine".into());
        }
        println!("  install {part}");
        scope.defer(async move || {
            yield_now().await;
            println!("  remove {part}");
            if part == "lamp" { Err("the lamp is stuck".to_owned()) } else { Ok(()) }
        });
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("The last one first, and all of them.");
    let mut scope = Scope::new();
    let installed = install(&mut scope, &["frame", "lamp", "wheel", "engine"]).await;
    println!("  {}", installed.unwrap_err());
    // The first failure of a cleanup is the result.
    println!("  closed: {:?}", scope.close().await);

    println!("A scope that is dropped does the same, and nobody waits.");
    finally::set_failure_hook(|failure| println!("  reported: {}", failure.message()));
    let mut scope = Scope::new();
    install(&mut scope, &["frame", "lamp"]).await.unwrap();
    drop(scope);
    println!("  dropped");
    finally::drain().await;
}
