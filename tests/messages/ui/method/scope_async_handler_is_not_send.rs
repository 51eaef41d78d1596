use std::rc::Rc;

use finally::Scope;

async fn f() -> Result<(), std::io::Error> {
    let mut scope = Scope::<std::io::Error>::new();
    scope.defer(|| {
        let lock: Rc<str> = "".into();
        async move {
            std::future::ready(()).await;
            drop(lock);
        }
    });
    scope.close().await
}

fn main() {
    let _ = f;
}
