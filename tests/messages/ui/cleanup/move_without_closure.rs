use finally::finally;

async fn clean(_: String) {}

#[finally(move clean(name))]
async fn work(name: String) {}

fn main() {}
