#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sqnsctl doctor: what it finds on made-up machines (a fake daemon, a folder in place of /sys, /proc, /run and /dev), and on
virtual boards in each state that people meet."""
import grp
import json
import os
import pty
import re
import shutil
import unittest

from sqnstest import SOURCE
from sqnstest.board import FAST
from sqnstest.bus import ERROR, Gio, GLib
from sqnstest.case import Case, DaemonCase
from sqnstest.client import FAILED, HAND, NOT_FOUND, NO_DAEMON, RECOVERY, UNKNOWN
from sqnstest.fake_daemon import job_path, uuid
from sqnstest.process import NOBODY

DEV = '/dev/ttyUSB0'
ACM = '/dev/ttyACM0'
# field-failures.md §3: normal id → the id in the USB controller's boot loader
BOOTLOADERS = {'f013': 'f014', 'f012': 'f011', 'ef38': 'ef37', 'ef98': 'ef99', 'ed14': 'ed15'}


class Machine:
    """A folder that looks like a machine."""

    def __init__(self, folder):
        self.root = os.path.join(folder, 'machine')
        self.ends = []
        for name in ('sys/bus/usb/devices', 'sys/class/tty', 'run/udev/data', 'dev', 'proc', 'var/lock'):
            os.makedirs(os.path.join(self.root, name))

    def path(self, name):
        return os.path.join(self.root, name.lstrip('/'))

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'w', encoding='utf-8') as out:
            out.write(text + '\n')

    def tty(self, devnode, driver, number, ignored=None, latency=None):
        """A port, whose device is a pseudo-terminal; the path of that."""
        master, slave = pty.openpty()
        self.ends += [master, slave]
        name = os.path.basename(devnode)
        os.symlink(os.ttyname(slave), self.path(devnode))
        self.write('sys/class/tty/%s/dev' % name, number)
        os.makedirs(self.path('sys/class/tty/%s/device' % name))
        os.symlink('../../../../bus/drivers/' + driver, self.path('sys/class/tty/%s/device/driver' % name))
        self.write('run/udev/data/c' + number, 'S:serial/by-id/x\nE:ID_VENDOR_ID=04d8' + ('\nE:' + ignored if ignored else ''))
        if latency is not None:
            self.write('sys/bus/usb-serial/devices/%s/latency_timer' % name, str(latency))
        return os.ttyname(slave)

    def usb(self, place, vendor, product, tty=None, connected=600000):
        base = 'sys/bus/usb/devices/' + place
        self.write(base + '/idVendor', vendor)
        self.write(base + '/idProduct', product)
        self.write(base + '/power/connected_duration', str(connected))
        if tty:
            interface = '%s/%s:1.0/' % (base, place)
            os.makedirs(self.path(interface + (tty if tty.startswith('ttyUSB') else 'tty/' + tty)))

    def process(self, pid, name, port=None):
        self.write('proc/%d/comm' % pid, name)
        os.makedirs(self.path('proc/%d/fd' % pid))
        if port:
            os.symlink(port, self.path('proc/%d/fd/3' % pid))

    def close(self):
        for fd in self.ends:
            os.close(fd)


class OnMachine(Case):
    """A made-up machine with a fake daemon, which knows one board."""
    state = 'application'

    def setUp(self):
        super().setUp()
        self.rig.start_bus()
        self.machine = Machine(self.folder)
        self.addCleanup(self.machine.close)

    def start_daemon(self, **props):
        self.start_fake_daemon()
        self.daemon.modem('a', **{'DevNode': DEV, 'State': self.state, 'FirmwareVersion': '6.0.0.0-37781', **props})

    def environment(self, **more):
        return {'SQNS_SYSROOT': self.machine.root, **more}

    def doctor(self, code, *args, env=None, **how):
        """{code: finding}; each code once."""
        out, _ = self.expect(code, '--json', 'doctor', *args, env=self.environment(**(env or {})), **how)
        document = json.loads(out)
        self.assertEqual(document['schema'], 1)
        self.document = document
        for finding in document['findings']:
            self.assertEqual(set(finding), {'subject', 'level', 'code', 'text', 'advice', 'port'})
            self.assertNotIn('{', finding['text'] + finding['advice'])
            if finding['level'] == 'problem':
                self.assertNotEqual(finding['advice'], '')
        found = {finding['code']: finding for finding in document['findings']}
        self.assertEqual(len(found), len(document['findings']), document['findings'])
        return found

    def problems(self, found):
        return {code for code, finding in found.items() if finding['level'] == 'problem'}


class Host(OnMachine):
    def test_all_is_well(self):
        self.start_daemon()
        self.machine.tty(DEV, 'ftdi_sio', '188:0', 'ID_MM_DEVICE_IGNORE=1', latency=1)
        self.machine.usb('1-2', '0403', '6015', 'ttyUSB0')
        found = self.doctor(0, 'a')
        self.assertEqual(self.problems(found), set())
        self.assertIn('port-free' if os.geteuid() == 0 else 'port-not-seen', found)
        self.assertLess({'daemon-runs', 'access', 'driver', 'latency', 'usb-board', 'application', 'power-safe', 'version'},
                        set(found))
        self.assertEqual(self.document['modem']['id'], 'a')
        self.assertIn('1-2', found['usb-board']['text'])
        self.assertIn('ftdi_sio', found['driver']['text'])
        self.daemon.call('Refresh')

    def test_all_boards(self):
        """Without MODEM nothing is sent to any board."""
        self.start_daemon()
        self.daemon.modem('b', DevNode=ACM, State='recovery')
        self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=16)
        self.machine.usb('1-2', '0403', '6015', 'ttyUSB0')
        out, _ = self.expect(RECOVERY, '--json', 'doctor', env=self.environment())
        document = json.loads(out)
        self.assertEqual([modem['id'] for modem in document['modems']], ['b', 'a'])
        recovery = [f for f in document['findings'] if f['code'] == 'recovery']
        self.assertEqual([f['port'] for f in recovery], [ACM])
        self.assertIn("sqnsctl upgrade %s FILE.dup" % ACM, recovery[0]['advice'])
        self.assertIn('port-missing', [f['code'] for f in document['findings'] if f['port'] == ACM])
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={})
        self.assertEqual([call['call'] for call in self.daemon.calls], [])

    def test_text(self):
        """For people: headings, steps behind arrows, no line beyond a terminal's width."""
        self.start_daemon(State='ffh')
        self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=16)
        self.machine.usb('1-2', '0403', '6015', 'ttyUSB0')
        out, err = self.expect(RECOVERY, 'doctor', 'a', env=self.environment())
        self.assertIn('interrupts a program', err)
        for line in out.splitlines() + err.splitlines():
            self.assertLessEqual(len(line), 80, line)
        self.assertEqual([line for line in out.splitlines() if line and line[0] != ' '],
                         ['This machine', 'USB', 'Board ' + DEV, 'Modem ' + DEV,
                          '1 problem was found; follow the arrows (->).'])
        words = ' '.join(out.split())
        for wanted in ('PROBLEM The modem is in its boot loader', "FFH (AT+SMOD? 0)", "'recovery mode'",
                       "-> Run 'sqnsctl recover %s FILE.dup'" % DEV, 'Power: may be cut now.', 'holds bytes back for 16 ms'):
            self.assertIn(wanted, words)
        self.assertNotIn('\033', out)

    def test_colours_on_a_terminal(self):
        self.start_daemon(State='ffh')
        for env, colourful in (({}, True), ({'NO_COLOR': '1'}, False), ({'TERM': 'dumb'}, False)):
            _, screen, _ = self.sqnsctl('doctor', 'a', '--no-refresh', terminal=(80,), env=self.environment(**env))
            self.assertEqual('\033[31mPROBLEM' in screen, colourful, screen)

    def test_no_refresh(self):
        self.start_daemon()
        found = self.doctor(UNKNOWN, 'a', '--no-refresh')
        self.assertEqual(self.problems(found), {'port-missing'})
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={})
        self.assertEqual([call['call'] for call in self.daemon.calls], [])

    def test_modem_manager(self):
        """Row 26: it may probe any port that udev does not tell it to leave alone."""
        self.start_daemon()
        manager = Gio.DBusConnection.new_for_address_sync(
            self.rig.address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
            None, None)
        self.addCleanup(manager.close_sync, None)
        for number, ignored, want in ((0, None, 'modem-manager'), (1, 'ID_MM_DEVICE_IGNORE=1', 'modem-manager-ignores'),
                                      (2, 'ID_MM_PORT_IGNORE=1', 'modem-manager-ignores'),
                                      (3, 'ID_MM_DEVICE_IGNORE=0', 'modem-manager')):
            devnode = '/dev/ttyACM%d' % number
            self.machine.tty(devnode, 'cdc_acm', '166:%d' % number, ignored)
            self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'DevNode': devnode})
            env = {'DBUS_SYSTEM_BUS_ADDRESS': self.rig.address}
            if number == 0:
                self.assertIn('modem-manager-absent', self.doctor(0, 'a', env=env))
                manager.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
                                  GLib.Variant('(su)', ('org.freedesktop.ModemManager1', 0)), None,
                                  Gio.DBusCallFlags.NONE, -1, None)
            found = self.doctor(FAILED if want == 'modem-manager' else 0, 'a', env=env)
            self.assertIn(want, found)
            if want == 'modem-manager':
                self.assertIn('60-sqnsd.rules', found[want]['advice'])

    def test_owner_of_the_port(self):
        self.start_daemon()
        port = self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=1)
        self.machine.process(100, 'bash')
        self.assertNotIn('port-owned', self.doctor(0, 'a'))
        self.machine.process(4321, 'minicom', port)
        found = self.doctor(FAILED, 'a')
        self.assertIn('minicom (pid 4321)', found['port-owned']['text'])

    def test_lock_file(self):
        self.start_daemon()
        self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=1)
        self.machine.write('var/lock/LCK..ttyUSB0', '      777')
        self.machine.process(777, 'cu')
        self.assertIn('cu (pid 777)', self.doctor(FAILED, 'a')['port-owned']['text'])

    def test_daemon_has_it(self):
        self.start_daemon()
        port = self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=1)
        self.machine.process(self.daemon.process.pid, 'sqnsd', port)
        self.assertIn('port-of-daemon', self.doctor(0, 'a'))

    def test_drivers(self):
        self.start_daemon()
        for number, (driver, latency, want) in enumerate((
                ('ftdi_sio', 16, {'driver', 'latency-slow'}), ('ftdi_sio', 1, {'driver', 'latency'}),
                ('cp210x', None, {'driver-other'}))):
            devnode = '/dev/ttyUSB%d' % number
            self.machine.tty(devnode, driver, '188:%d' % number, latency=latency)
            self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'DevNode': devnode})
            found = self.doctor(0, 'a')
            self.assertEqual({code for code in found if code.startswith(('driver', 'latency'))}, want)
            if 'latency-slow' in want:
                self.assertIn('16 ms', found['latency-slow']['text'])
                self.assertIn(os.path.basename(devnode) + '/latency_timer', found['latency-slow']['advice'])

    def test_not_in_the_group(self):
        """A port that we may not open, and no daemon of the system's that could."""
        port = self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=1)
        how = {}
        if os.geteuid() == 0:
            os.chown(port, 0, grp.getgrnam('dialout').gr_gid)
            os.chmod(port, 0o660)
            how = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
        else:
            os.chmod(port, 0)
        found = self.doctor(NO_DAEMON, DEV, **how)
        self.assertEqual(self.problems(found), {'no-daemon', 'access-denied'})
        if how:
            self.assertIn('dialout', found['access-denied']['advice'])


