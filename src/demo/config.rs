//! The configuration under which the demo and the tests run a proxy.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// The configuration file's text: loopback on both legs, everything the proxy writes in `directory`.
pub fn text(port: u16, upstream: u16, policies: &Path, directory: &Path) -> String {
    let directory = directory.display();
    let policies = policies.display();
    format!(
        r#"policies = "{policies}"

[listen]
address = "127.0.0.1:{port}"

[upstream]
host = "127.0.0.1"
port = {upstream}

[catalog]
user = "veil_catalog"

[keys]
keyring = "{directory}/keyring"
kek_file = "{directory}/kek"

[audit]
directory = "{directory}/audit"
"#
    )
}

/// Has the program make the keys that the configuration names.
///
/// # Errors
/// The program cannot be run, or says that it failed.
pub fn make_keys(program: &Path, config: &Path) -> io::Result<()> {
    let output = Command::new(program).args(["keys", "init", "--config"]).arg(config).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}
