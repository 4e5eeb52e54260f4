# SPDX-License-Identifier: LGPL-2.1-or-later
"""The base class of all test cases. The programs come from the environment: SQNSD, SQNSCTL and SQNS_BOARD; SQNS_TEST_FIRMWARE may
name a folder with a real release's zip."""
import functools
import json
import unittest

from gi.repository import GLib

from sqnstest.board import FAST
from sqnstest.bus import error_name
from sqnstest.client import BUSY, CANCELLED, DONE, FAILED, HAND, RECOVERY, REFUSED, UNKNOWN, Sqnsctl
from sqnstest.daemon import Rig
from sqnstest.deadlines import wait_for
from sqnstest.dup import make_dup
from sqnstest.fake_daemon import FakeDaemon

TARGET = '6.0.0.0-37781'
BEFORE = '6.0.0.0-35351'
IMAGE_SIZE = 60000
UNOPENED_SPEED = 9600  # of a tty that no program has set up
WAITS_FOR_FIRMWARE = ('recovery', 'mtools', 'ffh')


class Case(unittest.TestCase):
    """A folder, a bus, boards and clients: each starts when a test first asks for it, and ends with the test."""
    maxDiff = None
    make_rig = Rig
    names_bus = True  # to sqnsctl, if there is a bus

    @functools.cached_property
    def rig(self):
        rig = self.make_rig()
        self.addCleanup(self.close_rig, rig)
        return rig

    def close_rig(self, rig):
        self.assertEqual(rig.close(), [], 'what sanitizers or GLib said about the daemon')

    @property
    def folder(self):
        return self.rig.folder

    @functools.cached_property
    def bus(self):
        """A connection that records signals from its first use on."""
        return self.rig.connect()

    @functools.cached_property
    def boards(self):
        return []

    def board(self, *options, speed=FAST):
        board = self.rig.board(*speed, *options)
        self.boards.append(board)
        return board

    def image(self, name='fw.dup', size=IMAGE_SIZE, **options):
        return self.rig.dup(name, size=size, **options)

    def file(self, name, content):
        return self.rig.file(name, content)

    def start_fake_daemon(self):
        self.daemon = FakeDaemon(self.rig.address)
        self.addCleanup(self.daemon.close)

    # --- sqnsctl ---

    def start(self, *args, **how):
        """A running sqnsctl."""
        where = ['--bus', self.rig.address] if self.names_bus and self.rig.bus is not None else []
        client = Sqnsctl([*where, *args], **how)
        self.addCleanup(client.kill)
        return client

    def sqnsctl(self, *args, **how):
        """Exit code, stdout, stderr."""
        return self.start(*args, **how).end()

    def expect(self, code, *args, **how):
        got, out, err = self.sqnsctl(*args, **how)
        self.assertEqual(got, code, 'sqnsctl %s\nstdout: %s\nstderr: %s' % (' '.join(args), out, err))
        return out, err

    def json(self, code, *args, **how):
        """The one document on stdout."""
        out, _ = self.expect(code, '--json', *args, **how)
        document = json.loads(out)
        self.assertEqual(document['schema'], 1)
        return document

    def end_of(self, client):
        """The exit code of a started client, and all its output."""
        code, out, err = client.end()
        return code, out + err

    # --- D-Bus ---

    def refused(self, name, function, *arguments, words=None, **options):
        """The call @function fails with the error @name."""
        with self.assertRaises(GLib.Error) as caught:
            function(*arguments, **options)
        self.assertEqual(error_name(caught.exception), name, caught.exception.message)
        if words is not None:
            self.assertIn(words, caught.exception.message)

    def make_modem(self, *options, **how):
        """The object of a new board, self.one."""
        self.one = self.rig.board(*options)
        return self.bus.add_port(self.one.port, **how)

    # --- what a board says about itself ---

    def status(self, board, index=0):
        return board.status(index)

    def wait_status(self, board, what, **want):
        return board.wait(what, **want)

    def wait_bytes(self, board):
        """Waits until the modem receives an image."""
        return wait_for(lambda: self.status(board)['stp-bytes'] > 0, 'an upload to begin')

    def assert_upgraded(self, board, version=TARGET, index=0):
        now = self.status(board, index)
        self.assertEqual((now['modem'], now['version'], now['dup'], now['writing']), ('application', version, 'ok', False), now)
        return now

    def assert_unopened(self, board):
        """Not one byte and no interrupt: its port is not even set up."""
        now = self.status(board)
        self.assertEqual((now['speed'], now['stp-bytes'], now['stp-blocks'], now['esp32-resets'], now['version']),
                         (UNOPENED_SPEED, 0, 0, 0, BEFORE), now)

    def assert_nothing_sent(self, board, version=BEFORE):
        """At most, its modem was asked something."""
        now = self.status(board)
        self.assertEqual((now['stp-bytes'], now['modem'], now['version'], now['modem-resets'] <= 1),
                         (0, 'application', version, True), now)

    def assert_honest(self, board, code, words, version=TARGET):
        """The exit code agrees with the board, and a message explains it."""
        now = self.status(board)
        said = 'exit %d: %s\nboard: %s' % (code, words, now)
        if code == DONE:
            self.assertEqual((now['modem'], now['version']), ('application', version), said)
        elif code == FAILED:
            self.assertEqual(now['modem'], 'application', said)
        elif code == RECOVERY:
            self.assertIn(now['modem'], WAITS_FOR_FIRMWARE, said)
        else:
            self.assertIn(code, (BUSY, REFUSED, UNKNOWN, CANCELLED, HAND), said)
        if code != DONE:
            self.assertRegex(words, '(?m)^sqnsctl: .', said)
        return now


class BusCase(Case):
    """A connection that records every signal from the first on."""

    def setUp(self):
        self.bus = self.rig.connect()


class DaemonCase(BusCase):
    """A daemon that runs from the start."""
    daemon_options = ()
    daemon_patience = None  # factor on the daemon's long waits

    def setUp(self):
        super().setUp()
        self.daemon = self.rig.daemon(*self.daemon_options, patience=self.daemon_patience)


class FakeDaemonCase(Case):
    """The fake daemon, which knows the board "a"."""

    def setUp(self):
        self.start_fake_daemon()
        self.daemon.modem('a')

    def firmware(self):
        return self.file('fw.dup', make_dup(size=20000))

    def upgrade(self, *args, **how):
        """A running upgrade of board a; the daemon has made its job."""
        client = self.start('upgrade', 'a', self.firmware(), *args, **how)
        self.daemon.call('Upgrade')
        return client
