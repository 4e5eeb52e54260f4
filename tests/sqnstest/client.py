# SPDX-License-Identifier: LGPL-2.1-or-later
"""sqnsctl (SQNSCTL in the environment) as a child process, on pipes or on a terminal, and its exit codes."""
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from sqnstest.deadlines import DEADLINE_S
from sqnstest.folders import program_for_others

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # else each child inherits that nohup ignores it
# exit codes
DONE, FAILED, USAGE, NOT_FOUND, NOT_ALLOWED, BUSY, REFUSED, UNKNOWN, CANCELLED, RECOVERY, HAND, NO_DAEMON, DETACHED = (
    0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 130)


class Reader:
    """Reads a file descriptor until it has what the caller wants, at most until the deadline."""

    def __init__(self, fd):
        self.fd = fd
        self.data = b''
        self.ended = False

    def fill(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            raise TimeoutError('deadline; so far: %r' % self.data[-2000:])
        try:
            more = os.read(self.fd, 65536)
        except OSError:  # the other end of a pty is closed
            more = b''
        self.data += more
        self.ended = not more

    def line(self):
        deadline = time.monotonic() + DEADLINE_S
        while b'\n' not in self.data:
            if self.ended:
                raise EOFError('ended; so far: %r' % self.data)
            self.fill(deadline)
        line, _, self.data = self.data.partition(b'\n')
        return line.decode()

    def until(self, text):
        """Everything up to and including @text."""
        deadline = time.monotonic() + DEADLINE_S
        text = text.encode()
        while text not in self.data:
            if self.ended:
                raise EOFError('ended without %r; so far: %r' % (text, self.data))
            self.fill(deadline)
        end = self.data.index(text) + len(text)
        seen, self.data = self.data[:end], self.data[end:]
        return seen.decode(errors='replace')

    def rest(self):
        deadline = time.monotonic() + DEADLINE_S
        while not self.ended:
            self.fill(deadline)
        return self.data.decode(errors='replace')


class Sqnsctl:
    """A running sqnsctl: its output goes to pipes, or all of it to a terminal of its own."""

    def __init__(self, args, terminal=None, env=None, **popen):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(('DBUS_', 'NO_COLOR', 'XDG_RUNTIME'))}
        environment.update({'LC_ALL': 'C.UTF-8', 'TERM': 'xterm', 'TZ': 'UTC',
                            'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=/nonexistent/system',
                            'DBUS_SESSION_BUS_ADDRESS': 'unix:path=/nonexistent/session'})
        # a sanitizer's exit code must differ from those of sqnsctl
        environment.setdefault('ASAN_OPTIONS', 'exitcode=99')
        environment.setdefault('UBSAN_OPTIONS', 'halt_on_error=1:exitcode=99')
        environment.update(env or {})
        self.master = None
        if terminal:
            self.master, slave = pty.openpty()
            self.resize(*terminal)
            popen = {**popen, 'stdin': slave, 'stdout': slave, 'stderr': slave, 'start_new_session': True,
                     'preexec_fn': lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)}
        else:
            popen = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **popen}
        program = os.environ['SQNSCTL']
        if popen.get('user', os.getuid()) != os.getuid():
            popen = {'cwd': '/', 'executable': program_for_others(program), **popen}
        self.process = subprocess.Popen([program, *args], env=environment, **popen)
        if terminal:
            os.close(slave)
            self.screen = Reader(self.master)
        else:
            self.out = Reader(self.process.stdout.fileno()) if self.process.stdout else None
            self.err = Reader(self.process.stderr.fileno()) if self.process.stderr else None

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def end(self):
        """(exit code, rest of stdout, rest of stderr); on a terminal the second is the rest of the screen."""
        if self.master is not None:
            screen = self.screen.rest()
            code = self.process.wait(DEADLINE_S)
            os.close(self.master)
            self.master = None
            return code, screen, ''
        streams = [r.rest() if r else '' for r in (self.out, self.err)]
        code = self.process.wait(DEADLINE_S)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        return (code, *streams)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE_S)
        if self.master is not None:
            os.close(self.master)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
