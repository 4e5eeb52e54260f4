#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Upgrades while something goes wrong at each place. Which end is right differs; what must hold each time: it ends, success
means that the board itself runs the new firmware, an exit code agrees with what the board is, and the next run succeeds."""
import os
import unittest

from sqnstest.case import TARGET, DaemonCase
from sqnstest.client import DONE, RECOVERY, REFUSED, UNKNOWN

AT_ONCE = 8


class Faults(DaemonCase):
    """Boards run side by side: what takes long is waiting for modems."""
    VERSION = TARGET

    def setUp(self):
        super().setUp()
        self.dup = self.image(size=300000)

    def begin(self, options):
        board = self.board('--dup-size=%d' % os.path.getsize(self.dup), *options)
        return options, board, self.start('upgrade', board.port, self.dup)

    def judge(self, options, board, client, codes):
        code, words = self.end_of(client)
        with self.subTest(options=options):
            self.assertIn(code, codes, '%s\n%s' % (words, self.status(board)))
            self.assert_honest(board, code, words, self.VERSION)
        return code == DONE

    def again(self, options, board):
        board.tell('clear-faults')
        with self.subTest('once more after', options=options):
            self.expect(DONE, 'upgrade', board.port, self.dup)
            self.assert_upgraded(board, self.VERSION)

    def run_all(self, codes, cases):
        """@cases: the options of a board each."""
        for at in range(0, len(cases), AT_ONCE):
            items = [self.begin(options) for options in cases[at:at + AT_ONCE]]
            failed = [item for item in items if not self.judge(*item, codes)]
            for _, board, _ in failed:
                board.tell('clear-faults')
            for options, board, client in [(o, b, self.start('upgrade', b.port, self.dup)) for o, b, _ in failed]:
                with self.subTest('once more after', options=options):
                    code, words = self.end_of(client)
                    self.assertEqual(code, DONE, words)
                    self.assert_upgraded(board, self.VERSION)

    def inject(self, codes, faults, *options):
        self.run_all(codes, [('--fault=' + fault, *options) for fault in faults])


class Commands(Faults):
    def at(self, command, *faults):
        parts = [fault.partition(':') for fault in faults]
        self.inject((DONE,), ['%s@%s%s%s' % (name, command, colon, arg) for name, colon, arg in parts], '--start=direct')

    def all_faults(self, command):
        self.at(command, 'error', 'silence', 'garbage', 'late:1500', 'duplicate', 'noise', 'cme')

    def test_smod(self):
        self.all_faults('AT+SMOD')
        self.at('AT+SMOD', 'late:6000', 'ppp')

    def test_smswboot(self):
        self.all_faults('AT+SMSWBOOT')

    def test_smstpu(self):
        self.all_faults('AT+SMSTPU')

    def test_smupgrade(self):
        self.all_faults('AT+SMUPGRADE')

    def test_ati1(self):
        self.all_faults('ATI1')

    def test_never_says_its_mode(self):
        board = self.board('--start=direct', '--fault=error@AT+SMODx*')
        code, _, err = self.sqnsctl('upgrade', board.port, self.dup)
        self.assertEqual(code, REFUSED, err)
        self.assertIn('which mode', err)
        self.assert_nothing_sent(board)
        self.again('error@AT+SMODx*', board)


class Uploads(Faults):
    def test_answers(self):
        self.inject((DONE,), ['%s@%s' % (fault, place)
                              for place in ('stp.announce=50%', 'stp.open', 'stp.reset', 'stp.block=50%')
                              for fault in ('refuse', 'confused', 'duplicate')], '--start=direct')

    def test_late_and_lost_answers(self):
        self.inject((DONE,), ['late@stp.block=50%:2000', 'late@stp.open:2000', 'late@stp.announce=50%:2000',
                              'silence@stp.open', 'garbage@stp.reset', 'wrong-id@stp.open'], '--start=direct')

    def test_residues(self):
        self.inject((DONE,), ['residue@stp.block:100', 'residue@stp.block=50%:8000', 'silence@stp.close', 'garbage@stp.close',
                              'residue@stp.block:1x5'], '--start=direct')

    def test_version_2(self):
        self.inject((DONE,), ['refuse@stp.data-type', 'confused@stp.data-type'], '--start=direct', '--stp-version=2')


class Patience(Faults):
    def test_long_deadlines(self):
        """Half a minute for a block's answer, a quarter for an announcement's."""
        self.inject((DONE,), ['silence@stp.block=50%', 'wrong-id@stp.block=50%', 'silence@stp.announce=50%',
                              'corrupt@stp.announce=50%', 'drop-bytes@stp.block=50%:5', 'garbage@stp.block=50%'],
                    '--start=direct')

    def test_corrupt(self):
        # without CRCs a wrong residue cannot be told from a right one: the modem's checksum finds it at the end
        self.inject((DONE,), ['corrupt@stp.block=50%', 'corrupt@stp.open', 'corrupt@stp.reset'], '--start=direct')
        self.inject((DONE,), ['corrupt@stp.open', 'corrupt@stp.reset'], '--start=direct', '--stp-crc')

    def test_for_ever(self):
        self.inject((RECOVERY,), ['refuse@stp.blockx*', 'refuse@stp.announcex*', 'residue@stp.block:8176x*',
                                  'residue@stp.block=50%:100x*'], '--start=direct')


class Stored(Faults):
    """A file that the modem stores first, then installs as it is told to (FFF method)."""
    VERSION = '5.1.1.0-39529'

    def setUp(self):
        super().setUp()
        self.dup = self.image('upgdiff_38638-to-39529.dup', size=300000, version='5.1.1.0', build=39529, diff_from=38638)

    def test_resets(self):
        self.inject((DONE,), ['modem-reset@stp.open', 'modem-reset@stp.block=50%', 'modem-reset@AT+SMUPGRADE',
                              'silence@AT+SMUPGRADE',
                              'error@AT+SMUPGRADE'], '--start=direct', '--modem-version=5.1.1.0-38638')


class Resets(Faults):
    def test_report_says_failure(self):
        board = self.board('--start=direct', '--fault=error@applyx*')
        code, _, err = self.sqnsctl('upgrade', board.port, self.dup)
        self.assertEqual(code, RECOVERY, err)
        self.assertIn('Flash write error', err)
        self.assertIn('run the same upgrade again', err.lower())
        self.assert_honest(board, code, err)
        self.again('error@applyx*', board)

    def test_second_upload(self):
        self.inject((DONE,), ['error@apply', 'modem-reset@stp.open'], '--start=direct')

    def test_one_trouble_after_another(self):
        """What it took to get into recovery takes nothing away from the upload's tries."""
        self.inject((DONE,), ['modem-reset@AT+SMSWBOOTx2', 'silence@AT+SMODx3'], '--start=direct', '--fault=error@applyx2')

    def test_reboots_twice(self):
        self.inject((DONE,), ['modem-reset@reboot'], '--start=direct')

    def test_modem_gone(self):
        board = self.board('--start=direct', '--fault=hang@AT+SMOD')
        code, _, err = self.sqnsctl('upgrade', board.port, self.dup)
        self.assertEqual(code, UNKNOWN, err)
        self.assertIn('silent', err)
        board.tell('power-cycle')
        self.wait_status(board, 'the modem to be up', modem='application')
        self.again('hang@AT+SMOD', board)


class Links(Faults):
    def test_passthrough_loses_bytes(self):
        self.inject((DONE,), ['drop-bytes@link.data:1', 'drop-bytes@link.data:3', 'noise@link.data', 'garbage@link.data',
                              'drop-bytes@stp.block=50%:3'])

    def test_repl(self):
        self.inject((DONE,), ['silence@link.repl', 'drop-bytes@link.repl:3', 'silence@link.raw', 'garbage@link.raw',
                              'drop-bytes@link.raw:5', 'error@link.raw', 'esp32-reset@link.boot'])

    def test_esp32_resets(self):
        self.inject((DONE, UNKNOWN), ['esp32-reset@link.raw', 'esp32-reset@link.passthrough', 'esp32-reset@AT+SMOD'])


if __name__ == '__main__':
    unittest.main()
