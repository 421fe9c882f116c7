//! The documentation is true: the tour of README.md works, links lead somewhere, and the settings, commands, rules and names
//! that it mentions are those that exist.

mod links;
mod names;
mod tour;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// A page of Markdown.
struct Page {
    /// Relative to the repository, such as `docs/clients.md`.
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let text = fs::read_to_string(repository().join(&path)).with_context(|| path.display().to_string())?;
        Ok(Self { path, text })
    }

    /// README.md, ARCHITECTURE.md, and the pages in docs/.
    fn all() -> Result<Vec<Self>> {
        let mut pages = vec![Self::read("README.md")?, Self::read("ARCHITECTURE.md")?];
        for entry in fs::read_dir(repository().join("docs"))? {
            let name = entry?.file_name();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                pages.push(Self::read(Path::new("docs").join(name))?);
            }
        }
        Ok(pages)
    }

    /// Its lines outside code blocks.
    fn prose(&self) -> impl Iterator<Item = &str> {
        let mut is_code = false;
        self.text.lines().filter(move |line| {
            let is_fence = line.trim_start().starts_with("```");
            is_code ^= is_fence;
            !is_code && !is_fence
        })
    }

    /// The first cells of its tables that are code, such as `PORT` in "| `PORT` | 8080 |".
    fn first_cells(&self) -> impl Iterator<Item = &str> {
        self.prose().filter_map(|line| line.strip_prefix("| `")?.split('`').next())
    }

    /// Everything between backticks, outside code blocks.
    fn code_spans(&self) -> impl Iterator<Item = &str> {
        self.prose().flat_map(|line| line.split('`').skip(1).step_by(2))
    }
}

/// The first code block of this language under a heading of a page.
pub fn snippet(page: &str, heading: &str, language: &str) -> Result<String> {
    let Page { text, .. } = Page::read(page)?;
    let (_, section) =
        text.split_once(&format!("\n{heading}\n")).with_context(|| format!("{page} has no {heading}"))?;
    let (_, block) = section.split_once(&format!("```{language}\n")).with_context(|| format!("no {language} there"))?;
    Ok(block.split_once("\n```").context("the block does not end")?.0.to_owned())
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a folder of the repository")
}
