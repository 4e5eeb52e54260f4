#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A port's name says little of the board behind it: what comes back under the name of a board that was pulled out in the midst
of a job may be another one, and must be left alone."""
import os
import unittest

from sqnstest.case import BEFORE, TARGET, DaemonCase
from sqnstest.client import DONE, REFUSED

# with right check digits; the others, without, are those of modems that were made so
SOUND, OTHER_SOUND = '354344040000006', '354344040000014'


class Strangers(DaemonCase):
    def swap(self, imei, other_imei, *other_options):
        """The first board is pulled out in the midst of a job, the other comes back under its name."""
        dup = self.image()
        link = os.path.join(self.rig.folder, 'ttyBoard')
        first = self.board('--start=direct', '--link=' + link, '--fault=unplug@stp.block=50%', '--imei=' + imei,
                           '--dup-size=%d' % os.path.getsize(dup))
        other = self.board('--start=direct', '--imei=' + other_imei, *other_options)
        client = self.start('upgrade', link, dup)
        client.err.until('interrupted')
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(other.port, link)
        code, words = self.end_of(client)
        self.assertEqual(code, REFUSED, words)
        self.assertIn('not the modem', words)
        self.assert_nothing_sent(other)
        self.assertEqual(self.status(first)['version'], BEFORE)

    def test_another_board_under_the_same_name(self):
        self.swap('354344040000011', '354344040000029')

    def test_another_board_that_is_heard_badly(self):
        self.swap(SOUND, OTHER_SOUND, '--fault=drop-bytes@AT+CGSN:3')

    def test_damaged_number_when_the_job_begins(self):
        """What the modem is known by was lost a digit of: it is not another one for that in the end."""
        board = self.board('--start=direct', '--imei=' + SOUND, '--fault=drop-bytes@AT+CGSN:3')
        self.expect(DONE, 'upgrade', board.port, self.image())
        self.assertEqual(self.status(board)['version'], TARGET)

    def test_damaged_numbers_when_the_job_ends(self):
        """A modem that tells the promised version is upgraded, whatever else it says."""
        dup = self.image()
        board = self.board('--start=direct', '--imei=' + SOUND, '--dup-size=%d' % os.path.getsize(dup),
                           '--fault=silence@stp.block=50%')
        client = self.start('upgrade', board.port, dup)
        client.err.until('writing the firmware')
        board.tell('fault drop-bytes@AT+CGSN:3x0')
        code, words = self.end_of(client)
        self.assertEqual(code, DONE, words)
        self.assertEqual(self.status(board)['version'], TARGET)

    def test_number_is_told_though_an_answer_was_damaged(self):
        board = self.board('--start=direct', '--imei=' + SOUND, '--fault=drop-bytes@AT+CGSN:3')
        words, _ = self.expect(DONE, 'show', '--identify', board.port)
        self.assertIn(SOUND, words)


if __name__ == '__main__':
    unittest.main()
