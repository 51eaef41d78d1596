use finally::Scope;

async fn f() -> Result<(), std::fmt::Error> {
    let mut scope = Scope::<std::fmt::Error>::new();
    scope.defer(async || std::fs::remove_file("lock"));
    scope.close().await
}

fn main() {
    let _ = f;
}
