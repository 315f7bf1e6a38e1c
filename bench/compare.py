#!/usr/bin/env python3
"""Compares the last `cargo bench --bench micro` with bench/baseline.json and says what moved.

    bench/compare.py            prints every median, marks what moved by more than 10 %; exit status 1 if any is slower
    bench/compare.py --save     makes the last run the baseline

The baseline was measured on the machine that it names: on another one, save a baseline of your own first.
"""
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
MOVED = 0.10


def machine():
    lines = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(lines)} x {lines[0]}" if lines else os.uname().machine


def medians():
    """Nanoseconds by benchmark, as criterion wrote them."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target")) / "criterion"
    found = {}
    for path in sorted(target.glob("**/new/estimates.json")):
        name = json.loads((path.parent / "benchmark.json").read_text())["full_id"]
        found[name] = round(json.loads(path.read_text())["median"]["point_estimate"], 1)
    return found


def shown(nanoseconds):
    for unit, scale in (("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= scale:
            return f"{nanoseconds / scale:.2f} {unit}"
    return f"{nanoseconds:.0f} ns"


def main(arguments):
    now = medians()
    if not now:
        sys.exit("nothing measured: run cargo bench --bench micro first")
    if arguments == ["--save"]:
        BASELINE.write_text(json.dumps({"machine": machine(), "median_ns": now}, indent=1, ensure_ascii=False) + "\n")
        return
    if not BASELINE.exists():
        sys.exit("no baseline yet: save one with --save")
    before = json.loads(BASELINE.read_text())
    if before["machine"] != machine():
        print(f"the baseline is of another machine: {before['machine']}, this is {machine()}")
    slower = 0
    for name, median in now.items():
        base = before["median_ns"].get(name)
        change = median / base - 1 if base else 0
        mark = "new" if not base else f"{change:+.0%}" if abs(change) > MOVED else ""
        slower += change > MOVED
        print(f"{name:48} {shown(median):>10} {'was ' + shown(base) if mark and base else '':>16} {mark}".rstrip())
    for name in before["median_ns"].keys() - now.keys():
        print(f"{name:48} not measured")
    sys.exit(1 if slower else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
