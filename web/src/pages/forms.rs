//! Forms: the typed values, their errors, and how a page shows both.
//!
//! - A field has the name that it has in the API, such as `displayName`. So an error of the service names its field.
//! - A form that is refused keeps what was typed. Each message is beside its field. One wrong field has the focus. Several wrong
//!   fields are listed above the form, with links to them, and the list has the focus.
//! - A form that is accepted redirects to where it was sent from. There [`Outcome`] shows a confirmation, which has the focus.
//! - A form that edits something carries the values that it showed at first, in the hidden field `shown`. Only the fields that its
//!   sender changed are saved: see [`Changes`]. So a page that was opened earlier does not undo what others have changed since.

use std::{borrow::Cow, convert::Infallible, str::FromStr};

use axum::{
    extract::{FromRequestParts, Query},
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use chrono::{NaiveDate, NaiveTime};
use domain::{search, text::sentence};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use service::{Error, Result};

use super::{
    done::Done,
    error::{PageError, page_of, status_and_message},
    layout::{Frame, refusal, respond},
    visitor::Visitor,
};
use crate::language::{refusal_or_english, words};

/// The values of a form, in the order of its fields. A name may occur several times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Typed(Vec<(String, String)>);

impl Typed {
    /// How many values the form has.
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// The trimmed text of a field. Empty if the form does not have it.
    pub fn text(&self, name: &str) -> &str {
        self.all(name).last().unwrap_or_default()
    }

    pub fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// Whether the form has the field. Browsers do not send a box that is not ticked.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The text of a field. `None` if it is empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The value of a field, parsed. `None` if it is empty.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the text is not a `T`. `problem` is the end of its message.
    pub fn parsed<T: FromStr>(&self, name: &str, problem: &str) -> Result<Option<T>> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| Error::invalid(name, problem.to_owned()))
    }

    /// Does the same as [`parsed`](Self::parsed) for a field that must not be empty.
    pub fn required<T: FromStr>(&self, name: &str, problem: &str) -> Result<T> {
        self.parsed(name, problem)?.ok_or_else(|| Error::invalid(name, problem.to_owned()))
    }

    /// A number with a decimal point or a decimal comma.
    pub fn decimal(&self, name: &str, problem: &str) -> Result<Option<f64>> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        search::decimal(text).map(Some).ok_or_else(|| Error::invalid(name, problem.to_owned()))
    }

    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>> {
        self.parsed(name, &words!("must-be-date"))
    }

    /// Browsers send hours and minutes, and seconds if there are any.
    pub fn time(&self, name: &str) -> Result<Option<NaiveTime>> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let read = ["%H:%M", "%H:%M:%S"].iter().find_map(|format| NaiveTime::parse_from_str(text, format).ok());
        read.map(Some).ok_or_else(|| Error::invalid(name, words!("must-be-time")))
    }

    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers give numbers and texts as they have them")]
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.0.push((name.into(), value.to_string()));
        self
    }

    /// Adds a field if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a box that is ticked or not.
    #[must_use]
    pub fn with_box(self, name: &str, is_ticked: bool) -> Self {
        if is_ticked { self.with(name, "on") } else { self }
    }

    /// The same values, for a form that edits them. The form carries them along as those that it shows at first.
    #[must_use]
    pub fn for_editing(self) -> Self {
        let shown = json!(self.0);
        self.with(SHOWN, shown)
    }

    /// What the sender of the form changed.
    pub fn changes(&self) -> Changes<'_> {
        let shown = self.all(SHOWN).next_back().and_then(|shown| serde_json::from_str(shown).ok());
        Changes { typed: self, shown }
    }

    /// Whether the visitor has confirmed a [`Question`].
    pub fn is_confirmed(&self) -> bool {
        self.has(CONFIRMED)
    }

    /// The same form with other names. A field whose name becomes `None` is left out.
    #[must_use]
    pub fn renamed(&self, rename: impl Fn(&str) -> Option<String>) -> Self {
        Self(self.0.iter().filter_map(|(name, value)| Some((rename(name)?, value.clone()))).collect())
    }
}

