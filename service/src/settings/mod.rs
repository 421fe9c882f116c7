//! Settings from the environment, one struct for each topic.
//!
//! A setting that is not valid stops the program at its start, with an error that names the setting and says what it
//! must be. Numbers have a range.

mod network;
mod oidc;
mod source;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, path::PathBuf, time::Duration};

use chrono::TimeDelta;
use domain::{placement::PlacementRule, presence::PresenceRules};

pub use self::{
    network::PublicUrl,
    oidc::OidcProvider,
    source::{SettingError, Source},
};
use crate::{db, door::GuestSettings};

#[derive(Debug, Clone)]
pub struct Settings {
    pub database_url: String,
    pub redis_url: Option<String>,
    /// `REDIS_PREFIX` (`insession:`): the prefix of all keys and channels on Redis.
    pub redis_prefix: String,
    /// `HOST` (127.0.0.1): an address, or a name that is resolved at the start.
    pub host: IpAddr,
    /// `PORT` (8080); 0 is any free port.
    pub port: u16,
    /// `PUBLIC_URL`: the address at which browsers reach the server. Without it, the address is taken from each
    /// request.
    pub public_url: Option<PublicUrl>,
    pub jwt_secret: Option<String>,
    pub jwt_public_key: Option<String>,
    pub sign_in: SignIn,
    /// `CRON_SECRET`: the secret for `/cron/sweep`. Without it, that endpoint refuses everybody.
    pub cron_secret: Option<String>,
    /// `CORS_ORIGINS`: origins as browsers send them, or `*`.
    pub cors_origins: Vec<String>,
    pub introspection: Introspection,
    /// `TRUSTED_DOCUMENTS`: a file with the only documents that may run. Administrators may run any document.
    pub trusted_documents: Option<PathBuf>,
    pub graphiql: bool,
    /// `FEDERATION` (false): whether a gateway of Apollo Federation may ask for the schema and for entities.
    pub federation: bool,
    pub log_json: bool,
    pub placement_rule: PlacementRule,
    /// `ZONEINFO`: a folder with time zone data, in place of the system's and the program's.
    pub zoneinfo: Option<PathBuf>,
    /// `DATABASE_CONNECTIONS` (16): connections of one process. At least two, because a long transaction may occupy
    /// one.
    pub database_connections: u32,
    /// `CHANGE_LOG_DAYS` (7): how long changes are kept, so that clients can resume with a cursor.
    pub change_log_kept: TimeDelta,
    /// `AUDIT_LOG_DAYS` (365): how long the audit log keeps its entries.
    pub audit_log_kept: TimeDelta,
    pub presence: PresenceSettings,
    pub guests: GuestSettings,
    pub limits: Limits,
}

/// `INTROSPECTION`: who may read the schema: `true`, `admins` or `false`. Unless it is everybody, errors do not suggest
/// names for misspelled ones either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introspection {
    Everybody,
    Admins,
    Nobody,
}

impl Introspection {
    /// The default is everybody; in production it is administrators.
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

/// How tokens are checked, and how they name people.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// `JWKS_URL`: where an identity provider publishes its keys. Replaces a key in the settings.
    pub jwks_url: Option<String>,
    /// `JWT_ISSUER`: the required value of `iss`.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`: `aud` must contain one of these.
    pub audiences: Vec<String>,
    /// `JWT_PERSON_CLAIM`: the claim with a person's `externalId`, instead of `sub`.
    pub person_claim: Option<String>,
    /// `JWT_SUBJECTS` (`ids` with `JWT_SECRET`, otherwise `external`): whether `sub` may be a person's id. With
    /// `external`, it is always an `externalId`, even if it looks like an id.
    pub subjects_are_ids: Option<bool>,
    /// `JWT_ROLES_CLAIM` (`roles`): the claim with the roles. It may be a path into objects, such as `realm_access.roles`.
    pub roles_claim: Option<String>,
    /// `JWT_ADMIN_ROLE` (`admin`): the role of administrators.
    pub admin_role: Option<String>,
    /// `JWT_LEEWAY_SECONDS` (60): how far the clock of the issuer may be ahead.
    pub leeway: TimeDelta,
    /// `AUTO_REGISTER` (false): whether the first sign-in with an unknown external id creates a person.
    pub auto_register: bool,
    /// `OIDC_ISSUER`, `OIDC_PROVIDERS`: the OpenID Connect providers with which people sign in on the pages.
    pub providers: Vec<OidcProvider>,
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
            roles_claim: roles_claim(source)?,
            admin_role: source.text("JWT_ADMIN_ROLE"),
            leeway: TimeDelta::seconds(source.number("JWT_LEEWAY_SECONDS", 60, 0..=600)?),
            auto_register: source.flag("AUTO_REGISTER", false)?,
            providers: oidc::providers(source)?,
        })
    }
}

