use finally::try_acquire;

async fn f(lock: String) -> Result<(), std::io::Error> {
    let guard = try_acquire(async { Ok::<u8, std::io::Error>(1) }, |_| println!("{lock}")).await?;
    println!("{}", *guard);
    Ok(())
}

fn main() {
    let _ = f;
}
