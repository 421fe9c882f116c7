//! At the door: the screen with the code (`/sessions/{path}/door`), and the page that a phone opens (`/c/{code}`).

use axum::{
    Extension, Form,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use domain::{check_in::Attendance, door::CheckInCodes};
use maud::{Markup, PreEscaped, html};
use qrcode::{QrCode, render::svg};
use serde::Deserialize;
use serde_json::json;
use service::{
    App, Result,
    check_ins::{self, CheckInsOf},
    door::{self, ShownCode},
    idempotency::{self, Attempt},
    instances::{self, Instance},
    lists::Page as ListPage,
    people::{self, Person},
    rate::ClientAddress,
    sessions::{self, Session},
};

use super::{
    Page, Pages,
    cards::{self, Card},
    error::{PageError, page_of, status_and_message},
    forms::confirmed,
    layout::{Frame, live_now, problem, respond},
    sessions::answers::{part_of_instance, what_was_done},
    times,
    visitor::{Visitor, signed_in},
};
use crate::{
    language::{text_around, words},
    site::{Site, to},
};

/// The interval at which the screen refreshes, in seconds. A new code is shown every 30 seconds, and the old one works for 60
/// seconds more.
const RENEWED_EVERY: u32 = 10;

/// The most names on the screen.
const NAMES: i32 = 100;

/// The screen at the door.
pub async fn show(State(pages): State<Pages>, headers: HeaderMap, visitor: Visitor, Path(path): Path<String>) -> Page {
    let app = &pages.app;
    let session = sessions::find_session_by_path(app, &path).await.map_err(page_of(&visitor))?;
    let session = session.ok_or_else(|| PageError::not_found(&visitor, &words!("no-session-here")))?;
    let id = session.id;
    if !sessions::may_edit(app, visitor.viewer, id).await.map_err(page_of(&visitor))? {
        if visitor.token.is_none() {
            return Ok(
                Redirect::to(&to(&format!("/sign-in?next=/sessions/{}/door", cards::encoded(&path)))).into_response()
            );
        }
        return Err(PageError::forbidden(&visitor, &words!("door-organisers-only")));
    }
    let active = instances::find_active_of_sessions(app, &[id]).await.map_err(page_of(&visitor))?;
    let mut screens = Vec::new();
    for instance in active {
        let screen = Screen::load(app, &session, instance, &pages.site, &headers).await.map_err(page_of(&visitor))?;
        screens.push(screen);
    }
    let frame = Frame::new(words!("door-of", session = session.name.as_str()), &visitor)
        .following(json!({ "sessionIds": [id.to_string()] }))
        .on_a_screen(RENEWED_EVERY);
    let main = html! {
        div.door {
            h1 { (session.name) " " (live_now(id, &session.name, !screens.is_empty())) }
            @for screen in &screens { (screen.render(&session)) }
            @if screens.is_empty() { p.quiet { (words!("doors-closed-until")) } }
        }
    };
    Ok(respond(&frame, &main))
}

/// The content of the screen for one meeting.
struct Screen {
    card: Card,
    /// The code, and the address that its picture leads to.
    code: Option<(ShownCode, String)>,
    /// The people who are here and do not hide it.
    people: Vec<Person>,
}

impl Screen {
    async fn load(app: &App, session: &Session, instance: Instance, site: &Site, headers: &HeaderMap) -> Result<Self> {
        let code = door::find_code(app, session, &instance).await?;
        let code = code.map(|code| {
            let path = format!("/c/{}", code.code);
            let address = site.absolute(headers, &path).unwrap_or(path);
            (code, address)
        });
        let people = find_people_here(app, &instance).await?;
        let card = cards::count(app, vec![(instance, session.clone())]).await?.pop();
        let card = card.ok_or_else(|| service::Error::internal("an active instance has no card"))?;
        Ok(Self { card, code, people })
    }

    fn render(&self, session: &Session) -> Markup {
        let Card { instance, counts, zone, .. } = &self.card;
        html! {
            section #{ "instance-" (instance.id.0) } {
                p { (times::meeting(*zone, instance.date, instance.starts_at, instance.ends_at)) }
                @match &self.code {
                    Some((code, address)) => {
                        @if let Some(picture) = qr(address) { div.qr { (picture) } }
                        p.code { (grouped(&code.code)) }
                        p { (text_around("point-phone", "address", &html! { span.address { (address) } })) }
                    }
                    None if session.check_in_codes == CheckInCodes::None => {
                        p.quiet { (words!("no-codes")) }
                    }
                    None => p.quiet { (words!("doors-closed")) },
                }
                p.here { (text_around("here-now", "count", &html! { strong data-present=(instance.id) { (counts.present) } })) }
                ul.names {
                    @for person in &self.people { li { (person.display_name) } }
                }
            }
        }
    }
}

