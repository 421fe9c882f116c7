//! Another site that uses the badges.

use anyhow::Result;
use insession_tests::Program;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// A site with its own origin, one page and a strict content security policy. Dropping it stops it.
#[derive(Debug)]
pub struct OtherSite {
    pub url: String,
    task: JoinHandle<()>,
}

impl OtherSite {
    /// The page imports the module as the documentation says, with `token` as the person's token if there is one. It
    /// collects events in `window.changes`, `window.updates` and `window.connection`.
    pub async fn start(server: &Program, token: Option<&str>, content: &str) -> Result<Self> {
        Self::start_with(server, token, content, "").await
    }

    /// The page has the rights of one in `<iframe sandbox="allow-scripts">`.
    pub async fn start_sandboxed(server: &Program, token: Option<&str>, content: &str) -> Result<Self> {
        Self::start_with(server, token, content, "; sandbox allow-scripts").await
    }

    async fn start_with(server: &Program, token: Option<&str>, content: &str, more_policy: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let origin = server.url();
        let policy = format!(
            "default-src 'none'; script-src 'nonce-page' {origin}; connect-src {}; img-src data:{more_policy}",
            origin.replace("http:", "ws:")
        );
        let configure =
            token.map_or_else(String::new, |token| format!("configure({{ token: async () => '{token}' }});"));
        let body = format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><title>OtherSite</title><link rel=icon href='data:,'>
            <script type=module nonce=page>
                import {{ configure, startHeartbeat, watch }} from '{origin}/web/insession.js';
                {configure}
                Object.assign(window, {{ configure, startHeartbeat, watch, changes: [], updates: [], connection: [] }});
                document.addEventListener('active-session-changed', ({{ detail }}) => changes.push(detail));
                addEventListener('session-status-updated', ({{ detail }}) => updates.push(detail));
                document.addEventListener('insession-connection', ({{ detail }}) => connection.push(detail));
            </script></head><body>{content}</body></html>"
        );
        let response = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-security-policy: {policy}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let response = response.clone();
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    // The browser may have closed the connection.
                    let _ = stream.read(&mut request).await;
                    let _ = stream.write_all(response.as_bytes()).await;
                });
            }
        });
        Ok(Self { url, task })
    }
}

impl Drop for OtherSite {
    fn drop(&mut self) {
        self.task.abort();
    }
}
