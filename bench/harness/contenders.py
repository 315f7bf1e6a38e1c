"""The processes that are compared: PostgreSQL, PgBouncer in session mode, a plain relay, pgveil, and peers given by address."""
import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

HOST = "127.0.0.1"
IS_ROOT = os.geteuid() == 0
# TLS only where a cell asks for it, whatever a contender offers.
os.environ.update(PGSSLMODE="disable", PGGSSENCMODE="disable", PGAPPNAME="bench")


class Failed(Exception):
    """A contender or a client program did not do its work; the message says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), text=True, capture_output=True, **options)
    if done.returncode:
        raise Failed(f"{command[0]}: {(done.stderr or done.stdout).strip()[:500]}")
    return done.stdout


class Contender:
    """Where clients connect, and the process whose CPU and memory are read (none: a peer elsewhere)."""

    def __init__(self, name, port, host=HOST, pid=None, process=None):
        self.name, self.port, self.host, self.process = name, port, host, process
        self.pid = process.pid if process else pid

    def wait(self):
        for _ in range(200):
            if self.process and self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
                return self
            time.sleep(0.05)
        raise Failed(f"{self.name} does not listen on {self.port}")

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def cpu_seconds(self):
        """User and system time so far, all threads, in nanoseconds' steps where the kernel keeps them."""
        if not self.pid:
            return 0.0
        process = pathlib.Path(f"/proc/{self.pid}")
        try:
            if not (process / "schedstat").exists():
                times = (process / "stat").read_text().rsplit(")", 1)[1].split()
                return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
            spent = 0
            for task in (process / "task").iterdir():
                # A thread may end while its siblings are read.
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    spent += int((task / "schedstat").read_text().split()[0])
            return spent / 1e9
        except FileNotFoundError:
            raise Failed(f"{self.name} has ended") from None

    def memory_kib(self, field="VmRSS"):
        """`VmRSS` is now, `VmHWM` the peak since `forget_peak`."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise Failed(f"no {field} of {self.name}")

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")


class Server:
    """A PostgreSQL of our own. Its durability is off: the disk would drown the difference that is measured."""

    def __init__(self, directory, port, connections):
        self.directory, self.port = directory, port or free_port()
        bins = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
        self.bin = bins[-1].parent if bins else pathlib.Path(shutil.which("postgres")).parent
        self.as_owner("initdb", "-D", directory / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        settings = dict(listen_addresses=HOST, fsync="off", synchronous_commit="off", full_page_writes="off", shared_buffers="256MB",
                        max_wal_size="8GB", checkpoint_timeout="1h", autovacuum="off", max_connections=connections)
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self.as_owner("pg_ctl", "-D", directory / "data", "-w", "-l", directory / "postgres.log", "start",
                      "-o", f"-p {self.port} -k {directory} {options}")

    def as_owner(self, program, *arguments):
        owner = ["runuser", "-u", "postgres", "--"] if IS_ROOT else []
        # Its output to a file: the server would inherit a pipe and keep it open.
        with open(self.directory / "server-programs.log", "ab") as log:
            if subprocess.run([*owner, self.bin / program, *map(str, arguments)], stdout=log, stderr=log, check=False).returncode:
                raise Failed(f"{program}: see {log.name}: {pathlib.Path(log.name).read_text()[-500:]}")

    def sql(self, database, text, user="app", port=None):
        return run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p", port or self.port, "-U", user, "-d", database,
                   input=text)

    def stop(self):
        with contextlib.suppress(Failed):
            self.as_owner("pg_ctl", "-D", self.directory / "data", "-m", "immediate", "stop")


class Bench:
    """Everything that runs, in one temporary directory."""

    def __init__(self, directory, target, sessions, server_port=None, peers=()):
        self.directory, self.target, self.sessions, self.peers = directory, target, sessions, peers
        self.results = directory
        if IS_ROOT:
            shutil.chown(directory, "postgres")
        self.server = Server(directory, server_port, sessions + 200)
        self.direct = Contender("direct", self.server.port)
        self.certificate()

    def certificate(self):
        self.cert, self.key = self.directory / "tls.crt", self.directory / "tls.key"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-keyout", self.key, "-out", self.cert)
        if IS_ROOT:
            owner = pwd.getpwnam("postgres")
            os.chown(self.key, owner.pw_uid, owner.pw_gid)

    def spawn(self, name, port, *command):
        with open(self.directory / f"{name}.log", "ab") as log:
            process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
        contender = Contender(name, port, process=process)
        try:
            return contender.wait()
        except Failed as failed:
            contender.stop()
            raise Failed(f"{failed}: {pathlib.Path(log.name).read_text()[-500:]}") from None

    def pgbouncer(self):
        port, users, ini = free_port(), self.directory / "users.txt", self.directory / "pgbouncer.ini"
        users.write_text('"app" ""\n')
        ini.write_text(f"""[databases]
* = host={HOST} port={self.server.port}
[pgbouncer]
listen_addr = {HOST}
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = session
max_client_conn = {self.sessions + 100}
default_pool_size = {self.sessions + 100}
client_tls_sslmode = allow
client_tls_cert_file = {self.cert}
client_tls_key_file = {self.key}
log_connections = 0
log_disconnections = 0
""")
        return self.spawn("pgbouncer", port, "pgbouncer", "-q", *(["-u", "postgres"] if IS_ROOT else []), ini)

    def relay(self):
        port = free_port()
        return self.spawn("relay", port, self.target / "examples/relay", f"{HOST}:{port}", f"{HOST}:{self.server.port}")

    def pgveil(self, policy, audit="", name="pgveil"):
        """As shipped: policy loaded, audit trail and metrics on. `audit`: further lines of that table."""
        port, home = free_port(), self.directory / name
        (home / "policies").mkdir(parents=True, exist_ok=True)
        (home / "policies/bench.yaml").write_text(policy)
        # One keyring for every instance: what one has sealed the others open.
        keys = self.directory / "keys"
        keys.mkdir(exist_ok=True)
        config = home / "pgveil.toml"
        config.write_text(f"""policies = "{home}/policies"
[listen]
address = "{HOST}:{port}"
tls_certificate = "{self.cert}"
tls_key = "{self.key}"
[upstream]
host = "{HOST}"
port = {self.server.port}
[catalog]
user = "postgres"
[keys]
keyring = "{keys}/keyring"
kek_file = "{keys}/kek"
[admin]
address = "{HOST}:{free_port()}"
[audit]
directory = "{home}/audit"
{audit}
""")
        program = self.target / "pgveil"
        if not (keys / "keyring").exists():
            run(program, "keys", "init", "--config", config)
        return self.spawn(name, port, program, "serve", "--config", config)

    @contextlib.contextmanager
    def started(self, policy):
        """All contenders, fresh: memory that was freed before would hide what is taken now."""
        running = [self.direct]
        try:
            for start in (self.pgbouncer, self.relay, lambda: self.pgveil(policy)):
                running.append(start())
            yield {contender.name: contender for contender in [*running, *self.peers]}
        finally:
            for contender in running:
                contender.stop()