/// The limits of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `MAX_SOCKETS` (100000): how many WebSockets and subscriptions over HTTP may be open at once. The limit of open
    /// files also applies (`ulimit -n`; the soft limit is raised to the hard one at the start).
    pub sockets: usize,
    /// `MAX_SOCKETS_PER_ADDRESS` (20000): the same for one address, or one IPv6 /64.
    pub sockets_per_address: usize,
    /// `MAX_CONNECTIONS` (120000): how many connections may be open at once, including WebSockets. The limit of open files
    /// also applies.
    pub connections: usize,
    /// `MAX_CONNECTIONS_PER_ADDRESS` (2500): the same for one address, not including WebSockets. Does not apply behind
    /// proxies.
    pub connections_per_address: usize,
    /// `KEEP_ALIVE_SECONDS` (75): how long a connection may wait for its next request. More than the 60 seconds of common
    /// load balancers, which would otherwise send requests on connections that are being closed.
    pub keep_alive: Duration,
    /// `SOCKETS_PER_SECOND_PER_ADDRESS` (20): how many sockets one address may open each second, on average.
    pub sockets_per_second_per_address: u32,
    /// `SOCKET_BURST_PER_ADDRESS` (2000): how many sockets one address may open at once before that rate applies. After
    /// a restart of the server, everybody behind a shared address reconnects at once.
    pub socket_burst_per_address: u32,
    /// `TRUSTED_PROXIES` (0): how many proxies in front of the server add to `X-Forwarded-For` or `Forwarded`. With 0, everybody
    /// behind a proxy has the proxy's address.
    pub trusted_proxies: usize,
    /// `MAX_SUBSCRIPTIONS_PER_SOCKET` (100): how many subscriptions one socket may have at once.
    pub subscriptions_per_socket: usize,
    /// `SUBSCRIPTIONS_PER_SECOND_PER_SOCKET` (50): how many subscriptions one socket may start each second, on average.
    /// The burst is twice `MAX_SUBSCRIPTIONS_PER_SOCKET`.
    pub subscriptions_per_second_per_socket: u32,
    /// `MAX_SUBSCRIPTION_BYTES_PER_SOCKET` (2097152): how much memory the documents of a socket's subscriptions may
    /// take. Subscriptions that ask the same count once.
    pub subscription_bytes_per_socket: usize,
    /// `MAX_SUBSCRIPTION_BYTES_PER_ADDRESS` (268435456): the same for one address.
    pub subscription_bytes_per_address: usize,
    /// `CRON_REQUESTS_PER_MINUTE` (10): how many requests to `/cron/sweep` one address may send each minute.
    pub cron_requests_per_minute: u32,
    /// `MAX_SOCKET_MESSAGE_BYTES` (262144): the longest message, and frame, that a socket accepts.
    pub socket_message_bytes: usize,
    /// `CONNECTION_INIT_SECONDS` (10): how long a client may take to send `connection_init`.
    pub connection_init: Duration,
    /// `REQUEST_SECONDS` (30): how long a query may take. A mutation gets an error after this time, but still finishes.
    pub request: Duration,
    /// `MAX_QUERIES` (64): how many queries run at once. Others wait some seconds for their turn.
    pub queries: usize,
    /// `MAX_QUERIES_PER_ADDRESS` (32): the same for one address.
    pub queries_per_address: usize,
    /// `MAX_ANSWER_BYTES` (10485760): the longest answer, and the longest event of one subscription.
    pub answer_bytes: u64,
    /// `MUTATIONS_PER_SECOND_PER_ADDRESS` (1000): how many mutations one address may send each second, on average. The
    /// burst is the number of five seconds.
    pub mutations_per_second_per_address: u32,
    /// `MUTATIONS_PER_SECOND_PER_PERSON` (1000): the same for one person who is not an administrator.
    pub mutations_per_second_per_person: u32,
    /// `COST_PER_SECOND_PER_ADDRESS` (10000), `COST_BURST_PER_ADDRESS` (100000): how many points the operations of one
    /// address may cost.
    pub cost_per_address: Budget,
    /// `COST_PER_SECOND_PER_PERSON` (2000), `COST_BURST_PER_PERSON` (20000): the same for one person who is not an
    /// administrator.
    pub cost_per_person: Budget,
}

