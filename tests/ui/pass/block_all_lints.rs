//! Every form of block raises no lint.

#![deny(
    warnings,
    unused,
    nonstandard_style,
    future_incompatible,
    let_underscore,
    keyword_idents,
    refining_impl_trait,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    closure_returning_async_block,
    explicit_outlives_requirements,
    meta_variable_misuse,
    missing_docs,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unsafe_code,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use finally::{
    Fate,
    block::{End, finally, lastly},
};

fn clean() {}

fn clean_with(_: &str) {}

async fn clean_later(_: String) {}

fn fails() -> Result<(), String> {
    fails_if(false)
}

fn fails_if(really: bool) -> Result<(), String> {
    if really { Err(String::new()) } else { Ok(()) }
}

async fn fails_later() -> Result<(), String> {
    Ok(())
}

async fn rest() {}

fn statement() {
    finally! {
        try { clean() }
        finally { clean() }
    }
    finally! {
        try { clean(); }
        finally { clean(); }
    }
    finally! { try {} finally {} }
    finally!(try { clean() }, { clean() });
    lastly! { try { clean() } lastly { clean() } }
    lastly!(try { clean() }, { clean() });
    finally!(try { clean() }, |_| { clean() });
    finally! { try { clean() } finally || { clean() } }
}

fn value() -> u8 {
    let one = finally! { try { 1 } finally { clean() } };
    let two = finally! { <u8> try { 1 + one } finally { clean() } };
    let mut three = finally!(<u8> try { two + 1 }, { clean() });
    finally! {
        try { three += 1 }
        finally { three += 1; }
    }
    three += 1;
    three
}

fn leaves(name: &str) -> Result<u8, String> {
    let number = finally! {
        try {
            if name.is_empty() {
                return Err(String::new());
            }
            if name == "1" {
                return Ok(1);
            }
            name.parse().map_err(|_| "no number")?
        }
        finally { clean_with(name) }
    };
    Ok(number)
}

fn always_leaves(name: &str) -> Result<u8, String> {
    finally! {
        try {
            fails()?;
            return Ok(u8::try_from(name.len()).unwrap_or(1));
        }
        finally { clean_with(name) }
    }
}

fn is_the_value_of_the_function() -> Result<u8, String> {
    finally! {
        try {
            fails()?;
            Ok(1)
        }
        finally { fails() }
    }
}

