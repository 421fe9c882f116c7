//! A headless Chromium, driven over the DevTools protocol.
//!
//! Each test starts its own [`Browser`], with a profile in a temporary folder. At most two run at a time. A [`Page`] is a
//! tab with its own cookies, unless it is [`Page::another_tab`]. Problems in a page (errors in the console, exceptions,
//! violations of the content security policy) are collected, and [`Browser::close`] fails when there are any.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{
    TemporaryFolder,
    process::Process,
    wait::{LIMIT, eventually, within},
};

/// A host name of this machine. Browsers treat pages from it over plain HTTP as insecure, unlike pages from
/// `127.0.0.1`.
pub const NAMED_HOST: &str = "elsewhere.test";

/// At most two browsers run at once.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// Dropping it kills it.
#[derive(Debug)]
pub struct Browser {
    connection: Connection,
    process: Process,
    tabs: Arc<Mutex<HashMap<String, Arc<Tab>>>>,
    _folder: TemporaryFolder,
    _turn: OwnedSemaphorePermit,
}

/// The events of a tab so far.
#[derive(Debug, Default)]
struct Tab {
    problems: Mutex<Vec<String>>,
    sockets: AtomicU64,
}

impl Browser {
    pub async fn launch() -> Result<Self> {
        let turn = Arc::clone(&TURNS).acquire_owned().await?;
        let folder = TemporaryFolder::new()?;
        let mut command = Command::new(binary()?);
        command.args([
            "--headless=new",
            "--remote-debugging-port=0",
            // Tests run as root in containers, where the sandbox does not start; they visit their own server only.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-default-browser-check",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--lang=en-US",
        ]);
        command.arg(format!("--host-resolver-rules=MAP {NAMED_HOST} 127.0.0.1"));
        command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        command.env("HOME", folder.path()).env("TZ", "UTC").env("LANG", "C.UTF-8");
        let mut process = Process::spawn(&mut command, "the browser", &folder.join("log"), "KILL")?;
        let port_file = folder.join("profile/DevToolsActivePort");
        let address = eventually(LIMIT, "the browser to listen", async || {
            process.expect_running()?;
            let text = fs::read_to_string(&port_file)?;
            let (port, path) = text.split_once('\n').context("the port's file is not written yet")?;
            ensure!(path.starts_with("/devtools/"), "the port's file is not written yet");
            Ok(format!("ws://127.0.0.1:{port}{}", path.trim()))
        });
        let address = address.await.with_context(|| process.log_tail(20))?;
        let tabs = Arc::<Mutex<HashMap<String, Arc<Tab>>>>::default();
        let seen = Arc::clone(&tabs);
        let connection = Connection::open(&address, move |session, method, parameters| {
            let tab = locked(&seen).get(session).cloned();
            if let Some(tab) = tab {
                tab.see(method, parameters);
            }
        });
        Ok(Self { connection: connection.await?, process, tabs, _folder: folder, _turn: turn })
    }

    /// A tab with cookies of its own.
    pub async fn page(&self) -> Result<Page> {
        let made = self.connection.call(None, "Target.createBrowserContext", json!({})).await?;
        let context = made["browserContextId"].as_str().context("a context has an id")?;
        Page::open(self.connection.clone(), &self.tabs, context).await
    }

    /// Closes the browser.
    ///
    /// # Errors
    /// When a page had a problem that the test did not expect.
    pub async fn close(mut self) -> Result<()> {
        let problems: Vec<String> = locked(&self.tabs).values().flat_map(|tab| locked(&tab.problems).clone()).collect();
        // The browser may exit before it answers.
        let _ = self.connection.call(None, "Browser.close", json!({})).await;
        self.process.wait(LIMIT).await?;
        ensure!(problems.is_empty(), "in the browser's console:\n{}", problems.join("\n"));
        Ok(())
    }
}

