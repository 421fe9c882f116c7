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
        times,
    },
    wide,
};
use crate::site::to;

const SHOWN: i32 = 100;

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

    pub fn render(&self) -> Markup {
        let held: Vec<&Card> = self.held.iter().filter(|card| !card.instance.is_active).collect();
        html! {
            section aria-labelledby="active" {
                h2 #active { "Active instances: " (self.active_count) }
                @if self.active.is_empty() { p.quiet { "No instance is active." } }
                @else { (self.table(&self.active.iter().collect::<Vec<_>>(), "Active now, by start")) }
                @if !held.is_empty() { (self.table(&held, "Set inactive by hand")) }
            }
            section aria-labelledby="hold" {
                h2 #hold { "Set an instance active or inactive by hand" }
                form.inline method="post" action=(to("/admin/override")) {
                    label for="instance" { "Instance" }
                    input #instance name="instance" required placeholder="SessionInstance:7" size="20";
                    label for="hours" { "Hours (leave empty: until the next sweep)" }
                    input #hours name="hours" type="number" min="1" max="8760";
                    button name="action" value="on" { "Set active" }
                    button name="action" value="off" { "Set inactive" }
                }
            }
        }
    }

    fn table(&self, cards: &[&Card], caption: &str) -> Markup {
        let table = html! {
            table {
                caption { (caption) }
                thead {
                    tr { th scope="col" { "Session" } th scope="col" { "Why" } th.number scope="col" { "Here" } th scope="col" { "Override" } }
                }
                tbody {
                    @for card in cards { (self.row(card)) }
                }
            }
        };
        wide(caption, &table)
    }

    fn row(&self, Card { instance, session, zone, counts }: &Card) -> Markup {
        let id = instance.id;
        html! {
            tr #{ "instance-" (instance.id.0) } {
                td {
                    a href=(cards::address(session)) { (session.name) }
                    div.quiet { (id) }
                }
                td.why { (instance.explain(self.zone_data, session, self.now)) }
                td.number data-present=(id) { (counts.present) }
                td {
                    form.inline method="post" action=(to("/admin/override")) {
                        input type="hidden" name="instance" value=(id);
                        @match instance.override_active {
                            Some(active) => {
                                @if active { "Set active" } @else { "Set inactive" }
                                @if let Some(until) = instance.override_until {
                                    " until " (times::moment(*zone, until))
                                }
                                button name="action" value="clear" { "End override" }
                            }
                            None => button name="action" value="off" { "Set inactive" },
                        }
                    }
                }
            }
        }
    }
}
