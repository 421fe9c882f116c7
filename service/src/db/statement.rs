//! Statements that are written by hand, and their named values.
//!
//! A statement names its values: `SELECT id FROM person WHERE city = :city`. The values come with their names, in any
//! order: `[("city", city.into())]`. The databases get numbers in place of names. The numbers depend only on the text of
//! the statement, so the same text is always the same prepared statement. A name that occurs twice has one number.
//!
//! Quoted text, comments and casts (`::bigint`) are left as they are.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, TryGetable, Value};

use crate::error::{Error, Result};

/// A value and the name that the statement has for it.
pub(crate) type Named = (&'static str, Value);

/// The names in a statement and the given values do not agree.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum NamingError {
    #[error("the statement names :{0}, but no value has this name")]
    Missing(String),
    #[error("no place in the statement is named :{0}")]
    Unused(&'static str),
    #[error("two values are named :{0}")]
    Twice(&'static str),
    #[error("the statement has a numbered parameter at {0:?}: parameters have names")]
    Numbered(String),
    #[error("a quotation or a comment does not end: {0:?}")]
    Unterminated(String),
}

impl From<NamingError> for DbErr {
    fn from(error: NamingError) -> Self {
        Self::Custom(error.to_string())
    }
}

/// The first token of a text.
enum Token<'a> {
    /// A named value.
    Name(&'a str),
    /// Something else, of this length.
    Other(usize),
}

/// Reads the first token of a text that begins with one of [`SPECIAL`].
fn token(text: &str) -> Result<Token<'_>, NamingError> {
    let until = |end: &str, from: usize| {
        let found = text[from..].find(end).map(|at| Token::Other(from + at + end.len()));
        found.ok_or_else(|| NamingError::Unterminated(text.to_owned()))
    };
    let mut letters = text.bytes();
    match (letters.next(), letters.next()) {
        // A doubled quotation mark ends one quotation and begins the next. The result is the same.
        (Some(b'\''), _) => until("'", 1),
        (Some(b'"'), _) => until("\"", 1),
        (Some(b'/'), Some(b'*')) => until("*/", 2),
        (Some(b'-'), Some(b'-')) => Ok(Token::Other(text.find('\n').unwrap_or(text.len()))),
        (Some(b':'), Some(b':')) => Ok(Token::Other(2)),
        (Some(b':'), Some(b'a'..=b'z' | b'_')) => {
            let is_in_name = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
            let length = text.bytes().skip(1).take_while(|letter| is_in_name(*letter)).count();
            Ok(Token::Name(&text[1..=length]))
        }
        (Some(b'$'), Some(b'0'..=b'9')) => Err(NamingError::Numbered(text.to_owned())),
        _ => Ok(Token::Other(1)),
    }
}

/// The characters that may begin a token. All other text is copied unchanged.
const SPECIAL: [char; 6] = ['\'', '"', ':', '-', '/', '$'];

/// Replaces names by numbers, from `first` on. Returns the names in the order of their numbers.
fn number_names(sql: &str, first: usize) -> Result<(String, Vec<&str>), NamingError> {
    let mut text = String::with_capacity(sql.len());
    let mut names: Vec<&str> = Vec::new();
    let mut rest = sql;
    while let Some(plain) = rest.find(SPECIAL) {
        let (before, from_here) = rest.split_at(plain);
        text.push_str(before);
        rest = match token(from_here)? {
            Token::Other(length) => {
                text.push_str(&from_here[..length]);
                &from_here[length..]
            }
            Token::Name(name) => {
                let index = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                });
                text.push('$');
                text.push_str(&(first + index).to_string());
                &from_here[1 + name.len()..]
            }
        };
    }
    text.push_str(rest);
    Ok((text, names))
}

