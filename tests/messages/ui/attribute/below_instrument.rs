use finally::finally;

#[tracing::instrument]
#[finally(println!("{name}"))]
async fn work(name: String) -> usize {
    name.len()
}

fn main() {
    drop(work(String::new()));
}
