use finally::finally;

fn clean() -> Result<(), String> {
    Ok(())
}

#[finally(clean)]
async fn work() -> ! {
    panic!("out")
}

fn main() {
    drop(work());
}
