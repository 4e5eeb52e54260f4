#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever state a modem is found in, one command ends at the new version: by native passthrough, by the relay and on a bare
modem, where each can work. No --updater is given: it is taken out of the file."""
import functools
import os
import unittest

from sqnstest.case import DaemonCase
from sqnstest.client import CANCELLED, DONE
from sqnstest.deadlines import wait_for

FAMILY = '--allow-family-change'
# name: options of the board, flags of the command
STATES = {
    'cat_m1_41065': (('--modem-version=5.1.1.0-41065',), (FAMILY,)),
    'nb_iot_41019': (('--modem-version=6.0.0.0-41019',), ('--allow-downgrade',)),
    'factory_33080': (('--modem-version=5.1.1.0-33080', '--bootloader0=33080'), (FAMILY,)),
    'cat_m1_46470': (('--modem-version=5.1.1.0-46470',), (FAMILY,)),
    'mtools': (('--modem=mtools',), ()),
    'ffh': (('--modem=ffh',), ()),
    'updater': (('--modem=updater',), ()),
    'stp_left_open': (('--modem=stp',), ()),
    'ppp': (('--modem=ppp',), ()),
    'recovery': (('--modem=recovery',), ()),
    'recovery_115200': (('--modem=recovery', '--recovery-baud=115200'), ()),
}
CUTS = (1, 6, 50, 99)


class Route:
    """The same for each link; a class of its own for each, for much of it is waiting."""
    board_options = ()
    flags = ()
    command = 'upgrade'

    def run_state(self, name):
        options, flags = STATES[name]
        board = self.board(*self.board_options, *options)
        out, _ = self.expect(DONE, self.command, board.port, self.image(), *flags, *self.flags)
        self.assertIn('succeeded', out)
        self.assert_upgraded(board)

    def run_cut(self, fault):
        """The upload is cut; what it left is saved by the next command."""
        dup = self.image()
        link = os.path.join(self.rig.folder, 'ttyBoard')
        board = self.board(*self.board_options, '--link=' + link, '--fault=' + fault, '--dup-size=%d' % os.path.getsize(dup))
        # small blocks: one per cent is one of them
        first = self.start('upgrade', link, dup, '--block-size=512', *self.flags)
        first.err.until('interrupted')
        self.expect(DONE, 'cancel', '--all')
        self.assertEqual(self.end_of(first)[0], CANCELLED)
        board.tell('plug')
        self.expect(DONE, self.command, link, dup, *self.flags)
        self.assert_upgraded(board)

    def test_recovery_cut_at_the_end(self):
        self.run_cut('unplug@stp.close')

    def test_finished_but_never_booted(self):
        board = self.board(*self.board_options, '--modem=finished')
        before = self.status(board)
        self.expect(DONE, self.command, board.port, self.image(), *self.flags)
        now = self.status(board)
        self.assertEqual(now['modem'], 'application')
        self.assertEqual(now['stp-bytes'], before['stp-bytes'], 'nothing was uploaded again')


def add_tests(cls):
    for name in STATES:
        setattr(cls, 'test_' + name, functools.partialmethod(cls.run_state, name))
    for percent in CUTS:
        setattr(cls, 'test_recovery_cut_at_%d' % percent,
                functools.partialmethod(cls.run_cut, 'unplug@stp.block=%d%%' % percent))
    return cls


@add_tests
class Native(Route, DaemonCase):
    """The link that is taken by itself: a relay to look, passthrough to write."""


@add_tests
class Passthrough(Route, DaemonCase):
    """Insisted on: the relay only looks."""
    flags = ('--link=passthrough',)


@add_tests
class Relay(Route, DaemonCase):
    flags = ('--link=relay',)


@add_tests
class Bare(Route, DaemonCase):
    """The modem's own UART."""
    board_options = ('--start=direct',)


@add_tests
class Recover(Route, DaemonCase):
    command = 'recover'


class Hands(DaemonCase):
    """A board that was left in passthrough: only a reset of its ESP32 leads out of it, and without a PIC a person does that."""

    def press_when_asked(self, board, *args, safe=True):
        client = self.start('upgrade', board.port, self.image(), *args)
        job = wait_for(lambda: next((job for job in self.json(DONE, 'jobs')['jobs'] if job['state'] == 'waiting'), None),
                       'the job to wait for a person', 150)
        self.assertIn('NeedsHand', job['message'])
        self.assertIn('press the reset button on the board', job['message'])
        self.assertEqual(job['error-name'], '')
        self.assertEqual(job['safe'], safe)
        client.err.until('press the reset button')  # who presses it was told to
        board.tell('press-reset')
        code, words = self.end_of(client)
        self.assertEqual(code, DONE, words)
        self.assert_upgraded(board)

    def test_passthrough_that_never_started(self):
        self.press_when_asked(self.board('--start=passthrough', '--lte-task=no'), safe=False)

    def test_ffh_behind_passthrough(self):
        self.press_when_asked(self.board('--start=passthrough', '--modem=ffh'), safe=False)

    def test_recovery_at_115200_behind_passthrough(self):
        """What comes is garbage: passthrough has one speed only."""
        self.press_when_asked(self.board('--start=passthrough', '--modem=recovery', '--recovery-baud=115200'), safe=False)

    def test_factory_boot_rom_behind_passthrough(self):
        """Asked before anything was sent that changes the modem."""
        board = self.board('--start=passthrough', '--modem-version=5.1.1.0-33080', '--bootloader0=33080')
        self.press_when_asked(board, FAMILY, '--link=passthrough')

    def test_factory_boot_rom_behind_what_seems_to_be_a_bare_modem(self):
        """On a port of unknown kind a passthrough that works looks like a bare modem, until that talks at 115200."""
        board = self.board('--start=passthrough', '--modem-version=5.1.1.0-33080', '--bootloader0=33080')
        self.press_when_asked(board, FAMILY, safe=False)  # its new boot ROM is being written, for all that is known


if __name__ == '__main__':
    unittest.main()