class Usb(OnMachine):
    def test_none(self):
        self.start_daemon(Present=False, State='gone')
        found = self.doctor(UNKNOWN)
        self.assertIn('usb-none', found)
        self.assertIn('gone', found)

    def test_bootloaders(self):
        """Row 28: the id of a PIC in its boot loader, which never has a port."""
        for place, (normal, boot) in enumerate(BOOTLOADERS.items()):
            with self.subTest(normal):
                self.machine.usb('1-%d' % place, '04d8', boot, connected=3000)
                found = self.doctor(NO_DAEMON, DEV)
                self.assertIn('04d8:' + boot, found['usb-bootloader']['text'])
                self.assertIn('dfu-util', found['usb-bootloader']['advice'])
                self.assertIn('ten seconds', found['usb-bootloader']['advice'])
                shutil.rmtree(self.machine.path('sys/bus/usb/devices/1-%d' % place))

    def test_no_driver(self):
        """Every id that the udev rules know, on a device without a port."""
        rules = os.path.join(SOURCE, 'data', 'udev', '60-sqnsd.rules')
        with open(rules, encoding='utf-8') as text:
            ids = re.findall(r'ATTRS\{idVendor\}=="(\w+)", ATTRS\{idProduct\}=="(\w+)"', text.read())
        self.assertEqual(len(ids), 6)
        for place, (vendor, product) in enumerate(ids):
            self.machine.usb('1-%d' % place, vendor, product)
            found = self.doctor(FAILED)
            self.assertIn('%s:%s' % (vendor, product), found['usb-no-port']['text'])
            self.assertIn('modprobe', found['usb-no-port']['advice'])
            shutil.rmtree(self.machine.path('sys/bus/usb/devices/1-%d' % place))
        self.machine.usb('1-9', '1d6b', '0002')
        self.assertIn('usb-none', self.doctor(NO_DAEMON))

    def test_fresh(self):
        self.start_daemon(DevNode=ACM)
        self.machine.tty(ACM, 'cdc_acm', '166:0')
        self.machine.usb('1-2', '04d8', 'ef98', 'ttyACM0', connected=4200)
        found = self.doctor(0, ACM)
        self.assertIn('4 seconds ago', found['usb-fresh']['text'])

    def test_brown_out(self):
        """Row 27: it went away and came back while the modem was asked."""
        self.start_daemon(DevNode=ACM)
        self.machine.tty(ACM, 'cdc_acm', '166:0')
        self.machine.usb('1-2', '04d8', 'ef98', 'ttyACM0', connected=60000)
        self.daemon.order('hold', method='Refresh')
        client = self.start('--json', 'doctor', 'a', env=self.environment())
        self.daemon.call('Refresh')
        self.machine.usb('1-2', '04d8', 'ef98', connected=1500)
        self.daemon.order('release')
        code, out, _ = client.end()
        self.assertEqual(code, FAILED)
        self.assertIn('usb-came-back', [f['code'] for f in json.loads(out)['findings']])

    def test_comes_and_goes(self):
        """Row 27, as the daemon saw it."""
        self.start_daemon(BoardNotes=['comes-and-goes', 'a-word-of-tomorrow'])
        self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=1)
        found = self.doctor(FAILED, 'a')
        self.assertEqual(self.problems(found), {'comes-and-goes'})
        self.assertEqual(found['comes-and-goes']['subject'], 'usb')


