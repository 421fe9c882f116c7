//! The files of which pages are made.

use anyhow::{Result, ensure};
use insession_tests::{Browser, Deployment, TestDatabase};

#[tokio::test]
async fn pages_load_compressed_files_that_the_browser_may_keep() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&deployment.first().url()).await?;
    page.until("customElements.get('live-now-badge') !== undefined").await?;
    let loaded = page
        .evaluate(
            "performance.getEntriesByType('resource').filter(({ name }) => /\\.(js|css)$/.test(name)).map((it) =>
                [new URL(it.name).pathname.replace(/[0-9a-f]{16}/, 'VERSION'), it.encodedBodySize < it.decodedBodySize]
            ).sort().join(' ')",
        )
        .await?;
    assert_eq!(
        loaded,
        "/web/insession.VERSION.js,true /web/pages.VERSION.css,true /web/pages.VERSION.js,true /web/times.VERSION.js,true",
        "each file once, under the address with its version, and compressed"
    );
    let caching = page
        .evaluate(
            "Promise.all(performance.getEntriesByType('resource').map(async ({ name }) =>
                (await fetch(name)).headers.get('cache-control')))",
        )
        .await?;
    for value in caching.as_array().into_iter().flatten() {
        ensure!(value.as_str().is_some_and(|value| value.contains("immutable")), "{caching}");
    }
    browser.close().await
}
