//! Writes a program with blocks, and its control flow unchanged.

use std::fmt::Write as _;

use crate::program::{Asked, Block, Cleanup, Jump, Kind, LoopKind, Mode, Program, Statement, Value, Wrapped};

pub fn write(out: &mut String, number: usize, program: &Program, mode: Mode) {
    let result = match program.kind {
        Kind::Checked => "Checked",
        Kind::Optional => "Optional",
    };
    let (signature, end) = match mode {
        Mode::Sync => (format!("fn blocks_{number}(input: &Input, log: &Log) -> {result}"), ""),
        Mode::Async => (format!("async fn async_blocks_{number}(input: Input, log: Log) -> {result}"), ""),
    };
    let _ = writeln!(out, "{signature} {{ {end}");
    if mode == Mode::Async {
        out.push_str("let (input, log) = (&input, &log);\n");
    }
    out.push_str("let mut count = 0_u32;\n");
    Writer { out, kind: program.kind, mode }.statements(&program.body);
    let _ = writeln!(out, "log.push(format!(\"count {{count}}\"));\n{}\n}}", finished(program.kind));
}

fn finished(kind: Kind) -> &'static str {
    match kind {
        Kind::Checked => "Ok(99)",
        Kind::Optional => "Some(99)",
    }
}

struct Writer<'a> {
    out: &'a mut String,
    kind: Kind,
    mode: Mode,
}

