use finally::finally;

async fn clean() {}

#[finally(clean(), on_cancel = (|fate| println!("{fate:?}")))]
async fn f() {}

fn main() {}
