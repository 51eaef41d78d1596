use finally::finally;

fn clean() {}

#[finally(clean(), on_cancel = (clean()))]
fn f() {}

fn main() {}
