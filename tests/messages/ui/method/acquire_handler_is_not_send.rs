use finally::acquire;

async fn f(lock: std::rc::Rc<str>) {
    let guard = acquire(async { 1 }, move |_| drop(lock)).await;
    println!("{}", *guard);
}

fn main() {
    let _ = f;
}
