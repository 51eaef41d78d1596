use finally::Scope;

async fn f() -> Result<(), std::io::Error> {
    let mut scope = Scope::<std::io::Error>::new();
    scope.defer(println!("called already"));
    scope.close().await
}

fn main() {
    let _ = f;
}
