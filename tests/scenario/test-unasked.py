#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A diagnosis is only what was observed: "silent" is said of a modem that was asked over a proven way and did not answer, and of
nothing else; nobody is told to cut the power of one that was not asked."""
import os
import select
import threading
import tty
import unittest

from sqnstest.case import DaemonCase
from sqnstest.client import UNKNOWN

CRASH = (b'OKGuru Meditation Error of type LoadProhibited occurred on core  0. Exception was unhandled.\r\nRegister dump:\r\n'
         b'Rebooting...\r\nets Jun  8 2016 00:22:57\r\n\r\nrst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n')
BANNER = (b'Pycom MicroPython 1.13.0.b1 [v1.8.6-849-0000000] on 2018-01-10; FiPy with ESP32\r\n'
          b'Type "help()" for more information.\r\n')
IDENTITY = b'OKsqns board=FiPy\r\nsqns firmware=1.13.0.b1\r\nsqns lte=yes\r\nsqns main-lines=0\r\n\x04\x04>'
TRACEBACK = b'OK\x04Traceback (most recent call last):\r\nMemoryError: memory allocation failed\r\n\x04>'
# what may be said only of a modem that was asked
OF_THE_MODEM = r'(?i)modem +silent|unplug the board|power (away|off)|no longer answers'


class FakeBoard:
    """A board's prompt on a pseudo-terminal; @answer (script) is what it sends when a script was sent to it."""

    def __init__(self, answer):
        self.answer = answer
        self.scripts = []
        self.master, self.slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.ended, self.end = os.pipe()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        os.write(self.end, b'.')
        self.thread.join()
        for fd in (self.master, self.slave, self.ended, self.end):
            os.close(fd)

    def run(self):
        raw, script = False, b''
        while True:
            ready, _, _ = select.select([self.master, self.ended], [], [])
            if self.ended in ready:
                return
            for byte in os.read(self.master, 4096):
                if byte == 0x01:
                    raw, script = True, b''
                    os.write(self.master, b'\r\nraw REPL; CTRL-B to exit\r\n>')
                elif byte in (0x02, 0x03) or (byte == 0x06 and not raw):
                    raw, script = False, b''
                    os.write(self.master, b'\r\n>>> ')
                elif byte == 0x04 and raw:
                    said = self.answer(script)
                    self.scripts.append(script)
                    raw, script = not said.endswith(b'>>> '), b''
                    os.write(self.master, said)
                elif raw:
                    script += bytes([byte])


class LoopingBoard(FakeBoard):
    """Row 36: it never comes as far as its prompt."""

    def __init__(self):
        super().__init__(None)

    def run(self):
        while True:
            ready, _, _ = select.select([self.master, self.ended], [], [], 0.1)
            if self.ended in ready:
                return
            if ready:
                os.read(self.master, 4096)
            else:
                os.write(self.master, b'ets Jun  8 2016 00:22:57\r\n\r\n'
                         b'rst:0x7 (TG0WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n')


class Unasked(DaemonCase):
    daemon_patience = 0.2

    def fake(self, answer):
        board = FakeBoard(answer)
        self.addCleanup(board.close)
        return board

    def state(self, port):
        return self.json(0, 'show', port)['modem']['state']

    def upgrade(self, port, *options):
        """Of a modem that nobody reaches."""
        _, err = self.expect(UNKNOWN, 'upgrade', port, self.image(), *options)
        self.assertNotRegex(err, OF_THE_MODEM)
        self.assertEqual(self.state(port), 'unknown')
        return err

    def test_board_crashes_whatever_it_is_told(self):
        """Row 37, at its worst: the board's firmware is named, once it has crashed twice."""
        board = self.fake(lambda script: CRASH + BANNER + b'>>> ')
        err = self.upgrade(board.port, '--link=relay')
        self.assertIn("the board's firmware crashed (Guru Meditation Error", err)
        self.assertEqual(len([script for script in board.scripts if b'uname' in script]), 1, 'what crashed it is not asked again')

    def test_board_that_crashes_goes_on_without(self):
        """What its banner says has to do."""
        board = self.fake(lambda script: CRASH + BANNER + b'>>> ' if b'uname' in script else TRACEBACK)
        err = self.upgrade(board.port, '--link=relay')
        self.assertIn('the board cannot run the relay: MemoryError', err)
        modem = self.json(0, 'show', board.port)['modem']
        self.assertEqual((modem['board'], modem['board-firmware']), ('FiPy', '1.13.0.b1'))
        self.assertIn('firmware-crashes', modem['board-notes'])

    def test_relay_does_not_start(self):
        board = self.fake(lambda script: IDENTITY if b'uname' in script else TRACEBACK)
        err = self.upgrade(board.port, '--link=relay')
        self.assertIn('MemoryError', err)

    def test_board_takes_no_script(self):
        board = self.fake(lambda script: b'')
        err = self.upgrade(board.port, '--link=relay')
        self.assertIn('identify.py', err)

    def test_board_starts_again_and_again(self):
        board = LoopingBoard()
        self.addCleanup(board.close)
        err = self.upgrade(board.port, '--link=relay')
        self.assertIn('keeps restarting', err)

    def test_nobody_there(self):
        board = self.board('--start=direct', '--modem=dead')
        self.upgrade(board.port, '--link=direct')

    def test_passthrough_is_not_proven(self):
        """Not a byte came back through it: that may be the board."""
        def answer(script):
            if b'uname' in script:
                return IDENTITY.replace(b'1.13.0.b1', b'1.18.1').replace(b'sqns lte=yes', b'sqns lte=yes\r\nsqns passthrough=yes')
            return b'OK' if b'modem_upgrade_mode' in script else TRACEBACK
        board = self.fake(answer)
        err = self.upgrade(board.port, '--link=passthrough')
        self.assertIn("the board's passthrough was started", err)

    def test_modem_that_was_asked(self):
        """The board's relay works: what does not answer is the modem."""
        board = self.board('--modem=dead')
        _, err = self.expect(UNKNOWN, 'upgrade', board.port, self.image(), '--link=relay')
        self.assertIn("the board's relay works", err)
        self.assertRegex(err, r'Unplug the board for 10 seconds')
        self.assertEqual(self.state(board.port), 'silent')
        # one order of things to do: patience first
        self.assertRegex(' '.join(err.split()),
                         'leave it on until the next step says otherwise.* wait fifteen minutes first.* Unplug the board')


if __name__ == '__main__':
    unittest.main()
