use finally::finally;

#[finally({ let file = std::fs::File::open("lock")?; drop(file); })]
async fn work() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {}
