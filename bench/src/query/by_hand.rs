//! The baseline: an axum handler that checks the token, runs minimal SQL and writes the answer as JSON.

use std::{str::FromStr, sync::Arc};

use anyhow::Result;
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
    serve::ListenerExt,
};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use insession_tests::token;
use jsonwebtoken::{DecodingKey, Validation};
use sea_orm::sqlx::{
    self, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

const ACTIVE: &str = "SELECT i.id, i.date, i.starts_at, i.closes_at, i.is_active, \
      (SELECT count(*) FROM check_in c WHERE c.session_instance_id = i.id AND c.attendance = 'YES'), \
      (SELECT count(*) FROM person p WHERE p.active_session_instance_id = i.id), \
      s.id, s.name, s.path, s.city, s.country, s.time_zone \
    FROM (SELECT * FROM session_instance WHERE is_active AND deleted_at IS NULL ORDER BY listed_at, id LIMIT 21) i \
    JOIN session s ON s.id = i.session_id ORDER BY i.listed_at, i.id";

const VIEWER: &str = "SELECT p.id, p.display_name, i.id, s.id, s.name, s.path FROM person p \
    LEFT JOIN session_instance i ON i.id = p.active_session_instance_id AND i.deleted_at IS NULL \
    LEFT JOIN session s ON s.id = i.session_id WHERE p.id = $1";

type ActiveRow = (
    i64,
    NaiveDate,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    bool,
    i64,
    i64,
    i64,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
);
type ViewerRow = (i64, String, Option<i64>, Option<i64>, Option<String>, Option<String>);

#[derive(Serialize)]
struct Answer {
    data: Data,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    active_session_instances: Active,
    viewer: Option<Person>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Active {
    nodes: Vec<Instance>,
    page_info: PageInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    id: String,
    date: NaiveDate,
    starts_at: Option<String>,
    active_until: Option<String>,
    is_active: bool,
    attending_count: i64,
    present_count: i64,
    session: Session,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: String,
    name: String,
    path: String,
    city: Option<String>,
    country: Option<String>,
    time_zone: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    id: String,
    display_name: String,
    active_session_instance: Option<Placement>,
}

#[derive(Serialize)]
struct Placement {
    id: String,
    session: PlacementSession,
}

#[derive(Serialize)]
struct PlacementSession {
    id: String,
    name: String,
    path: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

#[derive(Clone)]
struct Server {
    pool: PgPool,
    key: Arc<DecodingKey>,
}

pub async fn serve(port: u16, connections: u32, url: &str) -> Result<()> {
    let options = PgConnectOptions::from_str(url)?.options([("jit", "off"), ("TimeZone", "UTC")]);
    let pool =
        PgPoolOptions::new().max_connections(connections).test_before_acquire(false).connect_with(options).await?;
    let key = Arc::new(DecodingKey::from_secret(token::SECRET.as_bytes()));
    let router = Router::new().route("/graphql", post(answer)).with_state(Server { pool, key });
    let listener = TcpListener::bind(("127.0.0.1", port)).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}

/// Answers the query. The body is read, but not parsed.
async fn answer(
    State(server): State<Server>,
    headers: HeaderMap,
    _body: axum::body::Bytes,
) -> Result<Json<Answer>, StatusCode> {
    let viewer = match headers.get(header::AUTHORIZATION) {
        Some(header) => Some(person_of(&server.key, header.to_str().ok()).ok_or(StatusCode::UNAUTHORIZED)?),
        None => None,
    };
    let data = read(&server.pool, viewer).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Answer { data }))
}

fn person_of(key: &DecodingKey, authorization: Option<&str>) -> Option<i64> {
    let token = authorization?.strip_prefix("Bearer ")?;
    let claims = jsonwebtoken::decode::<Claims>(token, key, &Validation::default()).ok()?.claims;
    claims.sub.strip_prefix("Person:")?.parse().ok()
}

async fn read(pool: &PgPool, viewer: Option<i64>) -> Result<Data, sqlx::Error> {
    let rows = sqlx::query_as::<_, ActiveRow>(ACTIVE).fetch_all(pool).await?;
    let has_next_page = rows.len() > 20;
    let nodes = rows.into_iter().take(20).map(instance).collect();
    let viewer = match viewer {
        Some(id) => sqlx::query_as::<_, ViewerRow>(VIEWER).bind(id).fetch_optional(pool).await?.map(person),
        None => None,
    };
    Ok(Data { active_session_instances: Active { nodes, page_info: PageInfo { has_next_page } }, viewer })
}

fn instance(row: ActiveRow) -> Instance {
    let (id, date, starts_at, closes_at, is_active, attending_count, present_count, ..) = row;
    let (.., session, name, path, city, country, time_zone) = row;
    let instant = |instant: DateTime<Utc>| instant.to_rfc3339_opts(SecondsFormat::Millis, true);
    Instance {
        id: format!("SessionInstance:{id}"),
        date,
        starts_at: starts_at.map(instant),
        active_until: closes_at.map(instant),
        is_active,
        attending_count,
        present_count,
        session: Session { id: format!("Session:{session}"), name, path, city, country, time_zone },
    }
}

fn person((id, display_name, instance, session, name, path): ViewerRow) -> Person {
    let placement = instance.zip(session).zip(name.zip(path)).map(|((instance, session), (name, path))| Placement {
        id: format!("SessionInstance:{instance}"),
        session: PlacementSession { id: format!("Session:{session}"), name, path },
    });
    Person { id: format!("Person:{id}"), display_name, active_session_instance: placement }
}
