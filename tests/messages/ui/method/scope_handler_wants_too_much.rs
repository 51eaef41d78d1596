use finally::Scope;

async fn f() -> Result<(), std::io::Error> {
    let mut scope = Scope::<std::io::Error>::new();
    scope.defer(|fate: u8| drop(fate));
    scope.close().await
}

fn main() {
    let _ = f;
}
