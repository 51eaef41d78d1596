//! Writes a program by hand. Each block is a closure or a future that returns its end, and the code after it acts on that.

use std::fmt::Write as _;

use crate::program::{
    Asked, Block, Cleanup, Jump, Kind, LoopKind, Mode, Program, Statement, Target, Value, Wrapped,
};

pub fn write(out: &mut String, number: usize, program: &Program, mode: Mode) {
    let result = match program.kind {
        Kind::Checked => "Checked",
        Kind::Optional => "Optional",
    };
    let signature = match mode {
        Mode::Sync => format!("fn by_hand_{number}(input: &Input, log: &Log) -> {result}"),
        Mode::Async => format!("async fn async_by_hand_{number}(input: Input, log: Log) -> {result}"),
    };
    let _ = writeln!(out, "{signature} {{");
    if mode == Mode::Async {
        out.push_str("let (input, log) = (&input, &log);\n");
    }
    out.push_str("let mut count = 0_u32;\n");
    let mut writer = Writer { out, kind: program.kind, mode, around: Vec::new(), inside: None };
    writer.statements(&program.body);
    let finished = match program.kind {
        Kind::Checked => "Ok(99)",
        Kind::Optional => "Some(99)",
    };
    let _ = writeln!(out, "log.push(format!(\"count {{count}}\"));\n{finished}\n}}");
}

struct Writer<'a> {
    out: &'a mut String,
    kind: Kind,
    mode: Mode,
    /// The enclosing targets, and the kind of each loop.
    around: Vec<(Target, Option<LoopKind>)>,
    /// The number of targets outside the innermost block, if there is a block.
    inside: Option<usize>,
}

