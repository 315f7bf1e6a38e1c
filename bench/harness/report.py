"""From the records of a run to README.md and pictures in its folder."""
import collections
import json
import pathlib
import platform
import re
import statistics
import subprocess

import picture

PROXIES = ("pgbouncer", "relay", "pgveil")


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")[0]


def machine():
    lines = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(lines)} × {lines[0]}" if lines else platform.machine()


class Cells:
    """One part's records, by cell and contender, and in each the figures by round."""

    def __init__(self, path):
        self.found = collections.defaultdict(lambda: collections.defaultdict(dict))
        self.about, self.failures = {}, []
        for line in open(path):
            entry = json.loads(line)
            if "failed" in entry:
                self.failures.append(entry)
            elif "about" in entry:
                self.about = entry
            else:
                self.found[entry["cell"]][entry["who"]][entry["round"]] = entry

    def median(self, cell, who, figure):
        values = [entry[figure] for entry in self.found[cell].get(who, {}).values()]
        return statistics.median(values) if values else None

    def others(self):
        """Contenders beyond the usual ones."""
        everyone = dict.fromkeys(who for found in self.found.values() for who in found)
        return [who for who in everyone if who not in (*PROXIES, "direct")]

    def ratio(self, cell, who, base, figure):
        """The median of the rounds' own ratios, lowest and highest: what shifts between rounds cancels out."""
        ours, theirs = self.found[cell].get(who, {}), self.found[cell].get(base, {})
        ratios = [ours[turn][figure] / theirs[turn][figure] for turn in ours if turn in theirs and theirs[turn][figure]]
        return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def judged(ratio, goal=None, most=False):
    """A ratio with its range; in bold where it misses the goal."""
    if not ratio:
        return "–"
    middle, low, high = ratio
    missed = goal is not None and (round(middle, 2) > goal if most else round(middle, 2) < goal)
    text = f"**{middle:.2f}**" if missed else f"{middle:.2f}"
    return f"{text} ({low:.2f}–{high:.2f})"


def table(heads, rows):
    yield "| " + " | ".join(heads) + " |"
    yield "|---" + "|---:" * (len(heads) - 1) + "|"
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


def rate_goal(cell):
    return 0.97 if "prepared" in cell else 1.0


def unprotected(cells, _):
    yield "tps, and CPU in µs a transaction. Goals: tps of PgBouncer's 1.00 (prepared 0.97), of the relay's 0.95, CPU of PgBouncer's at most 1.10.\n"
    others = cells.others()
    rows = [[cell, *(number(cells.median(cell, who, "tps")) for who in ("direct", *PROXIES, *others)),
             judged(cells.ratio(cell, "pgveil", "pgbouncer", "tps"), rate_goal(cell)), judged(cells.ratio(cell, "pgveil", "relay", "tps"), 0.95),
             " / ".join(number(cells.median(cell, who, "cpu"), 1) for who in (*PROXIES, *others)),
             judged(cells.ratio(cell, "pgveil", "pgbouncer", "cpu"), 1.10, most=True)] for cell in cells.found]
    yield from table(["cell", "direct", *PROXIES, *others, "tps of PgBouncer's", "tps of the relay's", " / ".join(["CPU: pgbouncer", "relay", "pgveil", *others]),
                      "CPU of PgBouncer's"], rows)


def against_pgbouncer(cells, goal):
    rows = [[cell, *(number(cells.median(cell, who, "tps")) for who in ("pgbouncer", "pgveil")),
             judged(cells.ratio(cell, "pgveil", "pgbouncer", "tps"), goal(cell)),
             " / ".join(number(cells.median(cell, who, "cpu"), 1) for who in ("pgbouncer", "pgveil")),
             judged(cells.ratio(cell, "pgveil", "pgbouncer", "cpu"))] for cell in cells.found]
    yield from table(["cell", "pgbouncer", "pgveil", "tps of PgBouncer's", "CPU µs: pgbouncer / pgveil", "CPU of PgBouncer's"], rows)


