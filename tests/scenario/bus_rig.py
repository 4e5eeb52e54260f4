# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus with sqnsd on it, virtual boards, and a client that hears every signal."""
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

from folders import temporary_folder  # noqa: E402

SOURCE = os.environ.get('SQNS_SOURCE', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
NAME = 'org.sqnsd1'
ROOT = '/org/sqnsd1'
DEADLINE_S = 60
NOBODY = 65534
# like a session bus, but open to other users: it is the daemon that must turn them away
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def load_make_dup():
    spec = importlib.util.spec_from_file_location('make_dup', os.path.join(SOURCE, 'tests', 'board', 'make-dup.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wait_for(condition, what, deadline_s=DEADLINE_S):
    """Runs the main loop until @condition holds; what it returns."""
    deadline = time.monotonic() + deadline_s
    tick = GLib.timeout_add(50, lambda: True)
    try:
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError('deadline: ' + what)
            GLib.MainContext.default().iteration(True)
    finally:
        GLib.source_remove(tick)


class Signal:
    def __init__(self, path, interface, name, args):
        self.path, self.interface, self.name, self.args = path, interface, name, args
        self.time = time.monotonic()


def connect(address):
    return Gio.DBusConnection.new_for_address_sync(
        address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)


class Client:
    """A connection of its own; calls by path, interface and method."""

    def __init__(self, address):
        self.bus = connect(address)
        self.signals = []
        self.bus.signal_subscribe(NAME, None, None, None, None, Gio.DBusSignalFlags.NONE, self.on_signal)

    def on_signal(self, _bus, _sender, path, interface, name, params):
        self.signals.append(Signal(path, interface, name, params.unpack()))

    def begin(self, path, method, signature=None, args=(), files=(), interactive=False):
        """Sends a call with descriptors, or files by their paths; the list that will hold finish()."""
        interface, method = method.rsplit('.', 1)
        fds = Gio.UnixFDList.new()
        for file in files:
            if isinstance(file, int):
                fds.append(file)
            else:
                with open(file, 'rb') as opened:
                    fds.append(opened.fileno())
        flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else Gio.DBusCallFlags.NONE
        answer = []
        self.bus.call_with_unix_fd_list(
            NAME, path, interface if '.' in interface else 'org.sqnsd1.' + interface, method,
            GLib.Variant(signature, args) if signature else None, None, flags, DEADLINE_S * 1000, fds, None,
            lambda bus, result: answer.append(self.finish(result)))
        return answer

    def call(self, path, method, *arguments, **options):
        """The reply's values; with descriptors in it: (values, [fd])."""
        answer = self.begin(path, method, *arguments, **options)
        wait_for(lambda: answer, method + ' to be answered')
        if isinstance(answer[0], GLib.Error):
            raise answer[0]
        return answer[0]

    def finish(self, result):
        try:
            reply, fds = self.bus.call_with_unix_fd_list_finish(result)
        except GLib.Error as error:
            return error
        values = reply.unpack()
        return (values, fds.steal_fds()) if fds is not None and fds.get_length() > 0 else values

    def owner_pid(self):
        """Of the process that has the daemon's name; one that was killed may have it for a moment still."""
        try:
            return self.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                      'GetConnectionUnixProcessID', GLib.Variant('(s)', (NAME,)), None, Gio.DBusCallFlags.NONE, -1,
                                      None).unpack()[0]
        except GLib.Error:
            return None

    def properties(self, path, interface):
        return self.call(path, 'org.freedesktop.DBus.Properties.GetAll', '(s)', ('org.sqnsd1.' + interface,))[0]

    def objects(self):
        return self.call(ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects')[0]

    def options(self, **options):
        """a{sv} from label='x', not_before=5: the types of the interface."""
        types = {'speed': 'u', 'block_size': 'u', 'not_before': 't', 'not_after': 't', 'priority': 'i'}
        result = {}
        for key, value in options.items():
            kind = types.get(key) or ('b' if isinstance(value, bool) else 's')
            result[key.replace('_', '-')] = GLib.Variant(kind, value)
        return result

    def add_port(self, port, **options):
        return self.call(ROOT, 'Manager.AddPort', '(sa{sv})', (port, self.options(**options)))[0]

    def upgrade(self, modem, path, **options):
        fd = os.open(path, os.O_RDONLY)
        try:
            return self.call(modem, 'Modem.Upgrade', '(ha{sv})', (0, self.options(**options)), [fd])[0]
        finally:
            os.close(fd)

    def wait_state(self, job, *states):
        return wait_for(lambda: self.job_if(job, states), '%s to be %s' % (job, ' or '.join(states)))

    def job_if(self, job, states):
        now = self.properties(job, 'Job')
        return now if now['State'] in states else None

    def wait_signal(self, name, path=None):
        return wait_for(lambda: [s for s in self.signals if s.name == name and path in (None, s.path)], name)[0]

    def close(self):
        self.bus.close_sync(None)


class Board:
    """A sqns-board process with one board."""

    def __init__(self, folder, *options):
        self.folder = tempfile.mkdtemp(dir=folder)
        control = os.path.join(self.folder, 'control')
        self.process = subprocess.Popen([os.environ['SQNS_BOARD'], '--control', control, *options],
                                        stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(control)
        self.replies = self.socket.makefile('r')

    def tell(self, command):
        self.socket.sendall(command.encode() + b'\n')
        reply = self.replies.readline()
        assert reply.startswith('ok'), reply
        return reply[3:].strip()

    def close(self):
        self.replies.close()
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Rig:
    """A folder, a bus and what was started on it; close() ends all of it."""

    def __init__(self):
        self.folder = temporary_folder('sqns-bus-')
        self.things = []
        self.daemons = []
        path = os.path.join(self.folder, 'bus')
        config = os.path.join(self.folder, 'bus.conf')
        with open(config, 'w', encoding='utf-8') as out:
            out.write(BUS_CONFIG.format(socket=path))
        self.address = 'unix:path=' + path
        self.bus = subprocess.Popen(['dbus-daemon', '--config-file=' + config, '--nofork', '--print-address'],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.bus.stdout.readline()
        os.chmod(path, 0o777)

    def environment(self, **more):
        env = {key: value for key, value in os.environ.items() if not key.startswith('DBUS_')}
        env.update(more)
        return env

    def daemon(self, *options, where=None, ready=True, env=None, patience=None):
        program = os.environ['SQNSD']
        if patience is not None:
            program = os.environ['SQNSD_IMPATIENT']
            env = {**(env or {}), 'SQNS_PATIENCE': str(patience)}
        where = ['--bus', self.address] if where is None else where
        log = open(os.path.join(self.folder, 'sqnsd-%d.log' % len(self.daemons)), 'w+', encoding='utf-8')
        process = subprocess.Popen(
            [program, '--no-udev', '--state-dir', self.folder, *where, *options],
            stderr=log, stdout=log, env=self.environment(**(env or {})))
        process.log = log
        self.daemons.append(process)
        if ready:
            client = self.client()
            wait_for(lambda: process.poll() is not None or client.owner_pid() == process.pid, 'the daemon')
            assert process.poll() is None, self.log(process)
        return process

    def gate(self, process):
        """The pid of the process between a daemon and the bus."""
        with open('/proc/%d/task/%d/children' % (process.pid, process.pid), encoding='ascii') as children:
            return next(int(pid) for pid in children.read().split() if comm(pid) == 'sqnsd-gate')

    def log(self, process):
        process.log.flush()
        with open(process.log.name, encoding='utf-8') as log:
            return log.read()

    def client(self):
        client = Client(self.address)
        self.things.append(client)
        return client

    def board(self, *options):
        board = Board(self.folder, *options)
        self.things.append(board)
        return board

    def dup(self, name='NB1-37781.dup', **options):
        path = os.path.join(self.folder, name)
        make_dup = load_make_dup()
        with open(path, 'wb') as out:
            out.write(make_dup.make_dup(**options))
        return path

    def stop(self, process):
        """SIGTERM; the exit code."""
        process.send_signal(signal.SIGTERM)
        return self.ended(process)

    def ended(self, process):
        return wait_for(lambda: process.poll() is not None and [process.returncode], 'the daemon to end')[0]

    def close(self):
        """What the sanitizers said of the daemons, if anything."""
        complaints = []
        for process in self.daemons:
            if process.poll() is None:
                process.kill()
                process.wait()
            text = self.log(process)
            if 'Sanitizer' in text or 'runtime error' in text or 'CRITICAL' in text:
                complaints.append(text)
            process.log.close()
        for thing in self.things:
            thing.close()
        self.bus.kill()
        self.bus.wait()
        self.bus.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return complaints


def comm(pid):
    with open('/proc/%s/comm' % pid, encoding='utf-8') as file:
        return file.read().strip()


def open_files(pid):
    """What the descriptors of a process lead to; one that is closed meanwhile is not among them."""
    links = []
    for fd in os.listdir('/proc/%d/fd' % pid):
        try:
            links.append(os.readlink('/proc/%d/fd/%s' % (pid, fd)))
        except FileNotFoundError:
            pass
    return links


def error_name(error):
    return Gio.DBusError.get_remote_error(error)


def as_nobody(script, *arguments, env=None):
    """Runs a Python script as another user; its stdout."""
    os.environ.setdefault('PYTHONDONTWRITEBYTECODE', '1')
    return subprocess.run([sys.executable, '-c', script, *arguments], user=NOBODY, group=NOBODY, extra_groups=[], check=True,
                          stdout=subprocess.PIPE, text=True, cwd='/', env=env, timeout=DEADLINE_S).stdout
