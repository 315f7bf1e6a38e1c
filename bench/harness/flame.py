"""Flame graphs of pgveil under load, from perf's samples. Width is time on a CPU; point at a frame for its share."""
import html
import re
import shutil
import signal
import subprocess
import threading

import data
from contenders import Failed
from load import Client, pgbench
from parts import insert, point

WIDTH, ROW, LEAST = 1200, 16, 0.4
#: A sample belongs to the first of these that one of its frames is of.
GROUPS = {"audit": r"::audit::", "sealing and opening": r"::(crypto|keys)::", "deciding": r"decide|::(analyze|sql)::", "sending": r"^(__)?send|sendto|poll_write",
          "receiving": r"recv|poll_read", "waiting": r"epoll_wait|futex", "session": r"::(session::machine|reveal|wire|value|mask)::|Session::on_", "runtime": r""}


def stacks(lines):
    """Each sample as names from the outermost frame in."""
    names = []
    for line in lines:
        frame = re.match(r"^\s+[0-9a-f]+ (.+) \(", line)
        if frame:
            names.append(tidy(frame[1]))
        elif not line.strip() and names:
            yield names[::-1]
            names = []
    if names:
        yield names[::-1]


def tidy(name):
    """Without offsets, hashes and generic arguments."""
    name = re.sub(r"\+0x[0-9a-f]+$", "", name)
    name = re.sub(r"::h[0-9a-f]{16}$", "", name)
    while (shorter := re.sub(r"<[^<>]*>", "", name)) != name and shorter.strip(":"):
        name = shorter
    return name.replace("::::", "::").strip(":") or "?"


def tree(samples):
    root = {"count": 0, "inner": {}}
    for sample in samples:
        node = root
        node["count"] += 1
        for name in sample:
            node = node["inner"].setdefault(name, {"count": 0, "inner": {}})
            node["count"] += 1
    return root


def groups(samples):
    """The share of each group."""
    counts = dict.fromkeys(GROUPS, 0)
    for sample in samples:
        counts[next(name for name, pattern in GROUPS.items() if any(re.search(pattern, frame) for frame in sample))] += 1
    return {name: count / len(samples) for name, count in counts.items()}


def depth(node, total):
    inner = [depth(child, total) for child in node["inner"].values() if width(child, total) >= LEAST]
    return 1 + max(inner, default=0)


def width(node, total):
    return node["count"] / total * WIDTH


def colour(name):
    """The kernel grey, our own blue, libraries yellow and red."""
    if name.startswith("pgveil") or "pgveil::" in name:
        return "#7fb2d6"
    if re.match(r"^(tokio|mio)\b", name):
        return "#f2c77c"
    return "#e79a86" if "::" in name else "#c9ccd1"


def draw(node, name, x, level, rows, total, parts):
    wide = width(node, total)
    if wide < LEAST:
        return
    y = (rows - level) * ROW
    label = name if len(name) * 6.2 < wide else name[:max(0, int(wide / 6.2) - 1)]
    parts.append(f'<g><title>{html.escape(name)}: {node["count"] / total:.1%}</title><rect x="{x:.1f}" y="{y}" width="{max(wide - 0.3, 0.2):.1f}" '
                 f'height="{ROW - 1}" fill="{colour(name)}"/>' + (f'<text x="{x + 2:.1f}" y="{y + 11.5}">{html.escape(label)}</text>' if label else "") + "</g>")
    for inner, child in sorted(node["inner"].items()):
        draw(child, inner, x, level + 1, rows, total, parts)
        x += width(child, total)


def graph(path, title, samples):
    root = tree(samples)
    rows, parts = depth(root, root["count"]) + 1, []
    draw(root, f"all: {root['count']} samples", 0, 0, rows, root["count"], parts)
    height = (rows + 1) * ROW
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="monospace" font-size="10">'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="4" y="12" font-weight="bold">{html.escape(title)}</text>\n' + "\n".join(parts) + "\n</svg>\n")


def flame(bench, plan, record):
    """Not a measurement: where pgveil's time goes, for somebody who wants to save some. Needs perf and its rights."""
    if not shutil.which("perf"):
        raise Failed("perf is missing: install linux-perf")
    data.pgbench_tables(bench, 1)
    data.stream_tables(bench, plan.rows)

    def load(*options, mode):
        return lambda pgveil: pgbench(pgveil, "bench", "-M", mode, *options, seconds=plan.seconds + 3)

    def read(pgveil):
        client = Client(pgveil, "bench")
        before, times = pgveil.cpu_seconds(), 3
        for _ in range(times):
            client.drain("SELECT * FROM stream")
        return {"cpu": (pgveil.cpu_seconds() - before) * 1e6 / plan.rows / times}

    loads = {"select-only, simple": load("-S", mode="simple"), "select-only, extended": load("-S", mode="extended"),
             "point query, prepared": load("-f", point(bench, plan, "people", "prepared"), mode="prepared"),
             "insert, simple": load("-f", insert(bench, "simple"), mode="simple"), "sealed SELECT": read}
    for name, work in loads.items():
        pgveil = bench.pgveil(data.policy())
        try:
            spent, samples = sample(bench, pgveil, work)
        finally:
            pgveil.stop()
        graph(bench.results / f"flame-{re.sub(r'[^a-z]+', '-', name.lower())}.svg", f"pgveil: {name}", samples)
        record(name, "pgveil", 0, **{group: share * spent["cpu"] for group, share in groups(samples).items()})


def sample(bench, pgveil, work):
    """What a load measured of itself, and perf's samples of it from its second second on."""
    path, spent = bench.directory / "perf.data", {}
    loading = threading.Thread(target=lambda: spent.update(work(pgveil)))
    loading.start()
    perf = subprocess.Popen(["perf", "record", "-q", "-D", "1000", "-F", "499", "--call-graph", "dwarf,16384", "-o", path, "-p", str(pgveil.pid)],
                            stderr=subprocess.PIPE)
    loading.join()
    perf.send_signal(signal.SIGINT)
    perf.communicate()
    script = subprocess.run(["perf", "script", "--no-inline", "-F", "ip,sym,dso", "-i", path], capture_output=True, text=True, check=False)
    samples = list(stacks(script.stdout.splitlines()))
    if not samples or not spent:
        raise Failed("perf took no samples, or the load failed")
    return spent, samples