impl Writer<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.out.push_str(line.as_ref());
        self.out.push('\n');
    }

    fn statements(&mut self, statements: &[Statement]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn within(&mut self, target: Target, kind: Option<LoopKind>, body: &[Statement]) {
        self.around.push((target, kind));
        self.statements(body);
        self.around.pop();
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
                self.line("match input.next() { true => {");
                self.statements(one);
                self.line("} false => {");
                self.statements(other);
                self.line("} }");
            }
            Statement::Match(arms) => {
                self.line("let arm = input.number() % 3;");
                for (number, arm) in arms.iter().enumerate() {
                    self.line(format!("if arm == {number} {{"));
                    self.statements(arm);
                    self.line("}");
                }
            }
            Statement::Jump(jump) | Statement::JumpInMacro(jump) => {
                let jump = self.jump(*jump);
                self.line(format!("if input.next() {{ {jump} }}"));
            }
            Statement::Else(jump) => {
                let jump = self.jump(*jump);
                self.line(format!(
                    "match input.option() {{ Some(number) => log.push(format!(\"some {{number}}\")), None => {{ {jump} }} }}"
                ));
            }
            Statement::HiddenReturn => {
                let jump = self.jump(Jump::Return);
                self.line(format!("if input.next() {{ {jump} }}"));
            }
            Statement::HiddenLoop => {
                self.line("log.push(\"round\"); while input.next() { log.push(\"round\"); }");
            }
            Statement::Question(asked, wrapped) => self.question(*asked, *wrapped),
            Statement::Loop { target, kind, body, .. } => {
                match kind {
                    LoopKind::Loop => self.line(format!(
                        "let ended = 'target_{target}: loop {{ if !input.next() {{ break 'target_{target} 50 }}"
                    )),
                    LoopKind::While => {
                        self.line(format!("'target_{target}: loop {{ if !input.next() {{ break 'target_{target} }}"));
                    }
                    LoopKind::For => self.line(format!(
                        "'target_{target}: for round in 0..input.number() % 3 {{ log.push(format!(\"round {{round}}\"));"
                    )),
                }
                self.within(*target, Some(*kind), body);
                self.line("}");
                if *kind == LoopKind::Loop {
                    self.line(";\nlog.push(format!(\"ended {ended}\"));");
                }
            }
            Statement::LabelledBlock { target, body } => {
                self.line(format!("'target_{target}: {{"));
                self.within(*target, None, body);
                self.line("}");
            }
            Statement::Block(block) => self.block(block),
            Statement::Closure => self.line(
                "let number = input.option();\n\
                 let closed = if input.next() { None } else { number.map(|number| number + 1) };\n\
                 log.push(format!(\"closure {closed:?}\"));",
            ),
            Statement::Future => {
                if self.mode == Mode::Async {
                    self.line("log.push(format!(\"future {}\", if input.next() { 1 } else { 2 }));");
                }
            }
        }
    }

    fn question(&mut self, asked: Asked, wrapped: Wrapped) {
        let (call, leaves) = match asked {
            Asked::Narrow => ("input.narrow()", "Err(error) => RETURN Err(Wide::from(error))"),
            Asked::Other => ("input.other()", "Err(error) => RETURN Err(Wide::from(error))"),
            Asked::Wide => ("input.wide()", "Err(error) => RETURN Err(error)"),
            Asked::Option => ("input.option()", "None => RETURN None"),
        };
        let (pattern, leaves) = leaves.split_once(" => RETURN ").expect("each has both");
        let leaves = self.leave(leaves);
        let value = if matches!(asked, Asked::Option) { "Some(number)" } else { "Ok(number)" };
        self.line(format!("let number = match {call} {{ {value} => number, {pattern} => {leaves} }};"));
        self.line(match wrapped {
            Wrapped::Plain | Wrapped::Format | Wrapped::InMacro => "log.push(format!(\"got {number}\"));",
            Wrapped::Assert => "if number >= 200 { unreachable!() } log.push(\"got\");",
            Wrapped::Vec => "log.push(format!(\"got [{number}, 1]\"));",
        });
    }

    fn block(&mut self, block: &Block) {
        let Block { number, value, body, tail, cleanup, is_apart, cleanup_body } = block;
        let awaits = *cleanup == Cleanup::Awaits && self.mode == Mode::Async;
        let flow = format!("Flow<{}, {}>", value.name(), self.result());
        match self.mode {
            Mode::Sync => self.line(format!("let ended = caught(|| -> {flow} {{")),
            Mode::Async => self.line(format!("let ended: Result<{flow}, Payload> = caught_later(async {{")),
        }
        let outside = self.inside.replace(self.around.len());
        self.line(format!("log.push(\"enter {number}{}\");", if awaits { " awaits" } else { "" }));
        self.statements(body);
        match tail {
            Some(tail) => {
                let tail = self.jump(*tail);
                self.line(tail);
            }
            None => self.line(match value {
                Value::Unit => "Flow::Value(())",
                Value::Number => "Flow::Value(input.number())",
                Value::Text => "Flow::Value(input.number().to_string())",
                Value::Result => "Flow::Value(input.wide())",
            }),
        }
        self.inside = outside;
        self.line(match self.mode {
            Mode::Sync => "});",
            Mode::Async => "}).await;",
        });
        self.line("let cleaned: Result<Result<(), Narrow>, Payload> = caught(|| {");
        let count = if *is_apart { "" } else { "count += 10; " };
        match cleanup {
            Cleanup::Fate => {
                self.line(format!(
                    "{count}log.push(format!(\"clean {number} {{}}\", name_of_flow(&ended)));"
                ));
            }
            Cleanup::Awaits => self.line(format!("log.push(\"clean {number}\");")),
            Cleanup::Plain => self.line(format!("{count}log.push(\"clean {number}\");")),
            Cleanup::Fallible => {
                self.line(format!("{count}log.push(\"clean {number}\"); return input.cleanup();"));
            }
            Cleanup::Panics => self.line(format!(
                "log.push(\"clean {number}\"); if input.next() {{ std::panic::panic_any(100_u8) }}"
            )),
        }
        for statement in cleanup_body {
            if let Statement::Block(block) = statement {
                // No jump leaves this block, so the code by hand is simple.
                let inner = block.number;
                self.line(format!("log.push(\"enter {inner}\");"));
                self.statements(&block.body);
                self.line(format!(
                    "let value = input.number(); count += 10; log.push(\"clean {inner}\"); log.push(format!(\"value {{value:?}}\"));"
                ));
            }
        }
        if *cleanup != Cleanup::Fallible {
            self.line("Ok(())");
        }
        self.line("});");
        if *cleanup == Cleanup::Awaits {
            if awaits {
                self.line("suspend().await;");
            }
            self.line(format!("log.push(\"cleaned {number}\");"));
        }
        self.line(format!("let value: {} = match settled(ended, cleaned) {{", value.name()));
        self.line("Flow::Value(value) => value,");
        let leaves = self.leave("result");
        self.line(format!("Flow::Return(result) => {leaves},"));
        for (at, (target, kind)) in self.around.clone().into_iter().enumerate() {
            let (broken, continued) = if self.inside.is_some_and(|outside| at < outside) {
                (format!("return Flow::Break({target}, number)"), format!("return Flow::Continue({target})"))
            } else {
                let value = if kind == Some(LoopKind::Loop) { " number" } else { "" };
                (format!("break 'target_{target}{value}"), format!("continue 'target_{target}"))
            };
            self.line(format!("#[allow(unused_variables)] Flow::Break({target}, number) => {broken},"));
            if kind.is_some() {
                self.line(format!("Flow::Continue({target}) => {continued},"));
            }
        }
        self.line("Flow::Break(..) | Flow::Continue(_) => unreachable!(),");
        self.line("};\nlog.push(format!(\"value {value:?}\"));");
    }

    fn result(&self) -> &'static str {
        match self.kind {
            Kind::Checked => "Checked",
            Kind::Optional => "Optional",
        }
    }

    /// Returns the code of a `return` with this value.
    fn leave(&self, value: &str) -> String {
        if self.inside.is_some() {
            format!("return Flow::Return({value})")
        } else {
            format!("return {value}")
        }
    }

    fn jump(&self, jump: Jump) -> String {
        let is_outside = |target: Target| {
            let outside = self.inside.unwrap_or(0);
            self.around.iter().take(outside).any(|(around, _)| *around == target)
        };
        match jump {
            Jump::Return => self.leave(match self.kind {
                Kind::Checked => "input.wide()",
                Kind::Optional => "input.option()",
            }),
            Jump::Panic => "std::panic::panic_any(input.number())".to_owned(),
            Jump::Break { target, has_value, .. } => match (is_outside(target), has_value) {
                (true, true) => format!("return Flow::Break({target}, input.number())"),
                (true, false) => format!("return Flow::Break({target}, 0)"),
                (false, true) => format!("break 'target_{target} input.number()"),
                (false, false) => format!("break 'target_{target}"),
            },
            Jump::Continue { target, .. } if is_outside(target) => format!("return Flow::Continue({target})"),
            Jump::Continue { target, .. } => format!("continue 'target_{target}"),
        }
    }
}