class Daemon(OnMachine):
    def test_none(self):
        self.machine.tty(DEV, 'ftdi_sio', '188:0', 'ID_MM_DEVICE_IGNORE=1', latency=1)
        self.machine.usb('1-2', '0403', '6015', 'ttyUSB0')
        found = self.doctor(NO_DAEMON)
        self.assertEqual(self.problems(found), {'no-daemon'})
        self.assertIn('systemctl start sqnsd', found['no-daemon']['advice'])
        self.assertLess({'usb-board', 'driver', 'access'}, set(found))
        self.assertEqual(self.document['modems'], [])
        found = self.doctor(NO_DAEMON, 'ttyUSB0')
        self.assertLess({'driver', 'access'}, set(found))
        self.assertIsNone(self.document['modem'])
        # something else to see to is found without it
        self.machine.process(5, 'minicom', os.readlink(self.machine.path(DEV)))
        self.assertEqual(self.problems(self.doctor(FAILED)), {'no-daemon', 'port-owned'})
        self.doctor(NO_DAEMON, DEV)

    def test_another_host(self):
        fake = self.file('ssh', b'#!/bin/sh\nexit 1\n')
        os.chmod(fake, 0o755)
        env = self.environment(PATH=self.folder + ':' + os.environ['PATH'])
        got, out, _ = self.plain('--host', 'bench', '--json', 'doctor', env=env)
        self.assertEqual(got, NO_DAEMON)
        self.assertEqual([f['code'] for f in json.loads(out)['findings']], ['no-daemon', 'other-host'])

    def plain(self, *args, **how):
        """Without the bus of the others."""
        self.names_bus = False
        try:
            return self.sqnsctl(*args, **how)
        finally:
            self.names_bus = True

    def test_unknown_modem(self):
        self.start_daemon()
        found = self.doctor(NOT_FOUND, 'zebra')
        self.assertEqual(self.problems(found), {'modem-not-found'})
        self.assertIn('zebra', found['modem-not-found']['text'])
        # a port that is not there is what the daemon says, too
        self.daemon.order('fail', method='AddPort', error=ERROR + 'NotFound', message='there is no /dev/ttyUSB7')
        found = self.doctor(UNKNOWN, '/dev/ttyUSB7')
        self.assertEqual(self.problems(found), {'modem-not-found', 'port-missing'})

    def test_what_refresh_says(self):
        self.start_daemon(State='unknown', BoardFirmware='1.20.2.r4', Board='FiPy')
        self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=1)
        for name, code, notes, state, want in (
                ('Timeout', UNKNOWN, ['answers'], 'silent', {'modem-dead'}),
                ('Timeout', UNKNOWN, ['answers'], 'unknown', {'modem-not-reached'}),
                ('Timeout', UNKNOWN, [], 'unknown', {'board-silent', 'modem-not-reached'}),
                ('Timeout', UNKNOWN, ['modem-heard'], 'silent', {'modem-heard', 'modem-dead'}),
                ('NeedsHand', HAND, [], 'unknown', {'board-needs-hand', 'modem-not-reached'}),
                ('PortLocked', FAILED, [], 'unknown', {'modem-port-locked'}), ('Busy', 0, [], 'unknown', set()),
                ('Protocol', UNKNOWN, ['answers', 'firmware-crashes'], 'unknown', {'modem-failed', 'firmware-crashes'}),
                ('DeviceLost', UNKNOWN, [], 'unknown', {'modem-lost'}), ('Protocol', UNKNOWN, [], 'unknown', {'modem-failed'})):
            with self.subTest(name, notes=notes, state=state):
                self.daemon.order('fail', method='Refresh', error=ERROR + name, message='it is so')
                self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'BoardNotes': notes, 'State': state})
                found = self.doctor(code, 'a')
                self.assertEqual(self.problems(found), want)
                self.assertIn('it is so', ''.join(finding['text'] for finding in found.values()))
        self.daemon.order('fail', method='Refresh', error='org.freedesktop.DBus.Error.AccessDenied', message='no')
        self.assertEqual(self.problems(self.doctor(4, 'a')), {'modem-denied'})

    def test_while_a_job_runs(self):
        """It is not asked then; that a job did nothing yet does not tell what its modem does."""
        self.start_daemon()
        self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=1)
        for number, safe in ((1, False), (2, True)):
            self.daemon.job(number, State='running', Safe=safe, Message='writing the flash')
            self.daemon.order('set', path='/org/sqnsd1/modem/a',
                              props={'State': 'upgrading', 'CurrentJob': job_path(number), 'LastError': 'old news'})
            found = self.doctor(0, 'a')
            self.assertIn(uuid(number)[:8], found['job']['text'])
            self.assertIn('writing the flash', found['job']['text'])
            self.assertEqual(('power-unsure' in found, 'power-keep' in found), (safe, not safe))
            self.assertNotIn('power-safe', found)
            self.assertNotIn('last-error', found)
        self.assertEqual([call['call'] for call in self.daemon.calls], [])

    def test_a_job_that_waits_for_a_hand(self):
        self.start_daemon()
        self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=1)
        self.daemon.job(1, State='waiting', Message='NeedsHand: press the reset button on the board')
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'State': 'upgrading', 'CurrentJob': job_path(1)})
        found = self.doctor(HAND, 'a')
        self.assertEqual(self.problems(found), {'job-needs-hand'})
        self.assertIn(uuid(1)[:8], found['job-needs-hand']['text'])
        self.assertEqual(found['job-needs-hand']['advice'], 'At the board: press the reset button on the board.')
        self.assertNotIn('power-safe', found)

    def test_an_interrupted_job(self):
        self.start_daemon()
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'State': 'gone', 'Present': False})
        self.daemon.job(1, State='interrupted', Safe=False, QueuePosition=1, Message='plug it in again')
        found = self.doctor(UNKNOWN, 'a')
        self.assertIn(uuid(1)[:8], found['job-interrupted']['text'])
        self.assertIn('goes on by itself when the board is plugged in', found['job-interrupted']['advice'])
        self.assertIn('power-keep', found)
        self.daemon.set_job(1, QueuePosition=0, Message='to continue it, run: sqnsctl resume 00000001')
        found = self.doctor(UNKNOWN, 'a')
        self.assertIn('sqnsctl resume 00000001', found['job-stranded']['advice'])
        self.assertIn('power-keep', found)

    def test_last_error_and_versions(self):
        self.start_daemon(LastError='the cable was pulled', Blockers=['the daemon is draining'], Versions={
            'bootloader0': '5.1.1.0-33080', 'bootloader1': '5.1.1.0-33988', 'bootloader2': '5.1.1.0-39529',
            'software': '5.1.1.0-33988'})
        self.machine.tty(DEV, 'ftdi_sio', '188:0', latency=1)
        found = self.doctor(0, 'a', '--no-refresh')
        self.assertIn('the cable was pulled', found['last-error']['text'])
        self.assertIn('draining', found['blocked']['text'])
        self.assertIn('39529', found['half-upgraded']['text'])
        self.assertIn('33080', found['factory-boot-rom']['text'])


