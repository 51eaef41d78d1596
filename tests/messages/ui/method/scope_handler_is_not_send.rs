use finally::Scope;

async fn f(lock: std::rc::Rc<str>) -> Result<(), std::io::Error> {
    let mut scope = Scope::<std::io::Error>::new();
    scope.defer(move || drop(lock));
    scope.close().await
}

fn main() {
    let _ = f;
}
