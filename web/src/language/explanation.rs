//! Why a meeting is live or not, in words. The English words are those of the API. Other languages have sentences of their own.

use chrono::{DateTime, Utc};
use domain::zone::{Zone, ZoneData, local_time};
use service::{instances::Instance, sessions::Session};

use super::{Language, current_language, formats, words};

/// The explanation without a full stop, such as 'Live seit Do., 26. Nov. 2026, 19:00, Beginn Do., 26. Nov. 2026, 20:00'.
pub fn explanation_text(instance: &Instance, data: ZoneData, session: &Session, now: DateTime<Utc>) -> String {
    if current_language() == Language::English {
        return instance.explain(data, session, now);
    }
    let zone = session.zone(data).unwrap_or_else(|_| Zone::utc());
    let shown = |at: DateTime<Utc>| {
        let local = local_time(zone, at);
        format!("{}, {}", formats::date(local.date()), formats::clock(local.time()))
    };
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