fn jumps(numbers: &[u8]) -> u8 {
    let mut sum = 0;
    let found = 'outer: loop {
        for number in numbers {
            finally! {
                try {
                    match number {
                        0 => continue,
                        1 => break,
                        2 => continue 'outer,
                        3 => break 'outer sum,
                        4 => return 1,
                        number => sum += number,
                    }
                }
                finally { sum += 1; }
            }
            sum += 1;
        }
        if sum > 100 {
            break sum;
        }
        sum += 100;
    };
    loop {
        finally! { try { break } finally { clean() } }
    }
    'block: {
        finally! { try { if found == 5 { break 'block; } } finally { clean() } }
    }
    found
}

macro_rules! leave {
    ($value:expr) => {
        return $value
    };
}

fn macros(early: bool) -> Result<u8, String> {
    let value = finally! {
        try {
            assert!(!early, "{early}");
            if early {
                leave!(Ok(1));
            }
            println!("{early}");
            2
        }
        finally { println!("{early}"); }
    };
    for _ in 1..value {
        finally! {
            try {
                if early {
                    continue;
                }
                assert!(!early, "{}", leaves("")?);
            }
            finally {}
        }
        clean();
    }
    Ok(value)
}

fn fate(name: &str) -> Option<usize> {
    let length = finally! {
        try { name.find('x')? }
        finally |fate| {
            if let Fate::Returned(End::Return(left)) = fate {
                clean_with(&format!("{left:?}"));
            }
        }
    };
    let length = finally! {
        try { length + 1 }
        finally |fate| { clean_with(&format!("{:?}", fate.value())); }
    };
    Some(length)
}

fn fallible(name: &str) -> Result<u8, String> {
    let one = finally! { try { 1 } finally { fails() } };
    let two: Result<u8, String> = finally! {
        try { Ok(2) }
        finally {
            if name.is_empty() {
                fails()?;
            }
            Ok::<(), String>(())
        }
    };
    Ok(one + two?)
}

fn never_jumps(name: &str) -> ! {
    loop {
        finally! {
            try {
                if name.is_empty() {
                    continue;
                }
                panic!("{name}")
            }
            finally { clean() }
        }
        clean();
    }
}

fn never(name: &str) -> ! {
    finally! {
        try { panic!("{name}") }
        finally { clean() }
    }
}

fn todo() {
    finally! { try { clean() } finally { todo!() } }
}

fn nests(early: bool) -> u8 {
    finally! {
        try {
            finally! {
                try {
                    if early {
                        return 1;
                    }
                }
                finally { clean() }
            }
            2
        }
        finally {
            finally! { try { clean() } finally { clean() } }
        }
    }
}

fn generic<'a, T: AsRef<str> + ?Sized>(text: &'a T, other: Option<&'a str>) -> Option<&'a str> {
    let longer = finally! {
        try { if text.as_ref().len() > other?.len() { return other } text.as_ref() }
        finally { clean_with(text.as_ref()) }
    };
    Some(longer)
}

struct Conn {
    name: String,
    open: bool,
}

impl Conn {
    async fn close(&mut self) -> Result<(), String> {
        self.open = false;
        rest().await;
        Ok(())
    }

    fn name(&mut self) -> &mut String {
        finally! {
            try { &mut self.name }
            finally { self.open = false; }
        }
    }

    async fn blocks(&mut self) -> Result<usize, String> {
        let length = finally! {
            try {
                rest().await;
                self.name.len()
            }
            finally(on_cancel = block) { self.close().await }
        };
        self.open = true;
        Ok(length)
    }

    async fn skips(mut self) -> Result<usize, String> {
        let length = finally! {
            try { self.name.len() }
            finally(on_cancel = skip) {
                rest().await;
                self.open = false;
                self.close().await
            }
        };
        Ok(length + self.name.len())
    }
}

async fn awaits(name: String, early: bool) -> Result<usize, String> {
    finally! { try { rest().await } finally { clean() } }
    finally! { try { rest().await; } finally {} }
    finally! { try { clean() } finally { rest().await } }
    finally! { try { clean() } finally { rest().await; } }
    finally! { try { rest().await } finally { async { rest().await } } }
    let length = finally! {
        try {
            rest().await;
            if early {
                return Ok(0);
            }
            fails_later().await?;
            name.len()
        }
        finally { clean_later(name).await }
    };
    for number in 0..length {
        finally! {
            try {
                if number == 1 {
                    continue;
                }
                rest().await;
                if number == 2 {
                    break;
                }
            }
            finally(on_cancel = block) { rest().await }
        }
        clean();
    }
    let parsed = finally! {
        <usize> try {
            rest().await;
            "5".parse().map_err(|_| "no number")?
        }
        finally |fate| {
            let returned = fate.is_returned();
            async move {
                rest().await;
                assert!(returned);
            }
        }
    };
    finally! {
        try {
            fails_later().await?;
            Ok(length + parsed)
        }
        finally { fails_later().await }
    }
}

fn futures(name: String, text: &str) -> impl Future<Output = Result<usize, String>> {
    let one = finally! { async { 1 } finally { clean() } };
    let two = finally! { <usize> async { text.len() } finally(on_cancel = skip) { rest().await } };
    let three = finally! {
        <Result<usize, String>>
        async move {
            if name.is_empty() {
                return Ok(0);
            }
            fails_later().await?;
            Ok(name.len())
        }
        finally |fate| {
            if let Some(error) = fate.error() {
                clean_with(error);
            }
        }
    };
    let four = finally!(async { rest().await }, { fails_later().await.unwrap_or(()) });
    let five = lastly!(<()> async { rest().await }, (on_cancel = block) { rest().await; });
    async move {
        four.await;
        five.await;
        let sum = one.await + three.await?;
        drop(two);
        Ok(sum)
    }
}

fn main() {
    statement();
    todo_if(std::env::args().count() > 5);
    let mut conn = Conn { name: String::new(), open: true };
    drop(conn.blocks());
    drop(conn.name().clone());
    drop(conn.skips());
    drop((value(), leaves("1"), always_leaves("1"), is_the_value_of_the_function(), jumps(&[0, 3])));
    drop((macros(false), fate("x"), fallible("x"), nests(true), generic("x", None)));
    drop((awaits(String::new(), true), futures(String::new(), "")));
}

fn todo_if(really: bool) {
    if really {
        todo();
        if std::env::args().count() > 6 {
            never_jumps("out");
        }
        never("out");
    }
}
