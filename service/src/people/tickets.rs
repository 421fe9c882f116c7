//! Tickets. With a ticket, the script of a page opens a socket as the person who is signed in.
//!
//! The secret of a sign-in is in a cookie that scripts cannot read. A script gets a ticket instead: the sealed secret, and when
//! it was issued. So a script that somebody smuggles into a page takes no sign-in away.
//!
//! - A ticket opens sockets for two minutes. Nothing else accepts it.
//! - A socket that was opened with a ticket ends at most one hour after the ticket was issued. The script then gets another
//!   ticket.
//! - The secret says who the viewer is when the socket is opened. So a ticket and its sockets end with the sign-in.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{App, Result, log::cursor::InstallationKey, seal::Seal};

/// The prefix of each ticket.
const PREFIX: &str = "ist_";

/// How long a ticket opens sockets.
const TICKET_LIFETIME: TimeDelta = TimeDelta::minutes(2);

/// How long a socket lasts that was opened with a ticket, counted from when the ticket was issued.
const SOCKET_LASTS: TimeDelta = TimeDelta::hours(1);

/// The content of a ticket, or the reason why it cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ticket {
    Valid {
        /// The secret of the sign-in, or the token that is in the cookie.
        token: String,
        /// The end of a socket that is opened with the ticket.
        socket_ends_at: DateTime<Utc>,
    },
    /// It was issued too long ago.
    Expired,
    /// This database has not issued it.
    Unknown,
}

/// Whether a text has the form of a ticket.
pub fn is_ticket(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// A ticket for the token in a browser's cookie. The caller has checked the token.
pub async fn issue_ticket(app: &App, token: &str) -> Result<String> {
    write(app.cursor_key().await?, token, app.now())
}

/// Opens a ticket. Whether its token is still valid is for the caller to check.
pub async fn open_ticket(app: &App, ticket: &str) -> Result<Ticket> {
    open(app.cursor_key().await?, ticket, app.now())
}

fn write(key: &InstallationKey, token: &str, now: DateTime<Utc>) -> Result<String> {
    let sealed = Seal::of_tickets(key)?.seal(&format!("{} {token}", now.timestamp_millis()))?;
    Ok(format!("{PREFIX}{sealed}"))
}

fn open(key: &InstallationKey, ticket: &str, now: DateTime<Utc>) -> Result<Ticket> {
    let Some(sealed) = ticket.strip_prefix(PREFIX) else { return Ok(Ticket::Unknown) };
    let Some(text) = Seal::of_tickets(key)?.open(sealed) else { return Ok(Ticket::Unknown) };
    let issued = text
        .split_once(' ')
        .and_then(|(millis, token)| Some((DateTime::from_timestamp_millis(millis.parse().ok()?)?, token.to_owned())));
    Ok(match issued {
        None => Ticket::Unknown,
        Some((issued_at, _)) if issued_at + TICKET_LIFETIME <= now => Ticket::Expired,
        Some((issued_at, token)) => Ticket::Valid { token, socket_ends_at: issued_at + SOCKET_LASTS },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticket_opens_for_two_minutes_and_its_socket_lasts_an_hour() {
        let (ours, theirs) = (InstallationKey::from(b"ours".to_vec()), InstallationKey::from(b"theirs".to_vec()));
        let issued = DateTime::from_timestamp_millis(1_800_000_000_123).unwrap();
        let ticket = write(&ours, "isk_secret", issued).unwrap();
        assert!(is_ticket(&ticket) && !is_ticket("isk_secret"));
        assert!(!ticket.contains("secret"), "{ticket}");
        let valid =
            Ticket::Valid { token: "isk_secret".to_owned(), socket_ends_at: issued + TimeDelta::seconds(3_600) };
        for (seconds, expected) in [(0, &valid), (119, &valid), (120, &Ticket::Expired), (86_400, &Ticket::Expired)] {
            let opened = open(&ours, &ticket, issued + TimeDelta::seconds(seconds)).unwrap();
            assert_eq!(opened, *expected, "after {seconds} s");
        }
        // A ticket from a server whose clock is ahead.
        assert_eq!(open(&ours, &ticket, issued - TimeDelta::seconds(5)).unwrap(), valid);

        assert_eq!(open(&theirs, &ticket, issued).unwrap(), Ticket::Unknown);
        let cursor = Seal::new(&ours).unwrap().seal("1800000000123 isk_secret").unwrap();
        for wrong in
            ["", "ist_", "ist_AAAA", "isk_secret", &ticket[1..], &format!("{ticket}A"), &format!("ist_{cursor}")]
        {
            assert_eq!(open(&ours, wrong, issued).unwrap(), Ticket::Unknown, "{wrong}");
        }
    }
}
