use finally::finally;

async fn clean() {}

#[finally(clean(), on_cancel = (println!("one"), println!("two")))]
async fn f() {}

fn main() {}
