"""The MicroPython of one virtual ESP32: REPL, raw REPL, and stand-ins for the modules of a Pycom board.

Runs as a child of sqns-board, forked by esp32-fork-server.py. argv is the file descriptor of a stream socket and the
configuration as JSON. A frame on the socket is a type (1 byte), a length (little-endian u32) and a payload; child.h lists
the types. There is one thread. A stand-in that waits serves the socket meanwhile; in code that never waits, SIGIO does,
so that Ctrl-C works there, too.

fork-server.c joins this file and the other esp32-*.py, but not the fork server, to one program, in the order of its `parts`.

sqns-board owns UART0's buffer and counts lost bytes; 'f' and 'g' frames report the bytes that were read here.
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

# A paced REPL reads this many bytes a second. It is faster than 115200 baud, because what tools do (pieces of 256 bytes every
# 10 ms, which arrive as one stream) works on real boards.
REPL_RATE = 14000
REPL_CHUNK = 64
# After this many calls of any() without a byte, further calls take time; otherwise a polling loop would use a whole processor.
IDLE_POLLS = 20
IDLE_WAIT = 0.001
# The longest short sleep, and how many of them are joined to one while nothing happens.
NAP_MAX = 0.005
NAP_TURNS = 10
CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E, CTRL_F = range(1, 7)


class Stop(BaseException):
    """Ends the process, for a reset or mirror mode."""


# ---- the socket ------------------------------------------------------------------------------------------------------

class Hub:
    def __init__(self):
        self.sock = socket.socket(fileno=FD)
        self.sock.setblocking(False)
        if PACED:
            # A small buffer, so that Ctrl-C interrupts soon.
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
        self.news = True          # bytes may have arrived; set by SIGIO
        self.naps = 0             # sleeps in a row without traffic
        self.ahead = 0.0          # seconds slept in advance

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
        """Handles Ctrl-C as the receive interrupt does while a program runs."""
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
        """Reads received bytes; waits for them at most @timeout seconds (None: no limit).

        @ready returns whether the caller need not wait, as SIGIO may have read the bytes just before this call.
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
            if n > 0:  # below 0: the reader put bytes back and reads them again
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
        """A script's sleep. If a script only polls with short sleeps, this sleeps for many turns at once and returns at
        once from the following ones; otherwise hundreds of idle boards would use a whole processor. A byte ends it."""
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
