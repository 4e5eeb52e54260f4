#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings of jobs (tests/recordings) played back by sqns-board --replay, with sqnsd and sqnsctl on the other side."""
import glob
import os
import re
import subprocess
import unittest

from sqnstest import SOURCE
from sqnstest.case import TARGET, Case, DaemonCase
from sqnstest.client import DONE, FAILED, REFUSED, UNKNOWN

RECORDINGS = os.path.join(SOURCE, 'tests', 'recordings')
CAT_M1 = dict(version='5.1.1.0', build=41065)
DIFF = dict(name='upgdiff_38638-to-39529.dup', version='5.1.1.0', build=39529, diff_from=38638, size=20000)
SCALE = 0  # what can be waited for is not


def recording(name):
    return os.path.join(RECORDINGS, name + '.log')


class ReplayCase(DaemonCase):
    def replay(self, path, scale=SCALE):
        return self.rig.board('--replay', path, '--time-scale=%g' % scale)

    def upgrade(self, code, board, *flags, **image):
        """What was said, whole."""
        got, out, err = self.sqnsctl('upgrade', '--link=direct', *flags, board.port, self.image(**image))
        said = out + err
        self.assertEqual(got, code, '%s\nboard: %s' % (said, self.status(board)))
        return said

    def assert_played(self, board):
        """To its end, with an upload like the recorded one. A later sqnsd may ask more or less of the modem: that is noted."""
        now = self.status(board)
        self.assertEqual((now['replay-played'], now['dup']), (now['replay-exchanges'], 'ok'), now)
        self.assertNotIn('bytes were uploaded', now['replay-notes'])
        return now

    def succeeds(self, name, /, target=TARGET, scale=SCALE, flags=(), **image):
        board = self.replay(recording(name), scale)
        said = self.upgrade(DONE, board, *flags, **image)
        self.assertIn('succeeded', said)
        self.assertIn(target, said)
        return self.assert_played(board)


class Recorded(ReplayCase):
    """Made on the virtual board."""

    def test_application(self):
        self.succeeds('application')

    def test_application_with_its_times(self):
        self.succeeds('application', scale=1)

    def test_recovery(self):
        self.succeeds('recovery')

    def test_stp_left_open(self):
        self.succeeds('stp-left-open')

    def test_refused_block(self):
        now = self.succeeds('refused-block')
        # 9 blocks would have been enough
        self.assertGreater(now['stp-blocks'], 9)

    def test_ffh(self):
        self.succeeds('ffh')

    def test_factory_boot_rom(self):
        self.succeeds('factory-boot-rom', flags=('--allow-family-change',))

    def test_diff_by_fff(self):
        self.succeeds('diff-by-fff', '5.1.1.0-39529', **DIFF)

    def test_modem_in_data_mode(self):
        self.succeeds('modem-in-data-mode')

    def test_finished_never_booted(self):
        board = self.replay(recording('finished-never-booted'))
        self.assertIn(TARGET, self.upgrade(DONE, board))
        now = self.status(board)
        self.assertEqual((now['replay-played'], now['stp-bytes']), (now['replay-exchanges'], 0), now)

    def test_what_is_recorded_can_be_played(self):
        """A job's log as it is printed, whatever board it was made on."""
        for options in (('--board-firmware=1.17.5.b6',), ('--start=passthrough', '--noise')):
            with self.subTest(options):
                board = self.board(*options)
                job = self.json(DONE, 'upgrade', board.port, self.image())['jobs'][0]
                log, _ = self.expect(DONE, 'job', job['uuid'], '--log')
                replayed = self.replay(self.file('log', log.encode()))
                self.assertIn('succeeded', self.upgrade(DONE, replayed))
                # the same sqnsd, so not one command more or less
                notes = self.assert_played(replayed)['replay-notes'].split('; ')
                # what is private is not in a log, and so is all that may differ
                self.assertEqual([note for note in notes if note and 'personal number' not in note
                                  and 'zeros stand for it' not in note], [])


