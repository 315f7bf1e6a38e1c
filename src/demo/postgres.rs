//! The demo's own PostgreSQL: one directory, loopback only.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Who may log in how. The proxy relays SCRAM; its own catalog login is trusted from loopback, in the demo only.
const HBA: &str = "local all postgres trust
host all postgres 127.0.0.1/32 trust
host all veil_catalog 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
";

/// A database cluster in a directory of its own.
pub struct Cluster {
    programs: PathBuf,
    directory: PathBuf,
}

impl Cluster {
    /// The cluster in `directory`, with the newest installed server's programs.
    ///
    /// # Errors
    /// No server is installed.
    pub fn new(directory: &Path) -> io::Result<Self> {
        Ok(Self { programs: programs()?, directory: directory.to_owned() })
    }

    pub fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub fn exists(&self) -> bool {
        self.data().join("PG_VERSION").exists()
    }

    pub fn log(&self) -> PathBuf {
        self.data().join("server.log")
    }

    /// # Errors
    /// `initdb` fails.
    pub fn create(&self) -> io::Result<()> {
        let data = self.data();
        fs::create_dir_all(&data)?;
        if is_root() {
            succeed(Command::new("chown").arg("postgres").arg(&data))?;
        }
        let flags = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D"];
        succeed(self.command("initdb").args(flags).arg(&data))?;
        fs::write(data.join("pg_hba.conf"), HBA)
    }

    /// Starts the server and waits until it answers; the port it listens on.
    ///
    /// # Errors
    /// No free port, or the server does not start: its log is in [`Cluster::log`].
    pub fn start(&self) -> io::Result<u16> {
        let port = free_port()?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c log_statement=all -c timezone=UTC"
        );
        let mut command = self.command("pg_ctl");
        command.args(["start", "-w", "-s", "-D"]).arg(self.data()).arg("-l").arg(self.log()).args(["-o", &options]);
        // The server inherits what pg_ctl has: a pipe would never see its end
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        if status.success() {
            Ok(port)
        } else {
            Err(io::Error::other(format!("PostgreSQL did not start: {}", self.log().display())))
        }
    }

    /// # Errors
    /// The server runs and cannot be stopped.
    pub fn stop(&self) -> io::Result<()> {
        if !self.data().join("postmaster.pid").exists() {
            return Ok(());
        }
        succeed(self.command("pg_ctl").args(["stop", "-w", "-s", "-m", "fast", "-D"]).arg(self.data())).map(drop)
    }

    fn command(&self, program: &str) -> Command {
        let path = self.programs.join(program);
        let mut command = if is_root() {
            // PostgreSQL refuses to run as root
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/");
        command
    }
}

/// The newest server's directory of programs.
fn programs() -> io::Result<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let major = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let mut versions: Vec<PathBuf> = installed.map(|entry| entry.path()).collect();
    versions.sort_by_key(major);
    let from_packages = versions.pop().map(|version| version.join("bin"));
    let path = std::env::var_os("PATH");
    let candidates = from_packages.into_iter().chain(path.iter().flat_map(std::env::split_paths));
    let found = candidates.into_iter().find(|directory| directory.join("initdb").exists());
    found.ok_or_else(|| {
        let message = "no PostgreSQL server is installed: install `postgresql-15` or newer (Debian: apt-get install postgresql-15)";
        io::Error::new(io::ErrorKind::NotFound, message)
    })
}

fn succeed(command: &mut Command) -> io::Result<Output> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output);
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// A port that nobody listens on now.
///
/// # Errors
/// Loopback has none left.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
