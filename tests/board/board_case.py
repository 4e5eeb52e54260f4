# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the virtual board share: a board, a port, an upload; images made here."""
import importlib.util
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
from board_client import Board, Stp  # noqa: E402

SPEC = importlib.util.spec_from_file_location('make_dup', os.path.join(HERE, 'make-dup.py'))
make_dup = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(make_dup)

DUP = make_dup.make_dup(size=100000)
QUIET = 0.15  # long enough to see that nothing comes


class Case(unittest.TestCase):
    def board(self, *options, **kw):
        board = Board(*options, **kw)
        self.addCleanup(board.close)
        return board

    def direct(self, *options, baud=921600, **kw):
        board = self.board('--start', 'direct', *options, **kw)
        return board, board.port(baud)

    def upload(self, port, data, command='AT+SMSTPU="ON_THE_FLY"'):
        self.assertEqual(port.at(command)[-4:], b'OK\r\n')
        stp = Stp(port)
        stp.open()
        stp.send(data)
        return stp
