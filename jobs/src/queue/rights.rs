//! Checks whether the user of Redis has the rights that the queue and the wake-ups need.
//!
//! Without a right, jobs would wait and nobody would know why. So the rights are tried at the start, and repeatedly after it.

use std::time::Duration;

use ::redis::{Client, ErrorKind, RedisError, Script, ServerErrorKind, Value, cmd};
use service::log::wake::Wake;
use tokio::time::{sleep, timeout};

/// How long the start waits for the first check. Redis may be unavailable.
const START_TIMEOUT: Duration = Duration::from_secs(2);

/// The command with which a connection names its user.
const AUTH: &str = "AUTH";

const INTERVAL: Duration = Duration::from_secs(10);

/// Tries the rights and logs those that are missing. Returns after the first attempt, and repeats it in the background every 10
/// seconds. The status of `wake` also shows a missing right. `prefix` is the beginning of all keys and channels.
pub async fn watch_rights(client: Client, prefix: String, namespace: String, channel: String, wake: Wake) {
    let mut before = Vec::new();
    let attempt = async || find_missing_rights(&client, &namespace, &channel).await;
    if let Ok(Ok(missing)) = timeout(START_TIMEOUT, attempt()).await {
        note(&prefix, &wake, &mut before, missing);
    }
    tokio::spawn(async move {
        loop {
            sleep(INTERVAL).await;
            if let Ok(missing) = find_missing_rights(&client, &namespace, &channel).await {
                note(&prefix, &wake, &mut before, missing);
            }
        }
    });
}

fn note(prefix: &str, wake: &Wake, before: &mut Vec<String>, missing: Vec<String>) {
    wake.set_refused(!missing.is_empty());
    if missing == *before {
        return;
    }
    if missing.is_empty() {
        tracing::info!("Redis allows everything that the program needs");
    } else if missing.iter().any(|right| right.starts_with(AUTH)) {
        tracing::error!(
            refused = missing.join("; "),
            "Redis refuses the user or the password, so jobs and wake-ups come late: correct REDIS_URL"
        );
    } else {
        let needed = format!("~{prefix}* &{prefix}* +@all -@admin");
        tracing::error!(
            missing = missing.join("; "),
            needed,
            "the user of REDIS_URL lacks rights, so jobs and wake-ups come late: change it with ACL SETUSER"
        );
    }
    *before = missing;
}

/// The rights that a user of Redis lacks: each command that Redis refused, and why.
///
/// Tries each command that the queue and the wake-ups use, on a separate key that is removed again.
///
/// # Errors
/// If Redis cannot be reached. The rights are then not known.
async fn find_missing_rights(client: &Client, namespace: &str, channel: &str) -> Result<Vec<String>, RedisError> {
    let mut connection = match client.get_multiplexed_async_connection().await {
        Ok(connection) => connection,
        Err(error) if is_refusal(&error) => return Ok(vec![format!("{AUTH}: {error}")]),
        Err(error) => return Err(error),
    };
    let key = format!("{namespace}:rights:{:016x}", getrandom::u64().unwrap_or_default());
    let mut missing = Vec::new();
    let script = Script::new("return 1");
    let tried: Vec<Vec<&str>> = COMMANDS
        .iter()
        .map(|line| line.split(' ').map(|word| if word == "KEY" { key.as_str() } else { word }).collect())
        .chain([
            vec!["PUBLISH", channel, ""],
            vec!["SCRIPT", "LOAD", "return 1"],
            vec!["EVALSHA", script.get_hash(), "1", &key],
        ])
        .collect();
    for words in tried {
        let mut command = cmd(words[0]);
        command.arg(&words[1..]);
        if let Err(error) = command.query_async::<Value>(&mut connection).await {
            if is_refusal(&error) {
                missing.push(format!("{}: {error}", words[0]));
            } else if error.is_io_error() || error.is_timeout() {
                return Err(error);
            }
        }
    }
    let mut messages = client.get_async_pubsub().await?;
    if let Err(error) = messages.subscribe(channel).await {
        if !is_refusal(&error) {
            return Err(error);
        }
        missing.push(format!("SUBSCRIBE: {error}"));
    }
    Ok(missing)
}

fn is_refusal(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) || error.kind() == ErrorKind::AuthenticationFailed
}

/// The commands of the queue, grouped by the type of value. The last command of each group removes the value.
const COMMANDS: [&str; 24] = [
    "SETNX KEY 1",
    "EXPIRE KEY 10",
    "DEL KEY",
    "HSETNX KEY a 1",
    "HMSET KEY a 1",
    "HSET KEY a 1",
    "HGET KEY a",
    "HMGET KEY a",
    "HGETALL KEY",
    "HDEL KEY a",
    "RPUSH KEY 1",
    "LPUSH KEY 1",
    "LRANGE KEY 0 -1",
    "LLEN KEY",
    "LTRIM KEY 1 0",
    "SADD KEY 1",
    "SMEMBERS KEY",
    "SREM KEY 1",
    "ZADD KEY 1 1",
    "ZSCORE KEY 1",
    "ZRANGEBYSCORE KEY 0 1",
    "ZREM KEY 1",
    "UNLINK KEY",
    "TIME",
];
