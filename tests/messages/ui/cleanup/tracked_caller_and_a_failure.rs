use finally::finally;

fn unlock() -> Result<(), String> {
    Ok(())
}

#[finally(unlock)]
#[track_caller]
fn work() -> Result<(), String> {
    Ok(())
}

fn main() {}
