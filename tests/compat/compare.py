#!/usr/bin/env python3
"""Compares the tests that failed directly with those that failed through the proxy.

compare.py WAY SUITE DIRECTORY KNOWN       prints and saves the differences; status 1 if one has no reason in KNOWN
compare.py --line WAY SUITE DIRECTORY VERSION SERVER COMMIT   the run as a line of results.md
compare.py --junit FILE | --go FILE | --unittest FILE | --rust FILE    a runner's output as `test<TAB>verdict` lines
"""
import collections
import datetime
import fnmatch
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml


def verdicts(file):
    """Test to verdict. A test that is reported twice counts by its worse verdict."""
    order = {"skip": 0, "pass": 1, "fail": 2}
    found = {}
    for line in file.read_text().splitlines():
        test, verdict = line.rsplit("\t", 1)
        found[test] = max(found.get(test, "skip"), verdict, key=order.__getitem__)
    return found


def differences(way, directory):
    direct, proxied = verdicts(directory / "direct.tsv"), verdicts(directory / f"{way}.tsv")
    for test in sorted(direct.keys() | proxied.keys()):
        pair = direct.get(test, "absent"), proxied.get(test, "absent")
        if pair[0] != pair[1]:
            yield test, *pair


def reasons(known, suite):
    """Pattern of a test's name to the reason why it may differ."""
    rows = [line.split("\t") for line in known.read_text().splitlines() if line and not line.startswith("#")]
    return {test: reason for name, test, reason in rows if name == suite}


def titled(way, suite):
    """What known.tsv and results.md call the run."""
    return suite if way == "proxied" else f"{suite}:{way}"


def compare(way, suite, directory, known):
    directory, known = pathlib.Path(directory), reasons(pathlib.Path(known), titled(way, suite))
    unexplained = 0
    with open(directory / f"{way}.differences", "w") as saved:
        for test, direct, proxied in differences(way, directory):
            reason = next((why for pattern, why in known.items() if fnmatch.fnmatchcase(test, pattern)), "")
            unexplained += not reason
            print(test, direct, proxied, reason, sep="\t", file=saved)
            print(f"  {test}: {direct} directly, {proxied} {way}{': ' + reason if reason else ''}")
    print(f"  {counts(directory / 'direct.tsv')} directly; {counts(directory / f'{way}.tsv')} {way}")
    return unexplained > 0


def counts(file):
    tally = collections.Counter(verdicts(file).values())
    return f"{tally['pass']} passed, {tally['fail']} failed, {tally['skip']} skipped"


def line(way, suite, directory, version, server, commit):
    directory = pathlib.Path(directory)
    rows = (directory / f"{way}.differences").read_text().splitlines()
    unexplained = sum(not row.split("\t")[3] for row in rows)
    cells = [str(datetime.date.today()), commit, titled(way, suite), version, server, counts(directory / "direct.tsv"),
             counts(directory / f"{way}.tsv"), str(unexplained), str(len(rows) - unexplained)]
    print("|", " | ".join(cells), "|")


def junit(file):
    for case in xml.parse(file).iter("testcase"):
        kinds = {child.tag for child in case}
        verdict = "fail" if kinds & {"failure", "error"} else "skip" if "skipped" in kinds else "pass"
        yield f"{case.get('classname')}::{case.get('name')}", verdict


def go(file):
    for text in open(file):
        event = json.loads(text) if text.startswith("{") else {}
        if "Test" in event and event.get("Action") in ("pass", "fail", "skip"):
            # temporary directories bear numbers of their own
            yield re.sub(r"\d{6,}", "N", f"{event['Package']}::{event['Test']}"), event["Action"]


def unittest(file):
    """`test_x (module.Class.test_x) … ok`; output of the test itself may stand between."""
    name = None
    for text in open(file, errors="replace"):
        if start := re.match(r"(\w+ \([\w.]+\))", text):
            name = start[1]
        if name and (end := re.search(r"\.\.\. .*?(ok|FAIL|ERROR|skipped|expected failure)\b|^(ok|FAIL|ERROR)$", text)):
            word = end[1] or end[2]
            yield name, {"ok": "pass", "expected failure": "pass", "skipped": "skip"}.get(word, "fail")
            name = None
        elif failed := re.match(r"(?:ERROR|FAIL): (\w+ \([\w.]+\))", text):
            yield failed[1], "fail"


def rust(file):
    """`test module::name ... ok`, below the line that names the program."""
    program = ""
    for text in open(file, errors="replace"):
        if start := re.match(r"\s+Running (?:unittests )?(\S+)", text):
            program = start[1]
        if end := re.match(r"test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)", text):
            yield f"{program}::{end[1]}", {"ok": "pass", "FAILED": "fail", "ignored": "skip"}[end[2]]


READERS = {"--junit": junit, "--go": go, "--unittest": unittest, "--rust": rust}

if __name__ == "__main__":
    first, *rest = sys.argv[1:]
    if first == "--line":
        line(*rest)
    elif first in READERS:
        for test, verdict in READERS[first](*rest):
            print(re.sub(r"[\t\n\r]", " ", test), verdict, sep="\t")
    else:
        sys.exit(compare(first, *rest))
