//! A PostgreSQL of the test's own: loopback only, a free port, gone when the value is dropped.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server with superuser `postgres` and trust authentication.
pub struct Server {
    process: Child,
    port: u16,
    directory: TempDir,
    settings: Vec<String>,
}

/// Asked of the postmaster by a signal.
#[derive(Clone, Copy)]
pub enum End {
    /// Sessions are told, and end (SIGINT).
    Fast,
    /// As in a crash (SIGQUIT).
    Immediate,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts with further settings, each `name=value`.
    pub fn start_with(settings: &[&str]) -> Self {
        let directory = TempDir::new().expect("temporary directory");
        let data = directory.path().join("data");
        std::fs::create_dir(&data).expect("data directory");
        give_to_server(directory.path());
        let flags = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D"];
        run(as_postgres("initdb").args(flags).arg(&data));
        Self::launched(directory, settings.iter().map(|setting| (*setting).to_owned()).collect())
    }

    /// A hot standby that streams from this server.
    pub fn standby(&self) -> Self {
        let directory = TempDir::new().expect("temporary directory");
        let data = directory.path().join("data");
        let copy = format!(r"\! cp -a {} {}", self.directory.path().join("data").display(), data.display());
        let label = data.join("backup_label");
        // psql asks no one: what it runs between start and stop is the base backup
        let script = format!(
            "SELECT pg_backup_start('standby', true);\n{copy}\n\\o {}\nSELECT labelfile FROM pg_backup_stop(false);\n",
            label.display()
        );
        let script_file = directory.path().join("backup.sql");
        std::fs::write(&script_file, script).expect("a script");
        let port = self.port.to_string();
        let target = ["-X", "-A", "-t", "-q", "-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-f"];
        run(Command::new(binary("psql")).args(target).arg(&script_file));
        std::fs::remove_file(data.join("postmaster.pid")).expect("the copied pid file");
        std::fs::write(data.join("standby.signal"), "").expect("standby.signal");
        give_to_server(directory.path());
        let primary = format!("primary_conninfo=host=127.0.0.1 port={port} user=postgres");
        Self::launched(directory, self.settings.iter().cloned().chain([primary]).collect())
    }

    /// Starts on the data directory that is there.
    fn launched(directory: TempDir, settings: Vec<String>) -> Self {
        let port = free_port();
        let process = Self::launch(directory.path(), port, &settings);
        let server = Self { process, port, directory, settings };
        server.await_ready();
        server
    }

    fn launch(directory: &Path, port: u16, settings: &[String]) -> Child {
        let mut command = as_postgres("postgres");
        command.arg("-D").arg(directory.join("data")).arg("-p").arg(port.to_string());
        let sockets = format!("unix_socket_directories={}", directory.display());
        for setting in ["listen_addresses=127.0.0.1", "fsync=off", &sockets] {
            command.arg("-c").arg(setting);
        }
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        let log = std::fs::File::create(directory.join("log")).expect("log file");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("postgres starts")
    }

    fn await_ready(&self) {
        let began = Instant::now();
        loop {
            let port = self.port.to_string();
            let ready = Command::new(binary("pg_isready")).args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
            if ready.is_ok_and(|status| status.success()) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "PostgreSQL did not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server; its files stay.
    pub fn end(&mut self, how: End) {
        let signal = match how {
            End::Fast => "-INT",
            End::Immediate => "-QUIT",
        };
        // The postmaster's own pid stands in its pid file, whoever started it.
        let pid_file = self.directory.path().join("data/postmaster.pid");
        let pid = std::fs::read_to_string(pid_file).ok().and_then(|text| text.lines().next().map(String::from));
        if let Some(pid) = pid {
            let _ended_already = Command::new("kill").args([signal, &pid]).status();
        }
        let _reaped = self.process.wait();
    }

    /// Starts it again, on the same port.
    pub fn start_again(&mut self) {
        self.process = Self::launch(self.directory.path(), self.port, &self.settings);
        self.await_ready();
    }

    /// Where the server keeps its files and its log.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(End::Immediate);
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// PostgreSQL refuses to run as root; there the packaged account runs it.
fn as_postgres(program: &str) -> Command {
    if !is_root() {
        return Command::new(binary(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(binary(program));
    command
}

/// Makes a directory and what is in it the server account's, where that is another.
pub fn give_to_server(directory: &Path) {
    if is_root() {
        run(Command::new("chown").arg("-R").arg("postgres").arg(directory));
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// The newest installed server's program, or the one in `PGVEIL_TEST_PG_BIN`.
pub fn binary(program: &str) -> PathBuf {
    if let Some(directory) = std::env::var_os("PGVEIL_TEST_PG_BIN") {
        return PathBuf::from(directory).join(program);
    }
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = installed.map(|entry| entry.path().join("bin").join(program)).collect();
    versions.retain(|path| path.exists());
    versions.sort();
    versions.pop().unwrap_or_else(|| PathBuf::from(program))
}

/// The major version of the server that [`Server::start`] starts.
pub fn major() -> u32 {
    let output = Command::new(binary("postgres")).arg("--version").output().expect("postgres runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().nth(2).and_then(|version| version.split('.').next());
    version.and_then(|major| major.parse().ok()).unwrap_or_else(|| panic!("no version: {text}"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