class Field(ReplayCase):
    """Rows of field-failures.md, with the reply bytes that are quoted there."""

    def test_row_02_first_error(self):
        self.succeeds('row-02-first-error', '5.1.1.0-41065', **CAT_M1)

    def test_row_04_cpsms_between(self):
        self.succeeds('row-04-cpsms-between')

    def test_row_05_smswboot_refused(self):
        self.succeeds('row-05-smswboot-refused')

    def test_row_07_every_answer_error(self):
        board = self.replay(recording('row-07-every-answer-error'))
        code, out, err = self.sqnsctl('upgrade', '--link=direct', board.port, self.image())
        self.assertIn(code, (REFUSED, UNKNOWN), out + err)
        self.assertIn('mode', err)
        self.assertEqual(self.status(board)['stp-bytes'], 0)

    def test_row_12_wrong_base(self):
        board = self.replay(recording('row-12-wrong-base'))
        said = self.upgrade(REFUSED, board, name='upgdiff_33080-to-41065.dup', diff_from=33080, **CAT_M1)
        self.assertIn('33080', said)
        self.assertIn('46470', said)
        self.assertEqual(self.status(board)['stp-bytes'], 0)

    def test_row_12_patch_did_not_apply(self):
        board = self.replay(recording('row-12-patch-did-not-apply'))
        said = self.upgrade(FAILED, board, **DIFF)
        self.assertIn("failure[diffUpgrade,239] Patch didn't apply!", said)
        self.assertGreater(self.status(board)['stp-bytes'], 0)

    def test_row_13_ffh(self):
        board = self.replay(recording('row-13-ffh'))
        self.assertEqual(self.json(DONE, 'show', '--refresh', board.port)['modem']['state'], 'ffh')
        said = self.upgrade(REFUSED, board, name='upgdiff_33080-to-41065.dup', diff_from=33080, **CAT_M1)
        self.assertIn('diff', said)
        self.assertEqual(self.status(board)['stp-bytes'], 0)

    def test_row_16_garbage(self):
        board = self.replay(recording('row-16-garbage'))
        self.upgrade(UNKNOWN, board)

    def test_row_23_line_before_ok(self):
        self.succeeds('row-23-line-before-ok')

    def test_row_24_cut_report(self):
        self.succeeds('row-24-cut-report')

    def test_row_30_crash_loop(self):
        board = self.replay(recording('row-30-crash-loop'), 0.05)
        said = self.upgrade(UNKNOWN, board)
        self.assertNotRegex(said, r'(?i)cut (the )?power now')


class Library(Case):
    def test_each_is_played_by_a_test(self):
        with open(os.path.abspath(__file__), encoding='utf-8') as file:
            text = file.read()
        for path in glob.glob(recording('*')):
            name = os.path.splitext(os.path.basename(path))[0]
            self.assertIn("'%s'" % name, text, 'no test plays this recording')

    def test_heads(self):
        """Each says what it is; none holds a personal number."""
        for path in glob.glob(recording('*')):
            with open(path, encoding='ascii') as file:
                text = file.read()
            with self.subTest(path):
                self.assertRegex(text, r'^# [A-Za-z]')
                self.assertRegex(text[:text.index('\n0')], r'(?i)recorded with|hand-made')
                self.assertEqual(re.findall(r'(?<![0-9a-f])[0-9]{14,}(?![0-9a-f])', text), [])


class Files(ReplayCase):
    """What is no recording is called so, with the line."""
    GOOD = b'0.000 > AT\n0.010 < OK\n'

    def run_board(self, content):
        path = self.file('broken.log', content)
        return subprocess.run([os.environ['SQNS_BOARD'], '--replay', path, '--exit-with-stdin'], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=20)

    def test_not_a_recording(self):
        for content, words in (
                (b'', b'contains nothing'),
                (b'# only a comment\n', b'contains nothing'),
                (b'hello\n', b'line 1: not a line of a transcript'),
                (self.GOOD + b'12 > AT\n', b'line 3: not a line of a transcript'),
                (self.GOOD + b'1.5 > AT\n', b'line 3: not a line of a transcript'),
                (self.GOOD + b'0.020 ? AT\n', b'line 3: neither >, < nor #'),
                (self.GOOD + b'0.020 >AT\n', b'line 3: neither >, < nor #'),
                (self.GOOD + b'0.005 > AT\n', b'line 3: the time goes backwards'),
                (self.GOOD + b'0.020 < \\xg0\n', b'line 3: a backslash'),
                (self.GOOD + b'0.020 < \\', b'line 3: a backslash'),
                (self.GOOD + b'0.020 # STP bytes many\n', b'line 3: an STP line'),
                (self.GOOD + b'99999999999.000 > AT\n', b'line 3: not a line of a transcript'),
                (b'\x7fELF\x01\x02\0\0' * 100, b'is not a transcript'),
                (b'\xff\xfe' * 100, b'is not a transcript'),
                (b'0.000 > AT\n' * 400000, b'too long')):
            with self.subTest(words, content=content[:40]):
                done = self.run_board(content)
                self.assertEqual(done.returncode, 1, done)
                self.assertIn(words, done.stderr)
                self.assertIn(b'broken.log', done.stderr)
                self.assertEqual(done.stdout, b'')

    def test_cut_off_anywhere(self):
        """Whatever is left of a recording is one, or is told to be none: nothing else happens."""
        with open(recording('row-04-cpsms-between'), 'rb') as file:
            whole = file.read()
        for at in range(0, len(whole), 397):
            self.assertIn(self.run_board(whole[:at]).returncode, (0, 1), at)

    def test_no_such_file(self):
        done = subprocess.run([os.environ['SQNS_BOARD'], '--replay', '/nonexistent'], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'/nonexistent', done.stderr)

    def test_what_it_cannot_play(self):
        """It plays the rest, and says so on stderr and in its status."""
        content = (b'0.000 > print(1)\n0.010 > AT\n0.020 < OK\n0.030 > AT+CGSN\n0.040 < <private>\n0.040 < OK\n'
                   b'# ... 7 lines (99 bytes) left out here ...\n')
        board = self.replay(self.file('odd.log', content))
        notes = self.status(board)['replay-notes']
        for words in ('line 1: not for a modem', 'line 5: a personal number', 'line 7: the transcript has a gap'):
            self.assertIn(words, notes)


if __name__ == '__main__':
    unittest.main()
