"""The cells, part by part. Each part records one line a measurement: cell, contender, round and figures."""
import contextlib
import glob
import os

import data
from contenders import Failed
from load import Client, pgbench, shuffled

MODES = ("simple", "extended", "prepared")


class Plan:
    """How much is measured; `quick` and the options of bench/run.sh decide."""

    def __init__(self, quick, rounds=None, seconds=None, people=None, rows=None, idle=None):
        self.quick = quick
        self.rounds = rounds or (2 if quick else 5)
        self.seconds = seconds or (1 if quick else 3)
        self.people = people or (10_000 if quick else 100_000)
        self.rows = rows or (100_000 if quick else 1_000_000)
        self.idle = idle or 1000

    def __str__(self):
        return f"{self.rounds} rounds of {self.seconds} s after a second of warm-up, {self.people:,} people, streams of {self.rows:,} rows"

    def of(self, everything, quick):
        return quick if self.quick else everything


def script(bench, name, text):
    path = bench.directory / f"{name}.sql"
    path.write_text(text)
    return path


def measure(record, cell, who, seed, *arguments, **options):
    """One run; a failure is said, and leaves a gap."""
    try:
        record(cell, who.name, seed, **pgbench(who, *arguments, **options))
    except Failed as failed:
        record.failed(cell, who.name, failed)


def unprotected(bench, plan, record):
    """Tables that no policy names: what everybody pays. Scale 1 for select-only, see `load.pgbench`; more for TPC-B, whose rows collide."""
    every = [(mode, clients) for clients in (1, 8, 32) for mode in MODES]
    cells = {"select-only": (1, ["-S"], plan.of(every, [*((mode, 8) for mode in MODES), ("simple", 1), ("simple", 32)])),
             "TPC-B": (plan.of(20, 5), [], plan.of(every, [("simple", 8), ("prepared", 8)]))}
    for workload, (scale, options, cells) in cells.items():
        data.pgbench_tables(bench, scale)
        with bench.started(data.policy()) as contenders:
            for turn in range(plan.rounds):
                for mode, clients in cells:
                    for who in shuffled(list(contenders.values()), turn):
                        measure(record, f"{workload}, {mode}, {clients} client{'s' * (clients > 1)}", who, turn, "bench", *options, "-M", mode, clients=clients,
                                seconds=plan.seconds)


def tls(bench, plan, record):
    """TLS between client and proxy, none toward the server, at both proxies."""
    data.pgbench_tables(bench, 1)
    environment = dict(os.environ, PGSSLMODE="require")
    with bench.started(data.policy()) as contenders:
        for turn in range(plan.rounds):
            for mode in plan.of(MODES, MODES[:1]):
                for who in shuffled([contenders["pgbouncer"], contenders["pgveil"]], turn):
                    measure(record, f"select-only, {mode}, 8 clients", who, turn, "bench", "-S", "-M", mode, seconds=plan.seconds,
                            environment=environment)


def point(bench, plan, table, mode):
    """A look-up by the sealed phone number that shows all five sealed columns."""
    value = "':phone'" if mode == "simple" else ":phone"
    return script(bench, f"point-{table}-{mode}", f"\\set phone random(13800000001, {13800000000 + plan.people})\n"
                  f"SELECT {data.COLUMNS} FROM {table} WHERE phone = {value};\n")


def insert(bench, mode):
    """Every row new, five values sealed; pgbench cannot make parameters of text, so that two of them are of digits."""
    phone, number, email = ("':phone'", "':number'", "'c:number@example.com'") if mode == "simple" else (":phone", ":number", ":number")
    return script(bench, f"insert-{mode}", "\\set id random(1000000, 9000000000000000)\n\\set phone random(13900000000, 18999999999)\n"
                  "\\set number random(100000000000000000, 999999999999999999)\n"
                  f"INSERT INTO people ({data.COLUMNS}) VALUES (:id, {phone}, {number}, {email}, '1990-01-01', '12345.67');\n")


def protected(bench, plan, record):
    """Through pgveil against the plaintext twin through PgBouncer."""
    points = {"clear": ("people", "app"), "masked": ("people", "teller"), "SM4": ("people_sm4", "app")}
    with bench.started(data.policy()) as contenders:
        for turn in range(plan.rounds):
            for mode in plan.of(MODES, ("simple", "prepared")):
                cells = {f"insert, {mode}": (insert(bench, mode), "app")}
                for name, (table, caller) in points.items():
                    if not (plan.quick and name != "clear" and mode == "prepared"):
                        cells[f"point query, {name}, {mode}"] = point(bench, plan, table, mode), caller
                for cell, (path, caller) in cells.items():
                    for who in shuffled([contenders["pgbouncer"], contenders["pgveil"]], turn):
                        database, user = ("bench", caller) if who.name == "pgveil" else ("twin", "app")
                        measure(record, cell, who, turn, database, "-M", mode, "-f", path, user=user, seconds=plan.seconds)


