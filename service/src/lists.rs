//! Pages of lists. Every list has a total order: by a sort key, then by the id. A cursor contains the key and the id of
//! its row, so pages stay stable while rows are inserted and deleted.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{ids::PresenceId, search};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, QuerySelect, Select, Value,
    sea_query::{IntoValueTuple, LikeExpr},
};

use crate::{Error, Refusal, Result, seal::Seal};

pub const DEFAULT_PAGE: u64 = 20;
pub const MAX_PAGE: i32 = 100;

/// The position of a row in its list, and its text form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCursor {
    pub key: String,
    /// A number; for visits, a text.
    pub id: String,
}

impl RowCursor {
    pub fn of_text(key: &str, id: impl Into<i64>) -> Self {
        Self { key: key.to_owned(), id: id.into().to_string() }
    }

    /// The cursor of a row in a list by distance.
    pub fn of_distance(metres: u32, id: impl Into<i64>) -> Self {
        Self { key: distance_key(metres), id: id.into().to_string() }
    }

    pub fn of_instant(key: DateTime<Utc>, id: impl Into<i64>) -> Self {
        Self { key: key.to_rfc3339(), id: id.into().to_string() }
    }

    /// The cursor of a visit.
    pub fn of_visit(key: DateTime<Utc>, id: PresenceId) -> Self {
        Self { key: key.to_rfc3339(), id: id.uuid() }
    }

    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.text())
    }

    /// The cursor in a form that does not show its key.
    pub(crate) fn write_sealed(&self, seal: &Seal<'_>) -> Result<String> {
        seal.seal(&self.text())
    }

    fn text(&self) -> String {
        format!("{}:{}", self.id, self.key)
    }

    fn read(field: &str, text: &str) -> Result<Self> {
        let wrong = || wrong_cursor(field);
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let decoded = String::from_utf8(bytes).map_err(|_| wrong())?;
        let (id, key) = decoded.split_once(':').ok_or_else(wrong)?;
        Ok(Self { key: key.to_owned(), id: id.to_owned() })
    }

    fn instant(&self, field: &str) -> Result<DateTime<Utc>> {
        DateTime::parse_from_rfc3339(&self.key)
            .map(|at| at.to_utc())
            .map_err(|_| Error::invalid(field, "is not a cursor of this list"))
    }
}

fn wrong_cursor(field: &str) -> Error {
    Error::invalid(field, "is not a cursor of this list: use one that pageInfo or an edge gave")
}

/// The requested page, as GraphQL connections name it.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Slice<T> {
    pub rows: Vec<T>,
    pub has_previous: bool,
    pub has_next: bool,
}

/// The type of the sort key, and of the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Text,
    Instant,
    /// An instant, for tables whose id is a text.
    InstantOfText,
}

impl Page {
    /// This page with opened cursors, for a list whose cursors are sealed.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a cursor was not sealed by this installation.
    pub(crate) fn unsealed(&self, seal: &Seal<'_>) -> Result<Self> {
        let open = |field: &str, cursor: &Option<String>| {
            let text = cursor.as_deref().map(|text| seal.open(text).ok_or_else(|| wrong_cursor(field)));
            Ok::<_, Error>(text.transpose()?.map(|text| URL_SAFE_NO_PAD.encode(text)))
        };
        Ok(Self { after: open("after", &self.after)?, before: open("before", &self.before)?, ..self.clone() })
    }

