use finally::finally;

async fn clean() {}

#[finally(clean(), on_cancel = clean())]
async fn f() {}

fn main() {}
