//! Settings from the environment, one struct a topic.

use std::{net::IpAddr, str::FromStr};

use domain::placement::PlacementRule;

use crate::db;

/// A setting that can't be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{name} {problem}")]
pub struct SettingError {
    pub name: &'static str,
    pub problem: String,
}

/// Reads settings; a function, so that tests need no environment.
pub struct Source<'a>(pub &'a dyn Fn(&str) -> Option<String>);

impl Source<'_> {
    /// A setting that is there and not empty.
    pub fn text(&self, name: &'static str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
        default: T,
    ) -> Result<T, SettingError> {
        match self.text(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|error| SettingError { name, problem: format!("is {text:?}: {error}") }),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub database_url: String,
    pub redis_url: Option<String>,
    pub host: IpAddr,
    pub port: u16,
    pub jwt_secret: Option<String>,
    pub jwt_public_key: Option<String>,
    pub cors_origins: Vec<String>,
    pub graphiql: bool,
    pub log_json: bool,
    pub placement_rule: PlacementRule,
    pub database_connections: u32,
}

impl Settings {
    /// The settings of this process's environment.
    pub fn from_env() -> Result<Self, SettingError> {
        Self::from(&Source(&|name| std::env::var(name).ok()))
    }

    pub fn from(source: &Source<'_>) -> Result<Self, SettingError> {
        let database_url = source.text("DATABASE_URL").unwrap_or_else(|| "sqlite://insession.db".to_owned());
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database_url.starts_with(scheme)) {
            let problem = "must start with sqlite:// or postgres://".to_owned();
            return Err(SettingError { name: "DATABASE_URL", problem });
        }
        let log_format = source.text("LOG_FORMAT").unwrap_or_else(|| "text".to_owned());
        if !["text", "json"].contains(&log_format.as_str()) {
            return Err(SettingError { name: "LOG_FORMAT", problem: "must be text or json".to_owned() });
        }
        let origins = source.text("CORS_ORIGINS").unwrap_or_default();
        Ok(Self {
            database_url,
            redis_url: source.text("REDIS_URL"),
            host: source.parsed("HOST", IpAddr::from([127, 0, 0, 1]))?,
            port: source.parsed("PORT", 8080)?,
            jwt_secret: source.text("JWT_SECRET"),
            jwt_public_key: source.text("JWT_PUBLIC_KEY"),
            cors_origins: origins.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect(),
            graphiql: flag(source, "GRAPHIQL", true)?,
            log_json: log_format == "json",
            placement_rule: source.parsed("PLACEMENT_RULE", PlacementRule::default())?,
            database_connections: source.parsed("DATABASE_CONNECTIONS", 16)?,
        })
    }

    pub fn is_sqlite(&self) -> bool {
        self.database_url.starts_with("sqlite:")
    }

    /// The file of the embedded database.
    pub fn sqlite_file(&self) -> Option<std::path::PathBuf> {
        db::sqlite_file(&self.database_url)
    }
}

fn flag(source: &Source<'_>, name: &'static str, default: bool) -> Result<bool, SettingError> {
    match source.text(name).as_deref() {
        None => Ok(default),
        Some("true" | "1" | "on" | "yes") => Ok(true),
        Some("false" | "0" | "off" | "no") => Ok(false),
        Some(_) => Err(SettingError { name, problem: "must be true or false".to_owned() }),
    }
}
