//! Every form of block.

use std::future::Future;

use finally::{
    block::{finally, lastly, End},
    Fate,
};

fn clean() {}

fn clean_with(_: &str) {}

async fn clean_later(_: String) {
    std::future::ready(()).await;
}

fn fails() -> Result<(), String> {
    fails_if(false)
}

fn fails_if(really: bool) -> Result<(), String> {
    if really {
        Err(String::new())
    } else {
        Ok(())
    }
}

async fn fails_later() -> Result<(), String> {
    rest().await;
    Ok(())
}

async fn rest() {
    std::future::ready(()).await;
}

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
            return Ok(u8::from(!name.is_empty()));
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
                        other => sum += other,
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
    ($($value:tt)*) => {
        return $($value)*
    };
}

fn macros(early: bool) -> Result<u8, String> {
    let value = finally! {
        try {
            assert!(!early, "early");
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
                panic!("out")
            }
            finally { clean() }
        }
        clean();
    }
}

fn never(name: &str) -> ! {
    finally! {
        try { clean_with(name); panic!("out") }
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

    async fn replaces(&mut self) -> Result<usize, String> {
        let length = finally! {
            try {
                rest().await;
                self.name.len()
            }
            finally(on_cancel = (self.open = false)) { self.close().await }
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

fn futures(name: String, text: &str) -> impl Future<Output = Result<usize, String>> + '_ {
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
    let six = finally! { async { 6 } finally(on_cancel = (|| clean())) { rest().await } };
    let five = lastly!(<()> async { rest().await }, (on_cancel = block) { rest().await; });
    async move {
        four.await;
        five.await;
        drop(six);
        let sum = one.await + three.await?;
        drop(two);
        Ok(sum)
    }
}

#[test]
fn every_form_does_what_it_says_and_raises_nothing() {
    statement();
    todo_if(std::env::args().count() > 100);
    assert_eq!((value(), jumps(&[0, 3]), nests(true), nests(false)), (6, 1, 1, 2));
    assert_eq!((leaves("1"), leaves("7"), leaves("x")), (Ok(1), Ok(7), Err("no number".to_owned())));
    assert_eq!((always_leaves("1"), is_the_value_of_the_function(), fallible("x")), (Ok(1), Ok(1), Ok(3)));
    assert_eq!((macros(false), fate("x"), fate("y"), generic("x", None)), (Ok(2), Some(1), None, None));
    futures::executor::block_on(async {
        let mut conn = Conn { name: "name".to_owned(), open: true };
        conn.name().push('!');
        assert_eq!((conn.open, conn.blocks().await, conn.open), (false, Ok(5), true));
        assert_eq!((conn.replaces().await, conn.open), (Ok(5), true));
        assert_eq!(conn.skips().await, Ok(10));
        assert_eq!(
            (awaits("name".to_owned(), true).await, awaits("name".to_owned(), false).await),
            (Ok(0), Ok(9))
        );
        assert_eq!(futures("name".to_owned(), "").await, Ok(5));
    });
}

fn todo_if(really: bool) {
    if really {
        todo();
        if std::env::args().count() > 101 {
            never_jumps("out");
        }
        never("out");
    }
}
