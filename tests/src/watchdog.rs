//! Clean-up that outlives the tests: processes and folders of a test process go when it does, even by `kill -9`.
//!
//! One small shell per test process reads what there is to clean from a pipe. Only the test process holds the other
//! end, so the pipe ends exactly when the test process does; then the shell ends the processes and removes the folders.

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

/// Ends this process by `signal` (such as `KILL`) once the test process is gone.
pub fn watch_process(id: u32, signal: &str) {
    tell(&format!("process {id} {signal}"));
}

/// The process has ended; its number may soon be somebody else's.
pub fn forget_process(id: u32) {
    tell(&format!("ended {id}"));
}

/// Removes this folder, with all that is in it, once the test process is gone.
pub fn watch_folder(path: &Path) {
    tell(&format!("folder {}", path.display()));
}

pub fn forget_folder(path: &Path) {
    tell(&format!("removed {}", path.display()));
}

fn tell(line: &str) {
    let shell = SHELL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut pipe = shell.stdin.as_ref().expect("its input is a pipe");
    writeln!(pipe, "{line}").expect("the watchdog listens");
}
