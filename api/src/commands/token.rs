//! `insession token`: prints a token, for experiments or for a program.

use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::TimeDelta;
use domain::{
    clock::SystemClock,
    ids::{IdError, PersonId},
};
use service::{App, app::NoJobQueue, db::Db, log::wake::Wake, people, settings::Settings};

use super::setup;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The person whom the token identifies: Person:7, or just 7.
    #[arg(long, value_name = "ID", value_parser = parse_person)]
    person: Option<PersonId>,
    /// Make the token an admin's, with all rights.
    #[arg(long)]
    admin: bool,
    /// How long the token is valid, such as 90s, 30m, 1h or 7d.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_duration)]
    expires_in: TimeDelta,
}

fn parse_person(text: &str) -> Result<PersonId, IdError> {
    let id = if text.contains(':') { text.to_owned() } else { format!("{}:{text}", PersonId::TYPE) };
    id.parse()
}

/// The text is not a duration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("use a number and a unit, such as 90s, 30m, 1h or 7d; at most 3660d")]
pub struct InvalidDuration;

pub fn parse_duration(text: &str) -> Result<TimeDelta, InvalidDuration> {
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(InvalidDuration)?;
    let number: i64 = number.parse().map_err(|_| InvalidDuration)?;
    let duration = match unit {
        "s" => TimeDelta::try_seconds(number),
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        _ => None,
    };
    let is_in_range = |duration: &TimeDelta| *duration > TimeDelta::zero() && *duration <= TimeDelta::days(3660);
    duration.filter(is_in_range).ok_or(InvalidDuration)
}

pub async fn run(args: &Args) -> anyhow::Result<()> {
    if args.person.is_none() && !args.admin {
        bail!("give --person ID, --admin, or both");
    }
    let settings = setup::settings("warn")?;
    let authenticator = setup::authenticator(&settings)?;
    let token = authenticator.issue(args.person, args.admin, args.expires_in).context("cannot make a token")?;
    println!("{token}");
    if let Some(person) = args.person
        && is_unknown(&settings, person).await
    {
        eprintln!(
            "insession: warning: the database has no {person}. The token names nobody until there is such a person."
        );
    }
    Ok(())
}

/// Whether the database has no such person. A token can be made without a database, so a database error counts as no.
async fn is_unknown(settings: &Settings, person: PersonId) -> bool {
    if settings.sqlite_file().is_some_and(|file| !file.exists()) {
        return true;
    }
    let Ok(db) = Db::connect(&settings.database_url, 1).await else { return false };
    let app = App::new(db, Arc::new(SystemClock), Wake::local(), Arc::new(NoJobQueue), settings.placement_rule);
    let found = people::find_people(&app, &[person]).await;
    app.db.close().await;
    found.is_ok_and(|people| people.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_needs_a_unit() {
        assert_eq!(parse_duration("90s"), Ok(TimeDelta::seconds(90)));
        assert_eq!(parse_duration("7d"), Ok(TimeDelta::days(7)));
        for wrong in ["", "h", "1", "-1h", "0s", "1w", "1é", "99999999999999999999h"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
