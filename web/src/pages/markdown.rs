//! Markdown that people write: a subset that cannot change the page around it.

use maud::{Markup, PreEscaped};
use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html::push_html};

/// Renders a text. HTML in it is shown as it was typed. A picture becomes its description, because the page loads nothing from
/// other sites. A link leads to a website or a mailbox. Headings are below those of the page.
pub fn render(text: &str) -> Markup {
    let mut html = String::new();
    push_html(&mut html, Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH).map(safe));
    PreEscaped(html)
}

/// The words of a text without its Markdown, and at most `most` characters of them.
pub fn plain(text: &str, most: usize) -> String {
    let mut words = String::new();
    for event in Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item) => {
                words.push(' ');
            }
            _ => {}
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(most) {
        Some((end, _)) => format!("{} …", words[..end].rsplit_once(' ').map_or(&words[..end], |(whole, _)| whole)),
        None => words,
    }
}

fn safe(event: Event<'_>) -> Event<'_> {
    const BELOW: HeadingLevel = HeadingLevel::H3;
    match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::Start(Tag::Image { .. }) => Event::Start(Tag::Emphasis),
        Event::End(TagEnd::Image) => Event::End(TagEnd::Emphasis),
        Event::Start(Tag::Heading { .. }) => {
            Event::Start(Tag::Heading { level: BELOW, id: None, classes: Vec::new(), attrs: Vec::new() })
        }
        Event::End(TagEnd::Heading(_)) => Event::End(TagEnd::Heading(BELOW)),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url =
                if link_type == LinkType::Email || is_link(&dest_url) { dest_url } else { CowStr::Borrowed("#main") };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        event => event,
    }
}

fn is_link(address: &str) -> bool {
    let lower = address.to_ascii_lowercase();
    ["https://", "http://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::{plain, render};

    #[test]
    fn description_for_search_engines_has_whole_words_and_no_marks() {
        let text = "# Tunes\n\nFrom *Ireland*,\n[all](https://example.org) `welcome`<br>";
        assert_eq!(plain(text, 100), "Tunes From Ireland, all welcome");
        assert_eq!(plain(text, 20), "Tunes From Ireland, …");
        assert_eq!(plain("木木木", 2), "木木 …");
    }

    #[test]
    fn text_cannot_change_the_page_around_it() {
        for (text, html) in [
            ("Tunes, *all welcome*.", "<p>Tunes, <em>all welcome</em>.</p>\n"),
            ("# Rules\n- one", "<h3>Rules</h3>\n<ul>\n<li>one</li>\n</ul>\n"),
            ("a <script>alert(1)</script>", "<p>a &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
            ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
            ("[a](javascript:alert(1))", "<p><a href=\"#main\">a</a></p>\n"),
            ("[a](https://example.org)", "<p><a href=\"https://example.org\">a</a></p>\n"),
            ("<ann@example.org>", "<p><a href=\"mailto:ann@example.org\">ann@example.org</a></p>\n"),
            ("![a pub](https://example.org/p.png)", "<p><em>a pub</em></p>\n"),
        ] {
            assert_eq!(render(text).into_string(), html, "{text}");
        }
    }
}
