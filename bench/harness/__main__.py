"""bench/run.sh after it has installed and built what is needed."""
import argparse
import datetime
import json
import os
import pathlib
import resource
import shutil
import signal
import sys
import tempfile
import time

import data
import report
from contenders import Bench, Contender, Failed
from flame import flame
from parts import PARTS, Plan

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "results"


def arguments():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Compares pgveil with a direct connection, PgBouncer and a plain relay.")
    parser.add_argument("--quick", action="store_true", help="fewer cells, rounds and rows")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of each run, after a second of warm-up")
    parser.add_argument("--people", type=int, help="rows of the table that is looked up")
    parser.add_argument("--rows", type=int, help="of a stream")
    parser.add_argument("--idle", type=int, help="idle sessions (1000)")
    parser.add_argument("--server-port", type=int, help="of the server that is started: a peer has to know it")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=HOST:PORT[:PID]", help="a further contender for unprotected traffic")
    parser.add_argument("--result", type=pathlib.Path, help="folder of the results (bench/results/DATE)")
    parser.add_argument("--report", action="store_true", help="only write README.md and pictures anew")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless named; or flame: flame graphs")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - {*PARTS, "flame"}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return chosen


def peer(text):
    name, address = text.split("=", 1)
    host, port, *pid = address.split(":")
    return Contender(name, int(port), host, int(pid[0]) if pid else None)


class Record:
    """Writes measurements as they come, and says them."""

    def __init__(self, file, part, name=None):
        self.file, self.part, self.name, self.began = file, part, name, time.monotonic()

    def named(self, name):
        """Under another name than the contender's own."""
        return Record(self.file, self.part, name)

    def __call__(self, cell, who, turn, **figures):
        self.line(cell=cell, who=self.name or who, round=turn, **{name: round(value, 4) for name, value in figures.items()})
        said = ", ".join(f"{name} {value:,.1f}" for name, value in figures.items())
        print(f"{self.part} {turn + 1} | {cell} | {self.name or who}: {said}", file=sys.stderr)

    def failed(self, cell, who, why):
        self.line(cell=cell, who=self.name or who, failed=str(why).strip().split("\n")[0])
        print(f"{self.part}: {cell} through {who} FAILED: {why}", file=sys.stderr)

    def line(self, **entry):
        self.file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.file.flush()


def measure(bench, plan, folder, part):
    """A part's records replace those of its last run only once it is through."""
    began = time.monotonic()
    about = {"about": str(plan), "commit": report.first_line("git", "rev-parse", "--short", "HEAD"),
             "at": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"), "load": "%.1f" % os.getloadavg()[0]}
    unfinished = bench.directory / f"records-{part}.jsonl"
    with open(unfinished, "w") as file:
        record = Record(file, part)
        record.line(**about)
        {**PARTS, "flame": flame}[part](bench, plan, record)
    shutil.copyfile(unfinished, folder / f"{part}.jsonl")
    report.write(folder)
    print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr)


def main():
    chosen = arguments()
    folder = chosen.result or RESULTS / datetime.date.today().isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    if chosen.report:
        report.write(folder)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    plan = Plan(chosen.quick, chosen.rounds, chosen.seconds, chosen.people, chosen.rows, chosen.idle)
    failures = []
    with tempfile.TemporaryDirectory(prefix="pgveil-bench-") as directory:
        bench = Bench(pathlib.Path(directory), pathlib.Path(os.environ["BENCH_TARGET"]), plan.idle, chosen.server_port, list(map(peer, chosen.peer)))
        bench.results = folder
        try:
            data.create(bench, plan.people)
            data.pgbench_tables(bench, 1)
            for part in chosen.parts or PARTS:
                try:
                    measure(bench, plan, folder, part)
                except Failed as failed:
                    failures.append(part)
                    print(f"{part} FAILED: {failed}", file=sys.stderr)
        finally:
            bench.server.stop()
    print((folder / "README.md").read_text() if (folder / "README.md").exists() else "nothing measured")
    print(f"written to {folder}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
