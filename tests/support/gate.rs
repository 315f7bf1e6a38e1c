//! The gate alone: logs clients in as the proxy does, then passes bytes both ways and looks at none.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use pgveil::auth::{Gate, GateError, LoginFacts, Peer, Socket, Startup, Turned, establish};
use pgveil::catalog::place::Home;
use pgveil::config::{self, Config, Flags};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

/// What became of one connection.
pub type Outcome = Result<LoginFacts, Turned>;

/// A gate that listens on a port of its own, on a thread that ends with the process.
pub struct Front {
    pub port: u16,
    pub gate: Arc<Gate>,
    outcomes: Receiver<Outcome>,
}

impl Front {
    /// `tables` is TOML: whatever of `[listen]`, `[upstream]`, `[databases]` and `[auth]` matters.
    pub fn start(tables: &str) -> Self {
        let config = Arc::new(configuration(tables));
        let gate = Arc::new(Gate::new(&config).expect("a gate"));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let (sender, outcomes) = channel();
        let serving = Serving { gate: gate.clone(), config, outcomes: sender };
        std::thread::spawn(move || serve(listener, &serving));
        Self { port, gate, outcomes }
    }

    /// What became of the next connection that ended its login.
    pub fn outcome(&self) -> Outcome {
        self.outcomes.recv_timeout(Duration::from_secs(30)).expect("an outcome")
    }
}

pub fn gate(tables: &str) -> Result<Gate, GateError> {
    Gate::new(&configuration(tables))
}

pub fn configuration(tables: &str) -> Config {
    const REST: &str =
        "policies = 'p'\n[catalog]\nuser = 'u'\n[keys]\nkeyring = 'k'\nkek_file = 'e'\n[audit]\ndirectory = 'a'\n";
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{REST}{tables}")).expect("a configuration");
    config::load(&Flags { config: file.path().to_owned(), ..Flags::default() }).expect("a valid configuration")
}

#[derive(Clone)]
struct Serving {
    gate: Arc<Gate>,
    config: Arc<Config>,
    outcomes: Sender<Outcome>,
}

fn serve(listener: std::net::TcpListener, serving: &Serving) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("non-blocking");
        let listener = TcpListener::from_std(listener).expect("a listener");
        while let Ok((stream, address)) = listener.accept().await {
            tokio::spawn(session(serving.clone(), stream, Peer::Tcp(address)));
        }
    });
}

async fn session(front: Serving, stream: TcpStream, peer: Peer) {
    let Serving { gate, config, outcomes } = front;
    // Every database is at the first of its servers
    let welcome = async |startup: &Startup| {
        let server = config.target(&startup.database).servers[0].clone();
        Ok((Home { server, must_be_standby: None }, ()))
    };
    let mut admitted = match establish(&gate, Socket::Tcp(stream), peer, welcome).await {
        Ok((admitted, ())) => admitted,
        Err(turned) => {
            let _nobody_asks = outcomes.send(Err(turned));
            return;
        }
    };
    let _nobody_asks = outcomes.send(Ok(admitted.facts));
    if admitted.server.write_all(&admitted.client_buffer).await.is_ok()
        && admitted.client.write_all(&admitted.server_buffer).await.is_ok()
    {
        let _either_left = tokio::io::copy_bidirectional(&mut admitted.client, &mut admitted.server).await;
    }
    drop(admitted.place);
}

/// A CA and certificates signed by it, as files.
pub struct Certificates {
    directory: TempDir,
    ca: CertifiedIssuer<'static, KeyPair>,
}

impl Certificates {
    pub fn new() -> Self {
        let directory = TempDir::new().expect("temporary directory");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
        std::fs::write(directory.path().join("ca.crt"), ca.pem()).expect("ca.crt");
        Self { directory, ca }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes `<name>.crt` and `<name>.key` with this common name, for localhost.
    pub fn issue(&self, name: &str) -> &Self {
        self.issue_with(name, KeyPair::generate().expect("a key"))
    }

    pub fn issue_with(&self, name: &str, key: KeyPair) -> &Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.ca).expect("a certificate");
        std::fs::write(self.file(&format!("{name}.crt")), certificate.pem()).expect("a certificate file");
        write_private(&self.file(&format!("{name}.key")), &key.serialize_pem());
        self
    }
}

pub fn write_private(path: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).expect("a private file");
    file.write_all(text.as_bytes()).expect("its content");
}