/// The values in the order in which the statement numbers them.
fn in_order(names: &[&str], values: impl IntoIterator<Item = Named>) -> Result<Vec<Value>, NamingError> {
    let mut placed: Vec<Option<Value>> = vec![None; names.len()];
    for (name, value) in values {
        let index = names.iter().position(|known| *known == name).ok_or(NamingError::Unused(name))?;
        if placed[index].replace(value).is_some() {
            return Err(NamingError::Twice(name));
        }
    }
    let missing = |name: &&str| NamingError::Missing((*name).to_owned());
    placed.into_iter().zip(names).map(|(value, name)| value.ok_or_else(|| missing(name))).collect()
}

fn statement<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Named>,
) -> Result<Statement, DbErr> {
    let (text, names) = number_names(sql, 1)?;
    Ok(Statement::from_sql_and_values(db.get_database_backend(), text, in_order(&names, values)?))
}

/// Writes that are sent together. On PostgreSQL they become one statement. On SQLite they run one after the other,
/// because there is no network in between.
///
/// PostgreSQL executes them in any order, and none sees what another has written. So none may depend on another, except
/// through [`returning`](Self::returning), and no two may write the same row.
#[derive(Debug, Default)]
pub(crate) struct Writes(Vec<Write>);

#[derive(Debug)]
struct Write {
    /// The name by which later writes read the rows that this write returns.
    name: Option<&'static str>,
    sql: String,
    values: Vec<Named>,
}

impl Writes {
    pub(crate) fn add(&mut self, sql: impl Into<String>, values: impl IntoIterator<Item = Named>) {
        self.0.push(Write { name: None, sql: sql.into(), values: values.into_iter().collect() });
    }

    /// Adds a write with a RETURNING clause. On PostgreSQL, later writes may read its rows from a table with this name.
    pub(crate) fn returning(
        &mut self,
        name: &'static str,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = Named>,
    ) {
        self.0.push(Write { name: Some(name), sql: sql.into(), values: values.into_iter().collect() });
    }

    pub(crate) async fn run<C: ConnectionTrait>(self, db: &C) -> Result<(), DbErr> {
        let backend = db.get_database_backend();
        if backend == DbBackend::Postgres && self.0.len() > 1 {
            let (text, values) = self.into_one()?;
            db.execute_raw(Statement::from_sql_and_values(backend, text, values)).await?;
            return Ok(());
        }
        for Write { sql, values, .. } in self.0 {
            execute(db, &sql, values).await?;
        }
        Ok(())
    }

    /// One statement whose last write is its main part and whose others are in its WITH clause.
    fn into_one(self) -> Result<(String, Vec<Value>), NamingError> {
        let (mut text, mut all) = (String::new(), Vec::new());
        let last = self.0.len().saturating_sub(1);
        for (index, Write { name, sql, values }) in self.0.into_iter().enumerate() {
            let (numbered, names) = number_names(&sql, all.len() + 1)?;
            all.extend(in_order(&names, values)?);
            if index == last {
                text.push(' ');
                text.push_str(&numbered);
                break;
            }
            text.push_str(if index == 0 { "WITH " } else { ", " });
            text.push_str(&name.map_or_else(|| format!("write_{index}"), str::to_owned));
            text.push_str(" AS (");
            text.push_str(&numbered);
            text.push(')');
        }
        Ok((text, all))
    }
}

/// Runs one statement. Returns how many rows it affected.
pub(crate) async fn execute<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Named>,
) -> Result<u64, DbErr> {
    Ok(db.execute_raw(statement(db, sql, values)?).await?.rows_affected())
}

/// Reads rows into `T`.
pub(crate) async fn rows<T: FromQueryResult, C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Named>,
) -> Result<Vec<T>> {
    Ok(T::find_by_statement(statement(db, sql, values)?).all(db).await?)
}

/// Reads the first column of each row as a number.
pub(crate) async fn numbers<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Named>,
) -> Result<Vec<i64>> {
    ids(db, sql, values).await
}

