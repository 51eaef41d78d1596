use finally::block::finally;

fn main() {
    finally! { try {} finally |fate, other| { drop((fate, other)) } }
}
