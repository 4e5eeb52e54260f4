#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boards appear, vanish and return on the bus as udev says: the daemon on a mocked sysfs and udev, with virtual boards
behind the ttys. The testbed is this process's; of all that is started only the daemon lives in it."""
import os
import subprocess
import sys
import unittest

PRELOAD = 'umockdev-preload'
if PRELOAD not in os.environ.get('LD_PRELOAD', ''):
    os.execvp('umockdev-wrapper', ['umockdev-wrapper', sys.executable, *sys.argv])
os.environ.pop('LD_PRELOAD')  # it works here, and the bus and the boards do without

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bus_rig import NAME, ROOT, Gio, GLib, Rig, wait_for  # noqa: E402
from rig import TARGET, WholeCase  # noqa: E402

import gi  # noqa: E402

gi.require_version('UMockdev', '1.0')
from gi.repository import UMockdev  # noqa: E402

BED = UMockdev.Testbed.new()
USB = '/devices/pci0000:00/0000:00:14.0/usb1'
EXPANSION_BOARD_3 = ('04d8', 'ef98')
EXPANSION_BOARD_2 = ('0403', '6015')
FOREIGN = ('2e8a', '0005')  # MicroPython too, but on a Pico
SERIAL = 'Py343434'
# the upload lasts until the test has pulled the cable
SLOW_BLOCKS = ('--time-scale=0.02', '--block-time=10')
ENDED = ('succeeded', 'failed', 'cancelled')


class HotplugRig(Rig):
    def daemon(self):
        """Looks for boards, in the testbed."""
        log = open(os.path.join(self.folder, 'sqnsd.log'), 'w+', encoding='utf-8')
        env = self.environment(UMOCKDEV_DIR=BED.get_root_dir())
        env['ASAN_OPTIONS'] = ':'.join(filter(None, (env.get('ASAN_OPTIONS'), 'verify_asan_link_order=0')))
        process = subprocess.Popen(
            ['umockdev-wrapper', os.environ['SQNSD'], '--bus', self.address, '--state-dir', self.folder],
            stderr=log, stdout=log, env=env)
        process.log = log
        self.daemons.append(process)
        bus = self.client().bus
        wait_for(lambda: process.poll() is not None or bus.call_sync(
            'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameHasOwner',
            GLib.Variant('(s)', (NAME,)), None, Gio.DBusCallFlags.NONE, -1, None).unpack()[0], 'the daemon')
        assert process.poll() is None, self.log(process)
        return process


class Plugged:
    """A USB device with one tty, seen by udev; @slave is what its node leads to."""

    def __init__(self, slave, ids, serial, tty, port):
        self.node = os.path.join(BED.get_root_dir(), 'dev', tty)
        usb = '%s/1-%d' % (USB, port)
        interface = '%s/1-%d:1.0' % (usb, port)
        described = [
            (usb, 'E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: idVendor=%s\nA: idProduct=%s\nA: serial=%s\n'
             % (*ids, serial)),
            (interface, 'E: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n')]
        above = interface
        if tty.startswith('ttyUSB'):
            above = '%s/%s' % (interface, tty)
            described.append((above, 'E: SUBSYSTEM=usb-serial\n'))
        # no N: and no MAJOR: umockdev would make a pseudo-terminal of its own
        described.append(('%s/tty/%s' % (above, tty), 'E: SUBSYSTEM=tty\nE: DEVNAME=/dev/%s\n' % tty))
        os.makedirs(os.path.dirname(self.node), exist_ok=True)
        os.symlink(slave, self.node)
        self.paths = ['/sys' + path for path, _ in described]
        # sends "add"
        BED.add_from_string(''.join('P: %s\n%s\n' % device for device in described))

    def remove(self):
        """What udev does when the device has gone; children do not go with their parents here."""
        BED.uevent(self.paths[-1], 'remove')
        for path in reversed(self.paths):
            BED.remove_device(path)
        os.unlink(self.node)


