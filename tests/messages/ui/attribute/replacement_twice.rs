use finally::finally;

async fn clean() {}

#[finally(clean(), on_cancel = (clean()), on_cancel = skip)]
async fn f() {}

fn main() {}