impl Writer<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.out.push_str(line.as_ref());
        self.out.push('\n');
    }

    fn statements(&mut self, statements: &[Statement]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Log(number) => self.line(format!("log.push(\"log {number}\");")),
            Statement::Count => self.line("count += 1;"),
            Statement::Await => {
                if self.mode == Mode::Async {
                    self.line("suspend().await;");
                }
            }
            Statement::If(one, other) => {
                self.line("if input.next() {");
                self.statements(one);
                self.line("} else {");
                self.statements(other);
                self.line("}");
            }
            Statement::Match(arms) => {
                self.line("match input.number() % 3 {");
                for (number, arm) in arms.iter().enumerate() {
                    let pattern = if number + 1 == arms.len() { "_".to_owned() } else { number.to_string() };
                    self.line(format!("{pattern} => {{"));
                    self.statements(arm);
                    self.line("}");
                }
                self.line("}");
            }
            Statement::Jump(jump) => {
                let jump = self.jump(*jump);
                self.line(format!("if input.next() {{ {jump} }}"));
            }
            Statement::Else(jump) => {
                let jump = self.jump(*jump);
                self.line(format!("let Some(number) = input.option() else {{ {jump} }};"));
                self.line("log.push(format!(\"some {number}\"));");
            }
            Statement::JumpInMacro(jump) => {
                let jump = self.jump(*jump);
                self.line(format!("if input.next() {{ identity!({jump}) }}"));
            }
            Statement::HiddenReturn => {
                let value = self.returned();
                self.line(format!("if input.next() {{ leave!({value}) }}"));
            }
            Statement::HiddenLoop => {
                self.line("forever!({ log.push(\"round\"); if input.next() { continue } break });");
            }
            Statement::Question(asked, wrapped) => self.question(*asked, *wrapped),
            Statement::Loop { target, kind, labelled, body } => {
                let label = if *labelled { format!("'target_{target}: ") } else { String::new() };
                match kind {
                    LoopKind::Loop => {
                        self.line(format!("let ended = {label}loop {{ if !input.next() {{ break 50 }}"));
                    }
                    LoopKind::While => self.line(format!("{label}while input.next() {{")),
                    LoopKind::For => self.line(format!(
                        "{label}for round in 0..input.number() % 3 {{ log.push(format!(\"round {{round}}\"));"
                    )),
                }
                self.statements(body);
                self.line("}");
                if *kind == LoopKind::Loop {
                    self.line(";\nlog.push(format!(\"ended {ended}\"));");
                }
            }
            Statement::LabelledBlock { target, body } => {
                self.line(format!("'target_{target}: {{"));
                self.statements(body);
                self.line("}");
            }
            Statement::Block(block) => self.block(block),
            Statement::Closure => self.line(
                "let closure = |number: Option<u8>| { if input.next() { return None; } Some(number? + 1) };\n\
                 log.push(format!(\"closure {:?}\", closure(input.option())));",
            ),
            Statement::Future => {
                self.line("let future = async { if input.next() { return 1 } 2 };");
                match self.mode {
                    Mode::Sync => self.line("drop(future);"),
                    Mode::Async => self.line("log.push(format!(\"future {}\", future.await));"),
                }
            }
        }
    }

    fn question(&mut self, asked: Asked, wrapped: Wrapped) {
        let asked = match asked {
            Asked::Narrow => "input.narrow()?",
            Asked::Other => "input.other()?",
            Asked::Wide => "input.wide()?",
            Asked::Option => "input.option()?",
        };
        self.line(match wrapped {
            Wrapped::Plain => format!("let number = {asked}; log.push(format!(\"got {{number}}\"));"),
            Wrapped::Format => format!("log.push(format!(\"got {{}}\", {asked}));"),
            Wrapped::Assert => format!("assert!({asked} < 200); log.push(\"got\");"),
            Wrapped::Vec => format!("let list = vec![{asked}, 1]; log.push(format!(\"got {{list:?}}\"));"),
            Wrapped::InMacro => {
                format!("let number = identity!({asked}); log.push(format!(\"got {{number}}\"));")
            }
        });
    }

    fn block(&mut self, block: &Block) {
        let Block { number, value, body, tail, cleanup, is_apart, cleanup_body } = block;
        let awaits = *cleanup == Cleanup::Awaits && self.mode == Mode::Async;
        let (log, input, count) = if *is_apart {
            self.line(format!("let (log_{number}, input_{number}) = (log, input);"));
            self.line(format!("let _ = (log_{number}, input_{number});"));
            (format!("log_{number}"), format!("input_{number}"), "")
        } else {
            ("log".to_owned(), "input".to_owned(), "count += 10; ")
        };
        if awaits {
            self.line(format!("let log_{number} = log.clone();"));
        }
        self.line(format!("let value: {} = finally! {{ try {{", value.name()));
        self.line(format!("log.push(\"enter {number}{}\");", if awaits { " awaits" } else { "" }));
        self.statements(body);
        match tail {
            Some(tail) => {
                let tail = self.jump(*tail);
                self.line(tail);
            }
            None => self.line(match value {
                Value::Unit => "()",
                Value::Number => "input.number()",
                Value::Text => "input.number().to_string()",
                Value::Result => "input.wide()",
            }),
        }
        self.line("}");
        let clean = format!("{log}.push(\"clean {number}\");");
        match cleanup {
            Cleanup::Fate => self.line(format!(
                "finally |fate| {{ {count}{log}.push(format!(\"clean {number} {{}}\", name_of(fate)));"
            )),
            // By its path, the function has no name that the body may share.
            _ if awaits => self.line(format!(
                "finally {{ log_{number}.push(\"clean {number}\"); self::suspend().await; log_{number}.push(\"cleaned {number}\");"
            )),
            Cleanup::Awaits => self.line(format!("finally {{ {clean} {log}.push(\"cleaned {number}\");")),
            Cleanup::Plain => self.line(format!("finally {{ {count}{clean}")),
            Cleanup::Fallible => self.line(format!("finally {{ {count}{clean} {input}.cleanup()")),
            Cleanup::Panics => self.line(format!(
                "finally {{ {clean} if {input}.next() {{ std::panic::panic_any(100_u8) }}"
            )),
        }
        self.statements(cleanup_body);
        self.line("} };\nlog.push(format!(\"value {value:?}\"));");
    }

    fn returned(&self) -> &'static str {
        match self.kind {
            Kind::Checked => "input.wide()",
            Kind::Optional => "input.option()",
        }
    }

    fn jump(&self, jump: Jump) -> String {
        let label = |target, labelled| if labelled { format!(" 'target_{target}") } else { String::new() };
        match jump {
            Jump::Return => format!("return {}", self.returned()),
            Jump::Panic => "std::panic::panic_any(input.number())".to_owned(),
            Jump::Break { target, labelled, has_value } => {
                format!("break{}{}", label(target, labelled), if has_value { " input.number()" } else { "" })
            }
            Jump::Continue { target, labelled } => format!("continue{}", label(target, labelled)),
        }
    }
}
