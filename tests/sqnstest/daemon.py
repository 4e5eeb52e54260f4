# SPDX-License-Identifier: LGPL-2.1-or-later
"""A folder, a bus in it, and the daemons and boards on that; the programs come from the environment (SQNSD, SQNS_BOARD)."""
import os
import shutil
import signal
import subprocess

from sqnstest import dup
from sqnstest.board import Board
from sqnstest.bus import Bus, Connection
from sqnstest.deadlines import wait_for
from sqnstest.folders import temporary_folder
from sqnstest.process import comm

COMPLAINTS = ('Sanitizer', 'runtime error', 'CRITICAL')


class Rig:
    """A folder, and what a test starts in it; close() ends all of it."""

    def __init__(self):
        self.folder = temporary_folder('sqns-')
        self.things = []
        self.daemons = []
        self.bus = None

    def start_bus(self, rules=''):
        self.bus = Bus(self.folder, rules)
        return self.bus

    @property
    def address(self):
        """Of the bus, which starts when it is first asked for."""
        return (self.bus or self.start_bus()).address

    def environment(self, **more):
        env = {key: value for key, value in os.environ.items() if not key.startswith('DBUS_')}
        env.update(more)
        return env

    def daemon(self, *options, where=None, ready=True, env=None, patience=None):
        """@patience is a factor on the daemon's long waits; a program that is built for tests has it."""
        program = os.environ['SQNSD']
        if patience is not None:
            program = os.environ['SQNSD_IMPATIENT']
            env = {**(env or {}), 'SQNS_PATIENCE': str(patience)}
        where = ['--bus', self.address] if where is None else where
        return self.start_daemon([program, '--no-udev', '--state-dir', self.folder, *where, *options],
                                 self.environment(**(env or {})), ready)

    def start_daemon(self, command, env, ready=True):
        log = open(os.path.join(self.folder, 'sqnsd-%d.log' % len(self.daemons)), 'w+', encoding='utf-8')
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
        process.log = log
        self.daemons.append(process)
        if ready:
            connection = self.connect()
            wait_for(lambda: process.poll() is not None or connection.owner_pid() == process.pid, 'the daemon')
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

    def connect(self):
        connection = Connection(self.address)
        self.things.append(connection)
        return connection

    def board(self, *options):
        board = Board(self.folder, *options)
        self.things.append(board)
        return board

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as out:
            out.write(content)
        return path

    def dup(self, name='NB1-37781.dup', **options):
        return self.file(name, dup.make_dup(**options))

    def stop(self, process):
        """SIGTERM; the exit code."""
        process.send_signal(signal.SIGTERM)
        return self.ended(process)

    def ended(self, process):
        return wait_for(lambda: process.poll() is not None and [process.returncode], 'the daemon to end')[0]

    def close(self):
        """What the sanitizers and GLib said about the daemons, if anything."""
        complaints = []
        for process in self.daemons:
            if process.poll() is None:
                process.kill()
                process.wait()
            text = self.log(process)
            if any(complaint in text for complaint in COMPLAINTS):
                complaints.append(text)
            process.log.close()
        for thing in self.things:
            thing.close()
        if self.bus is not None:
            self.bus.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return complaints
