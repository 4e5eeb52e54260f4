# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the virtual board itself, through its serial port and its control socket."""
import os

from sqnstest.board import Board
from sqnstest.case import Case
from sqnstest.dup import make_dup
from sqnstest.serial import Stp

DUP = make_dup(size=100000)
QUIET = 0.15  # long enough to see that nothing comes


class BoardCase(Case):
    def board(self, *options, scale='0.01'):
        log = os.path.join(self.folder, 'log-%d' % len(self.boards))
        board = Board(self.folder, '--time-scale', scale, '--log', log, *options)
        self.addCleanup(board.close)
        self.boards.append(board)
        board.log = log
        return board

    def direct(self, *options, baud=921600, **how):
        board = self.board('--start', 'direct', *options, **how)
        return board, board.open(baud)

    def upload(self, port, data, command='AT+SMSTPU="ON_THE_FLY"'):
        self.assertEqual(port.at(command)[-4:], b'OK\r\n')
        stp = Stp(port)
        stp.open()
        stp.send(data)
        return stp
