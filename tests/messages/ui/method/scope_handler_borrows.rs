use finally::Scope;

async fn f(lock: String) -> Result<(), std::io::Error> {
    let mut scope = Scope::<std::io::Error>::new();
    scope.defer(|| std::fs::remove_file(&lock));
    scope.close().await
}

fn main() {
    let _ = f;
}
