use finally::acquire;

async fn f(lock: String) {
    let guard = acquire(async { 1 }, async |_| println!("{lock}")).await;
    println!("{}", *guard);
}

fn main() {
    let _ = f;
}
