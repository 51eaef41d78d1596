use std::{future::Future, rc::Rc};

use finally::{FinallyExt, types::AnyCleanup};

fn logged<F, H, C, M>(future: F, handler: H) -> impl Future<Output = F::Output>
where
    F: Future,
    H: FnOnce() -> C,
    C: AnyCleanup<M, Value = ()>,
{
    future.finally(handler)
}

fn main() {
    let name = Rc::new("name");
    drop(logged(async {}, async move || {
        std::future::ready(()).await;
        println!("{name}");
    }));
}