/// What the sender of a form changed. A form may come without the values that it showed at first, from a program. Then all its
/// fields count as changed.
pub struct Changes<'a> {
    typed: &'a Typed,
    /// The values that the form showed at first.
    pub shown: Option<Typed>,
}

impl Changes<'_> {
    /// Whether a field was changed.
    pub fn has(&self, name: &str) -> bool {
        // A browser sends an empty field, and ends lines as it likes. The order of ticked boxes says nothing.
        let values = |typed: &Typed| -> Vec<String> {
            let values = typed.all(name).filter(|value| !value.is_empty()).map(|value| value.replace("\r\n", "\n"));
            let mut values: Vec<_> = values.collect();
            values.sort_unstable();
            values
        };
        self.shown.as_ref().is_none_or(|shown| values(shown) != values(self.typed))
    }

    /// Whether a text field was changed. A program that sends a form without the first values may leave fields out.
    fn has_text(&self, name: &str) -> bool {
        self.has(name) && (self.shown.is_some() || self.typed.has(name))
    }

    /// The text of a field, if it was changed.
    pub fn text(&self, name: &str) -> Option<String> {
        self.read(name, |typed, name| typed.text(name).to_owned())
    }

    /// What `read` makes of a text field, if it was changed.
    pub fn read<T>(&self, name: &str, read: impl FnOnce(&Typed, &str) -> T) -> Option<T> {
        self.has_text(name).then(|| read(self.typed, name))
    }

    /// Whether a box is ticked, if that was changed.
    pub fn ticked(&self, name: &str) -> Option<bool> {
        self.has(name).then(|| self.typed.has(name))
    }
}

/// A button that sends a form again, as it was.
pub fn resend(address: &str, typed: &Typed) -> Markup {
    html! {
        form.stacked method="post" action=(address) {
            @for (name, value) in &typed.0 { input type="hidden" name=(name) value=(value); }
            div.buttons { button.primary { (words!("send-again")) } }
        }
    }
}

/// Why a form was refused.
#[derive(Debug, Clone)]
struct Refusal {
    status: StatusCode,
    /// At least one.
    problems: Vec<Problem>,
}

/// One thing that is wrong with a form.
#[derive(Debug, Clone)]
struct Problem {
    field: Option<String>,
    /// If there is a field, the message continues a sentence that begins with the field's label.
    message: String,
}

/// A form as the page shows it: with these values and, if it was refused, the reasons.
#[derive(Debug, Clone, Default)]
pub struct FormState {
    pub typed: Typed,
    refusal: Option<Refusal>,
    /// The field or the part of the form that has the focus. Without one, a wrong field has it.
    focus: Option<String>,
}

impl FormState {
    pub fn new(typed: Typed) -> Self {
        Self { typed, ..Self::default() }
    }

    /// Gives the focus to a field or to a part of the form.
    #[must_use]
    pub fn focused(self, part: impl Into<String>) -> Self {
        Self { focus: Some(part.into()), ..self }
    }

    pub fn has_focus(&self, part: &str) -> bool {
        self.focus.as_deref() == Some(part)
    }

    pub fn refused(typed: Typed, error: &Error) -> Self {
        let (status, whole) = status_and_message(error);
        let problems = match error {
            Error::Invalid { field, message, others } => {
                let others = others.iter().map(|other| Problem::of_field(&other.field, &other.message));
                std::iter::once(Problem::of_field(field, message)).chain(others).collect()
            }
            _ => vec![Problem { field: None, message: whole }],
        };
        Self { typed, refusal: Some(Refusal { status, problems }), focus: None }
    }

    /// Does the same as [`refused`](Self::refused), for a page that reads from the database.
    ///
    /// # Errors
    /// The page for an unavailable database. Showing the form again would wait for the database once more.
    pub fn refused_for(visitor: &Visitor, typed: Typed, error: Error) -> Result<Self, PageError> {
        if error.is_unavailable() { Err(page_of(visitor)(error)) } else { Ok(Self::refused(typed, &error)) }
    }

