use finally::{
    Fate,
    block::{End, finally},
};

fn main() {
    drop(finally! {
        async { 5 }
        finally |fate| { assert!(matches!(fate, Fate::Returned(End::Value(5)))) }
    });
}
