//! A pgveil of the test's own in front of a test server.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running `pgveil serve`; it ends when the value is dropped.
pub struct Proxy {
    process: Child,
    port: u16,
    directory: TempDir,
}

impl Proxy {
    /// Starts in front of the server at `upstream`, with the sample bank's policies.
    pub fn start(upstream: u16) -> Self {
        let directory = TempDir::new().expect("temporary directory");
        let port = free_port();
        let config = directory.path().join("pgveil.toml");
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank");
        std::fs::write(&config, pgveil::demo::config::text(port, upstream, &policies, directory.path()))
            .expect("a configuration");
        pgveil::demo::config::make_keys(Path::new(env!("CARGO_BIN_EXE_pgveil")), &config).expect("keys");
        let log = std::fs::File::create(directory.path().join("log")).expect("a log");
        let process = Command::new(env!("CARGO_BIN_EXE_pgveil"))
            .args(["serve", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("pgveil starts");
        let mut proxy = Self { process, port, directory };
        proxy.await_ready();
        proxy
    }

    pub fn port(&self) -> u16 {
        self.port
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

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
