# SPDX-License-Identifier: Apache-2.0
"""JT/T 808 as a terminal speaks it, for tests: frames made and read, a line whose bytes go out cut at random."""
import random
import socket
import struct
import time

chance = random.Random(8)


def bcd(digits, size):
    return bytes.fromhex(digits.rjust(2 * size, "0"))


def wire(ident, serial, phone, body=b"", v2019=False, part=None):
    """part: (total, number)."""
    attr = len(body) | (1 << 14 if v2019 else 0) | (1 << 13 if part else 0)
    plain = struct.pack(">HH", ident, attr) + (b"\x01" + bcd(phone, 10) if v2019 else bcd(phone, 6)) + struct.pack(">H", serial)
    plain += struct.pack(">HH", *part) if part else b""
    return escape(plain + body)


def escape(plain):
    check = 0
    for byte in plain:
        check ^= byte
    plain += bytes([check])
    return b"\x7e" + plain.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


def read(frame):
    """(id, serial, body) of one frame's bytes between its marks, or None."""
    plain = frame.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
    check = 0
    for byte in plain:
        check ^= byte
    if check != 0:
        return None
    ident, attr = struct.unpack(">HH", plain[:4])
    head = 17 if attr >> 14 & 1 else 12
    assert attr & 0x3ff == len(plain) - head - 1, plain.hex()
    return ident, struct.unpack(">H", plain[head - 2:head])[0], plain[head:-1]


def location(lon, lat, at=None, alarm=0, status=2, speed=0, items=b""):
    stamp = time.strftime("%y%m%d%H%M%S", time.gmtime((time.time() if at is None else at) + 8 * 3600))
    return struct.pack(">IIIIHHH", alarm, status | (4 if lat < 0 else 0) | (8 if lon < 0 else 0), round(abs(lat) * 1e6), round(abs(lon) * 1e6), 1890,
                       speed, 90) + bytes.fromhex(stamp) + items


def batch(bodies, backlog=True):
    return struct.pack(">HB", len(bodies), 1 if backlog else 0) + b"".join(struct.pack(">H", len(b)) + b for b in bodies)


class Line:
    """One terminal's connection."""

    def __init__(self, port, phone, v2019=False):
        self.phone, self.v2019, self.serial, self.rest = phone, v2019, 0, b""
        self.texts = []  # what came for the display, unasked: (serial, text)
        self.line = socket.create_connection(("127.0.0.1", port), timeout=10)

    def raw(self, bytes_):
        at = 0
        while at < len(bytes_):
            size = chance.randrange(1, 12)
            self.line.sendall(bytes_[at:at + size])
            at += size

    def send(self, ident, body=b"", part=None):
        """Its serial."""
        self.serial = (self.serial + 1) & 0xffff
        self.raw(wire(ident, self.serial, self.phone, body, self.v2019, part))
        return self.serial

    def next(self, seconds=10):
        """The next message down that is no text for the display, or None."""
        end = time.monotonic() + seconds
        while True:
            marks = [i for i, byte in enumerate(self.rest) if byte == 0x7e]
            if len(marks) > 1:
                frame, self.rest = self.rest[marks[0] + 1:marks[1]], self.rest[marks[1] + 1:]
                message = read(frame)
                if message is None or message[0] != 0x8300:
                    return message
                self.texts.append((message[1], message[2][2 if self.v2019 else 1:].decode("gbk", "replace")))
                continue
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.line.settimeout(left)
            try:
                got = self.line.recv(4096)
            except socket.timeout:
                return None
            if not got:
                return None
            self.rest += got

    def text(self, word, seconds=15):
        """The text on the display that holds the word, with its serial; or None."""
        end = time.monotonic() + seconds
        while True:
            for serial, text in self.texts:
                if word in text:
                    return serial, text
            if time.monotonic() >= end:
                return None
            self.next(0.2)

    def ask(self, ident, body=b"", part=None, seconds=10):
        """The answer's body; of a general answer (asked id, result) when it answers this very message."""
        serial = self.send(ident, body, part)
        answer = self.next(seconds)
        if answer is None:
            return None
        if answer[0] == 0x8001:
            asked, what, result = struct.unpack(">HHB", answer[2])
            return result if (asked, what) == (serial, ident) else ("another", asked, what, result)
        return answer[0], answer[2]

    def register(self, plate="滇A12345"):
        maker, model, terminal = (11, 30, 30) if self.v2019 else (5, 20, 7)
        body = struct.pack(">HH", 53, 112) + b"M".ljust(maker, b"\0") + b"T808".ljust(model, b"\0") + b"T1".ljust(terminal, b"\0") + b"\x01"
        return self.ask(0x0100, body + plate.encode("gbk"))

    def authenticate(self, code):
        body = code.encode()
        return self.ask(0x0102, bytes([len(body)]) + body + b"8" * 15 + b"v1".ljust(20, b"\0") if self.v2019 else body)

    def close(self):
        self.line.close()
