use finally::block::finally;

fn main() {
    let name = String::new();
    drop(finally! {
        async move { drop(name) }
        finally { println!("{name}") }
    });
}
