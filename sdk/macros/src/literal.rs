//! Rust literals as JSON text.

use syn::{Error, Expr, ExprArray, ExprLit, ExprUnary, Lit, Result, UnOp};

/// A literal, or a list of literals.
pub(crate) fn json(expression: &Expr) -> Result<String> {
    match expression {
        Expr::Lit(ExprLit { lit, .. }) => scalar(lit),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => Ok(format!("-{}", json(expr)?)),
        Expr::Array(array) => Ok(format!("[{}]", items(array)?.join(","))),
        other => Err(Error::new_spanned(
            other,
            "expected a literal or a list of literals",
        )),
    }
}

/// Each item of a list.
pub(crate) fn list(expression: &Expr) -> Result<Vec<String>> {
    match expression {
        Expr::Array(array) => items(array),
        other => Err(Error::new_spanned(other, "expected a list: `[…]`")),
    }
}

fn items(array: &ExprArray) -> Result<Vec<String>> {
    array.elems.iter().map(json).collect()
}

fn scalar(literal: &Lit) -> Result<String> {
    match literal {
        Lit::Str(text) => Ok(quoted(&text.value())),
        Lit::Bool(flag) => Ok(flag.value.to_string()),
        Lit::Int(number) => Ok(number.base10_digits().to_owned()),
        Lit::Float(number) => Ok(number.base10_digits().to_owned()),
        other => Err(Error::new_spanned(
            other,
            "expected text, a number or a boolean",
        )),
    }
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
