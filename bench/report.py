#!/usr/bin/env python3
"""Medians and ratios of a results table: report.py RESULTS.tsv DESCRIPTION. Columns: round workload contender tps cpu."""
import collections
import platform
import statistics
import subprocess
import sys


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]


def cpu_model():
    lines = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(lines)} × {lines[0]}" if lines else platform.machine()


def main(table, description):
    tps, cpu = collections.defaultdict(list), collections.defaultdict(list)
    for line in open(table):
        _, workload, who, rate, spent = line.rstrip("\n").split("\t")
        tps[workload, who].append(float(rate))
        cpu[workload, who].append(float(spent))
    print(f"# Benchmark\n\n{description}. {cpu_model()}, {first_line('uname', '-sr')}.")
    print(f"{first_line('pgbench', '--version')}, {first_line('pgbouncer', '--version')}, commit "
          f"{first_line('git', 'rev-parse', '--short', 'HEAD')}.\n")
    print("Median tps (lowest to highest round), share of PgBouncer's median, proxy CPU ms per 1,000 transactions.\n")
    print("| workload | contender | tps | range | of PgBouncer | CPU ms |\n|---|---|---:|---:|---:|---:|")
    for (workload, who), rates in tps.items():
        base = tps.get((workload, "pgbouncer"))
        share = f"{statistics.median(rates) / statistics.median(base):.2f}" if base else "–"
        spent = f"{statistics.median(cpu[workload, who]):.0f}" if who != "direct" else "–"
        print(f"| {workload} | {who} | {statistics.median(rates):,.0f} | {min(rates):,.0f}–{max(rates):,.0f} | {share} | {spent} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
