# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus, the fake daemon on it, and sqnsctl as a child process: on pipes or on a terminal."""
import fcntl
import json
import os
import pty
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

from folders import program_for_others

HERE = os.path.dirname(os.path.abspath(__file__))
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup's ignoring of it would be every child's
DEADLINE_S = float(os.environ.get('SQNS_DEADLINE', '60'))
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    {rules}
  </policy>
</busconfig>
"""


class Reader:
    """Reads a file descriptor until something has come, never longer than the deadline."""

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
        except OSError:  # the far end of a pty is closed
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
        """All that came up to and with @text, which is then behind us."""
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


class Bus:
    def __init__(self, folder, rules='', activatable=False):
        services = os.path.join(folder, 'services')
        os.makedirs(services)
        self.socket = os.path.join(folder, 'bus')
        self.address = 'unix:path=' + self.socket
        if activatable:
            with open(os.path.join(services, 'org.sqnsd1.service'), 'w') as service:
                service.write('[D-BUS Service]\nName=org.sqnsd1\nExec=%s\n' % shlex.join(
                    [PYTHON, os.path.join(HERE, 'fake-daemon.py'), xml_folder(), self.address]))
        config = os.path.join(folder, 'bus.conf')
        with open(config, 'w') as out:
            out.write(BUS_CONFIG.format(socket=self.socket, services=services, rules=rules))
        self.process = subprocess.Popen(['dbus-daemon', '--config-file=' + config, '--nofork', '--print-address=1'],
                                        stdout=subprocess.PIPE)
        Reader(self.process.stdout.fileno()).line()

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()


def python_with_gi():
    """The first python3 in PATH may not be the one that the bindings are installed for."""
    for python in (sys.executable, '/usr/bin/python3'):
        if subprocess.run([python, '-c', 'import gi'], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return python
    raise RuntimeError('no python3 has the module gi (Debian: python3-gi)')


PYTHON = python_with_gi()


def xml_folder():
    return os.path.join(os.environ['SQNS_SOURCE'], 'data', 'dbus')


class FakeDaemon:
    def __init__(self, address):
        self.process = subprocess.Popen([PYTHON, os.path.join(HERE, 'fake-daemon.py'), xml_folder(), address],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.reader = Reader(self.process.stdout.fileno())
        self.calls = []
        self.wait(lambda m: 'ready' in m)

    def wait(self, wanted):
        """The next message that is @wanted; calls that come before are kept."""
        while True:
            message = json.loads(self.reader.line())
            if wanted(message):
                return message
            if 'call' in message:
                self.calls.append(message)

    def order(self, do, **order):
        self.process.stdin.write(json.dumps({'do': do, **order}).encode() + b'\n')
        self.process.stdin.flush()
        if do != 'drop' and order.get('order') != 'last-words':
            self.wait(lambda m: m.get('done') == do)

    def call(self, method):
        """Waits for a call of @method, or gives one that came already."""
        for i, message in enumerate(self.calls):
            if message['call'] == method:
                return self.calls.pop(i)
        return self.wait(lambda m: m.get('call') == method)

    def modem(self, name, **props):
        self.order('modem', id=name, props={'DevNode': '/dev/tty-' + name, **props})

    def job(self, number, modem='a', **props):
        self.order('job', uuid=uuid(number), modem=modem, props=props)

    def set_job(self, number, **props):
        self.order('set', path=job_path(number), props=props)

    def finish(self, number, state, **more):
        self.order('finish', path=job_path(number), state=state, **more)

    def close(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()


def uuid(number):
    return '%08x-0000-4000-8000-000000000000' % number


def job_path(number):
    return '/org/sqnsd1/job/' + uuid(number).replace('-', '_')


class Client:
    """sqnsctl with its stdout and stderr on pipes, or all on a terminal of its own."""

    def __init__(self, args, terminal=None, env=None, **popen):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(('DBUS_', 'NO_COLOR', 'XDG_RUNTIME'))}
        environment.update({'LC_ALL': 'C.UTF-8', 'TERM': 'xterm', 'TZ': 'UTC',
                            'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=/nonexistent/system',
                            'DBUS_SESSION_BUS_ADDRESS': 'unix:path=/nonexistent/session'})
        # a sanitizer's complaint must not look like one of our own exit codes
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
        """(exit code, rest of stdout, rest of stderr); on a terminal the screen's rest is the second."""
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


def remove_folder(path):
    shutil.rmtree(path, ignore_errors=True)
