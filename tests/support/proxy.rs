//! A pgveil of the test's own in front of a test server.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running `pgveil serve`; it ends when the value is dropped.
pub struct Proxy {
    process: Child,
    port: u16,
    directory: TempDir,
    policies: Option<TempDir>,
    environment: Vec<(String, String)>,
}

/// A corpus tests more values in a minute than a clerk does in a day.
fn with_room(roles: &str) -> String {
    let room = "    look_ups: {per_minute: 4000000000, per_day: 4000000000}\n    members:";
    roles.replace("    members:", room)
}

impl Proxy {
    /// Starts in front of the server at `upstream`, with the sample bank's policies and room for any number of look-ups.
    pub fn start(upstream: u16) -> Self {
        let policies = TempDir::new().expect("temporary directory");
        let bank = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank");
        for file in ["tables.yaml", "roles.yaml"] {
            let text = std::fs::read_to_string(bank.join(file)).expect("the sample bank's policy");
            std::fs::write(policies.path().join(file), with_room(&text)).expect("a policy");
        }
        let mut proxy = Self::start_with(upstream, policies.path(), "");
        proxy.policies = Some(policies);
        proxy
    }

    /// Starts with policies of the test's own and further configuration.
    pub fn start_with(upstream: u16, policies: &Path, more: &str) -> Self {
        Self::start_in(upstream, policies, more, &[])
    }

    /// And with variables, which are configuration too: they win over the file.
    pub fn start_in(upstream: u16, policies: &Path, more: &str, environment: &[(&str, &str)]) -> Self {
        let directory = TempDir::new().expect("temporary directory");
        let port = free_port();
        let config = directory.path().join("pgveil.toml");
        let text = pgveil::demo::config::text(port, upstream, policies, directory.path());
        std::fs::write(&config, format!("{text}\n{more}")).expect("a configuration");
        pgveil::demo::config::make_keys(Path::new(env!("CARGO_BIN_EXE_pgveil")), &config).expect("keys");
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let process = launch(directory.path(), &environment);
        let mut proxy = Self { process, port, directory, policies: None, environment };
        proxy.await_ready();
        proxy
    }

    /// Sends a signal, for example `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) -> ExitStatus {
        self.process.wait().expect("its end")
    }

    /// Starts it again with what it left behind: keys, audit trail, port.
    pub fn start_again(&mut self) {
        self.process = launch(self.directory.path(), &self.environment);
        self.await_ready();
    }

    /// What `audit verify` says of the trail in a directory; panics where something is wrong with it.
    pub fn verify_audit(directory: &Path) -> String {
        let entries = std::fs::read_dir(directory).expect("the trail").map(|entry| entry.expect("a file").path());
        let files = entries.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
        let output = Command::new(env!("CARGO_BIN_EXE_pgveil"))
            .args(["audit", "verify", "--key"])
            .arg(format!("file:{}", directory.join("audit.key").display()))
            .args(files)
            .output()
            .expect("the verifier runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the proxy keeps its keys, its audit trail (`audit`) and its log (`log`).
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The most memory that the process has held so far.
    pub fn peak_rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn await_ready(&mut self) {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.process.try_wait().expect("its state");
            assert!(ended.is_none(), "pgveil serve ended with {ended:?}: {}", self.log());
            assert!(began.elapsed() < Duration::from_secs(20), "pgveil does not listen: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn launch(directory: &Path, environment: &[(String, String)]) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(directory.join("log")).expect("a log");
    Command::new(env!("CARGO_BIN_EXE_pgveil"))
        .args(["serve", "--config"])
        .arg(directory.join("pgveil.toml"))
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("pgveil starts")
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _reaped = self.process.wait();
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
