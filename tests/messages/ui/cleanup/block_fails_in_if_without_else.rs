use finally::finally;

#[finally({ if std::fs::exists("lock")? { println!("locked") } })]
async fn work() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {}
