//! The expansion of a block needs no prelude.

#![no_implicit_prelude]

fn clean() {}

async fn clean_later() {}

fn fails() -> ::std::result::Result<(), u8> {
    ::std::result::Result::Ok(())
}

fn at_once(early: bool) -> u8 {
    let one = ::finally::block::finally! { try { 1 } finally { clean() } };
    let two = ::finally::block::finally! {
        <u8> try {
            if early {
                return 1;
            }
            one + 1
        }
        finally |fate| { let _ = fate.is_returned(); }
    };
    loop {
        ::finally::block::finally! { try { if early { continue } break } finally { clean() } }
    }
    ::finally::block::lastly!(try { two }, { clean() })
}

fn leaves(five: ::std::option::Option<u8>) -> ::std::option::Option<u8> {
    let five = ::finally::block::finally! { try { five? } finally { clean() } };
    ::std::option::Option::Some(five)
}

fn fallible() -> ::std::result::Result<u8, u8> {
    let one = ::finally::block::finally! { try { fails()?; 1 } finally { fails() } };
    ::finally::block::finally! { try { ::std::result::Result::Ok(one) } finally { fails() } }
}

async fn awaited(early: bool) -> u8 {
    ::finally::block::finally! {
        try {
            clean_later().await;
            if early {
                return 1;
            }
        }
        finally { clean_later().await }
    }
    ::finally::block::finally! { try { clean() } finally(on_cancel = skip) { clean_later().await } }
    ::finally::block::finally! { try { clean() } finally(on_cancel = block) { clean_later().await } }
    ::finally::block::finally! { <u8> async { 2 } finally { clean() } }.await
}

fn main() {
    ::std::assert_eq!((at_once(false), at_once(true)), (2, 1));
    ::std::assert!(leaves(::std::option::Option::None).is_none());
    ::std::assert!(fallible().is_ok());
    ::std::mem::drop(awaited(true));
}
