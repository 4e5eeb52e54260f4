#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A port's name says little of the board behind it: what comes back under the name of a board that was pulled out in the midst
of a job may be another one, and must be left alone."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import BEFORE, REFUSED, WholeCase  # noqa: E402


class Strangers(WholeCase):
    def test_another_board_under_the_same_name(self):
        dup = self.image()
        link = os.path.join(self.rig.folder, 'ttyBoard')
        first = self.board('--start=direct', '--link=' + link, '--fault=unplug@stp.block=50%', '--imei=354344040000011',
                           '--dup-size=%d' % os.path.getsize(dup))
        other = self.board('--start=direct', '--imei=354344040000029')
        client = self.start('upgrade', link, dup)
        client.err.until('interrupted')
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(other.port, link)
        code, words = self.end_of(client)
        self.assertEqual(code, REFUSED, words)
        self.assertIn('another modem', words)
        self.assert_nothing_sent(other)
        self.assertEqual(self.status(first)['version'], BEFORE)


if __name__ == '__main__':
    unittest.main()
