"""The load: pgbench with a warm-up on the same connections, and a bare client for streams and idle sessions."""
import random
import re
import socket
import struct
import subprocess
import time

from contenders import Failed

WARM_SECONDS = 1


def pgbench(contender, database, *options, clients=8, seconds=2, user="app", environment=None):
    """tps and the contender's CPU in µs a transaction. The first second is left out: a one-to-one proxy's backends are new in each
    run, PgBouncer's are not, and their first page faults would be counted as the proxy's."""
    # pgbench's time runs while it connects, which takes long where a thousand backends are started
    duration = WARM_SECONDS + seconds + clients // 100
    command = ["pgbench", "-n", "-P", "1", "-T", duration, "-c", clients, "-j", min(2, clients), "-h", contender.host, "-p", contender.port,
               "-U", user, *options, database]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    # Time, transactions and CPU so far, from the last line before the first transaction on
    seen, said = [(0.0, 0.0, contender.cpu_seconds())], []
    for line in process.stderr:
        progress = re.match(r"progress: ([\d.]+) s, ([\d.]+) tps", line)
        if not progress:
            said.append(line)
            continue
        at, done = float(progress[1]), seen[-1][1] + float(progress[2]) * (float(progress[1]) - seen[-1][0])
        now = (at, done, contender.cpu_seconds())
        seen = [*seen, now] if done else [now]
    output = process.stdout.read()
    failed = re.search(r"number of failed transactions: (\d+)", output)
    if process.wait() or (failed and int(failed[1])):
        raise Failed("".join(said)[:300] or "transactions failed")
    total = int(re.search(r"transactions actually processed: (\d+)", output)[1])
    warm = [moment for moment in seen[1:] if moment[0] >= seen[0][0] + WARM_SECONDS * 0.9]
    if len(warm) == 1:
        # The last line is not always printed
        warm.append((duration, total, contender.cpu_seconds()))
    if len(warm) < 2 or warm[-1][1] <= warm[0][1] or warm[-1][0] <= warm[0][0]:
        raise Failed("no transactions after the warm-up")
    done = warm[-1][1] - warm[0][1]
    return {"tps": done / (warm[-1][0] - warm[0][0]), "cpu": (warm[-1][2] - warm[0][2]) * 1e6 / done}


def shuffled(contenders, seed):
    """The order of one round of one cell: another one in each, the same in each repetition."""
    return random.Random(seed).sample(contenders, len(contenders))


class Client:
    """One session without a library: what is measured is the proxy, not a client's decoding."""

    def __init__(self, contender, database, user="app"):
        self.socket = socket.create_connection((contender.host, contender.port), 60)
        parameters = f"user\0{user}\0database\0{database}\0\0".encode()
        self.socket.sendall(struct.pack("!ii", 8 + len(parameters), 3 << 16) + parameters)
        self.until_ready()

    def send(self, kind, body):
        self.socket.sendall(kind + struct.pack("!i", 4 + len(body)) + body)

    def until_ready(self, last=b"Z"):
        """Reads to ReadyForQuery (or the message `last`); how many bytes came."""
        received, buffer, at = 0, bytearray(), 0
        while True:
            data = self.socket.recv(1 << 18)
            if not data:
                raise Failed("the connection was closed")
            received += len(data)
            buffer = buffer[at:] + data
            at = 0
            while len(buffer) - at >= 5:
                kind, length = buffer[at:at + 1], struct.unpack_from("!i", buffer, at + 1)[0]
                if len(buffer) - at <= length:
                    break
                if kind == b"E":
                    raise Failed(buffer[at + 5:at + 1 + length].decode(errors="replace").replace("\0", " "))
                at += 1 + length
                if kind == last:
                    return received

    def ask(self, text):
        self.send(b"Q", text.encode() + b"\0")
        return self.until_ready()

    def drain(self, text):
        """Bytes and seconds of an answer. Only its end is looked for, so that the client costs next to nothing."""
        began, received, tail = time.perf_counter(), 0, b""
        self.send(b"Q", text.encode() + b"\0")
        buffer = bytearray(1 << 18)
        while not tail.endswith(b"Z\0\0\0\x05I"):
            length = self.socket.recv_into(buffer)
            if not length:
                raise Failed("the connection was closed")
            received += length
            tail = (tail + buffer[max(0, length - 16):length])[-16:]
            if received == length and buffer[:1] == b"E":
                raise Failed(buffer[5:length].decode(errors="replace").replace("\0", " "))
        return received, time.perf_counter() - began

    def fill(self, command, path):
        """COPY … FROM STDIN of a file: its bytes and the seconds until the server has it all."""
        began, sent = time.perf_counter(), 0
        self.send(b"Q", command.encode() + b"\0")
        self.until_ready(b"G")
        with open(path, "rb") as file:
            while chunk := file.read(1 << 16):
                self.send(b"d", chunk)
                sent += len(chunk)
        self.send(b"c", b"")
        self.until_ready()
        return sent, time.perf_counter() - began

    def close(self):
        self.send(b"X", b"")
        self.socket.close()
