//! The demo's proxy: `pgveil serve` as a process that outlives the demo.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::config;

const PATIENCE: Duration = Duration::from_secs(20);

/// Writes configuration and keys where they are missing and starts the proxy; the port it listens on.
///
/// # Errors
/// The program fails; its log is `proxy.log` in `directory`.
pub fn start(directory: &Path, policies: &Path, port: u16, upstream: u16) -> io::Result<()> {
    let program = std::env::current_exe()?;
    let config_file = directory.join("pgveil.toml");
    fs::write(&config_file, config::text(port, upstream, policies, directory))?;
    if !directory.join("keyring").exists() {
        config::make_keys(&program, &config_file)?;
    }
    let log = fs::File::create(directory.join("proxy.log"))?;
    let mut child = Command::new(program)
        .args(["serve", "--config"])
        .arg(&config_file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        // Ctrl-C at the demo's terminal is not for the proxy
        .process_group(0)
        .spawn()?;
    fs::write(directory.join("proxy.pid"), child.id().to_string())?;
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = child.try_wait()? {
            let log = fs::read_to_string(directory.join("proxy.log")).unwrap_or_default();
            return Err(io::Error::other(format!("pgveil serve ended ({status}): {log}")));
        }
        if began.elapsed() > PATIENCE {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "pgveil serve does not listen"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Ends the proxy that an earlier [`start`] in this directory left running.
///
/// # Errors
/// It runs and cannot be ended.
pub fn stop(directory: &Path) -> io::Result<()> {
    let pid_file = directory.join("proxy.pid");
    let Ok(pid) = fs::read_to_string(&pid_file) else {
        return Ok(());
    };
    // The number may have been given to another process since
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    if command_line.windows(6).any(|part| part == b"pgveil") {
        Command::new("kill").arg(&pid).status()?;
        let began = Instant::now();
        while is_alive(&pid) && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    fs::remove_file(pid_file)
}

fn is_alive(pid: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie has ended
    state.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
}