def audit(bench, plan, record):
    """What it costs to wait for the disk before the first row: a protected point query, three ways to be sure of its record."""
    variants = {"handed to the operating system": 'durability = "handed"', "handed, HMAC-SM3 chain": 'algorithm = "hmac-sm3"',
                "synced to the disk": 'durability = "synced"'}
    with contextlib.ExitStack() as running:
        instances = {}
        for number, (name, lines) in enumerate(variants.items()):
            instances[name] = bench.pgveil(data.policy(), lines, f"audit{number}")
            running.callback(instances[name].stop)
        for turn in range(plan.rounds):
            for clients in plan.of((1, 8, 32), (8,)):
                for name in shuffled(list(variants), turn):
                    measure(record, f"{name}, {clients} client{'s' * (clients > 1)}", instances[name], turn, "bench", "-M", "prepared", "-f",
                            point(bench, plan, "people", "prepared"), clients=clients, seconds=plan.seconds)


def streaming(bench, plan, record):
    """One session alone, everything read or written as fast as it goes."""
    data.stream_tables(bench, plan.rows)
    files = {"plain": bench.directory / "plain.copy", "sealed": bench.directory / "sealed.copy"}
    for name, table in (("plain", "open_rows"), ("sealed", "stream")):
        with open(files[name], "wb") as file:
            file.write(bench.server.sql("bench", f"COPY {table} TO STDOUT\n").encode())
    lengths = ", ".join(f"avg(length({column}::text))::numeric(8,1)" for column in data.PEOPLE)
    for which, table in (("in clear", "open_rows"), ("sealed", "stream")):
        found = bench.server.sql("bench", f"SELECT {lengths} FROM (SELECT * FROM {table} LIMIT 10000) AS first\n").strip().split("|")
        record("characters of a value", which, 0, **dict(zip(data.PEOPLE, map(float, found))))
    with bench.started(data.policy()) as contenders:
        for proxy in ("pgbouncer", "relay", "pgveil"):
            contenders[proxy].forget_peak()
        for turn in range(plan.rounds):
            everyone = shuffled(list(contenders.values()), turn)
            ends = shuffled([contenders["direct"], contenders["pgveil"]], turn)
            for who in everyone:
                stream(record, "unprotected SELECT", who, turn, plan, "SELECT * FROM open_rows")
            for who in everyone:
                stream(record, "unprotected COPY out", who, turn, plan, "COPY open_rows TO STDOUT")
            for who in everyone:
                stream(record, "unprotected COPY in", who, turn, plan, "COPY open_in FROM STDIN", files["plain"], bench)
            for who in ends:
                stream(record, "sealed SELECT", who, turn, plan, "SELECT * FROM stream")
            for who in ends:
                stream(record, "sealed COPY out", who, turn, plan, "COPY stream TO STDOUT")
            for who in ends:
                stream(record, "sealed COPY in", who, turn, plan, "COPY stream_in FROM STDIN",
                       files["sealed" if who.name == "direct" else "plain"], bench)
        for proxy in ("pgbouncer", "relay", "pgveil"):
            record("peak memory", proxy, 0, mib=contenders[proxy].memory_kib("VmHWM") / 1024)


def stream(record, cell, who, turn, plan, text, path=None, bench=None):
    if path:
        bench.server.sql("bench", f"TRUNCATE {text.split()[1]}\n")
    try:
        client, before = Client(who, "bench"), who.cpu_seconds()
        length, seconds = client.fill(text, path) if path else client.drain(text)
        record(cell, who.name, turn, mb_per_s=length / seconds / 1e6, rows_per_s=plan.rows / seconds,
               cpu=(who.cpu_seconds() - before) * 1e6 / plan.rows)
        client.close()
    except (Failed, OSError) as failed:
        record.failed(cell, who.name, failed)


def idle(bench, plan, record):
    """Memory of sessions that have asked once and wait; connections that ask once and go."""
    for proxy in ("pgbouncer", "relay", "pgveil"):
        with bench.started(data.policy()) as contenders:
            who = contenders[proxy]
            Client(who, "bench").close()
            before, sessions = who.memory_kib(), []
            try:
                for _ in range(plan.idle):
                    sessions.append(Client(who, "bench"))
                    sessions[-1].ask("SELECT abalance FROM pgbench_accounts WHERE aid = 1")
                record(f"KiB a session, {plan.idle} sessions", proxy, 0, kib=(who.memory_kib() - before) / plan.idle)
            except (Failed, OSError) as failed:
                record.failed(f"{plan.idle} sessions", proxy, failed)
            for session in sessions:
                session.close()
    once = script(bench, "once", "SELECT 1;\n")
    with bench.started(data.policy()) as contenders:
        for turn in range(plan.rounds):
            for who in shuffled(list(contenders.values()), turn):
                measure(record, "connect, SELECT 1, disconnect", who, turn, "bench", "-C", "-f", once, seconds=plan.seconds)


