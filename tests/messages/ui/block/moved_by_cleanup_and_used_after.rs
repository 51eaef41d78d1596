use finally::block::finally;

fn main() {
    let name = String::new();
    finally! {
        try { println!("{name}") }
        finally { drop(name) }
    }
    println!("{name}");
}
