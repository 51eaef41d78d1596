use finally::block::finally;

fn clean() {}

fn main() {
    let _: u8 = loop {
        finally! {
            try { break; }
            finally { clean() }
        }
    };
}
