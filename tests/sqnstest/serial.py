# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's end of a serial port, made for the tests alone: raw tty, raw REPL, AT, STP."""
import os
import select
import struct
import termios
import time

from sqnstest.deadlines import DEADLINE_S

PROMPT_S = 0.5


class Timeout(AssertionError):
    pass


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return crc


CRC_TABLE = [crc16(bytes([i])) for i in range(256)]


def crc(data):
    value = 0
    for byte in data:
        value = ((value << 8) & 0xffff) ^ CRC_TABLE[(value >> 8) ^ byte]
    return value


class Port:
    """A serial port, 8N1 and raw."""

    def __init__(self, path, baud=115200, bits=8):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.buffer = b''
        self.set(baud, bits)

    def set(self, baud, bits=8):
        attr = termios.tcgetattr(self.fd)
        attr[0] = attr[1] = attr[3] = 0
        attr[2] = getattr(termios, 'CS%d' % bits) | termios.CREAD | termios.CLOCAL
        attr[4] = attr[5] = getattr(termios, 'B%d' % baud)
        termios.tcsetattr(self.fd, termios.TCSANOW, attr)

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    def write(self, data):
        data = memoryview(data)
        end = time.monotonic() + DEADLINE_S
        while data:
            if not select.select([], [self.fd], [], max(end - time.monotonic(), 0))[1]:
                raise Timeout('cannot write')
            data = data[os.write(self.fd, data):]

    def more(self, timeout):
        if not select.select([self.fd], [], [], max(timeout, 0))[0]:
            return False
        data = os.read(self.fd, 65536)
        if not data:
            raise EOFError('hang-up')
        self.buffer += data
        return True

    def until(self, *ends, timeout=None):
        """All bytes up to and including the first of @ends."""
        end = time.monotonic() + (timeout or DEADLINE_S)
        while True:
            hits = [(self.buffer.find(e), e) for e in ends if e in self.buffer]
            if hits:
                at, what = min(hits)
                data, self.buffer = self.buffer[:at + len(what)], self.buffer[at + len(what):]
                return data
            if not self.more(end - time.monotonic()) and time.monotonic() >= end:
                raise Timeout('no %r in %r' % (ends, self.buffer))

    def exactly(self, n, timeout=None):
        end = time.monotonic() + (timeout or DEADLINE_S)
        while len(self.buffer) < n:
            if not self.more(end - time.monotonic()) and time.monotonic() >= end:
                raise Timeout('only %r' % self.buffer)
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def silence(self, seconds):
        """The bytes that arrive within @seconds, to check that none do."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.more(end - time.monotonic())
        data, self.buffer = self.buffer, b''
        return data

    # REPL

    def prompt(self):
        """Waits for a prompt after which nothing more arrives, even if the board still boots and loses input."""
        for n in range(100):
            self.write(b"\r\x03'sy' + 'nc%d'\r" % n)
            try:
                self.until(b"'sync%d'\r\n>>> " % n, timeout=PROMPT_S)
                return
            except Timeout:
                self.buffer = b''
        raise Timeout('no prompt')

    def enter_raw(self):
        self.write(b'\x03\x03\x01')
        return self.until(b'raw REPL; CTRL-B to exit\r\n>')

    def run(self, code, timeout=None):
        """(stdout, stderr) of a script."""
        self.write(code.encode() + b'\x04')
        self.until(b'OK', timeout=timeout)
        stdout = self.until(b'\x04', timeout=timeout)[:-1]
        stderr = self.until(b'\x04>', timeout=timeout)[:-2]
        return stdout.decode(), stderr.decode()

    # AT

    def at(self, command, timeout=None):
        """The bytes of the response, up to its last line."""
        self.write(command.encode() + b'\r')
        return self.until(b'OK\r\n', b'ERROR\r\n', b'CME ERROR: operation not allowed\r\n', timeout=timeout)

    def sync(self, tries=100):
        """Sends AT until the modem says OK."""
        for n in range(tries):
            try:
                if self.at('AT', timeout=0.1).endswith(b'OK\r\n'):
                    if n > 0:  # a late response may still arrive
                        self.silence(0.3)
                        self.buffer = b''
                    return
            except Timeout:
                self.buffer = b''
        raise Timeout('modem does not answer')


class Refused(Exception):
    pass


class Stp:
    """The host's end of STP."""

    def __init__(self, port):
        self.port = port
        self.transaction = 0
        self.answers = []

    def message(self, op, session, transaction, payload=b''):
        head = struct.pack('>4sBBHIHH', b'fast', op, session, len(payload), transaction, 0, crc(payload))
        return head[:12] + struct.pack('>H', crc(head)) + head[14:] + payload

    def answer(self, timeout=None):
        head = self.port.exactly(16, timeout)
        magic, op, session, length, transaction, hcrc, pcrc = struct.unpack('>4sBBHIHH', head)
        assert magic == b'tsaf', head
        payload = self.port.exactly(length, timeout)
        self.answers.append((op, session, transaction, hcrc, pcrc, payload))
        return op, transaction, payload

    def request(self, op, session, transaction, payload=b'', timeout=None):
        self.port.write(self.message(op, session, transaction, payload))
        got, tid, data = self.answer(timeout)
        if got != op | 0x80:
            raise Refused('%#x to %d' % (got, op))
        assert tid == transaction
        return data

    def open(self):
        self.request(0, 0, 0)
        good, self.version, self.max_transfer = struct.unpack('>BBH', self.request(1, 1, 1))
        assert good == 1
        self.transaction = 2

    def block(self, data):
        """Returns how many bytes the modem took."""
        self.request(2, 1, self.transaction, struct.pack('>H', len(data)))
        self.transaction += 1
        residue = struct.unpack('>H', self.request(3, 1, self.transaction, data))[0]
        self.transaction += 1
        return len(data) - residue

    def send(self, data, stop_at=None):
        at = 0
        while at < len(data) and (stop_at is None or at < stop_at):
            at += self.block(data[at:at + self.max_transfer - 16])
        return at

    def close(self, answered=True):
        self.port.write(self.message(0, 0, 0))
        if answered:
            self.answer()
