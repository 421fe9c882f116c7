//! Limits apalis-redis to the keys of its own queue.
//!
//! In the script that registers a worker, apalis-redis 1.0 adds each queue to a common list, `core:apalis:queues:list`. A user
//! of Redis who is limited to our prefix may not write that list, so no worker would start. Nothing here reads the list. So
//! this connection removes the statement from the script.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use redis::{
    Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, Script, ServerErrorKind, Value,
    aio::{ConnectionLike, ConnectionManager},
};

/// The statement of apalis-redis that writes the list.
const FOREIGN: &str = r#"redis.call("zadd", "core:apalis:queues:list", 'GT', now, KEYS[1])"#;

/// A connection that runs our versions of the scripts.
#[derive(Clone)]
pub(crate) struct OwnKeys {
    inner: ConnectionManager,
    scripts: Scripts,
}

/// The loaded scripts: the digest by which apalis calls each of them, and the digest of our version.
#[derive(Clone, Default)]
pub(crate) struct Scripts(Arc<Mutex<HashMap<String, String>>>);

/// What to send instead of a command.
#[derive(Debug, PartialEq, Eq)]
enum Instead {
    Nothing,
    /// A call of our version.
    Call(Vec<Vec<u8>>),
    /// Loads our version. The caller expects the digest of the version that it knows.
    Load {
        words: Vec<Vec<u8>>,
        digest: String,
    },
    /// The script was not loaded through this connection, so our version is not known yet.
    LoadFirst,
}

impl Scripts {
    fn instead(&self, words: &[&[u8]]) -> Instead {
        let text = |at: usize| words.get(at).and_then(|word| std::str::from_utf8(word).ok()).unwrap_or_default();
        let is = |at: usize, name: &str| text(at).eq_ignore_ascii_case(name);
        let replacing = |at: usize, word: &str| {
            let mut words: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
            words[at] = word.as_bytes().to_vec();
            words
        };
        if is(0, "EVALSHA") {
            return match self.0.lock().get(text(1)) {
                Some(ours) => Instead::Call(replacing(1, ours)),
                None => Instead::LoadFirst,
            };
        }
        if is(0, "SCRIPT") && is(1, "LOAD") {
            let theirs = text(2);
            let ours = theirs.replace(FOREIGN, "");
            let digest = |script: &str| Script::new(script).get_hash().to_owned();
            let known = digest(theirs);
            self.0.lock().insert(known.clone(), digest(&ours));
            return Instead::Load { words: replacing(2, &ours), digest: known };
        }
        Instead::Nothing
    }
}

fn command_of(words: Vec<Vec<u8>>) -> Cmd {
    let mut command = Cmd::new();
    for word in words {
        command.arg(word);
    }
    command
}

impl OwnKeys {
    pub fn new(inner: ConnectionManager, scripts: Scripts) -> Self {
        Self { inner, scripts }
    }
}

impl ConnectionLike for OwnKeys {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let words: Vec<&[u8]> = command
            .args_iter()
            .filter_map(|word| if let redis::Arg::Simple(word) = word { Some(word) } else { None })
            .collect();
        match self.scripts.instead(&words) {
            Instead::Nothing => self.inner.req_packed_command(command),
            Instead::LoadFirst => {
                let error = (ErrorKind::Server(ServerErrorKind::NoScript), "the script is not loaded");
                Box::pin(std::future::ready(Err(RedisError::from(error))))
            }
            Instead::Call(words) => Box::pin(async move { self.inner.req_packed_command(&command_of(words)).await }),
            Instead::Load { words, digest } => Box::pin(async move {
                self.inner.req_packed_command(&command_of(words)).await?;
                Ok(Value::BulkString(digest.into_bytes()))
            }),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.inner.req_packed_commands(pipeline, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.inner.get_db()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_run_without_the_foreign_statement() {
        let scripts = Scripts::default();
        let theirs = format!("local now = 1 {FOREIGN} return true");
        let (theirs, ours) = (Script::new(&theirs), "local now = 1  return true");
        let call = [b"EVALSHA".as_slice(), theirs.get_hash().as_bytes(), b"1", b"key"];
        // Redis may still have a script with this digest from before, so the call is not sent.
        assert_eq!(scripts.instead(&call), Instead::LoadFirst);
        let text = format!("local now = 1 {FOREIGN} return true");
        let words = vec![b"script".to_vec(), b"load".to_vec(), ours.as_bytes().to_vec()];
        let expected = Instead::Load { words, digest: theirs.get_hash().to_owned() };
        assert_eq!(scripts.instead(&[b"script", b"load", text.as_bytes()]), expected);
        let digest = Script::new(ours).get_hash().as_bytes().to_vec();
        let expected = [b"EVALSHA".to_vec(), digest, b"1".to_vec(), b"key".to_vec()];
        assert_eq!(scripts.instead(&call), Instead::Call(expected.into()));
        assert_eq!(scripts.instead(&[b"LLEN", b"key"]), Instead::Nothing);
        assert_eq!(scripts.instead(&[]), Instead::Nothing);
    }
}