/// How many points may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many points each second, on average.
    pub per_second: u32,
    /// How many points at once.
    pub burst: u32,
}

impl Budget {
    fn or_set(self, source: &Source<'_>, per_second: &'static str, burst: &'static str) -> Result<Self, SettingError> {
        const MANY: u32 = 1_000_000_000;
        Ok(Self {
            per_second: source.number(per_second, self.per_second, 1..=MANY)?,
            burst: source.number(burst, self.burst, 1..=MANY)?,
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sockets: 100_000,
            sockets_per_address: 20_000,
            connections: 120_000,
            connections_per_address: 2_500,
            keep_alive: Duration::from_secs(75),
            sockets_per_second_per_address: 20,
            socket_burst_per_address: 2_000,
            trusted_proxies: 0,
            subscriptions_per_socket: 100,
            subscriptions_per_second_per_socket: 50,
            subscription_bytes_per_socket: 2 * 1024 * 1024,
            subscription_bytes_per_address: 256 * 1024 * 1024,
            cron_requests_per_minute: 10,
            socket_message_bytes: 256 * 1024,
            connection_init: Duration::from_secs(10),
            request: Duration::from_secs(30),
            queries: 64,
            queries_per_address: 32,
            answer_bytes: 10 * 1024 * 1024,
            mutations_per_second_per_address: 1_000,
            mutations_per_second_per_person: 1_000,
            cost_per_address: Budget { per_second: 10_000, burst: 100_000 },
            cost_per_person: Budget { per_second: 2_000, burst: 20_000 },
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
            connections: source.number("MAX_CONNECTIONS", usual.connections, 10..=MANY)?,
            connections_per_address: source.number(
                "MAX_CONNECTIONS_PER_ADDRESS",
                usual.connections_per_address,
                1..=MANY,
            )?,
            keep_alive: Duration::from_secs(source.number(
                "KEEP_ALIVE_SECONDS",
                usual.keep_alive.as_secs(),
                1..=86_400,
            )?),
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
            subscription_bytes_per_socket: source.number(
                "MAX_SUBSCRIPTION_BYTES_PER_SOCKET",
                usual.subscription_bytes_per_socket,
                1024..=1 << 40,
            )?,
            subscription_bytes_per_address: source.number(
                "MAX_SUBSCRIPTION_BYTES_PER_ADDRESS",
                usual.subscription_bytes_per_address,
                1024..=1 << 40,
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
            cost_per_address: usual.cost_per_address.or_set(
                source,
                "COST_PER_SECOND_PER_ADDRESS",
                "COST_BURST_PER_ADDRESS",
            )?,
            cost_per_person: usual.cost_per_person.or_set(
                source,
                "COST_PER_SECOND_PER_PERSON",
                "COST_BURST_PER_PERSON",
            )?,
        })
    }
}

impl Settings {
    /// The settings from the environment of this process.
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
        // Production: other machines can reach the server, and the database is not a file.
        let is_production = !database_url.starts_with("sqlite:") && (!host.is_loopback() || limits.trusted_proxies > 0);
        let introspection = Introspection::from(source, is_production)?;
        // GraphiQL is of little use without the schema.
        let graphiql = source.flag("GRAPHIQL", introspection == Introspection::Everybody)?;
        if graphiql && introspection == Introspection::Nobody {
            let problem = "needs the schema, which INTROSPECTION=false hides: set that to true or admins";
            return Err(SettingError::new("GRAPHIQL", problem));
        }
        let trusted_documents = source.text("TRUSTED_DOCUMENTS").map(PathBuf::from);
        // The trusted documents do not include introspection. So only administrators can use it.
        let introspection = match introspection {
            Introspection::Everybody if trusted_documents.is_some() => Introspection::Admins,
            introspection => introspection,
        };
        Ok(Self {
            database_url,
            redis_url: network::redis_url(source)?,
            redis_prefix: network::redis_prefix(source)?,
            host,
            port: source.number("PORT", 8080, 0..=u16::MAX)?,
            public_url: network::public_url(source)?,
            jwt_secret: source.text("JWT_SECRET"),
            jwt_public_key: source.text("JWT_PUBLIC_KEY"),
            sign_in: SignIn::from(source)?,
            cron_secret: source.text("CRON_SECRET"),
            cors_origins: network::cors_origins(source)?,
            introspection,
            trusted_documents,
            graphiql,
            federation: source.flag("FEDERATION", false)?,
            log_json: log_format == "json",
            placement_rule: source.parsed("PLACEMENT_RULE", PlacementRule::default())?,
            zoneinfo: source.text("ZONEINFO").map(PathBuf::from),
            database_connections: source.number("DATABASE_CONNECTIONS", 16, 2..=10_000)?,
            change_log_kept: TimeDelta::days(source.number("CHANGE_LOG_DAYS", 7, 1..=3_650)?),
            audit_log_kept: TimeDelta::days(source.number("AUDIT_LOG_DAYS", 365, 1..=36_500)?),
            presence: PresenceSettings::from(source)?,
            guests: GuestSettings {
                are_allowed: source.flag("ALLOW_GUESTS", true)?,
                kept: TimeDelta::days(source.number("GUEST_DAYS", 30, 1..=3_650)?),
            },
            limits,
        })
    }