impl Tab {
    fn see(&self, method: &str, parameters: &Value) {
        let problem = match method {
            "Network.webSocketCreated" => {
                self.sockets.fetch_add(1, Ordering::Relaxed);
                None
            }
            "Runtime.exceptionThrown" => Some(parameters["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" if matches!(parameters["type"].as_str(), Some("error" | "assert")) => {
                Some(parameters["args"].to_string())
            }
            "Log.entryAdded" if parameters["entry"]["level"] == "error" => {
                let entry = &parameters["entry"];
                Some(format!(
                    "{} ({})",
                    entry["text"].as_str().unwrap_or_default(),
                    entry["url"].as_str().unwrap_or("?")
                ))
            }
            _ => None,
        };
        locked(&self.problems).extend(problem);
    }
}

/// A tab of the browser.
#[derive(Debug)]
pub struct Page {
    connection: Connection,
    tabs: Arc<Mutex<HashMap<String, Arc<Tab>>>>,
    context: String,
    target: String,
    session: String,
}

/// The screen that a page is shown on.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
    /// Device pixels per CSS pixel.
    pub density: u32,
    pub is_dark: bool,
}

impl Page {
    async fn open(connection: Connection, tabs: &Arc<Mutex<HashMap<String, Arc<Tab>>>>, context: &str) -> Result<Self> {
        let parameters = json!({ "url": "about:blank", "browserContextId": context });
        let made = connection.call(None, "Target.createTarget", parameters).await?;
        let target = made["targetId"].as_str().context("a target has an id")?.to_owned();
        let parameters = json!({ "targetId": target, "flatten": true });
        let attached = connection.call(None, "Target.attachToTarget", parameters).await?;
        let session = attached["sessionId"].as_str().context("a session has an id")?.to_owned();
        locked(tabs).insert(session.clone(), Arc::default());
        let page = Self { connection, tabs: Arc::clone(tabs), context: context.to_owned(), target, session };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({})).await?;
        }
        Ok(page)
    }

    /// Opens another tab with the same cookies. It hides this one.
    pub async fn another_tab(&self) -> Result<Self> {
        let page = Self::open(self.connection.clone(), &self.tabs, &self.context).await?;
        page.bring_to_front().await?;
        Ok(page)
    }

    pub async fn bring_to_front(&self) -> Result<()> {
        self.call("Page.bringToFront", json!({})).await?;
        Ok(())
    }

    /// Sets the latitude and longitude that the browser reports to pages of this origin. With `None`, it refuses to
    /// report them.
    pub async fn set_position(&self, origin: &str, place: Option<(f64, f64)>) -> Result<()> {
        let setting = if place.is_some() { "granted" } else { "denied" };
        let permission = json!({
            "browserContextId": self.context, "origin": origin, "permission": { "name": "geolocation" }, "setting": setting,
        });
        self.connection.call(None, "Browser.setPermission", permission).await?;
        if let Some((latitude, longitude)) = place {
            let position = json!({ "latitude": latitude, "longitude": longitude, "accuracy": 10 });
            self.call("Emulation.setGeolocationOverride", position).await?;
        }
        Ok(())
    }

    /// Closes the tab, as its close button does.
    pub async fn close_tab(self) -> Result<()> {
        self.connection.call(None, "Target.closeTarget", json!({ "targetId": self.target })).await?;
        Ok(())
    }

    /// Sends any command of the protocol.
    pub async fn call(&self, method: &str, parameters: Value) -> Result<Value> {
        self.connection.call(Some(&self.session), method, parameters).await
    }

    /// Runs a script in each page that the tab goes to from now on, before those of the page.
    pub async fn run_first(&self, script: &str) -> Result<()> {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await?;
        Ok(())
    }

    /// Navigates to an address and waits until the page has loaded.
    pub async fn goto(&self, address: &str) -> Result<()> {
        let answer = self.call("Page.navigate", json!({ "url": address })).await?;
        if let Some(error) = answer["errorText"].as_str() {
            bail!("{address}: {error}");
        }
        self.until("document.readyState === 'complete'").await
    }

    /// Evaluates a JavaScript expression, and awaits it if it is a promise.
    pub async fn evaluate(&self, expression: &str) -> Result<Value> {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", parameters).await?;
        if let Some(details) = answer.get("exceptionDetails") {
            let text = details["exception"]["description"].as_str().or(details["text"].as_str());
            bail!("{}: {expression}", text.unwrap_or("it threw an exception"));
        }
        Ok(answer["result"]["value"].clone())
    }

    /// Waits until an expression is true.
    pub async fn until(&self, expression: &str) -> Result<()> {
        let waited = eventually(LIMIT, expression, async || {
            let value = self.evaluate(expression).await?;
            ensure!(value == Value::Bool(true), "it is {value}");
            Ok(())
        });
        match waited.await {
            Ok(()) => Ok(()),
            Err(error) => {
                let text = self.evaluate("document.body?.innerText ?? ''").await.unwrap_or_default();
                Err(error).with_context(|| format!("the text of the page: {}", text.as_str().unwrap_or_default()))
            }
        }
    }

    /// Moves the mouse over the middle of an element, which is given as a JavaScript expression.
    pub async fn point_at(&self, element: &str) -> Result<(f64, f64)> {
        // Elements can move until the styles are loaded.
        self.until("document.readyState === 'complete'").await?;
        let script = format!(
            "(() => {{ const it = {element}; it.scrollIntoView({{ block: 'center' }}); \
             const {{ x, y, width, height }} = it.getBoundingClientRect(); \
             return [x + width / 2, y + height / 2]; }})()"
        );
        let at = self.evaluate(&script).await?;
        let (x, y) = at[0].as_f64().zip(at[1].as_f64()).with_context(|| format!("{element} has no position: {at}"))?;
        self.mouse("mouseMoved", x, y).await?;
        Ok((x, y))
    }

    /// Moves the mouse into the corner. It moves even if it is there already.
    pub async fn move_mouse_away(&self) -> Result<()> {
        self.mouse("mouseMoved", 2.0, 2.0).await?;
        self.mouse("mouseMoved", 1.0, 1.0).await
    }

    pub async fn click(&self, element: &str) -> Result<()> {
        let (x, y) = self.point_at(element).await?;
        self.mouse("mousePressed", x, y).await?;
        self.mouse("mouseReleased", x, y).await
    }

    async fn mouse(&self, kind: &str, x: f64, y: f64) -> Result<()> {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let parameters = json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": 1 });
        self.call("Input.dispatchMouseEvent", parameters).await?;
        Ok(())
    }

    /// Presses a key: `Tab`, `Enter`, `Escape`.
    pub async fn press(&self, key: &str) -> Result<()> {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            _ => bail!("unsupported key {key}"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let mut parameters = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                parameters["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", parameters).await?;
        }
        Ok(())
    }

    /// Types into the element that has the focus.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        self.call("Input.insertText", json!({ "text": text })).await?;
        Ok(())
    }

    pub async fn emulate_screen(&self, screen: Screen) -> Result<()> {
        let Screen { width, height, density, is_dark } = screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": density, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", metrics).await?;
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", features).await?;
        Ok(())
    }

    /// Writes what is visible into a PNG file.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let taken = self.call("Page.captureScreenshot", json!({ "format": "png" })).await?;
        fs::write(file, STANDARD.decode(taken["data"].as_str().context("a picture has data")?)?)?;
        Ok(())
    }

    /// How many WebSockets the tab has opened so far.
    pub fn sockets(&self) -> u64 {
        self.tab().sockets.load(Ordering::Relaxed)
    }

    /// Removes the problems that contain `expected`.
    ///
    /// # Errors
    /// When there are other problems.
    pub fn ignore_problems(&self, expected: &str) -> Result<()> {
        let tab = self.tab();
        let mut problems = locked(&tab.problems);
        problems.retain(|problem| !problem.contains(expected));
        ensure!(problems.is_empty(), "problems other than {expected:?}:\n{}", problems.join("\n"));
        Ok(())
    }

    fn tab(&self) -> Arc<Tab> {
        locked(&self.tabs).get(&self.session).cloned().unwrap_or_default()
    }
}