/// The people who are at this instance and do not hide it, in the order in which they answered.
async fn find_people_here(app: &App, instance: &Instance) -> Result<Vec<Person>> {
    let page = ListPage { first: Some(NAMES), ..ListPage::default() };
    let yes = CheckInsOf::Instance(instance.id, Some(Attendance::Yes));
    let ids: Vec<_> = check_ins::list_check_ins(app, yes, &page).await?.rows.iter().map(|row| row.person_id).collect();
    let people = people::find_people(app, &ids).await?;
    let is_shown = |person: &Person| !person.hides_place && person.active_session_instance_id == Some(instance.id);
    Ok(people.into_iter().filter(is_shown).collect())
}

/// A QR code as a picture. `None` if the address is too long for one.
pub fn qr(address: &str) -> Option<Markup> {
    let code = QrCode::new(address).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(240, 240).quiet_zone(true).build();
    // The first line is an XML declaration, which HTML does not have.
    let svg = picture.find("<svg").map(|start| picture[start..].to_owned())?;
    Some(PreEscaped(svg.replacen("<svg", "<svg role=\"img\" aria-label=\"QR code\"", 1)))
}

/// A code in groups of four, so that it can be typed.
fn grouped(code: &str) -> String {
    let characters: Vec<char> = code.chars().collect();
    characters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    display_name: String,
    /// The idempotency key of this form, so that a second tap does not check in twice.
    #[serde(default)]
    key: String,
}

/// The page that a phone opens after scanning the code.
pub async fn offer(
    State(pages): State<Pages>,
    address: Option<Extension<ClientAddress>>,
    visitor: Visitor,
    Path(code): Path<String>,
) -> Page {
    render_offer(&pages.app, &visitor, &code, address, None).await
}

pub async fn check_in(
    State(pages): State<Pages>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    visitor: Visitor,
    Path(code): Path<String>,
    Form(form): Form<Arrival>,
) -> Page {
    let app = &pages.app;
    let name = Some(form.display_name.as_str()).filter(|name| !name.trim().is_empty());
    let attempt = match idempotency::check_key("key", &form.key) {
        Ok(()) => app.for_attempt(Attempt::of_form(form.key.clone(), format!("{code} {name:?}"))).await,
        // A form without a key, as other programs may send it.
        Err(_) => Ok(app.clone()),
    };
    let attempt = attempt.map_err(page_of(&visitor))?;
    let done = door::check_in_by_code(&attempt, visitor.viewer, &code, name, address.map(|Extension(it)| it.0)).await;
    let (done, secret) = match done {
        Ok(done) => done,
        // Looking the code up again would count as a second wrong attempt.
        Err(service::Error::Invalid { field, .. }) if field == "code" => return Err(wrong_code(&visitor)),
        Err(error) => {
            let wrong = Some((status_and_message(&error), form.display_name.as_str()));
            return render_offer(app, &visitor, &code, address, wrong).await;
        }
    };
    let found = instances::find_instances(app, &[done.instance]).await.map_err(page_of(&visitor))?;
    let ids: Vec<_> = found.iter().map(|instance| instance.session_id).collect();
    let session = sessions::find_sessions(app, &ids).await.map_err(page_of(&visitor))?.pop();
    let shown = match session {
        Some(session) => {
            let was_done = what_was_done(app, &session, done.instance, Some(&done.check_in), None).await;
            let was_done = was_done.map_err(page_of(&visitor))?;
            confirmed(&cards::address(&session), was_done, &part_of_instance(done.instance))
        }
        None => Redirect::to(&to("/me")).into_response(),
    };
    let mut jar = CookieJar::new();
    if let Some(secret) = secret {
        let now = app.now();
        let end = found.first().map_or(now, |instance| door::guest_key_end(instance, now));
        jar = jar.add(signed_in(&secret, end, now, &pages.site, &headers));
    }
    Ok((jar, shown).into_response())
}

