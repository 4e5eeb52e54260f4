#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boards that appear, vanish and return, as the daemon and sqnsctl show them."""
import unittest

from sqnstest.board import SLOW_BLOCKS
from sqnstest.bus import ROOT, GLib
from sqnstest.case import TARGET
from sqnstest.hotplug import EXPANSION_BOARD_2, EXPANSION_BOARD_3, FOREIGN, SERIAL, HotplugCase
from sqnstest.jobs import ENDED


class Listing(HotplugCase):
    def test_there_before_the_daemon(self):
        board, foreign = self.logged_board(), self.logged_board()
        self.plug(foreign, 'ttyACM1', ids=FOREIGN, serial='E66', port=2)
        self.plug(board, 'ttyACM0')
        self.start_daemon()
        modems = self.modems()
        self.assertEqual(list(modems), [self.wait_modem('ttyACM0')], modems)
        self.assert_is(list(modems.values())[0], EXPANSION_BOARD_3, 'ttyACM0')
        self.assert_left_alone(board)
        self.assert_left_alone(foreign)

    def test_plugged_in_later(self):
        first, foreign, second = self.logged_board(), self.logged_board(), self.logged_board()
        self.start_daemon()
        self.assertEqual(self.modems(), {})
        self.plug(foreign, 'ttyACM0', ids=FOREIGN, serial='E66', port=1)
        self.plug(first, 'ttyUSB0', ids=EXPANSION_BOARD_2, serial='DQ00FSV8', port=2)
        self.plug(second, 'ttyACM1', port=3)
        # events come in their order: with the last, all have been dealt with
        path = self.wait_modem('ttyACM1')
        added = [s for s in self.bus.signals if s.name == 'InterfacesAdded']
        self.assertEqual([(s.path, list(s.args[1])) for s in added], [(ROOT, ['org.sqnsd1.Modem'])] * 2)
        self.assertEqual([s.args[0] for s in added], [self.wait_modem('ttyUSB0'), path])
        self.assert_is(added[0].args[1]['org.sqnsd1.Modem'], EXPANSION_BOARD_2, 'ttyUSB0', serial='DQ00FSV8')
        self.assert_is(added[1].args[1]['org.sqnsd1.Modem'], EXPANSION_BOARD_3, 'ttyACM1')
        self.assertEqual(sorted(self.modems()), sorted(s.args[0] for s in added))
        for board in (first, second, foreign):
            self.assert_left_alone(board)


