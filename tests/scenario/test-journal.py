#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs outlive what happens to the daemon, to the board and to the disk: killed in every phase, stopped, unplugged, damaged
records, a disk that cannot be written, a long history."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest
import uuid as uuids

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bus_rig import GLib, error_name, wait_for  # noqa: E402
from rig import BEFORE, CANCELLED, DONE, NOT_FOUND, REFUSED, TARGET, UNKNOWN, WholeCase  # noqa: E402

FAMILY = '--allow-family-change'
SLOW_BLOCKS = ('--time-scale=0.02', '--block-time=10')
ENDED = ('succeeded', 'failed', 'cancelled')
MAX_FRUITLESS = 5
DAY_US = 24 * 3600 * 1000000


class JournalCase(WholeCase):
    def setUp(self):
        self.state = None
        super().setUp()
        self.client = self.rig.client()
        self.dup = self.image(size=300000)

    @property
    def folder(self):
        return self.rig.folder

    def records(self, suffix='.conf'):
        return sorted(glob.glob(os.path.join(self.folder, 'jobs', '*' + suffix)))

    def firmware(self):
        return sorted(os.listdir(os.path.join(self.folder, 'firmware')))

    def record(self, uuid):
        with open(os.path.join(self.folder, 'jobs', uuid + '.conf'), encoding='utf-8') as record:
            return dict(line.rstrip('\n').split('=', 1) for line in record if '=' in line)

    def path(self, uuid):
        return '/org/sqnsd1/job/' + uuid.replace('-', '_')

    def job(self, uuid):
        return self.client.properties(self.path(uuid), 'Job')

    def begin(self, port, *options):
        """The id of a new job."""
        out, err = self.expect(DONE, 'upgrade', port, self.dup, '--detach', *options)
        return (out or err).split()[0]

    def kill(self):
        self.daemon.send_signal(signal.SIGKILL)
        self.rig.ended(self.daemon)

    def restart(self, *options):
        self.daemon = self.rig.daemon(*options)

    def wait_job(self, uuid, *states):
        return self.client.wait_state(self.path(uuid), *states)

    def succeeds(self, uuid):
        now = self.wait_job(uuid, *ENDED)
        self.assertEqual((now['State'], now['ErrorMessage']), ('succeeded', ''), now)
        return now

    def wait_phase(self, uuid, phase):
        """Until it is there, or beyond."""
        def there():
            now = self.job(uuid)
            return now if now['Phase'] == phase or now['State'] in ENDED else None
        return wait_for(there, 'phase ' + phase)['State'] not in ENDED


class Killed(JournalCase):
    """kill -9 in each phase of a whole run; the job goes on by itself."""

    def killed_in(self, phase, *options, flags=(), speed=None):
        board = self.board(*options, **({'speed': speed} if speed else {}))
        uuid = self.begin(board.port, *flags)
        before = self.job(uuid)
        self.assertTrue(self.wait_phase(uuid, phase), 'the job ended before phase ' + phase)
        self.kill()
        self.restart()
        interrupted = self.job(uuid)
        self.assertEqual(interrupted['CreatedAt'], before['CreatedAt'])
        end = self.succeeds(uuid)
        self.assertEqual((end['VersionAfter'], end['Progress'], end['Safe']), (TARGET, 1.0, True))
        self.assert_upgraded(board)
        log, _ = self.expect(DONE, 'job', uuid, '--log')
        self.assertIn('interruption 1', log)
        self.assertEqual(self.firmware(), [], 'nobody needs it any more')
        return board

    def test_native_link(self):
        self.killed_in('link', speed=('--time-scale=0.05', '--boot-time=2'))

    def test_native_prepare(self):
        self.killed_in('prepare', speed=('--time-scale=0.05', '--boot-time=20'))

    def test_native_transfer(self):
        self.killed_in('transfer', speed=SLOW_BLOCKS)

    def test_bare_prepare(self):
        self.killed_in('prepare', '--start=direct', speed=('--time-scale=0.05', '--boot-time=20'))

    def test_bare_transfer(self):
        self.killed_in('transfer', '--start=direct', speed=SLOW_BLOCKS)


if __name__ == '__main__':
    unittest.main()