    /// Shows each message beside the field that `shown` names. A message that belongs to no field is `None` there.
    #[must_use]
    pub fn shown_beside(mut self, shown: impl Fn(&Typed, Option<&str>) -> Option<String>) -> Self {
        for problem in self.refusal.iter_mut().flat_map(|refusal| &mut refusal.problems) {
            problem.field = shown(&self.typed, problem.field.as_deref());
        }
        self
    }

    /// Shows a message that belongs to no field beside this one, if what was typed is the reason: it conflicts with what is there,
    /// or names what is not there.
    #[must_use]
    pub fn otherwise_beside(self, field: &str) -> Self {
        if !matches!(self.status(), StatusCode::CONFLICT | StatusCode::NOT_FOUND) {
            return self;
        }
        self.shown_beside(|_, named| Some(named.unwrap_or(field).to_owned()))
    }

    /// Shows a message about one field beside another.
    #[must_use]
    pub fn renamed(self, field: &str, shown: &str) -> Self {
        self.shown_beside(|_, named| Some(if named? == field { shown.to_owned() } else { named?.to_owned() }))
    }

    pub fn status(&self) -> StatusCode {
        self.refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status)
    }

    pub fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// The messages, for a form of buttons only.
    pub fn problem(&self) -> Markup {
        html! { @for problem in self.problems() { (refusal(&problem.sentence(None))) } }
    }

    fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.refusal.iter().flat_map(|refusal| &refusal.problems)
    }

    /// An empty form, for fields to be added.
    pub fn form(&self) -> Form<'_> {
        Form { state: self, fields: Vec::new(), body: Vec::new() }
    }
}

impl Problem {
    fn of_field(field: &str, refusal: &service::Refusal) -> Self {
        Self { field: Some(field.to_owned()), message: refusal_or_english(refusal) }
    }

    fn names(&self, field: &str) -> bool {
        self.field.as_deref() == Some(field)
    }

    fn sentence(&self, label: Option<&str>) -> String {
        let text = match (label, &self.field) {
            // A message that is a sentence does not need its subject.
            _ if self.is_sentence() => self.message.clone(),
            (Some(label), _) => format!("{label} {}", self.message),
            (None, Some(field)) => format!("The field '{field}' {}", self.message),
            (None, None) => self.message.clone(),
        };
        sentence(text)
    }

    /// The message in a list of messages about several fields, where each names its field.
    fn listed(&self, label: &str) -> String {
        let text = self.sentence(Some(label));
        if self.is_sentence() { format!("{label}: {text}") } else { text }
    }

    fn is_sentence(&self) -> bool {
        self.message.starts_with(begins_a_sentence)
    }
}

/// Some scripts, such as that of Hindi, have no capital letters.
fn begins_a_sentence(letter: char) -> bool {
    letter.is_alphabetic() && !letter.is_lowercase()
}

/// A form under construction.
pub struct Form<'a> {
    state: &'a FormState,
    /// The visible fields: names, ids and labels.
    fields: Vec<(String, String, String)>,
    body: Vec<Markup>,
}

