//! The active instances and the overrides.

use chrono::{DateTime, Utc};
use domain::{access::Viewer, zone::ZoneData};
use maud::{Markup, html};
use service::{
    App, Result,
    instances::{self, ActiveFilter},
    lists::Page as ListPage,
    operations,
};

use super::{
    super::{
        cards::{self, Card},
        forms::{Field, Outcome, Typed},
        sessions::meeting::MOST_HOURS,
        times,
    },
    Table,
};
use crate::{
    language::{explanation_text, text_around, words},
    site::to,
};

const SHOWN: i32 = 100;

/// The part of the page with the form that sets an override.
pub const PART: &str = "hold";

pub struct Instances {
    now: DateTime<Utc>,
    zone_data: ZoneData,
    active: Vec<Card>,
    active_count: i64,
    held: Vec<Card>,
}

impl Instances {
    pub async fn load(app: &App, viewer: Viewer) -> Result<Self> {
        let filter = ActiveFilter::default();
        let page = ListPage { first: Some(SHOWN), ..ListPage::default() };
        let active = cards::load(app, instances::list_active(app, &filter, &page).await?.rows).await?;
        let active_count = instances::count_active(app, &filter).await?;
        let held = operations::find_overridden(app, viewer, 100).await?;
        let held = cards::load(app, held).await?;
        Ok(Self { now: app.now(), zone_data: app.zone_data(), active, active_count, held })
    }

    pub fn render(&self, outcome: &Outcome) -> Markup {
        let held: Vec<&Card> = self.held.iter().filter(|card| !card.instance.is_active).collect();
        html! {
            section aria-labelledby="active" {
                h2 #active { (words!("active-count", count = self.active_count)) }
                @if self.active.is_empty() { p.quiet { (words!("no-active")) } }
                @else { (self.table(&self.active.iter().collect::<Vec<_>>(), &words!("active-by-start"))) }
                @if !held.is_empty() { (self.table(&held, &words!("set-inactive-by-hand"))) }
            }
            section aria-labelledby="hold" {
                h2 #hold { (words!("set-by-hand")) }
                (outcome.notice(PART))
                (by_hand(outcome))
            }
        }
    }

    fn table(&self, cards: &[&Card], caption: &str) -> Markup {
        let mut table = Table::default()
            .with_caption()
            .column(words!("session"))
            .column_of("why", words!("why"))
            .column_of("number", words!("here"))
            .column(words!("override"));
        for card in cards {
            table.row(format!("instance-{}", card.instance.id.0), self.cells(card));
        }
        table.render(caption)
    }

    fn cells(&self, Card { instance, session, zone, counts }: &Card) -> Vec<Markup> {
        let id = instance.id;
        let set = html! {
            form.inline method="post" action=(to("/admin/override")) {
                input type="hidden" name="instance" value=(id);
                @match instance.override_active {
                    Some(active) => {
                        @if active { (words!("is-set-active")) } @else { (words!("is-set-inactive")) }
                        @if let Some(until) = instance.override_until {
                            " " (text_around("until-time", "time", &times::moment(*zone, until)))
                        }
                        button name="action" value="clear" { (words!("end-override")) }
                    }
                    None => button name="action" value="off" { (words!("set-inactive")) },
                }
            }
        };
        vec![
            html! { a href=(cards::address(session)) { (session.name) } div.quiet { (id) } },
            html! { (explanation_text(instance, self.zone_data, session, self.now)) },
            html! { span data-present=(id) { (counts.present) } },
            set,
        ]
    }
}

/// The form that sets an instance active or inactive.
fn by_hand(outcome: &Outcome) -> Markup {
    let form_state = outcome.form_state(PART, Typed::default);
    let mut form = form_state.form();
    let [instance, hours] = [words!("instance"), words!("hours")];
    form.add(&Field::text("instance", &instance).hint(words!("such-as", example = "SessionInstance:7")).required());
    form.add(&Field::number("hours", &hours, 1, MOST_HOURS).hint(words!("hours-hint")));
    let buttons = html! {
        button name="action" value="on" { (words!("set-active")) }
        button name="action" value="off" { (words!("set-inactive")) }
    };
    form.send_to(&to("/admin/override"), &buttons)
}