def tls(cells, _):
    yield "TLS 1.3 between client and proxy. Goal: 0.95.\n"
    yield from against_pgbouncer(cells, lambda cell: 0.95)


def protected(cells, _):
    yield "pgveil with five sealed columns, PgBouncer with the plaintext twin. Goals: 0.90, SM4 0.80.\n"
    yield from against_pgbouncer(cells, lambda cell: 0.8 if "SM4" in cell else 0.9)


def audit(cells, _):
    yield "A protected point query, prepared. The default is the first.\n"
    base = "handed to the operating system, "
    rows = []
    for cell, found in cells.found.items():
        who = next(iter(found))
        first = base + cell.rsplit(", ", 1)[1]
        rows.append([cell, number(cells.median(cell, who, "tps")), number(cells.median(cell, who, "cpu"), 1),
                     number(cells.median(cell, who, "tps") / cells.median(first, "audit0", "tps"), 2) if first in cells.found else "–"])
    yield from table(["records are", "tps", "CPU µs", "tps of the default's"], rows)


def streaming(cells, _):
    yield "Million rows a second, MB/s in brackets. Goals: unprotected 1.00 of PgBouncer's, sealed 0.85 of the ciphertext read or written directly.\n"
    rows = []
    for cell in cells.found:
        if cell.split()[0] not in ("unprotected", "sealed"):
            continue
        base = "pgbouncer" if cell.startswith("unprotected") else "direct"
        shown = [f"{cells.median(cell, who, 'rows_per_s') / 1e6:.2f} ({number(cells.median(cell, who, 'mb_per_s'))})" if cells.median(cell, who, "rows_per_s") else "–"
                 for who in ("direct", *PROXIES)]
        rows.append([cell, *shown, judged(cells.ratio(cell, "pgveil", base, "rows_per_s"), 1.0 if base == "pgbouncer" else 0.85),
                     " / ".join(number(cells.median(cell, who, "cpu"), 2) for who in PROXIES)])
    yield from table(["cell", "direct", *PROXIES, "rows, of PgBouncer's or of direct's", "CPU µs a row: pgbouncer / relay / pgveil"], rows)
    peaks = {who: entry[0]["mib"] for who, entry in cells.found["peak memory"].items()}
    yield "Peak memory meanwhile (goal of pgveil's: 64 MiB): " + ", ".join(f"{who} {peak:.0f} MiB" for who, peak in peaks.items()) + ".\n"
    sizes = cells.found["characters of a value"]
    names = [name for name in sizes["sealed"][0] if name not in ("cell", "who", "round")]
    yield from table(["characters of a value", *names], [[which, *(number(entry[0][name], 1) for name in names)] for which, entry in sizes.items()])


def idle(cells, _):
    yield "Goals: memory at most 16 KiB a session; connections 0.8 of PgBouncer's, which keeps its server connections where the others have PostgreSQL start a process.\n"
    rows = []
    for cell in cells.found:
        if cell.startswith("KiB"):
            rows.append([cell, "–", *(number(cells.median(cell, who, "kib"), 1) for who in PROXIES), "–"])
        else:
            rows.append([cell + ": tps", *(number(cells.median(cell, who, "tps")) for who in ("direct", *PROXIES)),
                         judged(cells.ratio(cell, "pgveil", "pgbouncer", "tps"), 0.8)])
            rows.append([cell + ": CPU µs", "–", *(number(cells.median(cell, who, "cpu")) for who in PROXIES),
                         judged(cells.ratio(cell, "pgveil", "pgbouncer", "cpu"))])
    yield from table(["cell", "direct", *PROXIES, "of PgBouncer's"], rows)


