#!/usr/bin/env python3
"""Compares the tests that failed directly with those that failed through the proxy.

compare.py WAY SUITE DIRECTORY KNOWN       prints and saves the differences; status 1 if one has no reason in KNOWN
compare.py --line WAY SUITE DIRECTORY VERSION SERVER COMMIT   the run as a line of results.md
compare.py --junit FILE | --go FILE | --unittest FILE | --rust FILE    a runner's output as `test<TAB>verdict` lines
"""
import collections
import datetime
import fnmatch
import itertools
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
        test, verdict, *_ = line.split("\t")
        found[test] = max(found.get(test, "skip"), verdict, key=order.__getitem__)
    return found


def said(file):
    """What tells a test's error, where the runner's reader does: its own, or that of its class, whose tests did not run."""
    rows = (line.split("\t") for line in file.read_text().splitlines())
    errors = {row[0]: row[2] for row in rows if len(row) > 2}
    return lambda test: errors.get(test) or errors.get(re.sub(r"^\w+ \((.*)\.\w+\)$", r"setUpClass (\1)", test), "")


def differences(way, directory):
    direct, proxied = verdicts(directory / "direct.tsv"), verdicts(directory / f"{way}.tsv")
    for test in sorted(direct.keys() | proxied.keys()):
        pair = direct.get(test, "absent"), proxied.get(test, "absent")
        if pair[0] != pair[1]:
            yield test, *pair


def reasons(known, suite):
    """Pattern of a test's name, or after `! ` of the error it failed with, to the reason why it may differ."""
    rows = [line.split("\t") for line in known.read_text().splitlines() if line and not line.startswith("#")]
    return {test: reason for name, test, reason in rows if name == suite}


def titled(way, suite):
    """What known.tsv and results.md call the run."""
    return suite if way == "proxied" else f"{suite}:{way}"


def compare(way, suite, directory, known):
    directory, known = pathlib.Path(directory), reasons(pathlib.Path(known), titled(way, suite))
    unexplained, errors = 0, said(directory / f"{way}.tsv")
    with open(directory / f"{way}.differences", "w") as saved:
        for test, direct, proxied in differences(way, directory):
            names = test, f"! {errors(test)}"
            reason = next((why for pattern, why in known.items() if any(fnmatch.fnmatchcase(name, pattern) for name in names)), "")
            unexplained += not reason
            print(test, direct, proxied, reason, sep="\t", file=saved)
            print(f"  {test}: {direct} directly, {proxied} {way}: {reason or errors(test)}")
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
        errors = [told(child.text or "") for child in case if child.tag in ("failure", "error")]
        yield f"{case.get('classname')}::{case.get('name')}", verdict, *errors[:1]


def told(traceback):
    """The error that a traceback ends with, and the rule of pgveil that it names."""
    lines = re.sub(r"(?m)^E +", "", traceback)
    errors = re.findall(r"(?m)^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning)\w*: .*", lines)[-1:]
    rules = re.findall(r"[Rr]ule [\w-]+ of pgveil", lines)[-1:]
    return " ".join(errors + [rule for rule in rules if rule not in "".join(errors)])


def go(file):
    """What failed with the first error of the server's that it or a part of it told."""
    errors = {}
    for text in open(file):
        event = json.loads(text) if text.startswith("{") else {}
        if "Test" not in event:
            continue
        # temporary directories bear numbers of their own
        test = re.sub(r"\d{6,}", "N", f"{event['Package']}::{event['Test']}")
        if error := re.search(r"(?:ERROR|FATAL|pq): .*", event.get("Output", "")):
            package, name = test.rsplit("::", 1)
            for part in itertools.accumulate(name.split("/"), "{}/{}".format):
                errors.setdefault(f"{package}::{part}", error[0])
        elif event["Action"] == "fail":
            yield test, "fail", errors.get(test, "")
        elif event["Action"] in ("pass", "skip"):
            yield test, event["Action"]


def unittest(file):
    """`test_x (module.Class.test_x) … ok`; output of the test itself may stand between. What failed is told below, with its
    error; where the making of a class's rows fails, its tests do not run."""
    name, title, errors = None, None, {}
    for text in open(file, errors="replace"):
        if start := re.match(r"(\w+ \([\w.]+\))", text):
            name = start[1]
        if name and (end := re.search(r"\.\.\. .*?(ok|FAIL|ERROR|skipped|expected failure)\b|^(ok|FAIL|ERROR)$", text)):
            word = end[1] or end[2]
            yield name, {"ok": "pass", "expected failure": "pass", "skipped": "skip"}.get(word, "fail")
            name = None
        elif failed := re.match(r"(?:ERROR|FAIL): (\w+ \([\w.]+\))", text):
            title = failed[1]
            errors.setdefault(title, "")
        elif title and not errors[title] and (error := re.match(r"(?:\w+\.)*[A-Z]\w*: .*", text)):
            errors[title] = error[0]
        elif title and (hint := re.match(r"HINT: .*", text)) and "HINT: " not in errors[title]:
            errors[title] += f" {hint[0]}"
    for title, error in errors.items():
        yield title, "fail", error


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
        for row in READERS[first](*rest):
            print(*(re.sub(r"[\t\n\r]", " ", cell) for cell in row), sep="\t")
    else:
        sys.exit(compare(first, *rest))
