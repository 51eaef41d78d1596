use finally::FinallyExt;

async fn release(lock: &str) {
    println!("{lock}");
}

async fn f(lock: String) -> u8 {
    async { 1 }.finally(|| release(&lock)).await
}

fn main() {
    let _ = f(String::new());
}
