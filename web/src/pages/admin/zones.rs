//! The time zone data of this server.

use maud::{Markup, html};
use service::zones::ZoneStatus;

use super::super::layout::problem;

pub fn render(status: &ZoneStatus) -> Markup {
    html! {
        section aria-labelledby="zones" {
            h2 #zones { "Time zone data" }
            @for warning in &status.warnings { (problem(warning)) }
            dl.facts {
                dt { "Version" } dd #zone-version { (status.version) }
                dt { "Source" } dd { (status.source) }
                dt { "Version of the windows in the database" }
                dd { (status.stored_version.as_deref().filter(|version| !version.is_empty()).unwrap_or("not known yet")) }
            }
        }
    }
}
