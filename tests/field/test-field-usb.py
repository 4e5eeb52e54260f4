#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows 26 to 28 of field-failures.md §1: what USB and the host do. The boards appear on a mocked sysfs and udev, doctor looks
at a made-up root."""
import os
import re
import unittest

from sqnstest import SOURCE
from sqnstest.bus import Gio
from sqnstest.client import DONE, FAILED
from sqnstest.deadlines import wait_for
from sqnstest.field import FieldCase
from sqnstest.hotplug import BED, EXPANSION_BOARD_3, USB, HotplugCase

MODEM_MANAGER = 'org.freedesktop.ModemManager1'
PYTRACK_BOOTLOADER = ('04d8', 'f014')
CDC_ACM = '166:0'


class Root:
    """The sysfs, /dev and udev's data that doctor sees."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, 'root')
        os.makedirs(self.folder)

    def put(self, path, text):
        whole = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, 'w', encoding='utf-8') as out:
            out.write(text + '\n')

    def link(self, path, target):
        whole = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        os.symlink(target, whole)

    def usb(self, place, ids, tty=None):
        where = 'sys/bus/usb/devices/%s/' % place
        self.put(where + 'idVendor', ids[0])
        self.put(where + 'idProduct', ids[1])
        self.put(where + 'power/connected_duration', '600000')
        if tty:
            os.makedirs(os.path.join(self.folder, where, place + ':1.0', 'tty', tty))

    def tty(self, name, slave, driver, dev):
        self.link('dev/' + name, slave)
        self.put('sys/class/tty/%s/dev' % name, dev)
        self.link('sys/class/tty/%s/device/driver' % name, '/sys/bus/usb/drivers/' + driver)

    def udev(self, dev, *properties):
        self.put('run/udev/data/c' + dev, '\n'.join('E:' + line for line in properties))


class Usb(FieldCase, HotplugCase):
    def setUp(self):
        super().setUp()
        self.start_daemon()
        self.root = Root(self.rig.folder)

    def doctor_here(self, code, *args):
        return self.doctor(code, *args, env={'SQNS_SYSROOT': self.root.folder, 'DBUS_SYSTEM_BUS_ADDRESS': self.rig.address})

    def test_row_26_modem_manager(self):
        """`cdc_acm 1-2:1.0: failed to set dtr/rts`, `Port is not open`: ModemManager probes the port
        installs a udev rule that makes ModemManager ignore all known boards; doctor says where it is missing
        Ends: succeeds"""
        board = self.logged_board()
        self.plug(board, 'ttyACM0')
        self.wait_modem('ttyACM0')
        self.own_name()
        self.root.usb('1-1', EXPANSION_BOARD_3, 'ttyACM0')
        self.root.tty('ttyACM0', board.port, 'cdc_acm', CDC_ACM)
        found = self.doctor_here(FAILED)['modem-manager']
        self.assertIn('/dev/ttyACM0', found['text'])
        self.assertIn('60-sqnsd.rules', found['advice'])
        self.root.udev(CDC_ACM, 'ID_MM_DEVICE_IGNORE=1')
        self.assertIn('modem-manager-ignores', self.doctor_here(DONE))
        self.assert_rules()
        words = self.run_one(DONE, 'upgrade', '/dev/ttyACM0', self.image())
        self.assertIn('succeeded', words)
        self.assert_upgraded(board)

    def own_name(self):
        owned = []
        name = Gio.bus_own_name_on_connection(self.bus.bus, MODEM_MANAGER, Gio.BusNameOwnerFlags.NONE,
                                              lambda *_: owned.append(True), None)
        self.addCleanup(Gio.bus_unown_name, name)
        wait_for(lambda: owned, MODEM_MANAGER)

    def assert_rules(self):
        """Every known board is in the rule that keeps ModemManager away."""
        with open(os.path.join(SOURCE, 'data/udev/60-sqnsd.rules'), encoding='utf-8') as rules:
            text = rules.read()
        self.assertIn('ENV{.SQNSD_BOARD}=="1", ENV{ID_MM_DEVICE_IGNORE}="1"\n', text)
        with open(os.path.join(SOURCE, 'common/usb-ids.c'), encoding='utf-8') as table:
            known = re.findall(r'\{ \w+, 0x([0-9a-f]{4}), FALSE,', table.read())
        self.assertGreater(len(known), 5)
        for product in known:
            self.assertIn('ATTRS{idProduct}=="%s", ENV{.SQNSD_BOARD}="1"\n' % product, text)

    def test_row_27_port_vanishes(self):
        """the port vanishes when the module is plugged in: the supply breaks down (Vin 1.7 to 2.5 V)
        says that the supply of a board that comes and goes breaks down: a shorter cable, another port, a powered hub, a battery
        Ends: succeeds"""
        board = self.logged_board()
        self.plug(board, 'ttyACM0')
        modem = self.wait_modem('ttyACM0')
        for tty in ('ttyACM1', 'ttyACM2', 'ttyACM0'):
            self.unplug(board)
            self.wait_modem_is(modem, Present=False)
            self.replug(board, tty)
            self.wait_modem_is(modem, Present=True)
        self.assertRegex(self.bus.properties(modem, 'Modem')['LastError'], 'supply')
        self.root.usb('1-1', EXPANSION_BOARD_3, 'ttyACM0')
        self.root.tty('ttyACM0', board.port, 'cdc_acm', CDC_ACM)
        found = self.doctor_here(FAILED)
        self.assertIn('powered hub', found['comes-and-goes']['advice'])
        self.assertIn('do not start an upgrade', found['comes-and-goes']['advice'])
        self.run_one(DONE, 'upgrade', '/dev/ttyACM0', self.image())
        self.assert_upgraded(board)

    def test_row_28_usb_bootloader(self):
        """USB id f014 (or f011, ef99, ef37) comes again every 8 s, without a port
        lists no board, as there is none; doctor says that it is the boot loader of the PIC, and which file helps
        Ends: doctor names it"""
        self.root.usb('1-2', PYTRACK_BOOTLOADER)
        found = self.doctor_here(FAILED)['usb-bootloader']
        self.assertIn('Pytrack', found['text'])
        self.assertIn('04d8:f014', found['text'])
        self.assertIn('dfu-util', found['advice'])
        BED.add_from_string('P: %s/1-2\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: idVendor=%s\nA: idProduct=%s\n\n'
                            % (USB, *PYTRACK_BOOTLOADER))
        self.addCleanup(BED.remove_device, '/sys%s/1-2' % USB)
        self.plug(self.logged_board(), 'ttyACM0')
        # with this one, whatever came before has been dealt with
        listed = self.wait_modem('ttyACM0')
        self.assertEqual(list(self.modems()), [listed])


if __name__ == '__main__':
    unittest.main()
