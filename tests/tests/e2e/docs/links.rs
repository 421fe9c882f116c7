//! Links between the pages, and from them to other files.

use std::path::Path;

use anyhow::{Result, ensure};

use super::{Page, repository};

#[test]
fn relative_links_lead_to_files_and_headings() -> Result<()> {
    let mut broken = Vec::new();
    for page in Page::all()? {
        for target in targets(&page) {
            if let Err(error) = follow(&page, &target) {
                broken.push(format!("{}: {target}: {error}", page.path.display()));
            }
        }
    }
    ensure!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
    Ok(())
}

/// What the links of a page lead to, without those to other sites.
fn targets(page: &Page) -> Vec<String> {
    let prose: Vec<_> = page.prose().collect();
    let prose = prose.join("\n");
    let links = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

fn follow(page: &Page, target: &str) -> Result<()> {
    let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let path = match file {
        "" => page.path.clone(),
        file => page.path.parent().unwrap_or(Path::new("")).join(file),
    };
    ensure!(repository().join(&path).exists(), "there is no such file");
    if let Some(heading) = heading {
        let there = Page::read(path)?;
        let headings = there.prose().filter(|line| line.starts_with('#'));
        ensure!(headings.map(anchor).any(|anchor| anchor == heading), "there is no such heading");
    }
    Ok(())
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let is_kept = |character: &char| character.is_alphanumeric() || [' ', '-', '_'].contains(character);
    text.chars().filter(is_kept).map(|character| if character == ' ' { '-' } else { character }).collect()
}
