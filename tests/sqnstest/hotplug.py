# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boards appear, vanish and return on the bus as udev says: the daemon on a mocked sysfs and udev, with virtual boards behind the
ttys. The testbed belongs to this process, which umockdev-wrapper starts anew at this import; only the daemon lives in it."""
import os
import sys

PRELOAD = 'umockdev-preload'
if PRELOAD not in os.environ.get('LD_PRELOAD', ''):
    os.execvp('umockdev-wrapper', ['umockdev-wrapper', sys.executable, *sys.argv])
os.environ.pop('LD_PRELOAD')  # it works here; the bus and the boards do without it

import gi  # noqa: E402

gi.require_version('UMockdev', '1.0')
from gi.repository import UMockdev  # noqa: E402

from sqnstest.case import DaemonCase  # noqa: E402
from sqnstest.daemon import Rig  # noqa: E402
from sqnstest.deadlines import wait_for  # noqa: E402
from sqnstest.jobs import ENDED  # noqa: E402

BED = UMockdev.Testbed.new()
USB = '/devices/pci0000:00/0000:00:14.0/usb1'
EXPANSION_BOARD_3 = ('04d8', 'ef98')
EXPANSION_BOARD_2 = ('0403', '6015')
FOREIGN = ('2e8a', '0005')  # MicroPython too, but on a Pico
SERIAL = 'Py343434'


class HotplugRig(Rig):
    def daemon(self):
        """Looks for boards in the testbed."""
        env = self.environment(UMOCKDEV_DIR=BED.get_root_dir())
        env['ASAN_OPTIONS'] = ':'.join(filter(None, (env.get('ASAN_OPTIONS'), 'verify_asan_link_order=0')))
        return self.start_daemon(
            ['umockdev-wrapper', os.environ['SQNSD'], '--bus', self.address, '--state-dir', self.folder], env)


class Plugged:
    """A USB device with one tty, known to udev; its node is a link to @slave."""

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
        # without N: and MAJOR, for which umockdev makes its own pseudo-terminal
        described.append(('%s/tty/%s' % (above, tty), 'E: SUBSYSTEM=tty\nE: DEVNAME=/dev/%s\n' % tty))
        os.makedirs(os.path.dirname(self.node), exist_ok=True)
        os.symlink(slave, self.node)
        self.paths = ['/sys' + path for path, _ in described]
        # sends "add"
        BED.add_from_string(''.join('P: %s\n%s\n' % device for device in described))

    def remove(self):
        """Does what udev does when the device vanishes; the mock does not remove children with their parents."""
        BED.uevent(self.paths[-1], 'remove')
        for path in reversed(self.paths):
            BED.remove_device(path)
        os.unlink(self.node)


class HotplugCase(DaemonCase):
    make_rig = HotplugRig

    def setUp(self):
        """Without a daemon: boards may be there before it."""
        self.plugged = {}
        self.daemon = None

    def start_daemon(self):
        self.bus = self.rig.connect()
        self.daemon = self.rig.daemon()

    def close_rig(self, rig):
        died = self.daemon is not None and self.daemon.poll() is not None and rig.log(self.daemon)
        # not Testbed.clear(): it takes away what emulates ioctl, and the next daemon aborts
        for plugged in self.plugged.values():
            plugged.remove()
        super().close_rig(rig)
        self.assertFalse(died, died)

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
        """The properties of all modems by path."""
        return {path: interfaces['org.sqnsd1.Modem'] for path, interfaces in self.bus.objects().items()
                if 'org.sqnsd1.Modem' in interfaces}

    def wait_modem(self, tty):
        """The path of the modem at this tty, once it is present."""
        return wait_for(lambda: [path for path, modem in self.modems().items()
                                 if modem['DevNode'] == '/dev/' + tty and modem['Present']], tty + ' to be listed')[0]

    def wait_modem_is(self, path, **want):
        def as_wanted():
            now = self.bus.properties(path, 'Modem')
            return now if all(now[key] == value for key, value in want.items()) else None
        return wait_for(as_wanted, '%s to be %s' % (path, want))

    def assert_is(self, modem, ids, tty, serial=SERIAL, state='unknown'):
        self.assertEqual(
            {key: modem[key] for key in ('Id', 'DevNode', 'VendorId', 'ProductId', 'Present', 'State', 'CurrentJob')},
            {'Id': '%s:%s-%s' % (*ids, serial), 'DevNode': '/dev/' + tty, 'VendorId': int(ids[0], 16),
             'ProductId': int(ids[1], 16), 'Present': True, 'State': state, 'CurrentJob': '/'})

    def wait_end(self, job, state, error=''):
        now = self.bus.wait_state(job, *ENDED)
        self.assertEqual((now['State'], now['ErrorName']), (state, error), now)
        return now

    # --- what the board says ---

    def from_host(self, board):
        with open(board.log, encoding='utf-8', errors='replace') as log:
            return [line for line in log if 'host >' in line]

    def assert_left_alone(self, board):
        self.assert_unopened(board)
        self.assertEqual(self.from_host(board), [])
