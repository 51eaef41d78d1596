use finally::try_acquire;

struct Hidden;

async fn f() -> Result<(), std::io::Error> {
    let guard = try_acquire(async { Ok::<u8, std::io::Error>(1) }, |_| Err(Hidden)).await?;
    println!("{}", *guard);
    Ok(())
}

fn main() {
    let _ = f;
}
