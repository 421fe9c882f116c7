//! The skips on the page of a session: when it does not meet. Organisers add and remove them here.

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse as _, Redirect},
};
use chrono::NaiveDate;
use domain::{
    ids::SkipId,
    recurrence::{SkippedDates, skip_text},
};
use maud::{Markup, html};
use serde::Deserialize;
use service::{
    App, Result,
    sessions::{self, NewSkip, Session, Skip},
};

use super::{
    Page, Pages, cards,
    error::{PageError, page_of, told},
    session,
    visitor::Visitor,
};

/// The skips of a session that are not over.
pub struct Upcoming {
    /// The current date in the zone of the session.
    today: NaiveDate,
    /// Ordered by their first date.
    skips: Vec<Skip>,
    may_edit: bool,
}

impl Upcoming {
    /// `skips` are all skips of the session.
    pub async fn load(app: &App, visitor: &Visitor, session: &Session, mut skips: Vec<Skip>) -> Result<Self> {
        let today = super::times::today(app.zone_data(), session, app.now());
        skips.retain(|skip| today <= skip.to);
        let viewer = visitor.viewer;
        let organizes =
            viewer.is_admin || sessions::find_organized(app, viewer, &[session.id]).await?.contains(&session.id);
        Ok(Self { today, skips, may_edit: viewer.may_edit_session(organizes) })
    }

    fn text(&self, skip: &Skip) -> String {
        skip_text(skip.dates(), skip.reason.as_deref(), self.today)
    }

    /// The next skip in words.
    pub fn next(&self) -> Markup {
        html! {
            @if let Some(skip) = self.skips.first() { p.skipped { (self.text(skip)) } }
        }
    }

    /// All skips, and the forms to change them. Only for those who may edit the session.
    pub fn editor(&self, session: &Session) -> Markup {
        let address = format!("{}/skips", cards::address(session));
        html! {
            @if self.may_edit {
                section aria-labelledby="skips" {
                    h2 #skips { "Dates without a session" }
                    @if self.skips.is_empty() { p.quiet { "No dates are left out." } }
                    ul {
                        @for skip in &self.skips {
                            li #{ "skip-" (skip.id.0) } {
                                form method="post" action={ (address) "/remove" } {
                                    input type="hidden" name="skip" value=(skip.id);
                                    (self.text(skip)) " "
                                    button aria-label={ "Remove: " (self.text(skip)) } { "Remove" }
                                }
                            }
                        }
                    }
                    form.stacked method="post" action=(address) {
                        label { "First date " input type="date" name="from" required min="0001-01-01" max="9999-12-31"; }
                        label { "Last date (the same if left out) " input type="date" name="to" min="0001-01-01" max="9999-12-31"; }
                        label { "Reason (if you like) " input name="reason" maxlength="200"; }
                        button { "Leave out these dates" }
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
pub struct Added {
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    reason: String,
}

pub async fn add(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(path): Path<String>,
    Form(form): Form<Added>,
) -> Page {
    let date = |text: &str| text.trim().parse::<NaiveDate>();
    let wrong = |_| PageError::bad_form(&visitor);
    let from = date(&form.from).map_err(wrong)?;
    let to = if form.to.trim().is_empty() { from } else { date(&form.to).map_err(wrong)? };
    let app = &pages.app;
    let session = find(app, &visitor, &path).await?;
    let saved = match SkippedDates::new(from, to) {
        Ok(_) => {
            let skip = NewSkip { from, to, reason: Some(form.reason) };
            sessions::insert_skips(app, visitor.viewer, &[session.id], &[skip]).await.map(drop)
        }
        // The form has other names for these fields.
        Err(_) if to < from => Err(service::Error::Conflict("The last date is before the first one.".to_owned())),
        Err(error) => Err(service::Error::Conflict(format!("The last date {error}."))),
    };
    shown(&pages, &visitor, &path, saved).await
}

#[derive(Deserialize)]
pub struct Removed {
    skip: String,
}

pub async fn remove(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(path): Path<String>,
    Form(form): Form<Removed>,
) -> Page {
    let skip: SkipId = form.skip.parse().map_err(|_| PageError::bad_form(&visitor))?;
    let saved = sessions::delete_skip(&pages.app, visitor.viewer, skip).await.map(drop);
    shown(&pages, &visitor, &path, saved).await
}

async fn find(app: &App, visitor: &Visitor, path: &str) -> std::result::Result<Session, PageError> {
    let found = sessions::find_session_by_path(app, path).await.map_err(page_of(visitor))?;
    found.ok_or_else(|| PageError::not_found(visitor, "There is no session at this address."))
}

/// The page of the session after a change, or with what was wrong.
async fn shown(pages: &Pages, visitor: &Visitor, path: &str, saved: Result<()>) -> Page {
    match saved {
        Ok(()) => Ok(Redirect::to(&format!("/sessions/{}", cards::encoded(path))).into_response()),
        Err(error) => {
            let (status, message) = told(&error);
            session::answer(&pages.app, visitor, path, Some((status, &message))).await
        }
    }
}
