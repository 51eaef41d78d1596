use finally::finally;

async fn clean() {}

#[finally(clean(), on_cancel = ({ if quiet { return; } println!("cancelled") }))]
async fn f(quiet: bool) {}

fn main() {}
