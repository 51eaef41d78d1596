use finally::block::finally;

fn main() {
    finally! {
        try {}
        finally |fate| {
            if fate == 5 {
                println!("five");
            }
        }
    }
}