class Upgrade(HotplugCase):
    def setUp(self):
        super().setUp()
        self.dup = self.image(size=300000)

    def start_with(self, board):
        """The path of its modem."""
        self.plug(board, 'ttyACM0')
        self.start_daemon()
        return self.wait_modem('ttyACM0')

    def test_by_its_id(self):
        board = self.logged_board()
        modem = self.start_with(board)
        self.expect(0, 'upgrade', '%s:%s-%s' % (*EXPANSION_BOARD_3, SERIAL), self.dup)
        self.assert_upgraded(board)
        self.assertNotEqual(self.from_host(board), [])
        now = self.bus.properties(modem, 'Modem')
        self.assert_is(now, EXPANSION_BOARD_3, 'ttyACM0', state='application')
        self.assertEqual(now['FirmwareVersion'], TARGET)

    def test_gone_and_back(self):
        board = self.logged_board()
        modem = self.start_with(board)
        self.unplug(board)
        gone = self.wait_modem_is(modem, Present=False)
        self.assertEqual((gone['State'], gone['Blockers']), ('gone', ['the board is not plugged in']))

        job = self.bus.upgrade(modem, self.dup)
        waiting = self.bus.wait_state(job, 'waiting', *ENDED)
        self.assertEqual(waiting['State'], 'waiting')
        self.assertIn('not plugged in', waiting['Message'])

        self.replug(board, 'ttyACM7', port=4)
        self.wait_end(job, 'succeeded')
        self.assert_upgraded(board)
        now = self.wait_modem_is(modem, Present=True, CurrentJob='/')
        self.assert_is(now, EXPANSION_BOARD_3, 'ttyACM7', state='application')
        self.assertEqual(list(self.modems()), [modem])
        self.assertEqual([s for s in self.bus.signals if s.name == 'InterfacesRemoved'], [])
        present = [s.args[1]['Present'] for s in self.bus.signals
                   if s.name == 'PropertiesChanged' and s.path == modem and 'Present' in s.args[1]]
        self.assertEqual(present, [False, True])

    def test_back_without_a_job(self):
        board = self.logged_board()
        modem = self.start_with(board)
        self.unplug(board)
        self.wait_modem_is(modem, Present=False, State='gone')
        self.replug(board, 'ttyACM0')
        self.assert_is(self.wait_modem_is(modem, Present=True), EXPANSION_BOARD_3, 'ttyACM0')
        self.assert_left_alone(board)

    def lose(self, board, modem):
        """The cable is pulled in the middle of an upload; its job."""
        job = self.bus.upgrade(modem, self.dup)
        self.wait_bytes(board)
        return job

    def test_lost_during_the_upload(self):
        board = self.logged_board(speed=SLOW_BLOCKS)
        modem = self.start_with(board)
        job = self.lose(board, modem)
        self.unplug(board)
        lost = self.bus.wait_state(job, 'interrupted', *ENDED)
        self.assertEqual((lost['State'], lost['ErrorName'], lost['Safe']), ('interrupted', '', False))
        self.assertLess(lost['Progress'], 1.0)
        self.assertNotEqual(lost['Advice'], '')
        gone = self.wait_modem_is(modem, Present=False, CurrentJob='/')
        self.assertEqual(gone['State'], 'gone')
        self.assertNotEqual(self.status(board)['version'], TARGET)

        # another port, the same USB serial
        self.replug(board, 'ttyACM4', port=3)
        self.wait_end(job, 'succeeded')
        self.assert_upgraded(board)

    def test_back_before_the_job_has_ended(self):
        """Another job waits behind the one that loses the board, and the board is back at once under another name."""
        board = self.logged_board(speed=SLOW_BLOCKS)
        modem = self.start_with(board)
        job = self.lose(board, modem)
        second = self.bus.upgrade(modem, self.dup, label='second')
        self.bus.wait_state(second, 'queued')
        self.unplug(board)
        self.replug(board, 'ttyACM3', port=5)
        self.wait_end(job, 'succeeded')
        self.assertIn('already', self.wait_end(second, 'succeeded')['Message'])
        self.assert_upgraded(board)
        now = self.wait_modem_is(modem, CurrentJob='/')
        self.assert_is(now, EXPANSION_BOARD_3, 'ttyACM3', state='application')


class Reset(HotplugCase):
    """Out of passthrough without hands: which boards have a controller for it is known by their USB ids."""

    def reset(self, ids, tty, *options):
        board = self.logged_board('--start=passthrough', *options)
        self.plug(board, tty, ids=ids)
        self.start_daemon()
        modem = self.wait_modem(tty)
        try:
            self.bus.call(modem, 'Modem.Reset', '(a{sv})', ({},))
        finally:
            self.now = self.status(board)

    def test_by_the_controller(self):
        self.reset(EXPANSION_BOARD_3, 'ttyACM0', '--usb=pic')
        self.assertEqual((self.now['esp32-resets'], self.now['modem-resets'], self.now['modem']), (1, 0, 'application'))

    def test_without_one(self):
        with self.assertRaises(GLib.Error) as caught:
            self.reset(EXPANSION_BOARD_2, 'ttyUSB0', '--usb=ftdi')
        self.assertIn('NeedsHand', caught.exception.message)
        self.assertEqual(self.now['esp32-resets'], 0)


if __name__ == '__main__':
    unittest.main()
