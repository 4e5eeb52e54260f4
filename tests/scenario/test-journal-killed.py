#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of the daemon in every phase of every route: the next one goes on with the job, to success, and repeats no finished
upload."""
import unittest

from sqnstest.board import SLOW_BLOCKS
from sqnstest.case import TARGET
from sqnstest.client import DONE
from sqnstest.deadlines import wait_for
from sqnstest.dup import make_first_step
from sqnstest.jobs import JobCase

FAMILY = '--allow-family-change'


class Killing(JobCase):
    """kill -9; the same job goes on by itself, to success."""

    def begin_and_kill(self, board, phase, *flags):
        uuid = self.begin(board.port, *flags)
        self.created = self.job(uuid)['CreatedAt']
        self.wait_phase(uuid, phase)
        self.progress = self.job(uuid)['Progress']
        self.kill()
        self.assertEqual(self.record(uuid)['State'], 'running')
        return uuid

    def goes_on(self, board, uuid, version=TARGET):
        told = max([self.progress] + [s.args[1].get('Progress', 0) for s in self.bus.signals if s.name == 'PropertiesChanged'])
        self.bus.signals.clear()
        self.restart()
        now = self.job(uuid)
        self.assertEqual(now['CreatedAt'], self.created)
        self.assertGreaterEqual(now['Progress'], told, 'it never falls')
        end = self.succeeds(uuid)
        self.assertEqual((end['VersionAfter'], end['Progress'], end['Safe'], end['PointOfNoReturn']),
                         (version, 1.0, True, False))
        self.assert_upgraded(board, version)
        log, _ = self.expect(DONE, 'job', uuid, '--log')
        self.assertIn('interruption 1', log)
        self.assertEqual(log.count('sqnsd 0.'), 2, 'the log of the life before is there, too')
        wait_for(lambda: not self.firmware(), 'the firmware to go, which nobody needs any more')
        return end

    def killed_in(self, phase, *options, speed, flags=()):
        board = self.board(*options, speed=speed)
        uuid = self.begin_and_kill(board, phase, *flags)
        self.goes_on(board, uuid)
        return board

    def killed_behind_the_upload(self, phase, *options, speed, flags=()):
        board = self.board(*options, speed=speed)
        uuid = self.begin_and_kill(board, phase, *flags)
        sent = self.status(board)['stp-bytes']
        self.goes_on(board, uuid)
        self.assertEqual(self.status(board)['stp-bytes'], sent, 'a finished upload is not repeated')

    def killed_in_confirm(self, *options):
        """The booted modem is asked for its version: it takes its time to answer."""
        board = self.board(*options, speed=SLOW_BOOT)
        uuid = self.begin(board.port)
        self.created = self.job(uuid)['CreatedAt']
        self.wait_phase(uuid, 'reboot')
        board.tell('fault silence@ATI1')
        self.wait_phase(uuid, 'confirm')
        self.progress = self.job(uuid)['Progress']
        self.assertFalse(self.job(uuid)['Safe'])
        self.kill()
        board.tell('clear-faults')
        self.assertIn(self.record(uuid)['State'], ('running', 'verifying'), 'whether this phase is saved yet or not')
        self.assertEqual(self.record(uuid)['FileTaken'], 'yes')
        sent = self.status(board)['stp-bytes']
        self.goes_on(board, uuid)
        self.assertEqual(self.status(board)['stp-bytes'], sent, 'a finished upload is not repeated')


SLOW_BOOT = ('--time-scale=0.05', '--reboot-time=30')
SLOW_APPLY = ('--time-scale=0.05', '--apply-time=40')
FACTORY = ('--modem-version=5.1.1.0-33080', '--bootloader0=33080')


class KilledNative(Killing):
    def test_link(self):
        self.killed_in('link', speed=('--time-scale=0.05', '--boot-time=20'))

    def test_prepare(self):
        self.killed_in('prepare', speed=SLOW_BOOT)

    def test_transfer(self):
        self.killed_in('transfer', speed=SLOW_BLOCKS)

    def test_apply(self):
        self.killed_behind_the_upload('apply', speed=SLOW_APPLY)

    def test_reboot(self):
        self.killed_behind_the_upload('reboot', speed=SLOW_BOOT)

    def test_confirm(self):
        self.killed_in_confirm()


class KilledBare(Killing):
    def test_prepare(self):
        self.killed_in('prepare', '--start=direct', speed=SLOW_BOOT)

    def test_transfer(self):
        self.killed_in('transfer', '--start=direct', speed=SLOW_BLOCKS)

    def test_apply(self):
        self.killed_behind_the_upload('apply', '--start=direct', speed=SLOW_APPLY)

    def test_reboot(self):
        self.killed_behind_the_upload('reboot', '--start=direct', speed=SLOW_BOOT)

    def test_confirm(self):
        self.killed_in_confirm('--start=direct')


class KilledFfh(Killing):
    """The boot ROM first, then its updater, then the file."""

    def test_updater(self):
        self.killed_in('updater', '--modem=ffh', speed=('--time-scale=0.1', '--block-time=1'))

    def test_transfer(self):
        self.killed_in('transfer', '--modem=ffh', speed=SLOW_BLOCKS)

    def test_apply(self):
        self.killed_behind_the_upload('apply', '--modem=ffh', speed=SLOW_APPLY)

    def test_factory_boot_rom(self):
        self.killed_in('bootrom', *FACTORY, speed=SLOW_BLOCKS, flags=(FAMILY,))

    def test_factory_transfer(self):
        self.killed_in('transfer', *FACTORY, speed=SLOW_BLOCKS, flags=(FAMILY,))


class KilledBetween(Killing):
    """Release 48829 is two files in one job; every modem seen to be lost was lost between them (field row 14)."""
    VERSION = '5.2.1.0-48829'

    def setUp(self):
        super().setUp()
        first = self.file('CATM1-5.2-48829-1.dup', make_first_step())
        self.dup = self.image('CATM1-5.2-48829-2.dup', version='5.2.1.0', build=48829)
        self.flags = ('--first-step', first)

    def killed_when(self, board, there):
        uuid = self.begin(board.port, *self.flags)
        self.created = self.job(uuid)['CreatedAt']
        wait_for(lambda: self.life(uuid) is not None and there(uuid), 'the place between the files')
        self.progress = self.job(uuid)['Progress']
        self.kill()
        self.assertEqual((self.record(uuid)['State'], self.record(uuid)['FirstStepDone'], self.record(uuid)['FileTaken']),
                         ('running', 'yes', 'no'))
        self.goes_on(board, uuid, self.VERSION)

    def board_41065(self, speed):
        return self.board('--modem-version=5.1.1.0-41065', speed=speed)

    def test_first_is_installed(self):
        board = self.board_41065(SLOW_APPLY)
        self.killed_when(board, lambda uuid: self.record(uuid)['FirstStepDone'] == 'yes' and self.status(board)['writing'])

    def test_second_begins(self):
        self.killed_when(self.board_41065(SLOW_BLOCKS), lambda uuid: self.job(uuid)['Phase'] == 'transfer')


if __name__ == '__main__':
    unittest.main()