type Calls = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// The DevTools connection to the browser.
#[derive(Debug, Clone)]
struct Connection {
    orders: mpsc::UnboundedSender<Value>,
    calls: Calls,
    last: Arc<AtomicU64>,
}

impl Connection {
    /// `seen` is called with the session, method and parameters of each event.
    async fn open(address: &str, seen: impl Fn(&str, &str, &Value) + Send + 'static) -> Result<Self> {
        let (stream, _) = within(LIMIT, "the browser's socket", connect_async(address)).await??;
        let (mut sink, mut messages) = stream.split();
        let (orders, mut to_send) = mpsc::unbounded_channel::<Value>();
        let calls = Calls::default();
        tokio::spawn(async move {
            while let Some(order) = to_send.recv().await {
                if sink.send(Message::text(order.to_string())).await.is_err() {
                    return;
                }
            }
        });
        let answered = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Some(Ok(message)) = messages.next().await {
                let Ok(text) = message.into_text() else { continue };
                let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
                if let Some(id) = message["id"].as_u64() {
                    if let Some(call) = locked(&answered).remove(&id) {
                        // A test that has ended no longer waits for its answer.
                        let _ = call.send(message);
                    }
                } else if let (Some(session), Some(method)) =
                    (message["sessionId"].as_str(), message["method"].as_str())
                {
                    seen(session, method, &message["params"]);
                }
            }
            // Calls that still wait fail now.
            locked(&answered).clear();
        });
        Ok(Self { orders, calls, last: Arc::default() })
    }

    async fn call(&self, session: Option<&str>, method: &str, parameters: Value) -> Result<Value> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, answer) = oneshot::channel();
        locked(&self.calls).insert(id, sender);
        let mut order = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            order["sessionId"] = session.into();
        }
        self.orders.send(order).map_err(|_| anyhow!("the browser is gone"))?;
        let mut answer = within(LIMIT, method, answer).await?.map_err(|_| anyhow!("the browser is gone"))?;
        if let Some(error) = answer.get("error") {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].take())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn binary() -> Result<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut candidates =
        names.iter().flat_map(|name| std::env::split_paths(&folders).map(move |folder| folder.join(name)));
    candidates.find(|path| path.is_file()).context("there is no Chromium here: run .ci/setup")
}
