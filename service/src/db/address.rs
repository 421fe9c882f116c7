//! Addresses of databases, as people write them.

use std::{path::PathBuf, str::FromStr};

use sea_orm::sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};

/// The address in a form that the driver reads.
pub(super) fn for_driver(url: &str) -> String {
    if url.starts_with("sqlite:") { create_if_missing(url) } else { with_host(url) }
}

/// `sqlite://file.db` opens only an existing file. This makes SQLite create a missing one. A space may stand for itself.
fn create_if_missing(url: &str) -> String {
    let url = url.replace(' ', "%20");
    if !url.contains("mode=") && !url.contains(":memory:") {
        let separator = if url.contains('?') { '&' } else { '?' };
        return format!("{url}{separator}mode=rwc");
    }
    url
}

/// The driver cannot parse an address without a host, such as `postgres://user@/db?host=/var/run/postgresql`. So this
/// adds a host to the address. The driver ignores it if the address has the parameter `host`. Without that parameter,
/// this adds one with the driver's default: `PGHOST`, or the folder in which PostgreSQL has its socket, or localhost.
fn with_host(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    if !(host.is_empty() || host.starts_with(':')) {
        return url.to_owned();
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut parameters: Vec<String> = query.split('&').filter(|it| !it.is_empty()).map(str::to_owned).collect();
    if !parameters.iter().any(|it| it.starts_with("host=") || it.starts_with("hostaddr=")) {
        let usual = PgConnectOptions::new_without_pgpass();
        let usual = usual.get_socket().map_or_else(|| usual.get_host().to_owned(), |it| it.display().to_string());
        parameters.push(format!("host={usual}"));
    }
    format!("{scheme}://{user}localhost{host}{path}?{}", parameters.join("&"))
}

/// The file of an SQLite database. `None` for one in memory, and for PostgreSQL.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let is_in_memory = url.contains(":memory:") || url.contains("mode=memory");
    if !url.starts_with("sqlite:") || is_in_memory {
        return None;
    }
    let options = SqliteConnectOptions::from_str(&for_driver(url)).ok()?;
    Some(options.get_filename().to_owned()).filter(|path| !path.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgresql_may_be_reached_by_its_socket() {
        for (url, socket, host, port, user, database) in [
            ("postgres://ann@/db?host=/run/pg", Some("/run/pg"), None, 5432, "ann", "db"),
            ("postgres://ann:p%2Fw@/db?host=/run/pg&port=6000", Some("/run/pg"), None, 6000, "ann", "db"),
            ("postgres://ann@:6000/db?host=%2Frun%2Fpg", Some("/run/pg"), None, 6000, "ann", "db"),
            ("postgresql:///db?host=/run/pg&user=ann", Some("/run/pg"), None, 5432, "ann", "db"),
            ("postgres://ann@%2Frun%2Fpg/db", Some("/run/pg"), None, 5432, "ann", "db"),
            ("postgres://ann@?host=/run/pg&dbname=db", Some("/run/pg"), None, 5432, "ann", "db"),
            ("postgres://ann@/db?host=db.example", None, Some("db.example"), 5432, "ann", "db"),
            ("postgres://ann@db.example:6000/db?sslmode=require", None, Some("db.example"), 6000, "ann", "db"),
            ("postgres://ann@[::1]/db", None, Some("[::1]"), 5432, "ann", "db"),
        ] {
            let read: PgConnectOptions = for_driver(url).parse().expect(url);
            let path = read.get_socket().map(|path| path.display().to_string());
            assert_eq!(path.as_deref(), socket, "{url}");
            assert!(host.is_none_or(|host| read.get_host() == host), "{url}: {}", read.get_host());
            assert_eq!(
                (read.get_port(), read.get_username(), read.get_database()),
                (port, user, Some(database)),
                "{url}"
            );
        }
        // The default socket or host.
        for url in ["postgresql:///db", "postgres://ann@/db", "postgres://:6000/db"] {
            for_driver(url).parse::<PgConnectOptions>().expect(url);
        }
    }

    #[test]
    fn file_of_sqlite_is_the_one_that_the_driver_opens() {
        for (url, file) in [
            ("sqlite://insession.db", Some("insession.db")),
            ("sqlite:insession.db?mode=rw", Some("insession.db")),
            ("sqlite:///srv/my%20files/i.db", Some("/srv/my files/i.db")),
            ("sqlite:///srv/my files/i.db", Some("/srv/my files/i.db")),
            ("sqlite://my dir/a b.db", Some("my dir/a b.db")),
            ("sqlite:///srv/a%3Fb%23c.db?cache=private", Some("/srv/a?b#c.db")),
            ("sqlite::memory:", None),
            ("sqlite://:memory:", None),
            ("sqlite://x.db?mode=memory", None),
            ("postgres://db", None),
        ] {
            assert_eq!(sqlite_file(url), file.map(PathBuf::from), "{url}");
        }
        assert_eq!(for_driver("sqlite://a b.db"), "sqlite://a%20b.db?mode=rwc");
        assert_eq!(for_driver("sqlite://a.db"), "sqlite://a.db?mode=rwc");
        assert_eq!(for_driver("sqlite://a.db?cache=private"), "sqlite://a.db?cache=private&mode=rwc");
    }
}
