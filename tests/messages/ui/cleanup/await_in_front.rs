use finally::finally;

async fn clean() {}

#[finally(await clean())]
async fn work() {}

fn main() {}