/// Reads the first column of each row as an id.
pub(crate) async fn ids<T: TryGetable, C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Named>,
) -> Result<Vec<T>> {
    let found = db.query_all_raw(statement(db, sql, values)?).await?;
    found.iter().map(|row| row.try_get_by_index::<T>(0).map_err(Error::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers_in_the_order_of_their_first_use() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("SELECT 1", "SELECT 1", &[]),
            (":b = :a", "$1 = $2", &["b", "a"]),
            ("a = :a OR b = :b OR c = :a", "a = $1 OR b = $2 OR c = $1", &["a", "b"]),
            ("x > :from_1 AND y > :from", "x > $1 AND y > $2", &["from_1", "from"]),
            (":list::text::json", "$1::text::json", &["list"]),
            ("CAST(:a AS bigint)+:b-:c/:d", "CAST($1 AS bigint)+$2-$3/$4", &["a", "b", "c", "d"]),
            ("':a' || :a || 'it''s :b' || \":c\"", "':a' || $1 || 'it''s :b' || \":c\"", &["a"]),
            ("a -- :b 'c\n = :d /* :e ' */ + :f", "a -- :b 'c\n = $1 /* :e ' */ + $2", &["d", "f"]),
            ("v ->> 'a' - 1 / 2 -- :end", "v ->> 'a' - 1 / 2 -- :end", &[]),
            ("'straße' = :city", "'straße' = $1", &["city"]),
            ("a[1:2] := b", "a[1:2] := b", &[]),
        ];
        for (sql, text, names) in cases {
            assert_eq!(number_names(sql, 1), Ok(((*text).to_owned(), names.to_vec())), "{sql}");
        }
    }

    #[test]
    fn names_and_values_that_disagree_are_refused() {
        let values = |names: &[&'static str]| names.iter().map(|name| (*name, Value::from(1))).collect::<Vec<_>>();
        let cases: &[(&str, &[&'static str], NamingError)] = &[
            ("a = :a AND b = :b", &["a"], NamingError::Missing("b".to_owned())),
            ("a = :a", &["a", "b"], NamingError::Unused("b")),
            ("a = ':b'", &["b"], NamingError::Unused("b")),
            ("a = :a", &["a", "a"], NamingError::Twice("a")),
            ("a = $1", &[], NamingError::Numbered("$1".to_owned())),
            ("a = 'b", &[], NamingError::Unterminated("'b".to_owned())),
            ("a /* b", &[], NamingError::Unterminated("/* b".to_owned())),
        ];
        for (sql, given, expected) in cases {
            let result = number_names(sql, 1).and_then(|(_, names)| in_order(&names, values(given)));
            assert_eq!(result.as_ref(), Err(expected), "{sql}");
        }
    }

    #[test]
    fn writes_become_one_statement_whose_values_are_numbered_through() {
        let mut writes = Writes::default();
        writes.add("UPDATE a SET b = :b WHERE c = :c", [("c", 1.into()), ("b", 2.into())]);
        writes.returning("made", "INSERT INTO d (e) VALUES (:b) RETURNING id", [("b", 3.into())]);
        writes.add("INSERT INTO f SELECT id, :g FROM made", [("g", 4.into())]);
        let (text, values) = writes.into_one().unwrap();
        assert_eq!(
            text,
            "WITH write_0 AS (UPDATE a SET b = $1 WHERE c = $2), \
             made AS (INSERT INTO d (e) VALUES ($3) RETURNING id) \
             INSERT INTO f SELECT id, $4 FROM made"
        );
        assert_eq!(values, [2, 1, 3, 4].map(Value::from));
    }

    #[test]
    fn values_may_come_in_any_order() {
        let (_, names) = number_names("a = :a AND b = :b AND c = :a", 1).unwrap();
        let values = [("b", Value::from(2)), ("a", Value::from(1))];
        assert_eq!(in_order(&names, values), Ok(vec![Value::from(1), Value::from(2)]));
    }
}
