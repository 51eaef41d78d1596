use finally::acquire;

async fn f() {
    let guard = acquire(async { 1 }, || println!("no value")).await;
    println!("{}", *guard);
}

fn main() {
    let _ = f;
}