fn wrong_code(visitor: &Visitor) -> PageError {
    PageError::not_found(visitor, &words!("wrong-code"))
}

/// As whom the visitor of a code's page may check in.
enum Arriving {
    AsPerson,
    AsGuest,
    /// There are no guests here, or an administrator who is no person is signed in.
    AfterSigningIn,
}

impl Arriving {
    const fn of(visitor: &Visitor, are_guests_allowed: bool) -> Self {
        match (visitor.viewer.person, are_guests_allowed && !visitor.viewer.is_signed_in()) {
            (Some(_), _) => Self::AsPerson,
            (None, true) => Self::AsGuest,
            (None, false) => Self::AfterSigningIn,
        }
    }
}

/// The form, with what was wrong with the last one and the name that was typed.
async fn render_offer(
    app: &App,
    visitor: &Visitor,
    code: &str,
    address: Option<Extension<ClientAddress>>,
    wrong: Option<((StatusCode, String), &str)>,
) -> Page {
    let (session, instance) = match door::find_meeting(app, code, address.map(|Extension(it)| it.0)).await {
        Ok(found) => found,
        Err(service::Error::Invalid { .. }) => return Err(wrong_code(visitor)),
        Err(error) => return Err(page_of(visitor)(error)),
    };
    let sign_in = format!("{}{}", to("/sign-in?next=/c/"), cards::encoded(code));
    let key = idempotency::new_key().map_err(page_of(visitor))?;
    let (status, message, typed) = match &wrong {
        Some(((status, message), typed)) => (*status, Some(message), *typed),
        None => (StatusCode::OK, None, ""),
    };
    let main = html! {
        h1 { (session.name) }
        p { (times::meeting(times::zone_of(app.zone_data(), &session), instance.date, instance.starts_at, instance.ends_at)) }
        @if let Some(message) = message { (problem(message)) }
        @match Arriving::of(visitor, app.guests.are_allowed) {
            Arriving::AsPerson => form.stacked method="post" action=(to(&format!("/c/{}", cards::encoded(code)))) {
                button.primary { (words!("i-am-here")) }
            },
            Arriving::AsGuest => {
                form.stacked method="post" action=(to(&format!("/c/{}", cards::encoded(code)))) {
                    input type="hidden" name="key" value=(key);
                    label for="display_name" { (words!("your-name")) }
                    input #display_name name="display_name" value=(typed) required maxlength="200" autocomplete="name";
                    button.primary { (words!("i-am-here")) }
                }
                p.quiet {
                    @let link = html! { a href=(sign_in) { (words!("sign-in-within")) } };
                    (text_around("guest-note", "link", &link))
                }
            }
            Arriving::AfterSigningIn => {
                p { (words!("no-guests")) }
                p { a.button href=(sign_in) { (words!("sign-in")) } }
            }
        }
    };
    let page: Response = respond(&Frame::new(session.name.clone(), visitor).standing_still(), &main);
    Ok((status, page).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picture_is_svg_without_an_xml_declaration() {
        let picture = qr("https://example.org/c/7ABCDEFGHJKMN0").map(PreEscaped::into_string).unwrap();
        assert!(picture.starts_with("<svg role=\"img\""), "{picture}");
        assert_eq!(qr(&"x".repeat(10_000)).map(PreEscaped::into_string), None);
    }

    #[test]
    fn script_for_old_browsers_has_nothing_that_they_cannot_read() {
        let script = include_str!("../../assets/screen.js");
        for new in ["=>", "`", "let ", "const ", "?.", "??", "class ", "async", "await", "import ", "export ", "..."] {
            assert!(!script.contains(new), "{new}");
        }
    }

    #[test]
    fn code_is_shown_in_groups() {
        assert_eq!(grouped("7ABCDEFGHJKMN0"), "7ABC DEFG HJKM N0");
    }
}
