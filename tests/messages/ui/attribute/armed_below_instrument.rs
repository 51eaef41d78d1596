use finally::finally;

#[tracing::instrument]
#[finally(println!("{name}"), armed = call)]
async fn work(name: String) -> usize {
    name.len()
}

fn main() {
    drop(work(String::new()));
}
