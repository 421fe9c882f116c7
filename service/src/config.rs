//! Settings from the environment, one struct a topic.

use std::{net::IpAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use chrono::TimeDelta;
use domain::{placement::PlacementRule, presence::PresenceRules};

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

    /// What stands between commas.
    pub fn list(&self, name: &'static str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
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

    /// A number within limits.
    pub fn number<T>(&self, name: &'static str, default: T, allowed: RangeInclusive<T>) -> Result<T, SettingError>
    where
        T: FromStr<Err: std::fmt::Display> + PartialOrd + std::fmt::Display,
    {
        let value = self.parsed(name, default)?;
        if allowed.contains(&value) {
            return Ok(value);
        }
        let problem = format!("is {value}: it must be {} to {}", allowed.start(), allowed.end());
        Err(SettingError { name, problem })
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
    pub sign_in: SignIn,
    /// `CRON_SECRET`: what `/cron/sweep` asks for; without it nobody may use that.
    pub cron_secret: Option<String>,
    pub cors_origins: Vec<String>,
    pub introspection: Introspection,
    pub graphiql: bool,
    pub log_json: bool,
    pub placement_rule: PlacementRule,
    pub database_connections: u32,
    /// `CHANGE_LOG_DAYS` (7): how long changes are kept, for those who resume by a cursor.
    pub change_log_kept: TimeDelta,
    /// `AUDIT_LOG_DAYS` (365): how long it is kept who changed what.
    pub audit_log_kept: TimeDelta,
    pub presence: PresenceSettings,
    pub limits: Limits,
}

/// `INTROSPECTION`: who is shown the schema: `true`, `admins`, `false`. Where it is not everybody, misspelled names are not
/// guessed at either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introspection {
    Everybody,
    Admins,
    Nobody,
}

impl Introspection {
    /// Everybody; in production admins.
    fn from(source: &Source<'_>, is_production: bool) -> Result<Self, SettingError> {
        match source.text("INTROSPECTION").as_deref() {
            None if is_production => Ok(Self::Admins),
            None | Some("true" | "1" | "on" | "yes") => Ok(Self::Everybody),
            Some("admins") => Ok(Self::Admins),
            Some("false" | "0" | "off" | "no") => Ok(Self::Nobody),
            Some(_) => Err(SettingError { name: "INTROSPECTION", problem: "must be true, admins or false".to_owned() }),
        }
    }
}

/// What is asked of tokens, and of whom they name.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// `JWKS_URL`: where an identity provider has its public keys, instead of one key in the settings.
    pub jwks_url: Option<String>,
    /// `JWT_ISSUER`: what `iss` must be.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`: `aud` must hold one of these.
    pub audiences: Vec<String>,
    /// `JWT_PERSON_CLAIM`: the claim that has a person's `externalId`, instead of `sub`.
    pub person_claim: Option<String>,
    /// `AUTO_REGISTER` (false): the first sign-in of somebody whom the identity provider knows makes a person.
    pub auto_register: bool,
}

impl SignIn {
    fn from(source: &Source<'_>) -> Result<Self, SettingError> {
        Ok(Self {
            jwks_url: source.text("JWKS_URL"),
            issuer: source.text("JWT_ISSUER"),
            audiences: source.list("JWT_AUDIENCE"),
            person_claim: source.text("JWT_PERSON_CLAIM").filter(|claim| claim != "sub"),
            auto_register: flag(source, "AUTO_REGISTER", false)?,
        })
    }
}

/// What those who connect may ask of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `MAX_SOCKETS` (100000): WebSockets, and subscriptions over HTTP, at once. No more in any case than the limit of open
    /// files allows (`ulimit -n`; the soft limit is raised to the hard one at the start).
    pub sockets: usize,
    /// `MAX_SOCKETS_PER_ADDRESS` (20000): the same of one address, or IPv6 /64.
    pub sockets_per_address: usize,
    /// `SOCKETS_PER_SECOND_PER_ADDRESS` (20): how often one address may open one, in the long run.
    pub sockets_per_second_per_address: u32,
    /// `SOCKET_BURST_PER_ADDRESS` (2000): how many it may open at once before that counts: all who share it come back at
    /// once when a server starts again.
    pub socket_burst_per_address: u32,
    /// `TRUSTED_PROXIES` (0): how many proxies stand before the server and add to `X-Forwarded-For`. Without it, those
    /// behind a proxy are all at one address.
    pub trusted_proxies: usize,
    /// `MAX_SUBSCRIPTIONS_PER_SOCKET` (100).
    pub subscriptions_per_socket: usize,
    /// `SUBSCRIPTIONS_PER_SECOND_PER_SOCKET` (50): how often one socket may subscribe, in the long run; at once it may
    /// twice as often as it may have subscriptions.
    pub subscriptions_per_second_per_socket: u32,
    /// `CRON_REQUESTS_PER_MINUTE` (10): how often one address may ask for a sweep at `/cron/sweep`.
    pub cron_requests_per_minute: u32,
    /// `MAX_SOCKET_MESSAGE_BYTES` (262144): the longest message, and frame, that is taken from a socket.
    pub socket_message_bytes: usize,
    /// `CONNECTION_INIT_SECONDS` (10): how long `connection_init` may take.
    pub connection_init: Duration,
    /// `REQUEST_SECONDS` (30): how long a query may take, and a mutation until it is answered, whether or not it is done.
    pub request: Duration,
    /// `MUTATIONS_PER_SECOND_PER_ADDRESS` (1000): in the long run; at once those of five seconds.
    pub mutations_per_second_per_address: u32,
    /// `MUTATIONS_PER_SECOND_PER_PERSON` (1000): the same of one person who is no admin.
    pub mutations_per_second_per_person: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sockets: 100_000,
            sockets_per_address: 20_000,
            sockets_per_second_per_address: 20,
            socket_burst_per_address: 2_000,
            trusted_proxies: 0,
            subscriptions_per_socket: 100,
            subscriptions_per_second_per_socket: 50,
            cron_requests_per_minute: 10,
            socket_message_bytes: 256 * 1024,
            connection_init: Duration::from_secs(10),
            request: Duration::from_secs(30),
            mutations_per_second_per_address: 1_000,
            mutations_per_second_per_person: 1_000,
        }
    }
}

