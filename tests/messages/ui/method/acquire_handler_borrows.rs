use finally::acquire;

async fn f(lock: String) {
    let guard = acquire(async { 1 }, |_| println!("{lock}")).await;
    println!("{}", *guard);
}

fn main() {
    let _ = f;
}
