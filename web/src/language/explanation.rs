//! Why a meeting is live or not, in words, with times as the rest of the page writes them.

use chrono::{DateTime, Utc};
use domain::zone::{Zone, ZoneData, local_date};
use service::{instances::Instance, sessions::Session};

use super::words;
use crate::pages::times;

/// The explanation without a full stop, such as 'Live since 6:00pm CST, starts 7:00pm CST'.
pub fn explanation_text(instance: &Instance, data: ZoneData, session: &Session, now: DateTime<Utc>) -> String {
    let zone = session.zone(data).unwrap_or_else(|_| Zone::utc());
    let today = local_date(zone, now);
    let shown = |at: DateTime<Utc>| times::short(zone, today, at);
    if instance.deleted_at.is_some() {
        return words!("why-deleted");
    }
    if instance.is_cancelled {
        return words!("why-cancelled");
    }
    if session.termination_date.is_some_and(|last| last < instance.date) {
        return words!("why-terminated");
    }
    match (instance.override_active, instance.override_until) {
        (Some(true), None) => return words!("why-live-until-sweep"),
        (Some(false), None) => return words!("why-not-live-until-sweep"),
        (Some(true), Some(until)) if now < until => return words!("why-held-live", until = shown(until)),
        (Some(false), Some(until)) if now < until => return words!("why-held-not-live", until = shown(until)),
        _ => {}
    }
    if instance.start_time.is_none() || instance.end_time.is_none() {
        return words!("why-no-times");
    }
    let window = instance.opens_at.zip(instance.closes_at).zip(instance.starts_at.zip(instance.ends_at));
    let Some(((opens, closes), (starts, ends))) = window else { return words!("why-unreadable") };
    let (opens_at, starts_at) = (shown(opens), shown(starts));
    match (instance.is_active, now < opens, now < closes) {
        (true, _, false) => words!("why-closing", closes = shown(closes)),
        (false, _, false) => words!("why-over", ends = shown(ends), closes = shown(closes)),
        (true, false, true) => words!("why-live", opens = opens_at, starts = starts_at),
        (true, true, true) => words!("why-live-from", opens = opens_at, starts = starts_at),
        (false, false, true) => words!("why-opening", opens = opens_at, starts = starts_at),
        (false, true, true) => words!("why-not-yet", opens = opens_at, starts = starts_at),
    }
}
