# SPDX-License-Identifier: LGPL-2.1-or-later
"""A process of the virtual board (SQNS_BOARD in the environment)."""
import json
import os
import socket
import subprocess
import tempfile

from sqnstest.deadlines import DEADLINE_S, wait_for
from sqnstest.serial import Port

# a hundredth of a board's times: half a second for what takes a minute
FAST = ('--time-scale=0.01', '--boot-time=1')
# an upload that lasts until the test has done what it wants to do meanwhile
SLOW_BLOCKS = ('--time-scale=0.02', '--block-time=10')
# a modem that writes its flash until the test has looked
SLOW_APPLY = ('--time-scale=0.05', '--apply-time=60')


class Board:
    """One board, or as many as --count says; @port is the path of the first one."""

    def __init__(self, folder, *options):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.control = os.path.join(self.folder, 'control')
        self.process = subprocess.Popen([os.environ['SQNS_BOARD'], '--control', self.control, *options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        count = int(options[options.index('--count') + 1]) if '--count' in options else 1
        self.ports = [self.process.stdout.readline().strip() for _ in range(count)]
        self.port = self.ports[0]
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(self.control)
        self.replies = self.socket.makefile('r')
        self.opened = []

    def open(self, baud=115200, **how):
        """Its serial port, as a host opens it."""
        port = Port(self.port, baud, **how)
        self.opened.append(port)
        return port

    def ask(self, command):
        """The reply, whether "ok ..." or an error."""
        self.socket.sendall(command.encode() + b'\n')
        return self.replies.readline().strip()

    def tell(self, command):
        reply = self.ask(command)
        assert reply.startswith('ok'), reply
        return reply[3:].strip()

    def status(self, index=0):
        return json.loads(self.tell('status %d' % index))

    def wait(self, what='', **want):
        """Waits until the status says so (underscores stand for dashes)."""
        def as_wanted():
            now = self.status()
            return now if all(now[key.replace('_', '-')] == value for key, value in want.items()) else None
        return wait_for(as_wanted, what or 'a board with %s' % want, every_ms=5)

    def close(self):
        for port in self.opened:
            port.close()
        self.replies.close()
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
