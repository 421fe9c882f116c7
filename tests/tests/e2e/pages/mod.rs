//! What people do on pages, with plain forms and without scripts: tasks of organisers, of admins, of other people, and
//! of visitors who are not signed in.

mod activities;
mod admins;
mod anyone;
mod languages;
mod organizers;
mod people;
mod pictures;

use anyhow::{Context, Result, ensure};
use insession_tests::Client;
use reqwest::{
    StatusCode,
    header::{CONTENT_SECURITY_POLICY, COOKIE},
};

/// A browser without scripts.
pub struct Visitor {
    client: Client,
    cookie: Option<String>,
}

/// A page, after redirects.
pub struct Shown {
    pub status: StatusCode,
    /// The path and the query.
    pub address: String,
    /// The content security policy. It is empty if the answer has none.
    pub policy: String,
    pub text: String,
}

impl Visitor {
    /// A visitor who is signed in with the token of this client.
    pub fn of(client: &Client) -> Self {
        let cookie = client.token().map(|token| format!("insession_token={token}"));
        Self { client: client.clone(), cookie }
    }

    pub async fn get(&self, address: &str) -> Result<Shown> {
        self.send(self.client.http().get(self.client.address(address))).await
    }

    /// Sends a form, as a browser does.
    pub async fn post(&self, address: &str, fields: &[(&str, &str)]) -> Result<Shown> {
        let request = self.client.http().post(self.client.address(address)).form(fields);
        self.send(request.header("sec-fetch-site", "same-origin")).await
    }

    /// Sends the form of a page that was opened earlier, with these fields changed, as a browser does.
    pub async fn post_edited(&self, address: &str, opened: &Shown, changed: &[(&str, &str)]) -> Result<Shown> {
        let shown = opened.value("shown")?.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
        let shown = shown.replace("&amp;", "&");
        let values: Vec<(String, String)> = serde_json::from_str(&shown)?;
        let kept = values.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = kept.filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
        let fields: Vec<_> = kept.chain(changed.iter().copied()).chain([("shown", shown.as_str())]).collect();
        self.post(address, &fields).await
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Result<Shown> {
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let answer = request.send().await?;
        let url = answer.url();
        let address = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let policy = answer.headers().get(CONTENT_SECURITY_POLICY).map(|policy| policy.to_str()).transpose()?;
        let policy = policy.unwrap_or_default().to_owned();
        Ok(Shown { status: answer.status(), address, policy, text: answer.text().await? })
    }
}

impl Shown {
    /// Checks that the page says this.
    pub fn says(self, text: &str) -> Result<Self> {
        ensure!(self.text.contains(text), "{} {}: no {text:?} in {}", self.status, self.address, self.text);
        Ok(self)
    }

    pub fn lacks(self, text: &str) -> Result<Self> {
        ensure!(!self.text.contains(text), "{} {}: {text:?} in {}", self.status, self.address, self.text);
        Ok(self)
    }

    /// Checks that the form was accepted: the page has a confirmation that begins with these words, and has the focus.
    pub fn confirms(self, words: &str) -> Result<Self> {
        ensure!(self.status == StatusCode::OK, "{} {}: {}", self.status, self.address, self.text);
        self.says(&format!("<p class=\"done\" role=\"status\" tabindex=\"-1\" autofocus>{words}"))
    }

    /// Checks that the form was refused because of this field, which has the focus and the message beside it.
    pub fn refuses(self, field: &str, message: &str) -> Result<Self> {
        ensure!(self.status.is_client_error(), "{} {}: {}", self.status, self.address, self.text);
        let id = format!("field-{}", field.replace('.', "-"));
        let shown = self.says(&format!("<span class=\"wrong\" id=\"{id}-wrong\">{message}"))?;
        let at = shown.text.find("aria-invalid").context("a field is marked")?;
        let tag = &shown.text[..at];
        let tag = &tag[tag.rfind('<').context("a tag")?..];
        ensure!(tag.contains(&format!("id=\"{id}\"")) && tag.contains("autofocus"), "another field is marked: {tag}");
        Ok(shown)
    }

    /// Checks that the form was refused because of exactly these fields: each has a message beside it, and the list above the
    /// form, which has the focus, has a link to it.
    pub fn refuses_all(self, wrong: &[(&str, &str)]) -> Result<Self> {
        ensure!(self.status.is_client_error(), "{} {}: {}", self.status, self.address, self.text);
        let list = "<div class=\"problem\" role=\"alert\" tabindex=\"-1\" autofocus>";
        let mut shown = self.says(list)?;
        for (field, message) in wrong {
            let id = format!("field-{}", field.replace('.', "-"));
            shown = shown.says(&format!("<span class=\"wrong\" id=\"{id}-wrong\">{message}</span>"))?;
            shown = shown.says(&format!("<li><a href=\"#{id}\">{message}</a></li>"))?.says(&format!(" id=\"{id}\""))?;
        }
        let marked = shown.text.matches("class=\"wrong\"").count();
        ensure!(marked == wrong.len(), "{marked} fields are marked: {}", shown.text);
        ensure!(shown.text.matches("autofocus").count() == 1, "the list has the focus: {}", shown.text);
        Ok(shown)
    }

    /// The value of the first field with this name.
    pub fn value(&self, name: &str) -> Result<String> {
        let start =
            self.text.find(&format!("name=\"{name}\"")).with_context(|| format!("no {name} in {}", self.text))?;
        let tag = &self.text[start..];
        let tag = &tag[..tag.find('>').context("the end of the tag")?];
        let value = tag.split_once("value=\"").and_then(|(_, rest)| rest.split_once('"'));
        Ok(value.with_context(|| format!("{tag} has no value"))?.0.to_owned())
    }
}
