//! Pages and badges in a real browser.

mod assets;
mod away;
mod badges;
mod bookings;
mod graphiql;
mod heartbeat;
mod languages;
mod misuse;
mod near;
mod on_a_server;
mod other_site;
mod package;
mod paths;
mod phone;
mod queue;
mod screen;
mod site;
mod tabs;
mod under_a_path;

use anyhow::Result;
use insession_tests::{Page, Program, token};

/// Signs in with a token through the sign-in page.
async fn sign_in(page: &Page, server: &Program, person: &str) -> Result<()> {
    page.goto(&format!("{}/sign-in?next=/me", server.url())).await?;
    page.evaluate("document.getElementById('token').focus()").await?;
    page.type_text(&token::of(person)).await?;
    page.press("Enter").await?;
    page.until("location.pathname === '/me' && document.readyState === 'complete'").await
}
