//! The time zone data of this server.

use maud::{Markup, html};
use service::zones::ZoneStatus;

use super::super::layout::in_english;
use crate::language::words;

pub fn render(status: &ZoneStatus) -> Markup {
    html! {
        section aria-labelledby="zones" {
            h2 #zones { (words!("zone-data")) }
            @for warning in &status.warnings { p.problem role="alert" { (in_english(warning)) } }
            dl.facts {
                dt { (words!("zone-data-version")) } dd #zone-version { (status.version) }
                dt { (words!("zone-data-source")) } dd { (in_english(status.source)) }
                dt { (words!("zone-data-stored")) }
                dd {
                    @match status.stored_version.as_deref().filter(|version| !version.is_empty()) {
                        Some(version) => (version),
                        None => (words!("not-known-yet")),
                    }
                }
            }
        }
    }
}