class HotplugCase(WholeCase):
    def setUp(self):
        self.rig = HotplugRig()
        self.addCleanup(self.end)
        self.boards = []
        self.plugged = {}

    def end(self):
        died = self.daemon.poll() is not None and self.rig.log(self.daemon)
        # not Testbed.clear (): that takes away what emulates ioctl, and the next daemon is aborted
        for plugged in self.plugged.values():
            plugged.remove()
        super().end()
        self.assertFalse(died, died)

    def start_daemon(self):
        self.daemon = self.rig.daemon()
        self.client = self.rig.client()

    def logged_board(self, *options, **how):
        log = os.path.join(self.rig.folder, 'board-%d.log' % len(self.boards))
        board = self.board('--log', log, *options, **how)
        board.log = log
        return board

    def plug(self, board, tty, ids=EXPANSION_BOARD_3, serial=SERIAL, port=1):
        self.plugged[board] = Plugged(board.port, ids, serial, tty, port)

    def unplug(self, board):
        board.tell('unplug')
        self.plugged.pop(board).remove()

    def replug(self, board, tty, **how):
        board.port = board.tell('plug')
        self.plug(board, tty, **how)

    # --- what the bus says ---

    def modems(self):
        """Their properties by path."""
        return {path: interfaces['org.sqnsd1.Modem'] for path, interfaces in self.client.objects().items()
                if 'org.sqnsd1.Modem' in interfaces}

    def wait_modem(self, tty):
        """The path of the modem that is present under this tty."""
        return wait_for(lambda: [path for path, modem in self.modems().items()
                                 if modem['DevNode'] == '/dev/' + tty and modem['Present']], tty + ' to be listed')[0]

    def wait_modem_is(self, path, **want):
        def as_wanted():
            now = self.client.properties(path, 'Modem')
            return now if all(now[key] == value for key, value in want.items()) else None
        return wait_for(as_wanted, '%s to be %s' % (path, want))

    def assert_is(self, modem, ids, tty, serial=SERIAL, state='unknown'):
        self.assertEqual(
            {key: modem[key] for key in ('Id', 'DevNode', 'VendorId', 'ProductId', 'Present', 'State', 'CurrentJob')},
            {'Id': '%s:%s-%s' % (*ids, serial), 'DevNode': '/dev/' + tty, 'VendorId': int(ids[0], 16),
             'ProductId': int(ids[1], 16), 'Present': True, 'State': state, 'CurrentJob': '/'})

    def wait_end(self, job, state, error=''):
        now = self.client.wait_state(job, *ENDED)
        self.assertEqual((now['State'], now['ErrorName']), (state, error), now)
        return now

    # --- what the board says ---

    def from_host(self, board):
        with open(board.log, encoding='utf-8', errors='replace') as log:
            return [line for line in log if 'host >' in line]

    def assert_left_alone(self, board):
        self.assert_unopened(board)
        self.assertEqual(self.from_host(board), [])


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
        added = [s for s in self.client.signals if s.name == 'InterfacesAdded']
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
        now = self.client.properties(modem, 'Modem')
        self.assert_is(now, EXPANSION_BOARD_3, 'ttyACM0', state='application')
        self.assertEqual(now['FirmwareVersion'], TARGET)

    def test_gone_and_back(self):
        board = self.logged_board()
        modem = self.start_with(board)
        self.unplug(board)
        gone = self.wait_modem_is(modem, Present=False)
        self.assertEqual((gone['State'], gone['Blockers']), ('gone', ['the board is not plugged in']))

        job = self.client.upgrade(modem, self.dup)
        waiting = self.client.wait_state(job, 'waiting', *ENDED)
        self.assertEqual(waiting['State'], 'waiting')
        self.assertIn('not plugged in', waiting['Message'])

        self.replug(board, 'ttyACM7', port=4)
        self.wait_end(job, 'succeeded')
        self.assert_upgraded(board)
        now = self.wait_modem_is(modem, Present=True, CurrentJob='/')
        self.assert_is(now, EXPANSION_BOARD_3, 'ttyACM7', state='application')
        self.assertEqual(list(self.modems()), [modem])
        self.assertEqual([s for s in self.client.signals if s.name == 'InterfacesRemoved'], [])
        present = [s.args[1]['Present'] for s in self.client.signals
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
        job = self.client.upgrade(modem, self.dup)
        self.wait_bytes(board)
        return job

    def test_lost_during_the_upload(self):
        board = self.logged_board(speed=SLOW_BLOCKS)
        modem = self.start_with(board)
        job = self.lose(board, modem)
        self.unplug(board)
        lost = self.client.wait_state(job, 'interrupted', *ENDED)
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
        second = self.client.upgrade(modem, self.dup, label='second')
        self.client.wait_state(second, 'queued')
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
            self.client.call(modem, 'Modem.Reset', '(a{sv})', ({},))
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
