use finally::finally;

fn clean(_: String) {}

#[finally(clean(*name))]
async fn work(name: &mut String) {}

fn main() {
    drop(work(&mut String::new()));
}
