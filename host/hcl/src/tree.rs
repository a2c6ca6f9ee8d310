//! The tree.

use crate::{Error, Place};

/// What stands between two braces, or in a whole text: entries in the order they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// The entries; a name may come more than once.
    pub entries: Vec<Entry>,
}

/// `name = value`, `name { … }` or `name "label" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The labels between the name and the brace.
    pub labels: Vec<String>,
    /// The value; a block's is an object.
    pub value: Value,
    /// Where the name stands.
    pub place: Place,
    /// Where the value stands.
    pub value_place: Place,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// JSON's `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A string or a heredoc.
    Text(String),
    /// `[a, b]`.
    List(Vec<Value>),
    /// `{ … }`.
    Object(Body),
}

/// A block whose labels are known, however they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<'tree> {
    /// Its labels, as many as were asked for.
    pub labels: Vec<&'tree str>,
    /// What it holds.
    pub body: &'tree Body,
    /// Where its last label or its name stands.
    pub place: Place,
}

impl Body {
    /// The entries of this name.
    pub fn all<'tree>(&'tree self, name: &'tree str) -> impl Iterator<Item = &'tree Entry> {
        self.entries.iter().filter(move |entry| entry.name == name)
    }

    /// The last entry of this name: where one is given twice, the later one counts.
    pub fn last<'tree>(&'tree self, name: &'tree str) -> Option<&'tree Entry> {
        self.all(name).last()
    }

    /// The blocks of this name with `label_count` labels. The same for `name "a" { … }`,
    /// `name = { a = { … } }`, `{"name": {"a": { … }}}` and `{"name": [{"a": { … }}]}`.
    ///
    /// # Errors
    /// [`Error::Kind`] where an entry of this name is not such a block.
    pub fn blocks<'tree>(
        &'tree self,
        name: &'tree str,
        label_count: usize,
    ) -> Result<Vec<Block<'tree>>, Error> {
        let mut found = Vec::new();
        for entry in self.all(name) {
            descend(name, entry, Vec::new(), label_count, &mut found)?;
        }
        Ok(found)
    }
}

impl Entry {
    /// The text.
    ///
    /// # Errors
    /// [`Error::Kind`] where the value is another.
    pub fn as_text(&self) -> Result<&str, Error> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong_kind("a string")),
        }
    }

    /// The truth value; `"true"` and `"false"` count as well.
    ///
    /// # Errors
    /// [`Error::Kind`] where the value is another.
    pub fn as_bool(&self) -> Result<bool, Error> {
        match &self.value {
            Value::Bool(value) => Ok(*value),
            Value::Text(text) if text == "true" => Ok(true),
            Value::Text(text) if text == "false" => Ok(false),
            _ => Err(self.wrong_kind("true or false")),
        }
    }

    /// The text of a string or a number: for durations, sizes and counts, which come as either.
    ///
    /// # Errors
    /// [`Error::Kind`] where the value is another.
    pub fn as_scalar(&self) -> Result<&str, Error> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Ok(text),
            _ => Err(self.wrong_kind("a string or a number")),
        }
    }

    /// The items.
    ///
    /// # Errors
    /// [`Error::Kind`] where the value is not a list.
    pub fn as_list(&self) -> Result<&[Value], Error> {
        match &self.value {
            Value::List(items) => Ok(items),
            _ => Err(self.wrong_kind("a list")),
        }
    }

    /// What stands in the braces.
    ///
    /// # Errors
    /// [`Error::Kind`] where the value is not an object, or has labels.
    pub fn as_object(&self) -> Result<&Body, Error> {
        match &self.value {
            Value::Object(body) if self.labels.is_empty() => Ok(body),
            _ => Err(self.wrong_kind("an object")),
        }
    }

    fn wrong_kind(&self, wanted: &str) -> Error {
        let message = format!("{:?} must be {wanted}", self.name);
        Error::kind(self.value_place, message)
    }
}

/// Goes down `entry` until it has as many labels as are wanted. `above` are those of the way here.
fn descend<'tree>(
    name: &str,
    entry: &'tree Entry,
    above: Vec<&'tree str>,
    label_count: usize,
    found: &mut Vec<Block<'tree>>,
) -> Result<(), Error> {
    let mut labels = above;
    labels.extend(entry.labels.iter().map(String::as_str));
    let wrong = || {
        let count = match label_count {
            0 => String::from("no label"),
            1 => String::from("one label"),
            more => format!("{more} labels"),
        };
        Error::kind(
            entry.place,
            format!("{name:?} must be a block with {count}"),
        )
    };
    if labels.len() > label_count {
        return Err(wrong());
    }
    for body in objects(&entry.value).ok_or_else(wrong)? {
        if labels.len() == label_count {
            found.push(Block {
                labels: labels.clone(),
                body,
                place: entry.place,
            });
            continue;
        }
        for inner in &body.entries {
            let mut labels = labels.clone();
            labels.push(&inner.name);
            descend(name, inner, labels, label_count, found)?;
        }
    }
    Ok(())
}

/// An object, or the objects of a list of nothing else.
fn objects(value: &Value) -> Option<Vec<&Body>> {
    match value {
        Value::Object(body) => Some(vec![body]),
        Value::List(items) => items
            .iter()
            .map(|item| match item {
                Value::Object(body) => Some(body),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
