//! Names that the pages mention: settings, commands and their options, metrics, crates, rules, and items of the code.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result, ensure};
use insession_tests::{Program, Settings, TestDatabase, program};
use service::settings::{Settings as ServiceSettings, Source};

use super::{Page, repository};

#[test]
fn every_setting_is_documented_and_no_other() -> Result<()> {
    let read = RefCell::new(BTreeSet::new());
    ServiceSettings::from(&Source(&|name| {
        read.borrow_mut().insert(name.to_owned());
        None
    }))?;
    let page = Page::read("docs/settings.md")?;
    let (own, _) = page.text.split_once("\n## Settings of libraries\n").context("where are those of libraries?")?;
    let own = Page { text: own.to_owned(), ..page };
    let is_name = |cell: &&str| cell.chars().all(|character| character.is_ascii_uppercase() || character == '_');
    let documented: BTreeSet<String> = own.first_cells().filter(is_name).map(str::to_owned).collect();
    let read = read.into_inner();
    let undocumented: Vec<_> = read.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&read).collect();
    ensure!(undocumented.is_empty(), "docs/settings.md does not mention {undocumented:?}");
    ensure!(unknown.is_empty(), "docs/settings.md mentions {unknown:?}, which nothing reads");
    Ok(())
}

#[tokio::test]
async fn every_command_and_option_is_documented_and_no_other_command() -> Result<()> {
    let settings = Settings::new("sqlite://unused.db");
    let help = program::run(&settings, &["--help"]).await?.expect_success()?.stdout;
    let (_, listed) = help.split_once("Commands:\n").context("no commands")?;
    let listed = listed.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    let commands: BTreeSet<&str> = listed.filter(|name| *name != "help").collect();
    let page = Page::read("docs/commands.md")?;
    let documented: BTreeSet<&str> =
        page.first_cells().filter_map(|cell| cell.strip_prefix("insession ")?.split(' ').next()).collect();
    assert_eq!(documented, commands);
    for command in commands {
        let help = program::run(&settings, &[command, "--help"]).await?.expect_success()?.stdout;
        for option in help.split_whitespace().filter(|word| word.starts_with("--") && *word != "--help") {
            let option = option.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
            ensure!(page.text.contains(option), "docs/commands.md does not mention {option} of {command}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_documented_metric_exists() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    // Metrics of sweeps exist after the first sweep.
    let sweep = reqwest::Client::new().post(format!("{}/cron/sweep", server.url())).bearer_auth(program::CRON_SECRET);
    sweep.send().await?.error_for_status()?;
    let metrics = server.metrics().await?;
    let page = Page::read("docs/operations.md")?;
    let names = page.code_spans().filter(|span| span.starts_with("insession_"));
    let names: BTreeSet<&str> = names.filter_map(|span| span.split('{').next()).collect();
    ensure!(names.len() > 10, "only {names:?} were found");
    for name in names {
        let name = name.strip_suffix("_total").unwrap_or(name);
        ensure!(
            metrics.contains(&format!("# TYPE {name} ")),
            "docs/operations.md mentions {name}, which does not exist"
        );
    }
    Ok(())
}

/// The map of ARCHITECTURE.md has a row for each crate: its name, and the crates of the project that it depends on.
#[test]
fn the_map_has_every_crate_and_its_dependencies() -> Result<()> {
    let page = Page::read("ARCHITECTURE.md")?;
    let (_, map) = page.text.split_once("\n## The map\n").context("ARCHITECTURE.md has no map")?;
    let map = map.split("\n## ").next().unwrap_or(map);
    let rows = map.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let mapped: BTreeMap<String, BTreeSet<String>> = rows
        .map(|(name, cells)| {
            let uses = cells.split('|').nth(1).unwrap_or_default();
            (name.to_owned(), uses.split('`').skip(1).step_by(2).map(str::to_owned).collect())
        })
        .collect();
    assert_eq!(mapped, crates()?);
    Ok(())
}

/// The crates of the workspace, by the names of their folders, and which of them each depends on.
fn crates() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let workspace = fs::read_to_string(repository().join("Cargo.toml"))?;
    let members =
        workspace.lines().find_map(|line| line.strip_prefix("members = ")).context("where are the members?")?;
    let members: BTreeSet<&str> = members.split('"').skip(1).step_by(2).collect();
    let uses = |name: &&str| -> Result<(String, BTreeSet<String>)> {
        let manifest = fs::read_to_string(repository().join(name).join("Cargo.toml"))?;
        let (_, dependencies) = manifest.split_once("\n[dependencies]\n").unwrap_or_default();
        let names = dependencies.lines().take_while(|line| !line.starts_with('['));
        let names = names.filter_map(|line| line.split(['.', ' ', '=']).next());
        Ok(((*name).to_owned(), names.filter(|name| members.contains(name)).map(str::to_owned).collect()))
    };
    members.iter().map(uses).collect()
}

#[test]
fn rules_have_stable_numbers_and_cited_rules_exist() -> Result<()> {
    let page = Page::read("ARCHITECTURE.md")?;
    let headings = page.prose().filter_map(|line| line.strip_prefix("### Rule ")?.split(':').next()?.parse().ok());
    let rules: Vec<u32> = headings.collect();
    assert_eq!(rules, (1..=29).collect::<Vec<_>>(), "a rule keeps its number; a new one gets the next");
    for (path, source) in sources()? {
        let markers = ["rule ", "rules ", "Rule ", "Rules "];
        let citations = markers.iter().flat_map(|marker| source.split(marker).skip(1));
        for rest in citations {
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let Ok(number) = number.parse() else { continue };
            ensure!(rules.contains(&number), "{path} cites rule {number}, which ARCHITECTURE.md does not have");
        }
    }
    Ok(())
}

/// Code in ARCHITECTURE.md and docs/testing.md that looks like a path or a name exists in the repository.
#[test]
fn items_of_the_code_that_the_pages_name_exist() -> Result<()> {
    let sources = sources()?;
    let mut missing = Vec::new();
    for page in [Page::read("ARCHITECTURE.md")?, Page::read("docs/testing.md")?] {
        for span in page.code_spans().filter(|span| !exists(span, &sources)) {
            missing.push(format!("{}: {span}", page.path.display()));
        }
    }
    ensure!(missing.is_empty(), "not found:\n{}", missing.join("\n"));
    Ok(())
}

/// Whether a file, or an item of the code, of this name exists. Anything else, such as a command, counts as existing.
fn exists(span: &str, sources: &[(String, String)]) -> bool {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_./:-!".contains(character);
    if !span.chars().all(is_plain) {
        return true;
    }
    let is_folder = |name: &str| !name.is_empty() && repository().join(name).is_dir();
    if let Some((first, _)) = span.split_once('/') {
        return !is_folder(first) || repository().join(span).exists();
    }
    if let Some((first, rest)) = span.split_once("::") {
        let in_crate = |path: &str| !is_folder(first) || Path::new(path).starts_with(first);
        let is_declared = |name: &str| sources.iter().any(|(path, text)| in_crate(path) && declares(path, text, name));
        return !(is_folder(first) || is_declared(first)) || rest.split("::").all(is_declared);
    }
    let is_file = Path::new(span).extension().is_some_and(|it| it == "rs" || it == "md" || it == "graphql");
    if is_file {
        return repository().join(span).exists();
    }
    let name = span.trim_end_matches('!');
    let is_macro = span.ends_with('!');
    let is_item = is_macro || (name.contains('_') && !name.contains(['.', '-']) && name.to_lowercase() == name);
    !is_item || sources.iter().any(|(_, text)| contains_word(text, name))
}

/// Whether a source declares an item of this name, or is the module.
fn declares(path: &str, text: &str, name: &str) -> bool {
    let path = Path::new(path);
    let is_module =
        path.file_stem().is_some_and(|stem| stem == name) || path.components().any(|it| it.as_os_str() == name);
    let words = ["fn", "struct", "enum", "trait", "type", "const", "static", "macro_rules!"];
    is_module || words.iter().any(|word| contains_word(text, &format!("{word} {name}")))
}

fn contains_word(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word)
        .any(|(start, _)| !text[..start].ends_with(is_part) && !text[start + word.len()..].starts_with(is_part))
}

/// The Rust files of the workspace: their paths in the repository, and their texts.
fn sources() -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(repository())? {
        let folder = entry?.path();
        if folder.join("Cargo.toml").is_file() {
            collect_sources(&folder, &mut found)?;
        }
    }
    Ok(found)
}

fn collect_sources(folder: &Path, found: &mut Vec<(String, String)>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(repository())?.display().to_string();
            found.push((name, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}
