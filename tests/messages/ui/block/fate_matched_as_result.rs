use finally::block::finally;

fn main() {
    let _: Result<u8, u8> = finally! {
        try { Ok(5) }
        finally |fate| {
            if let Err(error) = fate {
                println!("{error}");
            }
        }
    };
}