def latency(cells, _):
    yield ("µs from when a transaction was due, at half of PgBouncer's greatest rate. Added: less direct's. "
           "Goals: what pgveil adds is at most 1.3 (p50) and 1.5 (p99) of what PgBouncer adds.\n")
    rows, proxies = [], (*PROXIES, *cells.others())
    for cell, found in cells.found.items():
        rate = next(iter(next(iter(found.values())).values()))["rate"]
        for figure, goal in (("p50", 1.3), ("p99", 1.5)):
            shown = {who: cells.median(cell, who, figure) for who in ("direct", *proxies)}
            added = {who: shown[who] - shown["direct"] for who in proxies if shown[who] is not None and shown["direct"] is not None}
            ratio = added["pgveil"] / added["pgbouncer"] if added.get("pgbouncer", 0) > 0 and "pgveil" in added else None
            rows.append([f"{cell}, {number(rate)} tps, {figure}", *map(number, shown.values()), " / ".join(number(added.get(who)) for who in proxies),
                         "–" if ratio is None else "≤ 0" if ratio <= 0 else f"**{ratio:.2f}**" if ratio > goal else f"{ratio:.2f}"])
    yield from table(["cell", "direct", *proxies, "added: " + " / ".join(proxies), "of PgBouncer's"], rows)


def curves(cells, folder):
    drawn = collections.defaultdict(lambda: collections.defaultdict(lambda: {"tps": [], "cpu": []}))
    for cell, found in cells.found.items():
        axis, at = cell.split(":")
        for who in found:
            for figure in ("tps", "cpu"):
                drawn[axis][who][figure].append((int(at), cells.median(cell, who, figure)))
    for axis, lines in drawn.items():
        name = re.sub(r"\W+", "-", axis) + ".svg"
        picture.chart(folder / name, axis, {"tps": {who: sorted(line["tps"]) for who, line in lines.items()},
                                            "proxy CPU, µs a transaction": {who: sorted(line["cpu"]) for who, line in lines.items()}})
        yield f"![{axis}]({name})\n"
        places = sorted({at for line in lines.values() for at, _ in line["cpu"]})
        rows = [[f"{who}: {label}", *(number(dict(line[figure]).get(at), digits) for at in places)]
                for who, line in lines.items() for figure, label, digits in (("tps", "tps", 0), ("cpu", "CPU µs", 1))]
        yield from table([axis, *(f"{at:,}" for at in places)], rows)


def flame(cells, _):
    yield "pgveil's CPU in µs a transaction (a row in the stream), by what perf found on its stacks; point at the pictures for more.\n"
    found = {cell: whos["pgveil"][0] for cell, whos in cells.found.items()}
    heads = [name for name in next(iter(found.values())) if name not in ("cell", "who", "round")]
    rows = [[f"[{cell}](flame-{re.sub(r'[^a-z]+', '-', cell.lower())}.svg)", *(f"{entry[name]:.1f}" for name in heads)] for cell, entry in found.items()]
    yield from table(["load", *heads], rows)


TITLES = {unprotected: "Unprotected traffic", tls: "TLS", protected: "Protected traffic", audit: "Durability of the audit trail", streaming: "Streams",
          idle: "Idle sessions and connections", latency: "Latency at half load", curves: "Cost as work grows",
          flame: "Where the time goes"}


def write(folder: pathlib.Path):
    lines = [f"# Benchmark of {folder.name}\n", f"{machine()}, {first_line('uname', '-sr')}, {first_line('pgbench', '--version')}, "
             f"{first_line('pgbouncer', '--version')}. Load, server and proxies share the machine.\n",
             "Rates are medians of the rounds; ratios are medians of each round's own, with the lowest and highest; bold where a goal is missed. CPU is the "
             "proxy's, user and system.\n"]
    for part, title in TITLES.items():
        path = folder / f"{part.__name__}.jsonl"
        if not path.exists():
            continue
        cells = Cells(path)
        lines += [f"## {title}\n", f"Commit {cells.about['commit']}, {cells.about['at']}: {cells.about['about']}; load of the machine before: {cells.about['load']}.\n",
                  *(part(cells, folder) if cells.found else [])]
        lines += [f"Not measured: {entry['cell']} through {entry['who']}: {entry['failed']}\n" for entry in cells.failures]
    (folder / "README.md").write_text("\n".join(lines).rstrip() + "\n")
