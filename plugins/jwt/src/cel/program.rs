//! A program: expressions with names, evaluated in order, and one whose value is the verdict.
//!
//! Its length is bounded here. How long it may run and how much memory it may take is what the host
//! allows any call of a component.

use super::language;
use super::names::Names;
use super::verdict::Verdict;
use cel::objects::{Key, Map as CelMap};
use cel::parser::{Expression, PrattParser};
use cel::{Context, Env, Value};
use sdk::{Json, Map};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of all expressions of a program.
const BYTES_MAX: usize = 32 * 1024;
const VARIABLES_MAX: usize = 64;
/// How deep expressions may stand in one another while they are read; [`Names`] wants less of what came
/// of it. And how many there may be.
const DEPTH_MAX: u16 = 64;
const NODES_MAX: usize = 16 * 1024;

/// A program as it is kept and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Program {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    variables: Vec<Variable>,
    expression: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Variable {
    name: String,
    expression: String,
}

impl Program {
    /// Takes over what a request says of it, member by member.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn change(&mut self, given: &Map) -> Result<(), String> {
        match given.get("variables") {
            None | Some(Json::Null) => {}
            Some(Json::Array(all)) => {
                self.variables = all.iter().map(variable).collect::<Result<_, _>>()?;
            }
            Some(_) => return Err("failed to decode 'cel_program': variables is no list".into()),
        }
        if let Some(expression) = given.get("expression") {
            self.expression = text(expression, "expression")?;
        }
        self.check()
    }

    fn check(&self) -> Result<(), String> {
        if self.expression.is_empty() {
            return Err("cel_program.expression cannot be empty".into());
        }
        let expressions = self.variables.iter().map(|one| one.expression.len());
        if expressions.sum::<usize>() + self.expression.len() > BYTES_MAX {
            return Err(format!("cel_program has more than {BYTES_MAX} bytes"));
        }
        if self.variables.len() > VARIABLES_MAX {
            return Err(format!(
                "cel_program has more than {VARIABLES_MAX} variables"
            ));
        }
        let env = environment()?;
        let mut names = Names::new(&env, &[language::CLAIMS, language::NOW]);
        for (index, variable) in self.variables.iter().enumerate() {
            let Variable { name, expression } = variable;
            let doing = format!("variable[{index}].{name}");
            let parsed = parsed(expression);
            let parsed = parsed.map_err(|wrong| format!("{doing}: invalid CEL syntax: {wrong}"))?;
            names
                .check(&parsed)
                .map_err(|wrong| format!("{doing}: {wrong}"))?;
            if !is_name(name) {
                return Err(format!("{doing}: not the name of a variable"));
            }
            if !names.bind(name) {
                return Err(format!("{doing}: overlapping identifier for name '{name}'"));
            }
        }
        let main = parsed(&self.expression)
            .map_err(|wrong| format!("invalid CEL syntax for main expression: {wrong}"))?;
        names
            .check(&main)
            .map_err(|wrong| format!("error type-checking CEL MainProgram: {wrong}"))
    }

    /// What the program says of these claims.
    ///
    /// # Errors
    /// Why it could not be run to its end.
    pub(super) fn run(&self, claims: &Json, now_ms: u64) -> Result<Verdict, String> {
        let mut context = Context::with_env(environment()?);
        context.add_variable_from_value(language::CLAIMS, value(claims));
        context.add_variable_from_value(language::NOW, moment(now_ms));
        for (index, variable) in self.variables.iter().enumerate() {
            let Variable { name, expression } = variable;
            let value = evaluated(&context, expression).map_err(|wrong| {
                format!("failed to evaluate variables: variable[{index}].{name}: {wrong}")
            })?;
            context.add_variable_from_value(name.as_str(), value);
        }
        let value = evaluated(&context, &self.expression)
            .map_err(|wrong| format!("failed to evaluate expression: {wrong}"))?;
        Ok(Verdict::from(value))
    }
}

fn environment() -> Result<Arc<Env>, String> {
    language::environment().map_err(|wrong| wrong.to_string())
}

/// Read by the smaller of the library's two parsers: the other one is a megabyte of tables, which each
/// login would unpack anew.
fn parsed(expression: &str) -> Result<Expression, String> {
    let parser = PrattParser::new()
        .enable_optional_syntax(true)
        .max_recursion_depth(DEPTH_MAX)
        .max_expression_node_count(NODES_MAX);
    parser.parse(expression).map_err(|wrong| wrong.to_string())
}

fn evaluated(context: &Context<'_, '_>, expression: &str) -> Result<Value, String> {
    let value = Value::resolve(&parsed(expression)?, context);
    value.map_err(|wrong| format!("failed to evaluate expression {expression:?}: {wrong}"))
}

fn variable(given: &Json) -> Result<Variable, String> {
    let member = |name| text(given.get(name).unwrap_or(&Json::Null), name);
    Ok(Variable {
        name: member("name")?,
        expression: member("expression")?,
    })
}

fn text(given: &Json, name: &str) -> Result<String, String> {
    match given {
        Json::Null => Ok(String::new()),
        Json::String(text) => Ok(text.clone()),
        Json::Bool(_) | Json::Number(_) => Ok(given.to_string()),
        _ => Err(format!("failed to decode 'cel_program': {name} is no text")),
    }
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    letters.next().is_some_and(starts) && letters.all(|c| starts(c) || c.is_ascii_digit())
}

/// Numbers are doubles, as all numbers of JSON are to a program.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(it) => Value::Bool(*it),
        Json::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(all) => Value::List(Arc::new(all.iter().map(value).collect())),
        Json::Object(members) => {
            let entry =
                |(name, json): (&String, &Json)| (Key::String(Arc::new(name.clone())), value(json));
            let map: HashMap<Key, Value> = members.iter().map(entry).collect();
            Value::Map(CelMap { map: Arc::new(map) })
        }
    }
}

fn moment(now_ms: u64) -> Value {
    let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
    let now = chrono::DateTime::from_timestamp_millis(now_ms).unwrap_or_default();
    Value::Timestamp(now.fixed_offset())
}
