//! The progress bar of commands that take long.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use service::sweep::Progress;

/// Shows the progress of work, such as `sweeping`. Never returns.
pub async fn show_progress(work: &'static str, progress: &Progress) {
    // Work that ends within half a second needs no progress bar.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let style = ProgressStyle::with_template("{prefix} [{bar:40}] {pos}/{len} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar =
        ProgressBar::new(progress.found()).with_style(style).with_prefix(work).with_finish(ProgressFinish::AndClear);
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tick.tick().await;
        bar.set_length(progress.found());
        bar.set_position(progress.done());
    }
}
