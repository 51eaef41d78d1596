use finally::acquire;

async fn f(lock: String) {
    let guard = acquire(async { lock.len() }, |_| {}).await;
    println!("{}", *guard);
}

fn main() {
    let _ = f;
}
