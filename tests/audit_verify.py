#!/usr/bin/env python3
"""A second, independent check of pgveil's audit trail.

    audit_verify.py KEYFILE ALGORITHM [--heads FILE] LOG...

KEYFILE holds hexadecimal digits, ALGORITHM is hmac-sha-256 or hmac-sm3. Exit status 0, or 1 with the first bad
record on standard error. Shares no code with the proxy: what both accept was written by a holder of the key.
"""
import hashlib
import hmac
import json
import re
import sys

RECORD = re.compile(rb'(\{.*),"hash":"([0-9a-f]{64})"\}', re.S)
HEAD = re.compile(rb'(\{.*),"mac":"([0-9a-f]{64})"\}', re.S)
DIGESTS = {"hmac-sha-256": "sha256", "hmac-sm3": "sm3"}


def bad(where, why):
    print(f"{where}: {why}", file=sys.stderr)
    sys.exit(1)


def main(keyfile, algorithm, *names):
    root, digest = bytes.fromhex(open(keyfile).read().strip()), DIGESTS[algorithm]

    def mac(key, data):
        return hmac.new(key, data, lambda start=b"": hashlib.new(digest, start)).hexdigest()

    def writer_key(use, writer):
        return bytes.fromhex(mac(root, f"pgveil audit {use} v1 {algorithm}\0{writer}".encode()))

    def parsed(pattern, use, line, where):
        match = pattern.fullmatch(line)
        try:
            fields = json.loads(line)
            writer = fields["writer"]
        except (ValueError, KeyError, TypeError):
            bad(where, "not a line of an audit trail")
        if not match or not hmac.compare_digest(mac(writer_key(use, writer), match[1]), match[2].decode()):
            bad(where, "changed, or written with another key")
        return fields

    def lines(name):
        whole = open(name, "rb").read().split(b"\n")[:-1]
        return [(f"{name}:{number}", line) for number, line in enumerate(whole, 1)]

    kept, ends, names = {}, {}, list(names)
    if names[:1] == ["--heads"]:
        for where, line in lines(names[1]):
            if line and not line.endswith(b"#torn"):  # cut short by a crash, and marked since
                head = parsed(HEAD, "heads", line, where)
                kept[head["writer"], head["seq"]] = head["hash"]
        names = names[2:]
    chains = [[(where, parsed(RECORD, "records", line, where)) for where, line in lines(name)] for name in names]
    for chain in sorted(filter(None, chains), key=lambda chain: (chain[0][1]["writer"], chain[0][1]["seq"])):
        for where, record in chain:
            writer, seq = record["writer"], record["seq"]
            if writer not in ends:
                before = "0" * 64 if seq == 1 else kept.get((writer, seq - 1))
                ends[writer] = seq - 1, before
            last, end = ends[writer]
            if seq != last + 1 or record["prev"] != end:
                bad(where, f"record {seq} is out of place: record {last + 1} should stand here")
            if kept.get((writer, seq), record["hash"]) != record["hash"]:
                bad(where, f"record {seq} differs from the head kept elsewhere")
            ends[writer] = seq, record["hash"]
    for (writer, seq) in kept:
        if ends.get(writer, (0,))[0] < seq:
            bad(writer, f"the end is missing: a head kept elsewhere knows record {seq}")
    print(f"{sum(map(len, chains))} records: nothing found")


if __name__ == "__main__":
    main(*sys.argv[1:])
