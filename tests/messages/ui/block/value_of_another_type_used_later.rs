use finally::block::finally;

fn clean() {}

fn takes(_: &str) {}

fn main() {
    let five = finally! {
        try { 5_u8 }
        finally { clean() }
    };
    takes(five);
}
