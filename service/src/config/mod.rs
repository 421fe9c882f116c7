//! Settings from the environment, one struct a topic.
//!
//! A setting that cannot be used stops the program at its start, with an error that names the setting and says what it must
//! be. Numbers have a range.

mod network;
mod source;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, time::Duration};

use chrono::TimeDelta;
use domain::{placement::PlacementRule, presence::PresenceRules};

pub use self::source::{SettingError, Source};
use crate::db;

#[derive(Debug, Clone)]
pub struct Settings {
    pub database_url: String,
    pub redis_url: Option<String>,
    /// `HOST` (127.0.0.1): an address, or a name that is resolved at the start.
    pub host: IpAddr,
    /// `PORT` (8080); 0 is any free port.
    pub port: u16,
    pub jwt_secret: Option<String>,
    pub jwt_public_key: Option<String>,
    pub sign_in: SignIn,
    /// `CRON_SECRET`: what `/cron/sweep` asks for; without it nobody may use that.
    pub cron_secret: Option<String>,
    /// `CORS_ORIGINS`: origins as browsers send them, or `*`.
    pub cors_origins: Vec<String>,
    pub introspection: Introspection,
    pub graphiql: bool,
    pub log_json: bool,
    pub placement_rule: PlacementRule,
    /// `DATABASE_CONNECTIONS` (16) of one process. At least two: one may be busy with a transaction for long.
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
            Some(text) => {
                Err(SettingError::new("INTROSPECTION", format!("is {text:?}: it must be true, admins or false")))
            }
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
    /// `JWT_SUBJECTS` (`ids` with `JWT_SECRET`, otherwise `external`): whether `sub` may be a person's id. If not, it is
    /// always an `externalId`, even if it looks like an id.
    pub subjects_are_ids: Option<bool>,
    /// `AUTO_REGISTER` (false): the first sign-in of somebody whom the identity provider knows makes a person.
    pub auto_register: bool,
}

impl SignIn {
    fn from(source: &Source<'_>) -> Result<Self, SettingError> {
        let subjects_are_ids = match source.text("JWT_SUBJECTS").as_deref() {
            None => None,
            Some("ids") => Some(true),
            Some("external") => Some(false),
            Some(text) => {
                return Err(SettingError::new("JWT_SUBJECTS", format!("is {text:?}: it must be ids or external")));
            }
        };
        Ok(Self {
            subjects_are_ids,
            jwks_url: source.text("JWKS_URL"),
            issuer: source.text("JWT_ISSUER"),
            audiences: source.list("JWT_AUDIENCE"),
            person_claim: source.text("JWT_PERSON_CLAIM").filter(|claim| claim != "sub"),
            auto_register: source.flag("AUTO_REGISTER", false)?,
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
    /// `MAX_QUERIES` (64): how many queries run at once. Others wait for their turn for some seconds.
    pub queries: usize,
    /// `MAX_QUERIES_PER_ADDRESS` (32): the same of one address.
    pub queries_per_address: usize,
    /// `MAX_ANSWER_BYTES` (10485760): how long an answer may be, and what one event is for one subscription.
    pub answer_bytes: u64,
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
            queries: 64,
            queries_per_address: 32,
            answer_bytes: 10 * 1024 * 1024,
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
            queries: source.number("MAX_QUERIES", usual.queries, 1..=100_000)?,
            queries_per_address: source.number("MAX_QUERIES_PER_ADDRESS", usual.queries_per_address, 1..=100_000)?,
            answer_bytes: source.number("MAX_ANSWER_BYTES", usual.answer_bytes, 1_024..=1 << 32)?,
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
            return Err(SettingError::new("DATABASE_URL", "must start with sqlite:// or postgres://"));
        }
        let log_format = source.text("LOG_FORMAT").unwrap_or_else(|| "text".to_owned());
        if !["text", "json"].contains(&log_format.as_str()) {
            return Err(SettingError::new("LOG_FORMAT", format!("is {log_format:?}: it must be text or json")));
        }
        let host = network::host(source)?;
        let limits = Limits::from(source)?;
        // Others than those on this machine can reach it, and it is not one of a few processes on a file.
        let is_production = !database_url.starts_with("sqlite:") && (!host.is_loopback() || limits.trusted_proxies > 0);
        let introspection = Introspection::from(source, is_production)?;
        // Without the schema it is of little use.
        let graphiql = source.flag("GRAPHIQL", introspection == Introspection::Everybody)?;
        if graphiql && introspection == Introspection::Nobody {
            let problem = "needs the schema, which INTROSPECTION=false hides: set that to true or admins";
            return Err(SettingError::new("GRAPHIQL", problem));
        }
        Ok(Self {
            database_url,
            redis_url: source.text("REDIS_URL"),
            host,
            port: source.number("PORT", 8080, 0..=u16::MAX)?,
            jwt_secret: source.text("JWT_SECRET"),
            jwt_public_key: source.text("JWT_PUBLIC_KEY"),
            sign_in: SignIn::from(source)?,
            cron_secret: source.text("CRON_SECRET"),
            cors_origins: network::cors_origins(source)?,
            introspection,
            graphiql,
            log_json: log_format == "json",
            placement_rule: source.parsed("PLACEMENT_RULE", PlacementRule::default())?,
            database_connections: source.number("DATABASE_CONNECTIONS", 16, 2..=10_000)?,
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
        let hours = source.decimal("ABANDON_AFTER_HOURS", 3.0, 0.0001..=87_600.0)?;
        #[expect(clippy::cast_possible_truncation, reason = "within the bounds above")]
        let abandon_after = TimeDelta::milliseconds((hours * 3_600_000.0) as i64);
        Ok(Self {
            rules: PresenceRules { online_window: TimeDelta::seconds(window.into()), abandon_after },
            heartbeat,
            anonymous: source.flag("ANONYMOUS_PRESENCE", usual.anonymous)?,
            kept: TimeDelta::days(source.number("PRESENCE_DAYS", usual.kept.num_days(), 1..=36_500)?),
        })
    }
}
