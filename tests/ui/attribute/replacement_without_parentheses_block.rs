use finally::finally;

async fn clean() {}

#[finally(clean(), on_cancel = { clean().await })]
async fn f() {}

fn main() {}
