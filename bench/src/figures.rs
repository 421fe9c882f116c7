//! The figures of a run: each with its baseline and its aim. They are printed as they come, and may be written to a file.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::measure::middle;

/// The aim for a figure.
#[derive(Debug, Clone, Copy)]
pub enum Aim {
    None,
    AtMost(f64),
    /// At most this multiple of the baseline.
    TimesAtMost(f64),
    /// At least this multiple of the baseline.
    TimesAtLeast(f64),
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Figure {
    pub benchmark: String,
    pub work: String,
    pub unit: String,
    pub result: f64,
    pub baseline: Option<f64>,
    pub ratio: Option<f64>,
    pub aim: Option<String>,
    pub is_met: Option<bool>,
}

#[derive(Debug, Default)]
pub struct Figures {
    benchmark: String,
    all: Vec<Figure>,
}

impl Figures {
    pub fn of(benchmark: &str) -> Self {
        Self { benchmark: benchmark.to_owned(), all: Vec::new() }
    }

    pub fn add(&mut self, work: impl Into<String>, unit: &str, result: f64, baseline: Option<f64>, aim: Aim) {
        let (work, ratio) = (work.into(), baseline.map(|baseline| result / baseline.max(f64::MIN_POSITIVE)));
        let text = |few: f64| format!("{:.*}", if few.abs() < 100.0 { 2 } else { 0 }, few);
        let (aim, is_met) = match (aim, ratio) {
            (Aim::AtMost(most), _) => (Some(format!("at most {most} {unit}")), Some(result <= most)),
            (Aim::TimesAtMost(most), Some(ratio)) => (Some(format!("at most {most} x")), Some(ratio <= most)),
            (Aim::TimesAtLeast(least), Some(ratio)) => (Some(format!("at least {least} x")), Some(ratio >= least)),
            _ => (None, None),
        };
        let mut line = format!("  {work:<48} {:>9} {unit}", text(result));
        if let Some((baseline, ratio)) = baseline.zip(ratio) {
            line = format!("{line:<70} baseline {:>9}   {ratio:>6.2} x", text(baseline));
        }
        if let Some((aim, is_met)) = aim.as_ref().zip(is_met) {
            line = format!("{line:<100} {aim}: {}", if is_met { "met" } else { "missed" });
        }
        println!("{line}");
        let (benchmark, unit) = (self.benchmark.clone(), unit.to_owned());
        self.all.push(Figure { benchmark, work, unit, result, baseline, ratio, aim, is_met });
    }

    /// Adds a figure that compares the medians of samples.
    pub fn add_medians(
        &mut self,
        work: impl Into<String>,
        unit: &str,
        result: Vec<f64>,
        baseline: Option<Vec<f64>>,
        aim: Aim,
    ) {
        self.add(work, unit, middle(result), baseline.map(middle), aim);
    }

    pub fn read(file: &Path) -> Result<Vec<Figure>> {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        Ok(serde_json::from_str(&text)?)
    }

    pub fn write(file: &Path, figures: &[Figure]) -> Result<()> {
        std::fs::write(file, serde_json::to_string_pretty(figures)?).with_context(|| file.display().to_string())
    }

    pub fn into_all(self) -> Vec<Figure> {
        self.all
    }
}
