use finally::Scope;

async fn f() -> Result<(), std::io::Error> {
    let mut scope = Scope::<std::io::Error>::new();
    scope.defer(|| 1);
    scope.close().await
}

fn main() {
    let _ = f;
}
