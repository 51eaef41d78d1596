use finally::acquire;

async fn f(lock: std::rc::Rc<str>) {
    let guard = acquire(async move { lock.len() }, |_| {}).await;
    println!("{}", *guard);
}

fn main() {
    let _ = f;
}
