use finally::Scope;

async fn f() {
    let mut scope: Scope = Scope::new();
    scope.defer(|| std::fs::remove_file("lock"));
    let Ok(()) = scope.close().await;
}

fn main() {
    let _ = f;
}
