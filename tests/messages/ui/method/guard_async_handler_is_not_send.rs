use finally::{Guard, guard};

async fn f(lock: std::rc::Rc<str>) {
    let guard = guard(1, async move |_| drop(lock));
    println!("{}", *guard);
    Guard::release(guard).await;
}

fn main() {
    let _ = f;
}
