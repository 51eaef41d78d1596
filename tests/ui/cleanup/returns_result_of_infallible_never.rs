use finally::finally;

fn clean() -> ! {
    panic!("out")
}

#[finally(clean)]
async fn work() -> Result<(), String> {
    Ok(())
}

fn main() {
    drop(work());
}