impl Limits {
    fn from(source: &Source<'_>) -> Result<Self, SettingError> {
        const MANY: usize = 10_000_000;
        let usual = Self::default();
        let seconds = usual.connection_init.as_secs();
        Ok(Self {
            sockets: source.number("MAX_SOCKETS", usual.sockets, 1..=MANY)?,
            sockets_per_address: source.number("MAX_SOCKETS_PER_ADDRESS", usual.sockets_per_address, 1..=MANY)?,
            sockets_per_second_per_address: source.number(
                "SOCKETS_PER_SECOND_PER_ADDRESS",
                usual.sockets_per_second_per_address,
                1..=1_000_000,
            )?,
            socket_burst_per_address: source.number(
                "SOCKET_BURST_PER_ADDRESS",
                usual.socket_burst_per_address,
                1..=1_000_000,
            )?,
            trusted_proxies: source.number("TRUSTED_PROXIES", usual.trusted_proxies, 0..=10)?,
            subscriptions_per_socket: source.number(
                "MAX_SUBSCRIPTIONS_PER_SOCKET",
                usual.subscriptions_per_socket,
                1..=10_000,
            )?,
            subscriptions_per_second_per_socket: source.number(
                "SUBSCRIPTIONS_PER_SECOND_PER_SOCKET",
                usual.subscriptions_per_second_per_socket,
                1..=1_000_000,
            )?,
            cron_requests_per_minute: source.number(
                "CRON_REQUESTS_PER_MINUTE",
                usual.cron_requests_per_minute,
                1..=60_000,
            )?,
            socket_message_bytes: source.number(
                "MAX_SOCKET_MESSAGE_BYTES",
                usual.socket_message_bytes,
                1024..=64 * 1024 * 1024,
            )?,
            connection_init: Duration::from_secs(source.number("CONNECTION_INIT_SECONDS", seconds, 1..=600)?),
            request: Duration::from_secs(source.number("REQUEST_SECONDS", usual.request.as_secs(), 1..=600)?),
            mutations_per_second_per_address: source.number(
                "MUTATIONS_PER_SECOND_PER_ADDRESS",
                usual.mutations_per_second_per_address,
                1..=1_000_000,
            )?,
            mutations_per_second_per_person: source.number(
                "MUTATIONS_PER_SECOND_PER_PERSON",
                usual.mutations_per_second_per_person,
                1..=1_000_000,
            )?,
        })
    }
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
        let host = source.parsed("HOST", IpAddr::from([127, 0, 0, 1]))?;
        let limits = Limits::from(source)?;
        // Others than those on this machine can reach it, and it is not one of a few processes on a file.
        let is_production = !database_url.starts_with("sqlite:") && (!host.is_loopback() || limits.trusted_proxies > 0);
        let introspection = Introspection::from(source, is_production)?;
        // Without the schema it is of little use.
        let graphiql = flag(source, "GRAPHIQL", introspection == Introspection::Everybody)?;
        if graphiql && introspection == Introspection::Nobody {
            let problem = "is of no use with INTROSPECTION=false: set that to true or admins".to_owned();
            return Err(SettingError { name: "GRAPHIQL", problem });
        }
        Ok(Self {
            database_url,
            redis_url: source.text("REDIS_URL"),
            host,
            port: source.parsed("PORT", 8080)?,
            jwt_secret: source.text("JWT_SECRET"),
            jwt_public_key: source.text("JWT_PUBLIC_KEY"),
            sign_in: SignIn::from(source)?,
            cron_secret: source.text("CRON_SECRET"),
            cors_origins: source.list("CORS_ORIGINS"),
            introspection,
            graphiql,
            log_json: log_format == "json",
            placement_rule: source.parsed("PLACEMENT_RULE", PlacementRule::default())?,
            database_connections: source.parsed("DATABASE_CONNECTIONS", 16)?,
            change_log_kept: TimeDelta::days(source.number("CHANGE_LOG_DAYS", 7, 1..=3_650)?),
            audit_log_kept: TimeDelta::days(source.number("AUDIT_LOG_DAYS", 365, 1..=36_500)?),
            presence: PresenceSettings::from(source)?,
            limits,
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

/// How visits are kept alive, and for how long they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresenceSettings {
    /// `ONLINE_WINDOW_SECONDS` (60) and `ABANDON_AFTER_HOURS` (3, which may have a fraction).
    pub rules: PresenceRules,
    /// `HEARTBEAT_SECONDS` (20; a third of a window that is shorter than a minute): how often clients are asked to beat.
    pub heartbeat: Duration,
    /// `ANONYMOUS_PRESENCE` (false): may those visit who have no token?
    pub anonymous: bool,
    /// `PRESENCE_DAYS` (400): how long visits are kept.
    pub kept: TimeDelta,
}

impl Default for PresenceSettings {
    fn default() -> Self {
        let (heartbeat, kept) = (Duration::from_secs(20), TimeDelta::days(400));
        Self { rules: PresenceRules::default(), heartbeat, anonymous: false, kept }
    }
}

impl PresenceSettings {
    fn from(source: &Source<'_>) -> Result<Self, SettingError> {
        let usual = Self::default();
        let window = source.number("ONLINE_WINDOW_SECONDS", 60_u32, 1..=86_400)?;
        let usual_heartbeat = usual.heartbeat.min(Duration::from_secs(window.into()) / 3);
        let heartbeat = match source.text("HEARTBEAT_SECONDS") {
            None => usual_heartbeat.max(Duration::from_secs(1)),
            Some(_) => Duration::from_secs(source.number("HEARTBEAT_SECONDS", 20, 1..=window.max(1).into())?),
        };
        let hours = source.number("ABANDON_AFTER_HOURS", 3.0, 0.0001..=87_600.0)?;
        #[expect(clippy::cast_possible_truncation, reason = "within the bounds above")]
        let abandon_after = TimeDelta::milliseconds((hours * 3_600_000.0) as i64);
        Ok(Self {
            rules: PresenceRules { online_window: TimeDelta::seconds(window.into()), abandon_after },
            heartbeat,
            anonymous: flag(source, "ANONYMOUS_PRESENCE", usual.anonymous)?,
            kept: TimeDelta::days(source.number("PRESENCE_DAYS", usual.kept.num_days(), 1..=36_500)?),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_are_asked_for_several_times_a_window() {
        let presence = |name: &'static str, value: &'static str| {
            let settings = Settings::from(&Source(&move |asked| (asked == name).then(|| value.to_owned())));
            settings.map(|settings| settings.presence)
        };
        assert_eq!(presence("", "").unwrap(), PresenceSettings::default());
        assert_eq!(presence("ONLINE_WINDOW_SECONDS", "6").unwrap().heartbeat, Duration::from_secs(2));
        assert_eq!(presence("ONLINE_WINDOW_SECONDS", "1").unwrap().heartbeat, Duration::from_secs(1));
        assert_eq!(presence("HEARTBEAT_SECONDS", "5").unwrap().heartbeat, Duration::from_secs(5));
        assert_eq!(presence("ABANDON_AFTER_HOURS", "0.5").unwrap().rules.abandon_after, TimeDelta::minutes(30));
        for (name, value) in [
            ("HEARTBEAT_SECONDS", "61"),
            ("ONLINE_WINDOW_SECONDS", "0"),
            ("ABANDON_AFTER_HOURS", "NaN"),
            ("ANONYMOUS_PRESENCE", "maybe"),
        ] {
            assert!(presence(name, value).is_err(), "{name}={value}");
        }
    }

    #[test]
    fn limits_have_defaults_and_bounds() {
        let with = |name: &'static str, value: &'static str| {
            Settings::from(&Source(&move |asked| (asked == name).then(|| value.to_owned())))
        };
        assert_eq!(with("", "").unwrap().limits, Limits::default());
        assert_eq!(with("MAX_SOCKETS", "7").unwrap().limits.sockets, 7);
        assert_eq!(with("CHANGE_LOG_DAYS", "1").unwrap().change_log_kept, TimeDelta::days(1));
        for (name, value) in [("MAX_SOCKETS", "0"), ("CHANGE_LOG_DAYS", "0"), ("TRUSTED_PROXIES", "many")] {
            let error = with(name, value).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name} is ")), "{error}");
        }
    }

    #[test]
    fn strangers_are_shown_the_schema_where_there_are_none() {
        let with = |settings: &[(&str, &str)]| {
            let find =
                |asked: &str| settings.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
            Settings::from(&Source(&find)).map(|settings| (settings.introspection, settings.graphiql))
        };
        let postgres = ("DATABASE_URL", "postgres://db");
        assert_eq!(with(&[]).unwrap(), (Introspection::Everybody, true));
        assert_eq!(with(&[postgres]).unwrap(), (Introspection::Everybody, true));
        assert_eq!(with(&[("HOST", "0.0.0.0")]).unwrap(), (Introspection::Everybody, true));
        assert_eq!(with(&[postgres, ("HOST", "0.0.0.0")]).unwrap(), (Introspection::Admins, false));
        assert_eq!(with(&[postgres, ("TRUSTED_PROXIES", "1")]).unwrap(), (Introspection::Admins, false));
        let shown = [postgres, ("HOST", "::"), ("INTROSPECTION", "true")];
        assert_eq!(with(&shown).unwrap(), (Introspection::Everybody, true));
        assert_eq!(with(&[("INTROSPECTION", "admins"), ("GRAPHIQL", "true")]).unwrap(), (Introspection::Admins, true));
        assert!(with(&[("INTROSPECTION", "false"), ("GRAPHIQL", "true")]).is_err());
    }
}
