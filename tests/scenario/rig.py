# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole runs: sqnsd on a bus of its own, virtual boards with their controls, and sqnsctl as a person calls it. Needs SQNSD,
SQNSCTL, SQNS_BOARD and SQNS_SOURCE in the environment; SQNS_TEST_FIRMWARE may name a folder with a real release's zip."""
import glob
import json
import os
import sys
import unittest
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bus_rig import Rig, wait_for  # noqa: E402
from client_rig import Client  # noqa: E402

TARGET = '6.0.0.0-37781'
BEFORE = '6.0.0.0-35351'
# a hundredth of a board's times: half a second for what takes a minute
FAST = ('--time-scale=0.01', '--boot-time=1')
IMAGE_SIZE = 60000
UNOPENED_SPEED = 9600  # a tty nobody has set up
DONE, FAILED, USAGE, NOT_FOUND, NOT_ALLOWED, BUSY, REFUSED, UNKNOWN, CANCELLED, RECOVERY, HAND, DETACHED = (
    0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 130)
WAITS_FOR_FIRMWARE = ('recovery', 'mtools', 'ffh')


def real_firmware(folder):
    """The .dup in the folder SQNS_TEST_FIRMWARE, or in a zip there (unpacked into @folder); None without that folder."""
    where = os.environ.get('SQNS_TEST_FIRMWARE')
    if where is None:
        return None
    for name in sorted(glob.glob(os.path.join(where, '*.dup'))):
        return name
    for name in sorted(glob.glob(os.path.join(where, '*.zip'))):
        with zipfile.ZipFile(name) as archive:
            for member in archive.namelist():
                if member.endswith('.dup'):
                    return archive.extract(member, folder)
    raise AssertionError('SQNS_TEST_FIRMWARE=%s: no .dup and no .zip with one' % where)


class WholeCase(unittest.TestCase):
    """A test with a daemon; boards, clients and all files go with it."""
    maxDiff = None
    daemon_options = ()
    daemon_patience = None  # factor on the daemon's long waits; such a daemon is built for tests only

    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.end)
        self.daemon = self.rig.daemon(*self.daemon_options, patience=self.daemon_patience)
        self.boards = []

    def end(self):
        self.assertEqual(self.rig.close(), [], 'what sanitizers or GLib said of the daemon')

    # --- what takes part ---

    def board(self, *options, speed=FAST):
        board = self.rig.board(*speed, *options)
        self.boards.append(board)
        return board

    def image(self, name='fw.dup', size=IMAGE_SIZE, **options):
        return self.rig.dup(name, size=size, **options)

    def file(self, name, content):
        path = os.path.join(self.rig.folder, name)
        with open(path, 'wb') as out:
            out.write(content)
        return path

    def start(self, *args, **how):
        """sqnsctl, running."""
        client = Client(['--bus', self.rig.address, *args], **how)
        self.addCleanup(client.kill)
        return client

    def sqnsctl(self, *args, **how):
        """Exit code, stdout, stderr."""
        return self.start(*args, **how).end()

    def expect(self, code, *args, **how):
        got, out, err = self.sqnsctl(*args, **how)
        self.assertEqual(got, code, 'sqnsctl %s\nstdout: %s\nstderr: %s' % (' '.join(args), out, err))
        return out, err

    def json(self, code, *args):
        """The one document on stdout."""
        out, _ = self.expect(code, '--json', *args)
        document = json.loads(out)
        self.assertEqual(document['schema'], 1)
        return document

    def end_of(self, client):
        """How a job went whose client was started: code, stdout and stderr."""
        code, out, err = client.end()
        return code, out + err

    # --- what a board says of itself ---

    def status(self, board, index=0):
        return json.loads(board.tell('status %d' % index))

    def wait_status(self, board, what, **want):
        def as_wanted():
            now = self.status(board)
            return now if all(now[key.replace('_', '-')] == value for key, value in want.items()) else None
        return wait_for(as_wanted, what)

    def wait_bytes(self, board):
        """Until an image is being written."""
        return wait_for(lambda: self.status(board)['stp-bytes'] > 0, 'an upload to begin')

    def assert_upgraded(self, board, version=TARGET, index=0):
        now = self.status(board, index)
        self.assertEqual((now['modem'], now['version'], now['dup'], now['writing']), ('application', version, 'ok', False), now)
        return now

    def assert_unopened(self, board):
        """Not one byte and no interrupt: nobody has so much as set up its port."""
        now = self.status(board)
        self.assertEqual((now['speed'], now['stp-bytes'], now['stp-blocks'], now['esp32-resets'], now['version']),
                         (UNOPENED_SPEED, 0, 0, 0, BEFORE), now)

    def assert_nothing_sent(self, board, version=BEFORE):
        """Its modem was asked, at most."""
        now = self.status(board)
        self.assertEqual((now['stp-bytes'], now['modem'], now['version'], now['modem-resets'] <= 1),
                         (0, 'application', version, True), now)

    def assert_honest(self, board, code, words, version=TARGET):
        """An exit code that agrees with the board, and words to it."""
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
