//! Ends the processes and removes the folders of a test process when that ends, even by `kill -9`.
//!
//! One shell per test process reads from a pipe what to clean up. Only the test process holds the other end. So the pipe
//! closes exactly when the test process ends; then the shell ends the processes and removes the folders.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{LazyLock, Mutex},
};

/// Lines are `process PID SIGNAL`, `ended PID`, `folder PATH` and `removed PATH`.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
runs() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }
processes=' '
folders='
'
while read -r word value; do
    case $word in
        process) processes="$processes${value% *}:${value#* } " ;;
        ended)
            rest=' '
            for one in $processes; do [ "${one%:*}" = "$value" ] || rest="$rest$one "; done
            processes=$rest ;;
        folder) folders="$folders$value
" ;;
        removed) case $folders in *"
$value
"*) folders="${folders%%"
$value
"*}
${folders#*"
$value
"}" ;; esac ;;
    esac
done
for one in $processes; do kill "-${one#*:}" "${one%:*}" 2>/dev/null; done
for one in $processes; do
    looks=0
    while runs "${one%:*}"; do
        looks=$((looks + 1))
        [ "$looks" -lt 50 ] || { kill -KILL "${one%:*}" 2>/dev/null; break; }
        sleep 0.1
    done
done
printf '%s' "$folders" | while read -r folder; do [ -z "$folder" ] || rm -rf -- "$folder"; done
"#;

static SHELL: LazyLock<Mutex<Child>> = LazyLock::new(|| {
    let shell = Command::new("sh")
        .args(["-c", SCRIPT])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("sh can be started");
    Mutex::new(shell)
});

/// Registers a process. It gets `signal` (such as `KILL`) when the test process ends.
pub fn watch_process(id: u32, signal: &str) {
    send(&format!("process {id} {signal}"));
}

/// Removes a process that has ended. The system may give its id to another process.
pub fn forget_process(id: u32) {
    send(&format!("ended {id}"));
}

/// Registers a folder. It is removed with its contents when the test process ends.
pub fn watch_folder(path: &Path) {
    send(&format!("folder {}", path.display()));
}

pub fn forget_folder(path: &Path) {
    send(&format!("removed {}", path.display()));
}

fn send(line: &str) {
    let shell = SHELL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut pipe = shell.stdin.as_ref().expect("its input is a pipe");
    writeln!(pipe, "{line}").expect("the watchdog reads its input");
}
