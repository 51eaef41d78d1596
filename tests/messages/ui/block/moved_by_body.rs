use finally::block::finally;

fn main() {
    let name = String::new();
    finally! {
        try { drop(name) }
        finally { println!("{name}") }
    }
}