    pub fn is_sqlite(&self) -> bool {
        self.database_url.starts_with("sqlite:")
    }

    /// The file of the SQLite database.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        db::sqlite_file(&self.database_url)
    }
}

/// How visits stay online, and how long they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresenceSettings {
    /// `ONLINE_WINDOW_SECONDS` (60) and `ABANDON_AFTER_HOURS` (3, may have a fraction): rules 15 and 16.
    pub rules: PresenceRules,
    /// `HEARTBEAT_SECONDS` (20; at most [`PresenceRules::longest_beat_interval`]): how often clients are asked to send a heartbeat.
    pub heartbeat: Duration,
    /// `ANONYMOUS_PRESENCE` (false): whether clients without a token may have visits.
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
        let hours = source.decimal("ABANDON_AFTER_HOURS", 3.0, 0.0001..=87_600.0)?;
        #[expect(clippy::cast_possible_truncation, reason = "within the bounds above")]
        let abandon_after = TimeDelta::milliseconds((hours * 3_600_000.0) as i64);
        let rules = PresenceRules { online_window: TimeDelta::seconds(window.into()), abandon_after };
        Ok(Self {
            rules,
            heartbeat: heartbeat_interval(source, rules, usual.heartbeat)?,
            anonymous: source.flag("ANONYMOUS_PRESENCE", usual.anonymous)?,
            kept: TimeDelta::days(source.number("PRESENCE_DAYS", usual.kept.num_days(), 1..=36_500)?),
        })
    }
}

/// A client whose heartbeats are too rare loses its seat although its page is open. So a longer interval than the longest one
/// counts as the longest one.
fn heartbeat_interval(source: &Source<'_>, rules: PresenceRules, usual: Duration) -> Result<Duration, SettingError> {
    let whole = |interval: TimeDelta| u64::try_from(interval.num_seconds()).unwrap_or_default().max(1);
    let seconds = source.number("HEARTBEAT_SECONDS", usual.as_secs(), 1..=whole(rules.online_window))?;
    Ok(Duration::from_secs(seconds.min(whole(rules.longest_beat_interval()))))
}

/// A path may be written as in JSONPath: `$.realm_access.roles`. Of JSONPath, only names with dots between them are understood.
fn roles_claim(source: &Source<'_>) -> Result<Option<String>, SettingError> {
    let Some(text) = source.text("JWT_ROLES_CLAIM") else { return Ok(None) };
    let Some(path) = text.strip_prefix('$') else { return Ok(Some(text)) };
    match path.strip_prefix('.') {
        Some(path) if !path.is_empty() && !path.starts_with('.') && !path.contains(['[', '*']) => {
            Ok(Some(path.to_owned()))
        }
        _ => {
            let problem =
                format!("is {text:?}: it must be a claim, or names with dots between them, such as realm_access.roles");
            Err(SettingError::new("JWT_ROLES_CLAIM", problem))
        }
    }
}
