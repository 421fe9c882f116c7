//! The tour of README.md, and the page about the sweep, pasted into a shell block by block as a reader does.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use insession_tests::{LIMIT, TemporaryFolder, eventually, ports::free_port, program};

use super::Page;

/// The port that the tour names.
const PORT: &str = "8080";

#[tokio::test]
async fn readme_tour_works() -> Result<()> {
    follow("README.md", &["A tour"], 8).await
}

#[tokio::test]
async fn page_about_the_sweep_works() -> Result<()> {
    follow("docs/testing-the-sweep.md", &["Trying it", "Scenarios"], 8).await
}

/// Pastes the blocks of the sections whose headings begin with these texts. The sections must have at least `at_least`
/// steps.
async fn follow(page: &str, sections: &[&str], at_least: usize) -> Result<()> {
    let page = Page::read(page)?;
    let mut steps = Vec::new();
    for section in sections {
        steps.extend(steps_of(&page, section)?);
    }
    ensure!(steps.len() >= at_least, "only {} steps were found", steps.len());
    let folder = TemporaryFolder::new()?;
    let port = free_port()?.to_string();
    let mut shell = Shell::start(folder.path(), &port)?;
    for step in &steps {
        let start = shell.output()?.len();
        shell.paste(&step.commands.replace(PORT, &port))?;
        eventually(LIMIT, "the answers that the page shows", async || {
            let output = shell.output()?;
            let output = &output[start..];
            for line in &step.answers {
                ensure!(contains_parts(output, line), "no {line:?} in:\n{output}\nafter:\n{}", step.commands);
            }
            Ok(())
        })
        .await?;
    }
    shell.end().await
}

/// Commands, and the lines that they print. The order does not matter, because commands in the background print at any
/// time.
struct Step {
    commands: String,
    answers: Vec<String>,
}

fn steps_of(page: &Page, section: &str) -> Result<Vec<Step>> {
    let (_, tour) =
        page.text.split_once(&format!("\n## {section}")).with_context(|| format!("no section {section}"))?;
    let tour = tour.split("\n## ").next().unwrap_or(tour);
    let mut steps: Vec<Step> = Vec::new();
    for block in tour.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').context("an empty block")?;
        match language {
            "sh" => steps.push(Step { commands: format!("{text}\n"), answers: Vec::new() }),
            "text" => {
                steps.last_mut().context("an answer to nothing")?.answers = text.lines().map(str::to_owned).collect();
            }
            other => anyhow::bail!("a block of {other:?} in the tour"),
        }
    }
    Ok(steps)
}

/// Whether the text has this line, with anything where the line has `…`.
fn contains_parts(text: &str, line: &str) -> bool {
    let mut rest = text;
    line.split('…').all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// A shell that reads commands as from a terminal. It ends when its input is closed, also when the test fails. What it
/// started in the background ends with it.
struct Shell {
    process: Child,
    input: Option<ChildStdin>,
    output: std::path::PathBuf,
}

impl Shell {
    /// `cargo build` does nothing here, because the program has been built. It is at the path where the build would put
    /// it.
    fn start(folder: &Path, port: &str) -> Result<Self> {
        let (built, tools, output) = (folder.join("target/debug"), folder.join("tools"), folder.join("output"));
        fs::create_dir_all(&built)?;
        fs::create_dir(&tools)?;
        symlink(program::binary()?, built.join("insession"))?;
        fs::write(tools.join("cargo"), "#!/bin/sh\n[ \"$1\" = build ]\n")?;
        fs::set_permissions(tools.join("cargo"), fs::Permissions::from_mode(0o755))?;
        let writer = File::create(&output)?;
        let mut process = Command::new("bash")
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", tools.display()))
            .envs([("HOME", folder), ("TMPDIR", folder)])
            .envs([("PORT", port), ("TZ", "America/St_Johns")])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()
            .context("starting bash")?;
        let input = process.stdin.take();
        let mut shell = Self { process, input, output };
        shell.paste("trap 'kill $(jobs -p) 2>/dev/null; true' EXIT\n")?;
        Ok(shell)
    }

    fn paste(&mut self, commands: &str) -> Result<()> {
        let input = self.input.as_mut().context("the shell has ended")?;
        Ok(input.write_all(commands.as_bytes())?)
    }

    fn output(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.output)?)
    }

    /// Fails if the last command did.
    async fn end(mut self) -> Result<()> {
        drop(self.input.take());
        let status =
            eventually(LIMIT, "the shell to end", async || self.process.try_wait()?.context("it runs")).await?;
        ensure!(status.success(), "{status}:\n{}", self.output()?);
        Ok(())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}
