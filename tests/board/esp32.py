"""The MicroPython of one virtual ESP32: REPL, raw REPL, and stand-ins for the modules of a Pycom board.

Runs as a child of sqns-board (esp32-nursery.py forks it): argv = file descriptor of a stream socket, configuration as JSON. Frames on the socket
are type (1), length (u32 little-endian), payload; child.h lists them. One thread does everything: each stand-in that
waits serves the socket meanwhile, and SIGIO does so in code that never waits, so that Ctrl-C arrives there too.

This file and the others that begin with esp32- are one program: nursery.c puts them together, in the order of `parts` there.

UART0's buffer belongs to sqns-board (it counts and loses bytes); here 'f' and 'g' frames tell what was read.
"""
import ast
import builtins
import errno
import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import sys
import time
import types

FD = int(sys.argv[1])
CFG = json.loads(sys.argv[2])
KEEP = dict(CFG['keep'])
SCALE = CFG['time_scale']
PACED = CFG['paced']

# A paced REPL takes this many bytes a second out of its buffer: more than 115200 baud bring, for what tools do (pieces of 256
# bytes with 10 ms between, which the line makes one stream of) works on real boards.
REPL_RATE = 14000
REPL_CHUNK = 64
# Calls of any() in a row that found nothing: from here on they cost time, or a polling loop would eat a processor.
IDLE_POLLS = 20
IDLE_WAIT = 0.001
# A short sleep, and how many of them are slept at once when nothing happens.
NAP_MAX = 0.005
NAP_TURNS = 10
CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E, CTRL_F = range(1, 7)


class Stop(BaseException):
    """The process ends: a reset, or mirror mode."""


# ---- the socket ------------------------------------------------------------------------------------------------------

class Hub:
    def __init__(self):
        self.sock = socket.socket(fileno=FD)
        self.sock.setblocking(False)
        if PACED:
            # Little may wait here, or Ctrl-C would come long after what it interrupts.
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.buf = bytearray()
        self.rx = [bytearray(), bytearray()]
        self.freed = [0, 0]
        self.reply = None
        self.depth = 0
        self.running = False
        self.attached = True      # os.dupterm: the REPL is on UART0
        self.interrupt_char = CTRL_C
        self.interrupted = False
        self.mode = ''
        self.news = True          # bytes may have come since the last look: SIGIO says so
        self.naps = 0             # sleeps in a row in which nothing came or went
        self.ahead = 0.0          # seconds that were slept before they were asked for

    def send(self, kind, data=b''):
        if isinstance(data, str):
            data = data.encode()
        if kind in 'hm':
            self.stir()
        frame = kind.encode() + struct.pack('<I', len(data)) + bytes(data)
        self.depth += 1
        try:
            while frame:
                try:
                    n = self.sock.send(frame)
                    frame = frame[n:]
                except (BlockingIOError, InterruptedError):
                    select.select([self.sock], [self.sock], [], 1)
                    self._read()
                except OSError:
                    os._exit(0)
        finally:
            self.depth -= 1
        self._raise()

    def _read(self):
        self.news = False
        while True:
            try:
                data = self.sock.recv(65536)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                os._exit(0)
            if not data:
                os._exit(0)
            self.buf += data
        at = 0
        while len(self.buf) - at >= 5:
            kind = self.buf[at]
            n = struct.unpack_from('<I', self.buf, at + 1)[0]
            if len(self.buf) - at < 5 + n:
                break
            self._frame(chr(kind), bytes(self.buf[at + 5:at + 5 + n]))
            at += 5 + n
        del self.buf[:at]

    def _frame(self, kind, data):
        self.stir()
        if kind == 'H':
            if self.running and self.attached:
                data = self._controls(data)
            self.rx[0] += data
        elif kind == 'M':
            self.rx[1] += data
        elif kind == 'C':
            if self.running and self.attached and self.interrupt_char == CTRL_C:
                self.interrupted = True
        elif kind == 'R':
            self.reply = data.decode()

    def _controls(self, data):
        """What the receive interrupt takes out while a program runs."""
        if self.interrupt_char == CTRL_C and CTRL_C in data:
            self.interrupted = True
            n = data.count(CTRL_C)
            data = data.replace(b'\x03', b'')
            self.freed[0] += n
        if CFG['ctrl_f_any'] and CTRL_F in data:
            self.depth = 0
            self.send('X', 'reset-safe')
            os._exit(0)
        return data

    def _raise(self):
        if self.interrupted and self.depth == 0:
            self.interrupted = False
            if self.running:
                raise KeyboardInterrupt
        return None

    def service(self, timeout=0.0, ready=None):
        """Reads what has come; waits for it at most @timeout seconds (None: for ever).

        @ready tells that the caller has what it waits for: SIGIO may have read it just before this call.
        """
        self.depth += 1
        try:
            if self.news:
                self._read()
            done = self.interrupted or (ready is not None and ready())
            if not done and (timeout is None or timeout > 0):
                self._flush_freed()
                try:
                    select.select([self.sock], [], [], timeout)
                except InterruptedError:
                    pass
                self._read()
        finally:
            self.depth -= 1
        self._raise()

    def take(self, port, n):
        rx = self.rx[port]
        data = bytes(rx[:n])
        del rx[:len(data)]
        self.freed[port] += len(data)
        if self.freed[port] >= 256 or not rx:
            self._flush_freed()
        return data

    def _flush_freed(self):
        for port in (0, 1):
            n = self.freed[port]
            if n > 0:  # less: the reader gave back what was said to be free, and reads it again
                self.freed[port] = 0
                self.send('fg'[port], struct.pack('<I', n))

    def sleep(self, seconds):
        end = time.monotonic() + seconds
        self.service(0)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return
            self.service(left)

    def stir(self):
        self.naps = 0
        self.ahead = 0.0

    def nap(self, seconds):
        """A script's sleep. One that only looks and sleeps, in turns as short as a millisecond, sleeps for many turns at
        once and then not for as many, or hundreds of idle boards would eat a processor; a byte ends it at once."""
        self.naps += 1
        for port in UART.open_ports.values():
            port.polls = 0
        if self.naps <= IDLE_POLLS or seconds > NAP_MAX:
            self.sleep(seconds)
            return
        if self.ahead < seconds:
            before = time.monotonic()
            self.service(seconds * NAP_TURNS)
            self.ahead += time.monotonic() - before
        self.ahead = max(self.ahead - seconds, 0.0)
        self._raise()

    def query(self, text):
        self.reply = None
        self.send('Q', text)
        while self.reply is None:
            self.service(None, lambda: self.reply is not None)
        return self.reply

    def set_mode(self, mode):
        if mode != self.mode:
            self.mode = mode
            self.send('S', mode)

    def on_sigio(self, *_):
        self.news = True
        if self.depth == 0 and self.running:
            self.service(0)

    def end(self, action):
        self.depth = 0
        self.running = False
        self.send('X', action)
        while True:
            self.service(None)


HUB = Hub()


def out(text):
    if HUB.attached:
        HUB.send('h', text.encode('utf-8', 'replace') if isinstance(text, str) else text)


def out_cooked(text):
    out(text.replace('\n', '\r\n') if isinstance(text, str) else text.replace(b'\n', b'\r\n'))