    fn limit(&self) -> Result<(u64, bool)> {
        let (field, asked, backwards) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("last", "cannot be combined with first: leave one of them out"));
            }
            (None, Some(last)) => ("last", last, true),
            (Some(first), None) => ("first", first, false),
            (None, None) => return Ok((DEFAULT_PAGE, false)),
        };
        match u64::try_from(asked) {
            Ok(limit) if asked <= MAX_PAGE => Ok((limit, backwards)),
            _ => Err(Error::invalid(field, Refusal::NotWithin(0, MAX_PAGE.into()))),
        }
    }

    /// Runs `query` for this page, ordered by `by` and then `id`; `descending` reverses both.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the limit or a cursor is not valid.
    pub async fn of<E, C, D, T>(
        &self,
        db: &D,
        query: Select<E>,
        (by, id): (C, C),
        key: Key,
        descending: bool,
    ) -> Result<Slice<T>>
    where
        E: EntityTrait,
        E::Model: FromQueryResult + Send + Sync,
        C: ColumnTrait + IdenStatic,
        D: ConnectionTrait,
        T: From<E::Model>,
    {
        let (limit, backwards) = self.limit()?;
        let mut cursor = query.cursor_by((by, id));
        if descending {
            cursor.desc();
        }
        if let Some(after) = &self.after {
            cursor.after(bound("after", after, key)?);
        }
        if let Some(before) = &self.before {
            cursor.before(bound("before", before, key)?);
        }
        // One row more than requested shows whether there is another page.
        if backwards {
            cursor.last(limit + 1);
        } else {
            cursor.first(limit + 1);
        }
        let mut rows = cursor.all(db).await?;
        let has_more = rows.len() as u64 > limit;
        if has_more {
            if backwards {
                rows.remove(0);
            } else {
                rows.pop();
            }
        }
        Ok(Slice {
            rows: values(rows),
            has_previous: if backwards { has_more } else { self.after.is_some() },
            has_next: if backwards { self.before.is_some() } else { has_more },
        })
    }
}

impl Page {
    /// This page of a list whose rows are all in memory, ordered by key and id. All keys of a list have the same
    /// length.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the limit or a cursor is not valid.
    pub fn of_sorted<T>(&self, mut rows: Vec<T>, position: impl Fn(&T) -> (String, i64)) -> Result<Slice<T>> {
        let (limit, backwards) = self.limit()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let read = |field: &str, text: &Option<String>| -> Result<Option<(String, i64)>> {
            let Some(text) = text else { return Ok(None) };
            let RowCursor { key, id } = RowCursor::read(field, text)?;
            let id = id.parse().map_err(|_| Error::invalid(field, "is not a cursor of this list"))?;
            Ok(Some((key, id)))
        };
        let (after, before) = (read("after", &self.after)?, read("before", &self.before)?);
        rows.retain(|row| {
            let at = position(row);
            after.as_ref().is_none_or(|after| *after < at) && before.as_ref().is_none_or(|before| at < *before)
        });
        let has_more = rows.len() > limit;
        if backwards {
            rows.drain(..rows.len().saturating_sub(limit));
        } else {
            rows.truncate(limit);
        }
        Ok(Slice {
            rows,
            has_previous: if backwards { has_more } else { self.after.is_some() },
            has_next: if backwards { self.before.is_some() } else { has_more },
        })
    }
}

/// The key of a row in a list by distance.
pub(crate) fn distance_key(metres: u32) -> String {
    format!("{metres:010}")
}

fn bound(field: &str, text: &str, key: Key) -> Result<impl IntoValueTuple + use<>> {
    let cursor = RowCursor::read(field, text)?;
    let value: Value = match key {
        Key::Text => cursor.key.clone().into(),
        Key::Instant | Key::InstantOfText => cursor.instant(field)?.into(),
    };
    let id: Value = match key {
        Key::InstantOfText => cursor.id.into(),
        Key::Text | Key::Instant => {
            cursor.id.parse::<i64>().map_err(|_| Error::invalid(field, "is not a cursor of this list"))?.into()
        }
    };
    Ok((value, id))
}

/// Rows as the values that callers get.
pub(crate) fn values<R, V: From<R>>(rows: Vec<R>) -> Vec<V> {
    rows.into_iter().map(V::from).collect()
}

/// The number of rows that a query would list.
pub async fn count<E: EntityTrait, D: ConnectionTrait>(db: &D, query: Select<E>, id: impl ColumnTrait) -> Result<i64> {
    let count: Option<i64> = query.select_only().column_as(id.count(), "count").into_tuple().one(db).await?;
    Ok(count.unwrap_or_default())
}

/// Whether a column with keys of [`search`] has all words of a search.
pub(crate) fn finds(column: impl ColumnTrait, text: &str) -> Condition {
    search::words(text).iter().fold(Condition::all(), |all, word| all.add(column.like(containing(word))))
}

fn containing(text: &str) -> LikeExpr {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    LikeExpr::new(format!("%{escaped}%")).escape('\\')
}