def latency(bench, plan, record):
    """The same arrivals for everybody: half of what PgBouncer can take. Counted from when a transaction was due."""
    data.pgbench_tables(bench, 1)
    with bench.started(data.policy()) as contenders:
        for mode in plan.of(MODES, ("simple",)):
            load = ("-S", "-M", mode)
            rate = int(pgbench(contenders["pgbouncer"], "bench", *load, seconds=plan.seconds)["tps"] / 2)
            for turn in range(plan.rounds):
                for who in shuffled(list(contenders.values()), turn):
                    for old in glob.glob(f"{bench.directory}/latency.*"):
                        os.unlink(old)
                    try:
                        pgbench(who, "bench", *load, "-R", rate, "--log", f"--log-prefix={bench.directory}/latency", seconds=plan.seconds)
                    except Failed as failed:
                        record.failed(f"{mode} at {rate} tps", who.name, failed)
                        continue
                    spent = sorted(microseconds(bench))
                    record(f"{mode}", who.name, turn, rate=rate, p50=spent[len(spent) // 2], p99=spent[len(spent) * 99 // 100])


def microseconds(bench):
    """Latencies of pgbench's logs without their first second."""
    for path in glob.glob(f"{bench.directory}/latency.*"):
        with open(path) as log:
            lines = [line.split() for line in log]
        if lines:
            first = int(lines[0][4])
            yield from (int(line[2]) for line in lines if int(line[4]) > first)


def curves(bench, plan, record):
    """Cost as work grows: each curve is flat where it should be flat."""
    for curve in (curve_columns, curve_policy, curve_statements, curve_sessions):
        for turn in range(plan.of(plan.rounds, 1)):
            curve(bench, plan, record, turn)


def curve_columns(bench, plan, record, turn):
    with bench.started(data.policy()) as contenders:
        for table, count in data.WIDE.items():
            query = script(bench, table, f"\\set id random(1, 1000)\nSELECT * FROM {table} WHERE id = :id;\n")
            for who in shuffled([contenders["pgbouncer"], contenders["pgveil"]], turn):
                database = "bench" if who.name == "pgveil" else "twin"
                measure(record, f"protected columns of twenty:{count}", who, turn, database, "-M", "prepared", "-f", query, seconds=plan.seconds)


def curve_policy(bench, plan, record, turn):
    bench.server.sql("bench", data.extra_tables(500))
    for count in plan.of((10, 100, 1000, 10_000), (10, 1000, 10_000)):
        pgveil = bench.pgveil(data.policy(count), name=f"policy{count}")
        try:
            for name, options in (("unprotected", ["-S"]), ("protected", ["-f", point(bench, plan, "people", "simple")])):
                measure(record.named(f"pgveil, {name}"), f"columns in the policy:{count}", pgveil, turn, "bench", *options, seconds=plan.seconds)
        finally:
            pgveil.stop()


def curve_statements(bench, plan, record, turn):
    """Texts of so many shapes, each drawn at random: with 100,000 nearly every one is new within a run, and its analysis is what is paid."""
    texts = {"unprotected": "SELECT abalance AS a:k FROM pgbench_accounts WHERE aid = :n;",
             "protected": "SELECT phone AS a:k, id_number FROM people WHERE id = :n;"}
    with bench.started(data.policy()) as contenders:
        for count in plan.of((10, 100, 1000, 10_000, 100_000), (10, 1000, 100_000)):
            for name, text in texts.items():
                path = script(bench, f"shapes-{name}-{count}", f"\\set k random(1, {count})\n\\set n random(1, 10000)\n{text}\n")
                proxies = ("pgveil",) if plan.quick or name == "protected" else ("pgbouncer", "pgveil")
                for who in shuffled([contenders[proxy] for proxy in proxies], turn):
                    measure(record.named(f"{who.name}, {name}"), f"distinct statements:{count}", who, turn, "bench", "-f", path, seconds=plan.seconds)


def curve_sessions(bench, plan, record, turn):
    data.pgbench_tables(bench, 1)
    with bench.started(data.policy()) as contenders:
        for count in plan.of((1, 4, 16, 64, 256, plan.idle), (1, 16, 256, plan.idle)):
            for who in shuffled([contenders[proxy] for proxy in plan.of(("pgbouncer", "relay", "pgveil"), ("pgbouncer", "pgveil"))], turn):
                measure(record, f"sessions:{count}", who, turn, "bench", "-S", clients=count, seconds=plan.seconds)


PARTS = {part.__name__: part for part in (unprotected, tls, protected, audit, streaming, idle, latency, curves)}
