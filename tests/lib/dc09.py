# SPDX-License-Identifier: Apache-2.0
"""An alarm panel after SIA DC-09, written apart from the receiver: frames, AES by the openssl command, TCP and UDP."""
import os
import random
import re
import socket
import subprocess
import time

letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc


def aes(key, data, decrypt=False):
    words = ["openssl", "enc", f"-aes-{len(key) * 8}-cbc", "-K", key.hex(), "-iv", "0" * 32, "-nopad"] + (["-d"] if decrypt else [])
    return subprocess.run(words, input=data, capture_output=True, check=True).stdout


def stamp(at=None):
    return time.strftime("_%H:%M:%S,%m-%d-%Y", time.gmtime(time.time() if at is None else at))


def wrap(body):
    raw = body.encode()
    return b"\n%04X0%03X%s\r" % (crc16(raw), len(raw), raw)


def frame(token, seq, account, data="", key=None, at=None, timed=False, head="L0"):
    """at: seconds since 1970 for the timestamp; encrypted frames always bear one."""
    if key is None:
        return wrap(f'"{token}"{seq:04d}{head}#{account}[{data}]' + (stamp(at) if timed or at is not None else ""))
    tail = f"|{data}]{stamp(at)}"
    pad = "".join(random.choice(letters) for _ in range(16 + (-len(tail.encode()) % 16)))
    return wrap(f'"*{token}"{seq:04d}{head}#{account}[{aes(key, (pad + tail).encode()).hex().upper()}')


def cid(seq, account, code, zone=1, area=1, **options):
    """code: "1130": qualifier and event."""
    return frame("ADM-CID", seq, account, f"#{account}|{code} {area:02d} {zone:03d}", **options)


REPLY = re.compile(rb'\n([0-9A-F]{4})0([0-9A-F]{3})("\*?(ACK|NAK|DUH)"(\d{4})[^\r]*)\r')


def kind(reply):
    """"ACK 0001", with its sums checked; "" for none, "?" for what is no answer."""
    if not reply:
        return ""
    match = REPLY.fullmatch(reply)
    if not match or int(match[1], 16) != crc16(match[3]) or int(match[2], 16) != len(match[3]):
        return "?"
    return f"{match[4].decode()} {match[5].decode()}"


class Line:
    """One TCP connection of a panel."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=10)
        self.rest = b""

    def send(self, data, pieces=1, pause=0.002):
        cuts = sorted(random.sample(range(1, len(data)), min(pieces - 1, len(data) - 1)))
        for begin, end in zip([0] + cuts, cuts + [len(data)]):
            self.socket.sendall(data[begin:end])
            if pieces > 1:
                time.sleep(pause)

    def reply(self, seconds=10):
        """The next answer, or b"" when none comes in time."""
        end = time.monotonic() + seconds
        while b"\r" not in self.rest:
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                more = self.socket.recv(4096)
            except socket.timeout:
                return b""
            if not more:
                return b""
            self.rest += more
        answer, _, self.rest = self.rest.partition(b"\r")
        return answer + b"\r"

    def ask(self, data, pieces=1, seconds=10):
        self.send(data, pieces)
        return kind(self.reply(seconds))

    def ended(self):
        """Has the other side ended it?"""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def close(self):
        self.socket.close()


def ask_udp(port, data, seconds=10, host="127.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(seconds)
        sock.sendto(data, (host, port))
        try:
            return kind(sock.recv(4096))
        except socket.timeout:
            return ""


def new_key(size=16):
    return os.urandom(size)