class OnBoard(DaemonCase):
    def doctor(self, code, *options, speed=FAST):
        """{code: finding} for a virtual board with these options; what its own end says afterwards."""
        board = self.board(*options, speed=speed)
        document = self.json(code, 'doctor', board.port)
        self.modem = document['modem']
        found = {finding['code']: finding for finding in document['findings']}
        return found, self.status(board)

    def problems(self, found):
        return {code for code, finding in found.items() if finding['level'] == 'problem'}


class States(OnBoard):
    def test_application(self):
        found, _ = self.doctor(0)
        self.assertEqual(self.problems(found), set())
        self.assertIn('1.20.2.r4', found['board-answers']['text'])
        self.assertIn('FFF (AT+SMOD? 2)', found['application']['text'])
        self.assertIn('6.0.0.0-35351', found['version']['text'])
        self.assertIn('power-safe', found)
        # row 2b: told, though it is no hindrance
        self.assertIn('needs-lte-task', self.modem['board-notes'])
        self.assertIn('needs-lte-task', found)

    def test_waiting_for_firmware(self):
        for modem, own, step in (('recovery', 'RECOVERY (AT+SMOD? 4)', 'sqnsctl upgrade'),
                                 ('mtools', 'mTools', 'sqnsctl recover'), ('ffh', 'FFH (AT+SMOD? 0)', 'sqnsctl recover')):
            with self.subTest(modem):
                found, now = self.doctor(RECOVERY, '--modem=' + modem)
                self.assertEqual(self.problems(found), {modem})
                self.assertIn(own, found[modem]['text'])
                self.assertIn(step, found[modem]['advice'])
                self.assertIn('power-safe', found)
                self.assertEqual(now['modem'], modem)

    def test_applying_by_itself(self):
        # silent for 6 s, UPDATER for 8 s: found while the modem is called at its own speed
        found, _ = self.doctor(RECOVERY, '--modem=updater', speed=('--apply-time=20', '--boot-time=0.1'))
        self.assertEqual(self.problems(found), {'updater'})
        self.assertIn('power-keep', found)
        self.assertNotIn('power-safe', found)

    def test_data_mode(self):
        found, _ = self.doctor(0, '--modem=ppp')
        self.assertIn('application', found)

    def test_own_programs(self):
        """Row 29: a program that prints, or uses the modem, is said to have been interrupted."""
        for program in ('prints', 'grabs-modem'):
            with self.subTest(program):
                found, _ = self.doctor(0, '--main-program=' + program)
                self.assertIn('application', found)
                self.assertIn('program-interrupted', found)
                self.assertIn('reset button', found['program-interrupted']['advice'])

    def test_program_that_does_not_yield(self):
        """It keeps still, and Ctrl-F wants a prompt: no other than a board without power."""
        board = self.board('--main-program=ignores-ctrl-c')
        self.wait_status(board, 'the program to run', esp32='deaf')
        found = {finding['code']: finding for finding in self.json(UNKNOWN, 'doctor', board.port)['findings']}
        self.assertEqual(self.problems(found), {'board-silent', 'modem-not-reached'})
        self.assertIn('a program keeps it', found['board-silent']['text'])

    def test_bare_modem(self):
        found, _ = self.doctor(0, '--start=direct')
        self.assertIn('board-unseen', found)
        self.assertIn('application', found)


