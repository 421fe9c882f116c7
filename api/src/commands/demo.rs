//! `insession demo`: runs the server and the jobs with a temporary database. Its sessions open and close, and people come and go,
//! for as long as it runs.

mod motion;
mod sample;

use std::path::PathBuf;

use anyhow::Context;
use auth::Authenticator;
use chrono::TimeDelta;
use domain::access::Viewer;
use service::{
    settings::{Settings, Source},
    sweep,
};
use web::pages::Samples;

use self::{motion::Motion, sample::Content};
use super::{serve, setup};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port to listen on. The default is PORT, or 8080.
    #[arg(long)]
    port: Option<u16>,
}

/// A temporary folder. Dropping the value deletes it.
pub struct ThrowAway(PathBuf);

impl ThrowAway {
    pub fn new() -> anyhow::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| anyhow::anyhow!("cannot generate a random name for the temporary folder: {error}"))?;
        let path = std::env::temp_dir().join(format!("insession-{:016x}", u64::from_ne_bytes(random)));
        std::fs::create_dir(&path).with_context(|| format!("cannot create the folder {}", path.display()))?;
        Ok(Self(path))
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        // On failure the folder remains in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    // Signals are handled first, so that none leaves the folder behind.
    let shutdown = setup::shutdown_on_signals()?;
    let folder = ThrowAway::new()?;
    let url = format!("sqlite://{}", folder.file("demo.db").display());
    let settings = Settings::from(&Source(&|name| match name {
        "DATABASE_URL" => Some(url.clone()),
        "REDIS_URL" | "JWT_SECRET" | "JWT_PUBLIC_KEY" | "JWKS_URL" | "JWT_SUBJECTS" | "JWT_PERSON_CLAIM"
        | "OIDC_ISSUER" | "OIDC_CLIENT_ID" | "OIDC_PROVIDERS" => None,
        "PORT" if args.port.is_some() => args.port.map(|port| port.to_string()),
        name => std::env::var(name).ok(),
    }))?;
    setup::start_log(settings.log_json, "warn,insession_service=info");
    let samples = Samples::default();
    let running = serve::start_with(&settings, Some(samples.clone()), shutdown.clone()).await?;
    let app = running.app.clone();
    let welcomed = welcome(&settings, &running, &samples).await;
    let motion = match welcomed {
        Ok(motion) => Ok(motion),
        Err(error) => {
            shutdown.cancel();
            Err(error)
        }
    };
    let moving = async {
        let mut motion = motion?;
        // A shutdown may interrupt a step anywhere.
        shutdown.run_until_cancelled(motion.keep_moving(&app)).await;
        anyhow::Ok(())
    };
    let (moved, finished) = tokio::join!(moving, running.finish());
    moved.and(finished)
}

async fn welcome(settings: &Settings, running: &serve::Running, samples: &Samples) -> anyhow::Result<Motion> {
    let authenticator = setup::authenticator(settings)?;
    let content = sample::fill(&running.app).await?;
    let people = content.people.iter().map(|(id, name)| ((*name).to_owned(), Viewer::person(*id)));
    let admin = ("Administrator".to_owned(), Viewer::admin("demo"));
    // Nobody else sets them.
    let _ = samples.set(people.chain([admin]).collect());
    let mut motion = Motion::new(&running.app, &content)?;
    motion.start(&running.app).await?;
    // The schedule's first one is up to a quarter of an hour away. So `/admin` has one to show.
    sweep::run_recorded(&running.app, sweep::Request::EXACT, None).await?;
    print_welcome(settings, running, &authenticator, &content)?;
    Ok(motion)
}

fn print_welcome(
    settings: &Settings,
    running: &serve::Running,
    authenticator: &Authenticator,
    content: &Content,
) -> anyhow::Result<()> {
    let day = TimeDelta::days(1);
    let base = serve::base_address(settings, &running.server);
    println!("InSession is running with a temporary database. Ctrl-C stops it and deletes the database.\n");
    print!("{}", serve::addresses(settings, &running.server));
    println!("  Sign in     {base}/sign-in (choose who you are)");
    println!("  Admin       {base}/admin (sign in as the administrator)\n");
    println!("Each minute one session opens and another closes. To watch this, run in GraphiQL:\n");
    println!(
        "  subscription {{ activeSessionChanged {{ kind occurredAt session {{ name }} sessionInstance {{ presentCount }} activeInstances {{ session {{ name city }} presentCount }} }} }}\n"
    );
    println!("To list the sessions that are active now:\n");
    println!(
        "  {{ activeSessionInstances {{ nodes {{ session {{ name city }} startsAt presentCount activeExplanation }} }} }}\n"
    );
    println!(
        "Four visits share the three seats of the activity `interview`. To join them, sign in as a person and open\n"
    );
    println!("  {base}/activities/interview\n");
    println!("To watch the seats:\n");
    println!("  subscription {{ presenceChanged(activityKey: \"interview\") {{ occupancy }} }}\n");
    println!(
        "Cleo is a mentor. In the next two minutes one lesson begins and ends, and another begins that nobody has started. To watch\n\
         this, use Cleo's token and run:\n"
    );
    println!(
        "  subscription {{ bookingStatusChanged {{ bookings {{ id status }} booking {{ id }} oldStatus newStatus isDelayed reason }} }}\n"
    );
    println!("A page of your own with badges: save this as badges.html, and open it in a browser.\n");
    println!("  <!doctype html>\n  <meta charset=\"utf-8\">");
    println!("  <script type=\"module\" src=\"{base}/web/insession.js\"></script>");
    for (session, name) in &content.badges {
        println!("  <p>{name} <live-now-badge session=\"{session}\"></live-now-badge></p>");
    }
    println!();
    println!(
        "Tokens, valid for a day. Paste one into GraphiQL's token field, or send it as 'Authorization: Bearer TOKEN':\n"
    );
    let mut lines = vec![("admin".to_owned(), authenticator.issue(None, true, day)?)];
    for (person, name) in &content.people {
        lines.push((format!("{name} ({person})"), authenticator.issue(Some(*person), false, day)?));
    }
    for (whose, token) in lines {
        println!("  {whose:<28}{token}");
    }
    println!();
    Ok(())
}
