//! Is everything there that a program names? A role that could never let anybody in is refused when it
//! is written. Functions are looked at when the program runs: their names depend on what they are
//! called with.

use super::language;
use cel::Env;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, StructExpr};
use std::collections::BTreeSet;

/// How deep expressions may stand in one another, those that macros stand for included. To run a program
/// takes stack, and a component has little: at half as much again it would be stopped, in the middle of
/// a login.
pub(super) const DEPTH_MAX: usize = 32;

/// Begin the names of functions, as in `math.abs`.
const NAMESPACES: [&str; 5] = ["base64", "lists", "math", "optional", "strings"];

/// What an expression stands in.
#[derive(Clone, Copy, Default)]
struct Around<'n> {
    /// Variables of comprehensions.
    bound: &'n [&'n str],
    depth: usize,
}

impl<'n> Around<'n> {
    fn deeper(self) -> Result<Self, String> {
        match self.depth < DEPTH_MAX {
            true => Ok(Self {
                depth: self.depth + 1,
                ..self
            }),
            false => Err(format!("nested more than {DEPTH_MAX} deep")),
        }
    }

    const fn with(self, bound: &'n [&'n str]) -> Self {
        Self { bound, ..self }
    }
}

/// Checks the names of one expression of a program.
pub(super) struct Names<'e> {
    env: &'e Env,
    bound: BTreeSet<String>,
}

impl<'e> Names<'e> {
    /// With these bound from the start.
    pub(super) fn new(env: &'e Env, bound: &[&str]) -> Self {
        let bound = bound.iter().map(|name| (*name).to_owned()).collect();
        Self { env, bound }
    }

    /// From here on this is a variable. False where it is one already.
    pub(super) fn bind(&mut self, name: &str) -> bool {
        self.bound.insert(name.to_owned())
    }

    /// # Errors
    /// What is named and not there.
    pub(super) fn check(&self, program: &IdedExpr) -> Result<(), String> {
        self.expression(program, Around::default())
    }

    fn expression(&self, expression: &IdedExpr, around: Around<'_>) -> Result<(), String> {
        let around = around.deeper()?;
        match &expression.expr {
            Expr::Unspecified => Err("an expression is missing".into()),
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(name, around),
            Expr::Select(select) => self.expression(&select.operand, around),
            Expr::List(list) => self.all(&list.elements, around),
            Expr::Map(map) => map
                .entries
                .iter()
                .try_for_each(|entry| self.entry(&entry.expr, around)),
            Expr::Call(call) => self.call(call, around),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, around),
            Expr::Struct(structure) => self.structure(structure, around),
        }
    }

    fn all(&self, expressions: &[IdedExpr], around: Around<'_>) -> Result<(), String> {
        let mut expressions = expressions.iter();
        expressions.try_for_each(|one| self.expression(one, around))
    }

    fn name(&self, name: &str, around: Around<'_>) -> Result<(), String> {
        let plain = name.trim_start_matches('.');
        let is_there = around.bound.contains(&plain)
            || self.bound.contains(plain)
            || language::is_type(self.env, plain);
        match is_there {
            true => Ok(()),
            false => Err(format!("undeclared reference to '{name}'")),
        }
    }

    fn entry(&self, entry: &EntryExpr, around: Around<'_>) -> Result<(), String> {
        match entry {
            EntryExpr::StructField(field) => self.expression(&field.value, around),
            EntryExpr::MapEntry(entry) => {
                self.expression(&entry.key, around)?;
                self.expression(&entry.value, around)
            }
        }
    }

    fn call(&self, call: &CallExpr, around: Around<'_>) -> Result<(), String> {
        match call.target.as_deref() {
            Some(target) if self.is_namespace(target, around) => {}
            Some(target) => self.expression(target, around)?,
            None => {}
        }
        self.all(&call.args, around)
    }

    fn is_namespace(&self, target: &IdedExpr, around: Around<'_>) -> bool {
        let Expr::Ident(name) = &target.expr else {
            return false;
        };
        NAMESPACES.contains(&name.as_str()) && self.name(name, around).is_err()
    }

    fn comprehension(&self, it: &ComprehensionExpr, around: Around<'_>) -> Result<(), String> {
        self.expression(&it.iter_range, around)?;
        self.expression(&it.accu_init, around)?;
        let mut bound = around.bound.to_vec();
        bound.push(&it.accu_var);
        self.expression(&it.result, around.with(&bound))?;
        bound.push(&it.iter_var);
        bound.extend(it.iter_var2.as_deref());
        self.expression(&it.loop_cond, around.with(&bound))?;
        self.expression(&it.loop_step, around.with(&bound))
    }

    fn structure(&self, it: &StructExpr, around: Around<'_>) -> Result<(), String> {
        let name = it.type_name.trim_start_matches('.');
        let fields = language::fields_of(name)
            .ok_or_else(|| format!("undeclared reference to '{}'", it.type_name))?;
        for entry in &it.entries {
            if let EntryExpr::StructField(field) = &entry.expr
                && !fields.contains(&field.field.as_str())
            {
                return Err(format!("undefined field '{}'", field.field));
            }
            self.entry(&entry.expr, around)?;
        }
        Ok(())
    }
}
