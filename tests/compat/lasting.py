#!/usr/bin/env python3
"""Makes lasting tables of the temporary ones in a suite's Go or Rust sources, since a policy can name no temporary table, and nothing
is sealed in a table that is made in the text or transaction that fills it. Each test function's get a name of their own,
`function_table`, and are there before: where the test would make one, it empties it.

lasting.py TABLES [--skip FUNCTION]… FILE…    the files rewritten in place; TABLES: the statements that make the tables; prints
the functions
"""
import argparse
import pathlib
import re

FUNCTION = re.compile(r"^(?=(?:func|(?:pub )?(?:async )?fn) )", re.M)
CREATE = re.compile(r"\bcreate temp(?:orary)? table (?:if not exists )?(\w+)\s*(?=\()", re.I)


def renamed(function, title):
    for table in dict.fromkeys(CREATE.findall(function)):
        name = f"{title[: 62 - len(table)]}_{table}".lower()
        uses = rf"(\b(?:from|into|table|update|copy|join|on|exists|truncate)\s+|\bIdentifier\{{\"){table}\b"
        function = re.sub(uses, lambda found: found[1] + name, function, flags=re.I)
    return function


def taken_out(function):
    """The function without what makes its tables, and that."""
    made = []
    while create := CREATE.search(function):
        end, depth = create.end(), 0
        while depth or end == create.end():
            depth += {"(": 1, ")": -1}.get(function[end], 0)
            end += 1
        made.append(f"CREATE TABLE IF NOT EXISTS {create[1]} {function[create.end():end]};\n")
        function = f"{function[:create.start()]}truncate {create[1]} restart identity{function[end:]}"
    return function, made


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--skip", action="append", default=[])
    arguments.add_argument("tables", type=pathlib.Path)
    arguments.add_argument("files", nargs="+", type=pathlib.Path)
    given = arguments.parse_args()
    tables = []
    for file in sorted(given.files):
        parts = FUNCTION.split(file.read_text())
        for at, part in enumerate(parts):
            title = re.match(r"\D*?(?:func|fn) (?:\([^)]*\) )?(\w+)", part)
            if title and title[1] not in given.skip and CREATE.search(part):
                parts[at], made = taken_out(renamed(part, title[1]))
                tables += made
                print(title[1])
        file.write_text("".join(parts))
    given.tables.write_text("".join(tables))


if __name__ == "__main__":
    main()