impl Form<'_> {
    /// The values of the form.
    pub fn typed(&self) -> &Typed {
        &self.state.typed
    }

    pub fn add(&mut self, field: &Field<'_>) {
        let value = self.state.typed.text(&field.name);
        let chosen: Vec<&str> = self.state.typed.all(&field.name).collect();
        let wrong = self.state.problems().find(|problem| problem.names(&field.name));
        let wrong = wrong.map(|problem| problem.sentence(Some(field.label)));
        // With several wrong fields, the list of them has the focus.
        let is_only_problem = wrong.is_some() && self.state.problems().count() == 1;
        let has_focus = is_only_problem || self.state.has_focus(&field.name);
        self.body.push(field.render(value, &chosen, wrong.as_deref(), has_focus));
        if !matches!(field.kind, Kind::Hidden) {
            self.fields.push((field.name.clone().into_owned(), field.id(), field.label.to_owned()));
        }
    }

    /// Adds anything but a field.
    pub fn put(&mut self, markup: Markup) {
        self.body.push(markup);
    }

    /// Adds fields that belong together.
    pub fn group(&mut self, legend: &str, add: impl FnOnce(&mut Self)) {
        let before = std::mem::take(&mut self.body);
        add(self);
        let fields = std::mem::replace(&mut self.body, before);
        self.body.push(html! {
            fieldset.group {
                legend { (legend) }
                @for field in &fields { (field) }
            }
        });
    }

    /// The whole form. Messages that belong to none of its fields are above it. If several fields are wrong, they are listed there,
    /// too.
    pub fn send_to(self, address: &str, buttons: &Markup) -> Markup {
        html! {
            form.stacked method="post" action=(address) {
                (self.summary())
                @if self.typed().has(SHOWN) { input type="hidden" name=(SHOWN) value=(self.typed().text(SHOWN)); }
                @for part in &self.body { (part) }
                div.buttons { (buttons) }
            }
        }
    }

    fn summary(&self) -> Markup {
        let place_of = |problem: &Problem| self.fields.iter().position(|(name, ..)| problem.names(name));
        let mut problems: Vec<_> = self.state.problems().map(|problem| (problem, place_of(problem))).collect();
        // In the order of the fields. What belongs to no field comes first.
        problems.sort_by_key(|(_, place)| *place);
        let problems: Vec<_> = problems
            .into_iter()
            .map(|(problem, place)| (problem, place.and_then(|place| self.fields.get(place))))
            .collect();
        html! {
            @match problems[..] {
                [] | [(_, Some(_))] => {}
                [(problem, None)] => (refusal(&problem.sentence(None))),
                _ => {
                    div.problem role="alert" tabindex="-1" autofocus {
                        p { (words!("several-problems", count = problems.len())) }
                        ul {
                            @for (problem, field) in problems {
                                li {
                                    @match field {
                                        Some((_, id, label)) => a href={ "#" (id) } { (problem.listed(label)) },
                                        None => (problem.sentence(None)),
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One field of a form.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    name: Cow<'a, str>,
    /// The message about a wrong value begins with it.
    label: &'a str,
    hint: Option<Cow<'a, str>>,
    kind: Kind<'a>,
    is_required: bool,
    autocomplete: Option<&'a str>,
    /// Whether the script fills in the browser's time zone while the field is empty.
    is_own_zone: bool,
}

#[derive(Debug, Clone)]
enum Kind<'a> {
    /// The type of an `input`, and its other attributes.
    Text {
        kind: &'static str,
        longest: Option<usize>,
        list: Option<&'a str>,
    },
    LongText,
    Number {
        least: i64,
        most: i64,
    },
    Check,
    /// Values and their words.
    Choice(Vec<(String, String)>),
    /// Values and their words, of which several may be ticked.
    Several(Vec<(String, String)>),
    Hidden,
}

/// The longest name, as the service checks it.
const LONGEST: usize = 200;

impl<'a> Field<'a> {
    fn of(name: impl Into<Cow<'a, str>>, label: &'a str, kind: Kind<'a>) -> Self {
        Self { name: name.into(), label, hint: None, kind, is_required: false, autocomplete: None, is_own_zone: false }
    }

    fn input(name: impl Into<Cow<'a, str>>, label: &'a str, kind: &'static str) -> Self {
        Self::of(name, label, Kind::Text { kind, longest: None, list: None })
    }

    pub fn text(name: impl Into<Cow<'a, str>>, label: &'a str) -> Self {
        Self::of(name, label, Kind::Text { kind: "text", longest: Some(LONGEST), list: None })
    }

    /// A text with suggestions from the `datalist` with this id.
    pub fn suggested(name: impl Into<Cow<'a, str>>, label: &'a str, list: &'a str) -> Self {
        Self::of(name, label, Kind::Text { kind: "text", longest: Some(LONGEST), list: Some(list) })
    }

    pub fn address(name: impl Into<Cow<'a, str>>, label: &'a str) -> Self {
        Self::input(name, label, "url")
    }

    pub fn date(name: impl Into<Cow<'a, str>>, label: &'a str) -> Self {
        Self::input(name, label, "date")
    }

    pub fn time(name: impl Into<Cow<'a, str>>, label: &'a str) -> Self {
        Self::input(name, label, "time")
    }

    pub fn long_text(name: impl Into<Cow<'a, str>>, label: &'a str) -> Self {
        Self::of(name, label, Kind::LongText)
    }

    pub fn number(name: impl Into<Cow<'a, str>>, label: &'a str, least: i64, most: i64) -> Self {
        Self::of(name, label, Kind::Number { least, most })
    }

    pub fn check(name: impl Into<Cow<'a, str>>, label: &'a str) -> Self {
        Self::of(name, label, Kind::Check)
    }

    pub fn choice(
        name: impl Into<Cow<'a, str>>,
        label: &'a str,
        options: impl IntoIterator<Item = (impl Into<String>, String)>,
    ) -> Self {
        Self::of(name, label, Kind::Choice(owned(options)))
    }

    pub fn several(
        name: impl Into<Cow<'a, str>>,
        label: &'a str,
        options: impl IntoIterator<Item = (impl Into<String>, String)>,
    ) -> Self {
        Self::of(name, label, Kind::Several(owned(options)))
    }

    pub fn hidden(name: impl Into<Cow<'a, str>>) -> Self {
        Self::of(name, "", Kind::Hidden)
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<Cow<'a, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    #[must_use]
    pub fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// The `autocomplete` token: the kind of value that a browser may fill in.
    #[must_use]
    pub fn filled_with(self, autocomplete: &'a str) -> Self {
        Self { autocomplete: Some(autocomplete), ..self }
    }

    /// While the field is empty, the script fills in the time zone of the browser.
    #[must_use]
    pub fn in_own_zone(self) -> Self {
        Self { is_own_zone: true, ..self }
    }

    fn id(&self) -> String {
        format!("field-{}", self.name.replace('.', "-"))
    }

    fn render(&self, value: &str, chosen: &[&str], wrong: Option<&str>, has_focus: bool) -> Markup {
        let name: &str = &self.name;
        if matches!(self.kind, Kind::Hidden) {
            return html! { input type="hidden" name=(name) value=(value); };
        }
        let id = self.id();
        let (hint_id, wrong_id) = (format!("{id}-hint"), format!("{id}-wrong"));
        let described: Vec<&str> = [(self.hint.is_some(), &hint_id), (wrong.is_some(), &wrong_id)]
            .into_iter()
            .filter_map(|(is_there, id)| is_there.then_some(id.as_str()))
            .collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        let is_wrong = wrong.is_some();
        let invalid = is_wrong.then_some("true");
        let required = self.is_required;
        let notes = html! {
            @if let Some(hint) = &self.hint { span.hint id=(hint_id) { (hint) } }
            @if let Some(wrong) = wrong { span.wrong id=(wrong_id) { (wrong) } }
        };
        let label = html! { label for=(id) { (self.label) } };
        html! {
            div.field.is-wrong[is_wrong] {
                @match &self.kind {
                    Kind::Text { kind, longest, list } => {
                        (label) (notes)
                        input id=(id) type=(kind) name=(name) value=(value) required[required] maxlength=[longest]
                            list=[list] autocomplete=[self.autocomplete] autofocus[has_focus] data-own-zone[self.is_own_zone]
                            // Otherwise a browser refuses a time whose seconds differ from those of the initial value.
                            step=[(*kind == "time").then_some("any")]
                            aria-invalid=[invalid] aria-describedby=[described];
                    }
                    Kind::LongText => {
                        (label) (notes)
                        // The first line break of a text area is not part of it.
                        textarea id=(id) name=(name) rows="6" required[required] autofocus[has_focus]
                            aria-invalid=[invalid] aria-describedby=[described] { "\n" (value) }
                    }
                    Kind::Number { least, most } => {
                        (label) (notes)
                        input.number id=(id) type="number" name=(name) value=(value) min=(least) max=(most) step="1"
                            inputmode="numeric" required[required] autofocus[has_focus]
                            aria-invalid=[invalid] aria-describedby=[described];
                    }
                    Kind::Check => {
                        label.check for=(id) {
                            input id=(id) type="checkbox" name=(name) checked[!value.is_empty()] autofocus[has_focus]
                                aria-invalid=[invalid] aria-describedby=[described];
                            " " (self.label)
                        }
                        (notes)
                    }
                    Kind::Choice(options) => {
                        (label) (notes)
                        select id=(id) name=(name) required[required] autofocus[has_focus]
                            aria-invalid=[invalid] aria-describedby=[described] {
                            @for (option, words) in options {
                                option value=(option) selected[option == value] { (words) }
                            }
                        }
                    }
                    Kind::Several(options) => {
                        fieldset.several id=(id) tabindex=[(is_wrong || has_focus).then_some("-1")] autofocus[has_focus] aria-describedby=[described] {
                            legend { (self.label) }
                            (notes)
                            @for (option, words) in options {
                                label.check {
                                    input type="checkbox" name=(name) value=(option) checked[chosen.contains(&option.as_str())];
                                    " " (words)
                                }
                            }
                        }
                    }
                    Kind::Hidden => {}
                }
            }
        }
    }
}

fn owned(options: impl IntoIterator<Item = (impl Into<String>, String)>) -> Vec<(String, String)> {
    options.into_iter().map(|(value, words)| (value.into(), words)).collect()
}

/// The result of the form that led to this page.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The part of the page that the form belongs to.
    at: String,
    done: Option<Done>,
    refused: Option<FormState>,
}

#[derive(Debug, Default, Deserialize)]
struct Shown {
    #[serde(default)]
    done: String,
    #[serde(default)]
    at: String,
}

impl<S: Sync> FromRequestParts<S> for Outcome {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let Ok(Query(Shown { done, at })) = Query::try_from_uri(&parts.uri) else { return Ok(Self::default()) };
        Ok(Self { at, done: Done::named(&done), refused: None })
    }
}

impl Outcome {
    pub fn refused(at: impl Into<String>, form_state: FormState) -> Self {
        Self { at: at.into(), done: None, refused: Some(form_state) }
    }

    /// The same, in the part `otherwise` if the page does not have the part that it belongs to. So no message gets lost.
    #[must_use]
    pub fn within(&self, parts: &[String], otherwise: &str) -> Self {
        if parts.contains(&self.at) { self.clone() } else { Self { at: otherwise.to_owned(), ..self.clone() } }
    }

    /// The form of this part of the page as it was refused, or with these values.
    pub fn form_state(&self, at: &str, values: impl FnOnce() -> Typed) -> FormState {
        self.refused.clone().filter(|_| self.at == at).unwrap_or_else(|| FormState::new(values()))
    }

    /// The confirmation of what was done in this part of the page.
    pub fn notice(&self, at: &str) -> Markup {
        let done = self.done.filter(|_| self.at == at);
        html! {
            @if let Some(done) = done { p.done role="status" tabindex="-1" autofocus { (done.words()) } }
        }
    }

    /// The message for a part of the page that has only buttons.
    pub fn message(&self, at: &str) -> Markup {
        html! {
            (self.notice(at))
            @if let Some(form_state) = self.refused.as_ref().filter(|_| self.at == at) { (form_state.problem()) }
        }
    }

    pub fn status(&self) -> StatusCode {
        self.refused.as_ref().map_or(StatusCode::OK, FormState::status)
    }

    /// Whether the page shows why a form was refused. Then the page must not refresh itself, because that would remove the
    /// message.
    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }
}

/// Redirects to a page, which shows a confirmation in one of its parts. `address` is as a page writes it: see
/// [`to`](crate::site::to).
pub fn confirmed(address: &str, done: Done, at: &str) -> Response {
    let separator = if address.contains('?') { '&' } else { '?' };
    let at = super::cards::encoded(at);
    Redirect::to(&format!("{address}{separator}done={}&at={at}", done.name())).into_response()
}

/// A page that asks for confirmation before an action that cannot be undone.
pub struct Question<'a> {
    pub title: &'a str,
    pub text: Markup,
    /// What the button says.
    pub button: &'a str,
    /// Where the form is sent to.
    pub action: &'a str,
    /// The fields that the form sends, besides `confirmed`.
    pub fields: &'a [(&'a str, &'a str)],
    /// The address of the link that cancels the action.
    pub back: &'a str,
}

/// The hidden field with the values that a form showed at first.
const SHOWN: &str = "shown";

/// The field that says that the visitor has confirmed.
const CONFIRMED: &str = "confirmed";

impl Question<'_> {
    pub fn ask(&self, visitor: &Visitor) -> Response {
        let main = html! {
            h1 { (self.title) }
            div.question { (self.text) }
            form.stacked method="post" action=(self.action) {
                @for (name, value) in self.fields { input type="hidden" name=(name) value=(value); }
                input type="hidden" name=(CONFIRMED) value="yes";
                div.buttons {
                    button.danger { (self.button) }
                    a.button href=(self.back) { (words!("go-back")) }
                }
            }
        };
        respond(&Frame::new(self.title, visitor).standing_still(), &main)
    }
}

#[cfg(test)]
mod tests {
    use domain::{characters::TextProblem, dates::OutOfRange};
    use service::FieldErrors;

    use super::*;
    use crate::language::tests::speaking;

    fn typed(fields: &[(&str, &str)]) -> Typed {
        fields.iter().fold(Typed::default(), |typed, (name, value)| typed.with(*name, value))
    }

    fn shown(form_state: &FormState) -> String {
        let mut form = form_state.form();
        form.add(&Field::text("displayName", "Name").required());
        form.add(&Field::date("from", "First date"));
        form.send_to("/there", &html! { button { "Save" } }).into_string()
    }

    #[test]
    fn refused_form_keeps_what_was_typed_and_names_the_field() {
        let error = Error::invalid("displayName", service::Refusal::TooLong(200));
        let html = shown(&FormState::refused(typed(&[("displayName", "<Ann>"), ("from", "2027-01-01")]), &error));
        for part in [
            "value=\"&lt;Ann&gt;\"",
            "value=\"2027-01-01\"",
            "<span class=\"wrong\" id=\"field-displayName-wrong\">Name is too long: 200 characters at most.</span>",
            "aria-invalid=\"true\" aria-describedby=\"field-displayName-wrong\"",
        ] {
            assert!(html.contains(part), "no {part} in {html}");
        }
        assert_eq!(html.matches("autofocus").count(), 1, "the field has the focus: {html}");
    }

    #[test]
    fn several_wrong_fields_are_listed_above_the_form_with_links() {
        let mut errors = FieldErrors::default();
        errors.add("from", OutOfRange);
        errors.add("displayName", TextProblem::Empty);
        errors.add("displayName", service::Refusal::TooLong(200));
        errors.add("sessionIds", "must name a session");
        let error = errors.finish().unwrap_err();
        for (language, parts) in [
            (
                "en",
                [
                    "Correct these 3 things:",
                    "<a href=\"#field-displayName\">Name must not be empty.</a>",
                    "<li>The field 'sessionIds' must name a session.</li>",
                    "id=\"field-displayName-wrong\">Name must not be empty.</span>",
                    "id=\"field-from-wrong\">First date must be in the years 2 to 9998.</span>",
                ],
            ),
            (
                "de",
                [
                    "Korrigieren Sie diese 3 Angaben:",
                    "<a href=\"#field-displayName\">Name: Das Feld darf nicht leer sein.</a>",
                    "<li>The field 'sessionIds' must name a session.</li>",
                    "id=\"field-displayName-wrong\">Das Feld darf nicht leer sein.</span>",
                    "id=\"field-from-wrong\">Das Jahr muss zwischen 2 und 9998 liegen.</span>",
                ],
            ),
        ] {
            let html = speaking(language, || shown(&FormState::refused(typed(&[("displayName", "")]), &error)));
            let html = html.replace("&#39;", "'");
            for part in parts {
                assert!(html.contains(part), "no {part} in {html}");
            }
            assert_eq!(html.matches("autofocus").count(), 1, "the list has the focus: {html}");
            assert_eq!(html.matches("aria-invalid").count(), 2, "{html}");
        }
    }

    #[test]
    fn message_about_no_field_is_above_the_form() {
        for (error, words) in [
            (Error::Conflict("this is taken".into()), "This is taken."),
            (Error::invalid("sessionIds", "must name a session"), "The field 'sessionIds' must name a session."),
            (Error::internal("the disk is full"), "Something went wrong on the server. Try again in a moment."),
        ] {
            let html = shown(&FormState::refused(Typed::default(), &error)).replace("&#39;", "'");
            let (message, field) = (html.find(words), html.find("field-displayName"));
            assert!(message.is_some() && message < field, "no {words} in {html}");
            assert!(!html.contains("aria-invalid") && !html.contains("the disk"), "{html}");
        }
    }

    #[test]
    fn only_fields_that_the_sender_changed_are_changes() {
        let values = [("name", "Monday \"<Tunes>\""), ("notes", "One\nTwo"), ("day", "2"), ("day", "1"), ("box", "on")];
        let first = typed(&values).for_editing();
        let same = [("city", ""), ("notes", "One\r\nTwo"), ("day", "1"), ("day", "2"), ("box", "on"), values[0]];
        let same = typed(&same).with(SHOWN, first.text(SHOWN));
        let fields = ["name", "notes", "day", "box", "city"];
        assert!(fields.iter().all(|field| !same.changes().has(field)));
        let other = typed(&[("name", ""), ("notes", "One"), ("day", "1"), ("city", "Austin")]);
        assert!(fields.iter().all(|field| other.changes().has(field)), "a form without the first values changes all");
        assert_eq!((other.changes().text("website"), other.changes().text("city")), (None, Some("Austin".to_owned())));
        let other = other.with(SHOWN, first.text(SHOWN));
        let changes = other.changes();
        assert!(fields.iter().all(|field| changes.has(field)));
        assert_eq!((changes.text("name"), changes.read("name", Typed::optional)), (Some(String::new()), Some(None)));
        assert_eq!((changes.ticked("box"), same.changes().ticked("box")), (Some(false), None));

        // A form that is refused still carries the values that it showed at first.
        let error = Error::invalid("displayName", TextProblem::Empty);
        let html = shown(&FormState::refused(other, &error));
        let kept = html! { input type="hidden" name=(SHOWN) value=(first.text(SHOWN)); }.into_string();
        assert!(html.contains(&kept), "{html}");
    }

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let form = typed(&[("time", "19:30"), ("late", "19:30:15"), ("date", "2027-02-30"), ("n", "x"), ("a", " b ")]);
        assert_eq!(form.time("time").unwrap(), NaiveTime::from_hms_opt(19, 30, 0));
        assert_eq!(form.time("late").unwrap(), NaiveTime::from_hms_opt(19, 30, 15));
        assert_eq!(form.time("none").unwrap(), None);
        assert!(
            form.date("date").is_err()
                && form.parsed::<i32>("n", "").is_err()
                && form.required::<i32>("none", "").is_err()
        );
        assert_eq!((form.text("a"), form.optional("none"), form.has("n")), ("b", None, true));
    }
}