class Dead(OnBoard):
    def test_dead(self):
        """No byte at either speed, though the board was reached: patience first, then the power; exit 7."""
        found, _ = self.doctor(UNKNOWN, '--modem=dead')
        self.assertEqual(self.problems(found), {'modem-dead'})
        advice = found['modem-dead']['advice']
        self.assertLess(advice.index('fifteen minutes'), advice.index('power away'))
        self.assertIn('reset button does not reset the modem', advice)
        self.assertIn('power-unsure', found)
        self.assertEqual(self.modem['state'], 'silent')


class Zeros(OnBoard):
    def test_only_zeros(self):
        for start in ([], ['--start=direct'], ['--start=passthrough']):
            with self.subTest(start):
                found, _ = self.doctor(UNKNOWN, '--modem=zeros', *start)
                self.assertIn('modem-dead', found)
                self.assertIn('modem-heard', found)
                self.assertNotIn('board-silent', found)
                self.assertNotIn('modem-not-reached', found)


class Silent(OnBoard):
    def test_passthrough_that_never_started(self):
        """Row 2b: the board was left in a passthrough through which nothing comes. That is no dead modem."""
        found, now = self.doctor(UNKNOWN, '--start=passthrough', '--lte-task=no')
        self.assertEqual(self.problems(found), {'board-silent', 'modem-not-reached'})
        self.assertIn('reset button', found['board-silent']['advice'])
        self.assertNotIn('modem-dead', found)
        self.assertEqual(now['modem'], 'application')


class PulledOut(OnBoard):
    def test_cable(self):
        # a name of its own: other tests' boards take the freed number of a pseudo-terminal
        link = os.path.join(self.rig.folder, 'ttyBoard')
        board = self.board('--link=' + link)
        self.json(0, 'doctor', link)
        board.tell('unplug 0')
        out, err = self.expect(UNKNOWN, '--json', 'doctor', link)
        document = json.loads(out)
        self.assertNotIn('asking', err)
        codes = {finding['code'] for finding in document['findings']}
        self.assertTrue(codes & {'gone', 'modem-lost', 'modem-not-found'}, codes)
        # nor does anything else say that it is there
        for code in ('board-answers', 'board-not-asked', 'passthrough', 'access', 'port-free', 'application', 'power-safe'):
            self.assertNotIn(code, codes)
        said = ' '.join(finding['text'] for finding in document['findings'] if finding['level'] == 'ok')
        self.assertNotIn('answers', said)


if __name__ == '__main__':
    unittest.main()
