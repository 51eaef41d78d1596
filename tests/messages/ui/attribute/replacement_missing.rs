use finally::finally;

async fn clean() {}

#[finally(clean(), on_cancel = ())]
async fn f() {}

fn main() {}
