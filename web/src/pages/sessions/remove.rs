//! `/sessions/{path}/delete`: deleting a session. Only for admins.

use axum::extract::State;
use maud::html;
use service::sessions;

use super::{
    super::{
        Page, Pages,
        done::Done,
        error::{PageError, page_of},
        forms::{Question, confirmed},
    },
    Organizer, below,
};
use crate::{
    language::{text_around, words},
    site::to,
};

pub async fn show(Organizer { visitor, session }: Organizer) -> Page {
    if !visitor.viewer.may_delete_sessions() {
        return Err(PageError::forbidden(&visitor, &words!("admins-delete-sessions")));
    }
    let question = Question {
        title: &words!("delete-session-question"),
        text: html! {
            p { (text_around("delete-session-note", "session", &html! { strong { (session.name) } })) }
            p { (words!("delete-session-advice")) }
        },
        button: &words!("delete-for-good"),
        action: &below(&session, "delete"),
        fields: &[],
        back: &below(&session, "organize"),
    };
    Ok(question.ask(&visitor))
}

pub async fn delete(State(pages): State<Pages>, Organizer { visitor, session }: Organizer) -> Page {
    sessions::delete_session(&pages.app, visitor.viewer, session.id).await.map_err(page_of(&visitor))?;
    Ok(confirmed(&to("/admin"), Done::SessionDeleted, "admin"))
}
