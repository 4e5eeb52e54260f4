# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the daemon's bus have in common."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bus_rig import GLib, Rig, error_name  # noqa: E402

ERROR = 'org.sqnsd1.Error.'
DBUS_ERROR = 'org.freedesktop.DBus.Error.'
FAST = ('--time-scale=0.02',)


class BusTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.end)
        self.client = self.rig.client()

    def end(self):
        self.assertEqual(self.rig.close(), [])

    def refused(self, name, function, *arguments, words=None, **options):
        with self.assertRaises(GLib.Error) as caught:
            function(*arguments, **options)
        self.assertEqual(error_name(caught.exception), name, caught.exception.message)
        if words is not None:
            self.assertIn(words, caught.exception.message)

    def make_modem(self, *options):
        self.board = self.rig.board(*options)
        return self.client.add_port(self.board.port)
