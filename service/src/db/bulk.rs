//! Lists and tables of values as parameters, so that a statement has one text however many values there are.

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, Value,
    sea_query::{ArrayType, Expr},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::statement::Named;
use crate::error::Result;

/// The condition that `column` is in the list with this name; see [`list`] and [`text_list`].
pub(crate) fn is_in<C: ConnectionTrait>(db: &C, column: &str, name: &str) -> String {
    match db.get_database_backend() {
        DbBackend::Postgres => format!("{column} = ANY(:{name})"),
        _ => format!("{column} IN (SELECT value FROM json_each(:{name}))"),
    }
}

/// The condition that `column` is one of these numbers, for a query that sea-orm builds. On PostgreSQL its text does
/// not depend on their count.
pub(crate) fn is_one_of<C: ConnectionTrait>(
    db: &C,
    column: impl ColumnTrait,
    numbers: impl IntoIterator<Item: Into<i64>>,
) -> Expr {
    let numbers = numbers.into_iter().map(Into::into);
    match db.get_database_backend() {
        DbBackend::Postgres => column.eq_any(numbers),
        _ => column.is_in(numbers),
    }
}

/// A list of numbers as one parameter.
pub(crate) fn list<C: ConnectionTrait>(db: &C, numbers: impl IntoIterator<Item: Into<i64>>) -> Value {
    let numbers = numbers.into_iter().map(Into::<i64>::into);
    match db.get_database_backend() {
        DbBackend::Postgres => Value::Array(ArrayType::BigInt, Some(Box::new(numbers.map(Value::from).collect()))),
        _ => serde_json::Value::from(numbers.collect::<Vec<_>>()).to_string().into(),
    }
}

/// An SQL expression for the id of the next new row of a table. On PostgreSQL, an id that is then not used is lost.
pub(crate) fn next_id<C: ConnectionTrait>(db: &C, table: &str) -> String {
    match db.get_database_backend() {
        DbBackend::Postgres => format!("nextval(pg_get_serial_sequence('{table}', 'id'))"),
        _ => format!("COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0) + 1"),
    }
}

/// A list of texts as one parameter.
pub(crate) fn text_list<C: ConnectionTrait>(db: &C, texts: impl IntoIterator<Item = String>) -> Value {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            Value::Array(ArrayType::String, Some(Box::new(texts.into_iter().map(Value::from).collect())))
        }
        _ => serde_json::Value::from(texts.into_iter().collect::<Vec<_>>()).to_string().into(),
    }
}

/// One column of a table of values that is passed to a statement as a parameter.
pub(crate) enum Column<'a> {
    Number(&'static str, Vec<Option<i64>>),
    Flag(&'static str, Vec<bool>),
    Instant(&'static str, Vec<Option<DateTime<Utc>>>),
    Text(&'static str, Vec<Option<&'a str>>),
}

impl Column<'_> {
    /// A column of ids.
    pub(crate) fn ids<T: Into<i64>>(name: &'static str, ids: impl IntoIterator<Item = Option<T>>) -> Self {
        Self::Number(name, ids.into_iter().map(|id| id.map(Into::into)).collect())
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Number(name, _) | Self::Flag(name, _) | Self::Instant(name, _) | Self::Text(name, _) => name,
        }
    }

    fn postgres_type(&self) -> &'static str {
        match self {
            Self::Number(..) => "bigint",
            Self::Flag(..) => "boolean",
            Self::Instant(..) => "timestamptz",
            Self::Text(..) => "text",
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Number(_, values) => values.len(),
            Self::Flag(_, values) => values.len(),
            Self::Instant(_, values) => values.len(),
            Self::Text(_, values) => values.len(),
        }
    }

    /// The values as the text of an array, as PostgreSQL reads it.
    fn postgres_array(&self) -> String {
        let mut text = String::from("{");
        match self {
            Self::Number(_, values) => push_all(&mut text, values.iter().map(|value| value.map(|it| it.to_string()))),
            Self::Flag(_, values) => push_all(&mut text, values.iter().map(|value| Some(value.to_string()))),
            Self::Instant(_, values) => push_all(&mut text, values.iter().map(|value| value.map(text_of))),
            Self::Text(_, values) => push_all(&mut text, values.iter().map(|value| value.map(quoted))),
        }
        text.push('}');
        text
    }

    /// Writes the value into a row's object. A NULL is left out, which SQLite reads as NULL.
    fn put<M: SerializeMap>(&self, row: usize, object: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Number(name, values) => put(object, name, values.get(row).copied().flatten()),
            Self::Flag(name, values) => put(object, name, values.get(row)),
            Self::Instant(name, values) => put(object, name, values.get(row).copied().flatten().map(text_of)),
            Self::Text(name, values) => put(object, name, values.get(row).copied().flatten()),
        }
    }
}

/// The text format that SQLite's driver uses for instants. It sorts like the instants, and PostgreSQL reads it.
fn text_of(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// A text as a value of an array, so that no letter of it has a meaning there.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

fn push_all(text: &mut String, values: impl Iterator<Item = Option<String>>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(value.as_deref().unwrap_or("NULL"));
    }
}

fn put<M: SerializeMap>(object: &mut M, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| object.serialize_entry(name, &value))
}

/// Columns as JSON: an array of rows, each an object.
struct Rows<'a>(&'a [Column<'a>]);

struct Row<'a>(&'a [Column<'a>], usize);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = self.0.first().map_or(0, Column::len);
        serializer.collect_seq((0..count).map(|row| Row(self.0, row)))
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for column in self.0 {
            column.put(self.1, &mut object)?;
        }
        object.end()
    }
}

/// A table of values for a FROM clause, and the parameter that holds the values. Both have this name.
///
/// On PostgreSQL the parameter is a list of texts, one for each column, which are arrays in PostgreSQL's own notation. The
/// driver's arrays cannot contain NULLs, and PostgreSQL reads JSON several times as slowly. On SQLite the parameter is JSON.
pub(crate) fn values_table<C: ConnectionTrait>(db: &C, name: &'static str, columns: &[Column<'_>]) -> (String, Named) {
    let names: Vec<_> = columns.iter().map(Column::name).collect();
    if db.get_database_backend() == DbBackend::Postgres {
        let arrays = columns.iter().zip(1..).map(|(column, index)| {
            let of_type = column.postgres_type();
            format!("(:{name}::text[])[{index}]::{of_type}[]")
        });
        let sql = format!("unnest({}) AS {name}({})", arrays.collect::<Vec<_>>().join(", "), names.join(", "));
        (sql, (name, text_list(db, columns.iter().map(Column::postgres_array))))
    } else {
        let values: Vec<_> = names.iter().map(|column| format!("value ->> '{column}' AS {column}")).collect();
        let sql = format!("(SELECT {} FROM json_each(:{name})) AS {name}", values.join(", "));
        (sql, (name, serde_json::to_string(&Rows(columns)).unwrap_or_default().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_arrays_of_postgresql() {
        let texts = ["", "NULL", " a, b ", "{\"c\"}", "d\\e\nf"].map(Some);
        let texts = Column::Text("t", texts.into_iter().chain([None]).collect());
        assert_eq!(texts.postgres_array(), r#"{"","NULL"," a, b ","{\"c\"}","d\\e"#.to_owned() + "\nf\",NULL}");
        assert_eq!(Column::Number("n", vec![Some(-1), None]).postgres_array(), "{-1,NULL}");
        assert_eq!(Column::Flag("f", vec![true, false]).postgres_array(), "{true,false}");
        assert_eq!(Column::Number("n", vec![]).postgres_array(), "{}");
    }
}
