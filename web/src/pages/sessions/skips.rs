//! The skips on the page of a session: when it does not meet. Organisers add and remove them here.

use axum::{Form, extract::State};
use chrono::NaiveDate;
use domain::{ids::SkipId, recurrence::SkippedDates};
use maud::{Markup, html};
use service::{
    App, FieldErrors, Result,
    sessions::{self, NewSkip, Session, Skip},
    validate,
};

use super::{
    super::{
        Page, Pages, cards,
        done::Done,
        error::PageError,
        forms::{Field, FormState, Outcome, Typed, confirmed},
        times,
    },
    Organizer, below, show,
};
use crate::language::{formats, words};

/// The part of the page with the skips.
pub const PART: &str = "skips";

/// The skips of a session that are not over.
pub struct Upcoming {
    /// The current date in the zone of the session.
    today: NaiveDate,
    /// Ordered by their first date.
    skips: Vec<Skip>,
}

impl Upcoming {
    /// `skips` are all skips of the session.
    pub fn of(app: &App, session: &Session, mut skips: Vec<Skip>) -> Self {
        let today = times::today(app.zone_data(), session, app.now());
        skips.retain(|skip| today <= skip.to);
        Self { today, skips }
    }

    fn text(&self, skip: &Skip) -> String {
        let format = if skip.dates().names_year(self.today) { formats::date } else { formats::day };
        let when = if skip.from == skip.to {
            words!("no-session-on", date = format(skip.from))
        } else {
            words!("no-session-between", from = format(skip.from), to = format(skip.to))
        };
        skip.reason.as_ref().map_or_else(|| when.clone(), |reason| format!("{when}: {reason}"))
    }

    /// The next skip in words.
    pub fn next(&self) -> Markup {
        html! {
            @if let Some(skip) = self.skips.first() { p.skipped { (self.text(skip)) } }
        }
    }

    /// All skips, and the forms to change them. Only for those who may edit the session.
    pub fn editor(&self, session: &Session, outcome: &Outcome) -> Markup {
        let address = below(session, "skips");
        let form_state = outcome.form_state(PART, Typed::default);
        let mut form = form_state.form();
        let [first, last, reason] = [words!("first-date"), words!("last-date"), words!("reason")];
        form.add(&Field::date("from", &first).required());
        form.add(&Field::date("to", &last).hint(words!("last-date-hint")));
        form.add(&Field::text("reason", &reason).hint(words!("reason-hint")));
        html! {
            section aria-labelledby="skips" {
                h2 #skips { (words!("skips")) }
                (outcome.notice(PART))
                @if self.skips.is_empty() { p.quiet { (words!("no-skips")) } }
                ul.rows {
                    @for skip in &self.skips {
                        li #{ "skip-" (skip.id.0) } {
                            form method="post" action={ (address) "/remove" } {
                                input type="hidden" name="skip" value=(skip.id);
                                (self.text(skip)) " "
                                button aria-label={ (words!("remove")) ": " (self.text(skip)) } { (words!("remove")) }
                            }
                        }
                    }
                }
                details open[form_state.is_refused()] {
                    summary { (words!("leave-out-dates")) }
                    (form.send_to(&address, &html! { button.primary { (words!("leave-out-these-dates")) } }))
                }
            }
        }
    }
}

pub async fn add(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let added = match read(&typed) {
        Ok(skip) => sessions::insert_skips(app, visitor.viewer, &[session.id], &[skip]).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(_) => Ok(confirmed(&cards::address(&session), Done::SkipAdded, PART)),
        Err(error) => {
            let outcome = Outcome::refused(PART, FormState::refused_for(&visitor, typed, error)?);
            show::answer(app, &visitor, &session.path, &outcome).await
        }
    }
}

fn read(typed: &Typed) -> Result<NewSkip> {
    let mut errors = FieldErrors::default();
    let from = errors.note(typed.required("from", &words!("must-be-date")))?;
    let to = errors.note_or(typed.date("to"), None)?.unwrap_or(from);
    if errors.is_empty()
        && let Err(error) = SkippedDates::new(from, to)
    {
        errors.add(error.field(), error);
    }
    let reason = errors.note(validate::optional_text("reason", Some(typed.text("reason"))))?;
    errors.finish()?;
    Ok(NewSkip { from, to, reason })
}

pub async fn remove(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let skip: SkipId = typed.text("skip").parse().map_err(|_| PageError::bad_form(&visitor))?;
    match sessions::delete_skip(app, visitor.viewer, skip).await {
        Ok(_) => Ok(confirmed(&cards::address(&session), Done::SkipRemoved, PART)),
        Err(error) => {
            let outcome = Outcome::refused(PART, FormState::refused_for(&visitor, Typed::default(), error)?);
            show::answer(app, &visitor, &session.path, &outcome).await
        }
    }
}
