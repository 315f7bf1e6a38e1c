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
        let port = free_port();
        let process = Self::launch(directory.path(), &data, port, settings);
        let server = Self { process, port, directory };
        server.await_ready();
        server
    }

    fn launch(directory: &Path, data: &Path, port: u16, settings: &[&str]) -> Child {
        let mut command = as_postgres("postgres");
        command.arg("-D").arg(data).arg("-p").arg(port.to_string());
        let sockets = format!("unix_socket_directories={}", directory.display());
        for setting in ["listen_addresses=127.0.0.1", "fsync=off", &sockets].iter().chain(settings) {
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
        // SIGQUIT ends every backend at once. The postmaster's own pid stands in its pid file, whoever started it.
        let pid_file = self.directory.path().join("data/postmaster.pid");
        if let Some(pid) = std::fs::read_to_string(pid_file).ok().and_then(|text| text.lines().next().map(String::from))
        {
            let _ended_already = Command::new("kill").args(["-QUIT", &pid]).status();
        }
        let _reaped = self.process.wait();
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

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
