#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon as its bus shows it: arguments, errors, jobs and their signals, its start and its end."""
import fcntl
import os
import re
import socket
import subprocess
import tempfile
import time
import unittest

from sqnstest.board import FAST, SLOW_APPLY
from sqnstest.bus import DBUS_ERROR, ERROR, NAME, ROOT, GLib, error_name
from sqnstest.case import BusCase
from sqnstest.deadlines import wait_for


class Arguments(BusCase):
    def setUp(self):
        super().setUp()
        self.daemon = self.rig.daemon()
        self.dup = self.rig.dup()

    def make_pty(self):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        return os.ttyname(slave)

    def upgrade(self, modem, options, method='Modem.Upgrade'):
        fd = os.open(self.dup, os.O_RDONLY)
        try:
            return self.bus.call(modem, method, '(ha{sv})', (0, options), [fd])
        finally:
            os.close(fd)

    def test_option_types(self):
        modem = self.bus.add_port(self.make_pty())
        keys = {'expect-sha256': 's', 'expect-version': 's', 'method': 's', 'link': 's', 'speed': 'u', 'block-size': 'u',
                'not-before': 't', 'not-after': 't', 'priority': 'i', 'label': 's', 'idempotency-key': 's',
                'allow-downgrade': 'b', 'allow-reinstall': 'b', 'allow-family-change': 'b', 'force': 'b', 'dry-run': 'b',
                'updater': 'h', 'first-step': 'h'}
        for key, kind in keys.items():
            wrong = GLib.Variant('s', 'x') if kind != 's' else GLib.Variant('i', 1)
            with self.subTest(key=key):
                self.refused(DBUS_ERROR + 'InvalidArgs', self.upgrade, modem, {key: wrong}, words=key)
        for key in ('speed', 'block-size'):  # a number of another size is another type
            self.refused(DBUS_ERROR + 'InvalidArgs', self.upgrade, modem, {key: GLib.Variant('i', 921600)}, words=key)
        self.refused(DBUS_ERROR + 'InvalidArgs', self.upgrade, modem, {'colour': GLib.Variant('s', 'red')}, words='colour')
        # the firmware's own descriptor is no updater, and one that did not come is none at all
        self.refused(ERROR + 'InvalidFirmware', self.upgrade, modem, {'updater': GLib.Variant('h', 0)}, words='updater')
        self.refused(DBUS_ERROR + 'InvalidArgs', self.upgrade, modem, {'first-step': GLib.Variant('h', 7)})
        self.assertEqual([path for path in self.bus.objects() if '/job/' in path], [])

    def test_other_dictionaries(self):
        modem = self.bus.add_port(self.make_pty())
        extra = {'x': GLib.Variant('b', True)}
        self.refused(DBUS_ERROR + 'InvalidArgs', self.bus.call, modem, 'Modem.Refresh', '(a{sv})', (extra,))
        self.refused(DBUS_ERROR + 'InvalidArgs', self.bus.call, modem, 'Modem.OpenConsole', '(a{sv})', (extra,))
        self.refused(DBUS_ERROR + 'InvalidArgs', self.bus.call, ROOT, 'Manager.AddPort', '(sa{sv})', ('/dev/x', extra))
        with open(self.dup, 'rb') as dup:
            self.refused(DBUS_ERROR + 'InvalidArgs', self.bus.call, ROOT, 'Manager.Inspect', '(ha{sv})', (0, extra),
                         [dup.fileno()])

    def test_bad_descriptors(self):
        modem = self.bus.add_port(self.make_pty())
        read_end, write_end = os.pipe()
        with tempfile.TemporaryFile() as empty, tempfile.TemporaryFile() as small, tempfile.TemporaryFile() as large, \
                tempfile.TemporaryFile() as noise, open('/dev/zero', 'rb') as device, \
                open(self.dup, 'r+b') as writable:
            small.write(bytes(127))
            small.flush()
            large.truncate(65 << 20)
            noise.write(b'<html>' + bytes(5000))
            noise.flush()
            write_only = os.open(self.dup, os.O_WRONLY)
            folder = os.open('/', os.O_RDONLY)
            cases = {'a directory': folder, 'a pipe': read_end, 'a device': device.fileno(), 'empty': empty.fileno(),
                     '127 bytes': small.fileno(), '68157440 bytes': large.fileno(), 'not open for reading': write_only,
                     '': noise.fileno()}
            for words, fd in cases.items():
                for path, method in ((ROOT, 'Manager.Inspect'), (modem, 'Modem.Upgrade')):
                    with self.subTest(words=words, method=method):
                        self.refused(ERROR + 'InvalidFirmware', self.bus.call, path, method, '(ha{sv})', (0, {}), [fd],
                                     words=words)
            # one bit of a good file
            writable.seek(5000)
            byte = writable.read(1)[0]
            writable.seek(5000)
            writable.write(bytes([byte ^ 1]))
            writable.flush()
            self.refused(ERROR + 'InvalidFirmware', self.bus.call, modem, 'Modem.Upgrade', '(ha{sv})', (0, {}),
                         [writable.fileno()])
        for fd in (read_end, write_end, write_only, folder):
            os.close(fd)
        self.refused(DBUS_ERROR + 'InvalidArgs', self.bus.call, ROOT, 'Manager.Inspect', '(ha{sv})', (0, {}))
        self.assertEqual([path for path in self.bus.objects() if '/job/' in path], [])
        self.assertEqual(self.open_files(self.dup), [])

    def open_files(self, path):
        folder = '/proc/%d/fd' % self.daemon.pid
        return [fd for fd in os.listdir(folder) if os.path.realpath(os.path.join(folder, fd)) == path]

    def test_expectations(self):
        modem = self.bus.add_port(self.make_pty())
        self.refused(ERROR + 'InvalidFirmware', self.bus.upgrade, modem, self.dup, expect_sha256='a' * 64)
        self.refused(ERROR + 'Incompatible', self.bus.upgrade, modem, self.dup, expect_version='41019')
        partial = self.rig.dup('partial.dup', only=('bootrom', 'updater', 'fff'))
        self.refused(ERROR + 'InvalidFirmware', self.bus.upgrade, modem, partial)
        self.assertEqual([path for path in self.bus.objects() if '/job/' in path], [])

    def test_inspect(self):
        with open(self.dup, 'rb') as dup:
            info = self.bus.call(ROOT, 'Manager.Inspect', '(ha{sv})', (0, {}), [dup.fileno()])[0]
            size = os.fstat(dup.fileno()).st_size
        self.assertEqual(info['version'], '6.0.0.0-37781')
        self.assertEqual(info['family'], 'NB-IoT')
        self.assertEqual(info['size'], size)
        self.assertTrue(info['complete'])
        self.assertEqual([package['role'] for package in info['packages']], ['bootrom', 'updater', 'fff', 'fs'])
        self.assertEqual(sum(package['size'] for package in info['packages']), size)

    def test_ports(self):
        tty = self.make_pty()
        link = os.path.join(self.rig.folder, 'my board')
        os.symlink(tty, link)
        add = self.bus.add_port
        self.refused(DBUS_ERROR + 'InvalidArgs', add, 'ttyUSB0')
        self.refused(ERROR + 'NotFound', add, '/dev/ttyNone7')
        for path in ('/dev/null', '/dev/ptmx', '/dev/tty', '/dev/tty0', '/dev/console'):
            if os.path.exists(path):
                self.refused(ERROR + 'Failed', add, path, words='not a serial port')
        with self.assertRaises(GLib.Error) as caught:
            add('/dev/' + 'x' * 1000000)
        self.assertEqual(error_name(caught.exception), DBUS_ERROR + 'InvalidArgs')
        self.assertLess(len(caught.exception.message), 200)
        roundabout = add('/dev/../dev' + tty[len('/dev'):])
        self.assertEqual(self.bus.properties(roundabout, 'Modem')['DevNode'], tty)
        self.assertEqual(add(tty), roundabout)
        self.bus.call(ROOT, 'Manager.RemovePort', '(o)', (roundabout,))
        self.refused(ERROR + 'Failed', add, self.dup)
        self.refused(DBUS_ERROR + 'InvalidArgs', add, tty, link='usb')
        self.refused(DBUS_ERROR + 'InvalidArgs', add, tty, board='uno')
        self.refused(DBUS_ERROR + 'InvalidArgs', add, tty, speed=31337)

        modem = add(link)
        self.assertEqual(modem, ROOT + '/modem/my_board')
        self.assertEqual(add(tty, speed=115200), modem)
        properties = self.bus.properties(modem, 'Modem')
        self.assertEqual(properties['DevNode'], link)
        self.assertEqual(properties['State'], 'unknown')
        self.assertEqual(properties['CurrentJob'], '/')
        self.assertTrue(properties['Present'])
        self.refused(ERROR + 'NotFound', self.bus.call, ROOT, 'Manager.RemovePort', '(o)', (ROOT + '/modem/none',))
        self.bus.call(ROOT, 'Manager.RemovePort', '(o)', (modem,))
        self.assertNotIn(modem, self.bus.objects())
        os.unlink(link)

    def test_nothing_is_sent(self):
        master, slave = os.openpty()
        before = os.ttyname(slave)
        os.close(slave)
        modem = self.bus.add_port(before)
        self.bus.properties(modem, 'Modem')
        fcntl.fcntl(master, fcntl.F_SETFL, os.O_NONBLOCK)
        # nobody has opened the other side: EIO; BlockingIOError would mean that it is open
        with self.assertRaises(OSError) as caught:
            os.read(master, 1)
        self.assertNotIsInstance(caught.exception, BlockingIOError)
        os.close(master)

    def test_history(self):
        for key, value in (('board', GLib.Variant('s', 'x')), ('modem', GLib.Variant('u', 1)),
                           ('state', GLib.Variant('s', 'queued')),
                           ('kind', GLib.Variant('s', 'x')), ('since', GLib.Variant('s', '1'))):
            with self.subTest(key=key):
                self.refused(DBUS_ERROR + 'InvalidArgs', self.bus.call, ROOT, 'Manager.GetHistory', '(a{sv}ut)',
                             ({key: value}, 0, 0))
        self.assertEqual(self.bus.call(ROOT, 'Manager.GetHistory', '(a{sv}ut)', ({}, 0, 0)), ([],))

    def test_resume(self):
        modem = self.bus.add_port(self.make_pty())
        job = self.bus.upgrade(modem, self.dup, not_before=int(time.time() * 1e6) + 3600000000)
        self.refused(ERROR + 'WrongState', self.bus.call, job, 'Job.Resume', '(a{sv})', ({},))
        self.refused(DBUS_ERROR + 'InvalidArgs', self.bus.call, job, 'Job.Resume', '(a{sv})',
                     ({'x': GLib.Variant('b', True)},))

    def test_many(self):
        one, two = self.bus.add_port(self.make_pty()), self.bus.add_port(self.make_pty())
        later = {'not-before': GLib.Variant('t', int(time.time() * 1e6) + 3600000000)}

        def many(modems, options=later):
            with open(self.dup, 'rb') as dup:
                return self.bus.call(ROOT, 'Manager.UpgradeMany', '(aoha{sv})', (modems, 0, options), [dup.fileno()])[0]

        self.refused(DBUS_ERROR + 'InvalidArgs', many, [])
        self.refused(DBUS_ERROR + 'InvalidArgs', many, [one, one])
        self.refused(ERROR + 'NotFound', many, [one, ROOT + '/modem/none'])
        self.refused(DBUS_ERROR + 'InvalidArgs', many, [one], {'x': GLib.Variant('b', True)})
        self.assertEqual([path for path in self.bus.objects() if '/job/' in path], [])
        jobs = many([one, two])
        self.assertEqual([self.bus.properties(job, 'Job')['Modem'] for job in jobs], [one, two])
        self.assertEqual(wait_for(lambda: self.bus.properties(ROOT, 'Manager')['QueuedJobs'], 'two to be queued'), 2)

    def test_one_copy(self):
        """32 calls with the same file: one image in memory."""
        big = self.rig.dup('big.dup', size=2000000)
        jobs = [self.bus.upgrade(self.bus.add_port(self.make_pty()), big,
                                 not_before=int(time.time() * 1e6) + 3600000000) for _ in range(32)]
        self.assertEqual(len(set(jobs)), 32)

        def copies():
            with open('/proc/%d/maps' % self.daemon.pid, encoding='utf-8') as maps:
                return len(re.findall('memfd:sqnsd-firmware', maps.read()))
        self.assertEqual(copies(), 1)
        for job in jobs:
            self.bus.call(job, 'Job.Cancel', '(a{sv})', ({},))
        # their records are still on their way to the disk
        wait_for(lambda: copies() == 0, 'the image to be let go')

    def test_idempotency(self):
        modem = self.bus.add_port(self.make_pty())
        late = int(time.time() * 1e6) + 3600000000
        first = self.bus.upgrade(modem, self.dup, not_before=late, idempotency_key='a')
        self.assertEqual(self.bus.upgrade(modem, self.dup, not_before=late, idempotency_key='a'), first)
        self.assertNotEqual(self.bus.upgrade(modem, self.dup, not_before=late, idempotency_key='b'), first)
        other = self.bus.add_port(self.make_pty())
        jobs = len([path for path in self.bus.objects() if '/job/' in path])
        for words, at, dup, options in (('modem', other, self.dup, {}), ('dry-run', modem, self.dup, {'dry_run': True}),
                                        ('firmware', modem, self.rig.dup('41019.dup', build=41019), {})):
            self.refused(ERROR + 'KeyReused', self.bus.upgrade, at, dup, not_before=late, idempotency_key='a', words=words,
                         **options)
        self.assertEqual(len([path for path in self.bus.objects() if '/job/' in path]), jobs)

    def test_limits(self):
        config = os.path.join(self.rig.folder, 'sqnsd.conf')
        with open(config, 'w', encoding='utf-8') as out:
            out.write('[sqnsd]\nMaxJobsPerUser=2\nMaxInhibitorsPerUser=2\nMaxConsolesPerUser=1\n')
        self.rig.stop(self.daemon)
        self.daemon = self.rig.daemon('--config', config)
        modem = self.bus.add_port(self.make_pty())
        late = int(time.time() * 1e6) + 3600000000
        jobs = [self.bus.upgrade(modem, self.dup, not_before=late) for _ in range(2)]
        self.refused(ERROR + 'LimitsExceeded', self.bus.upgrade, modem, self.dup, not_before=late,
                     words='has 2 unfinished jobs; the limit is 2')
        self.bus.call(jobs[0], 'Job.Cancel', '(a{sv})', ({},))
        self.bus.upgrade(modem, self.dup, not_before=late)
        held = [self.bus.call(ROOT, 'Manager.Inhibit', '(ssa{sv})', ('x', 'y', {}))[1] for _ in range(2)]
        self.refused(ERROR + 'LimitsExceeded', self.bus.call, ROOT, 'Manager.Inhibit', '(ssa{sv})', ('x', 'y', {}),
                     words='the limit is 2')
        for fds in held:
            os.close(fds[0])
        boards = [self.rig.board(*FAST) for _ in range(2)]
        modems = [self.bus.add_port(board.port) for board in boards]
        _, fds = self.bus.call(modems[0], 'Modem.OpenConsole', '(a{sv})', ({},))
        self.refused(ERROR + 'LimitsExceeded', self.bus.call, modems[1], 'Modem.OpenConsole', '(a{sv})', ({},),
                     words='has 1 consoles open; the limit is 1')
        os.close(fds[0])

    def test_removed_while_the_firmware_loads(self):
        """No job of a modem that is not there, and no port that stays taken."""
        big = self.rig.dup('big.dup', size=24 * 1024 * 1024)
        port = self.make_pty()
        late = int(time.time() * 1e6) + 3600000000
        for method in ('Modem.Upgrade', 'Modem.Recover', 'Manager.UpgradeMany', 'Job.Resume'):
            with self.subTest(method=method):
                modem = self.bus.add_port(port)
                arguments, files = ('(ha{sv})', (0, {})), [big]
                if method == 'Manager.UpgradeMany':
                    arguments = '(aoha{sv})', ([modem], 0, {})
                elif method == 'Job.Resume':
                    job = self.bus.upgrade(modem, big, not_before=late)
                    self.bus.call(job, 'Job.Cancel', '(a{sv})', ({},))
                    arguments, files = ('(a{sv})', ({},)), []
                path = {'Manager': ROOT, 'Modem': modem, 'Job': method == 'Job.Resume' and job}[method.partition('.')[0]]
                answers = [self.bus.begin(path, method, *arguments, files=files),
                           self.bus.begin(ROOT, 'Manager.RemovePort', '(o)', (modem,))]
                wait_for(lambda both=answers: all(both), 'both answers')
                self.assertEqual(answers[1], [()])
                self.assertEqual(error_name(answers[0][0]), ERROR + 'NotFound')
                objects = self.bus.objects()
                self.assertNotIn(modem, objects)
                self.assertFalse([path for path in objects if '/job/' in path and method != 'Job.Resume'])

    def test_draining(self):
        modem = self.bus.add_port(self.make_pty())
        drain = self.bus.call(ROOT, 'Manager.SetDraining', '(b)', (True,))
        self.assertEqual(drain, ())
        self.assertTrue(self.bus.properties(ROOT, 'Manager')['Draining'])
        self.assertEqual(self.bus.properties(modem, 'Modem')['Blockers'], ['the daemon is draining'])
        self.refused(ERROR + 'Draining', self.bus.upgrade, modem, self.dup)
        self.bus.call(ROOT, 'Manager.SetDraining', '(b)', (False,))
        self.assertEqual(self.bus.properties(modem, 'Modem')['Blockers'], [])


class Jobs(BusCase):
    def setUp(self):
        super().setUp()
        self.daemon = self.rig.daemon()
        self.dup = self.rig.dup()

    def changes(self, path):
        return [s for s in self.bus.signals if s.name == 'PropertiesChanged' and s.path == path]

    def check_story(self, job):
        """What holds for the signals of every job."""
        changes = self.changes(job)
        progress = [s.args[1]['Progress'] for s in changes if 'Progress' in s.args[1]]
        self.assertEqual(progress, sorted(progress))
        for i in range(4, len(changes)):
            self.assertGreater(changes[i].time - changes[i - 4].time, 0.9)
        ends = [s for s in self.bus.signals if s.name == 'Completed' and s.path == job]
        finished = [s for s in self.bus.signals if s.name == 'JobFinished' and s.args[0] == job]
        self.assertEqual((len(ends), len(finished)), (1, 1))
        # the properties of the end were told before it was
        self.assertLess(self.bus.signals.index(changes[-1]), self.bus.signals.index(ends[0]))
        return ends[0].args, finished[0].args

    def test_upgrade(self):
        modem = self.make_modem(*FAST)
        job = self.bus.upgrade(modem, self.dup, label='bench 7', priority=3)
        self.bus.wait_signal('JobFinished')
        last = self.bus.properties(job, 'Job')
        self.assertEqual(last['State'], 'succeeded', last['Message'])
        self.assertEqual(last['Progress'], 1.0)
        self.assertEqual((last['VersionBefore'], last['VersionAfter']), ('6.0.0.0-35351', '6.0.0.0-37781'))
        self.assertEqual((last['Label'], last['Priority'], last['Kind']), ('bench 7', 3, 'upgrade'))
        self.assertEqual((last['ErrorName'], last['ErrorMessage']), ('', ''))
        self.assertIn('reset button', last['Advice'], 'the board was left in passthrough')
        self.assertEqual(last['CreatorUid'], os.getuid())
        self.assertEqual(last['FirmwareName'], 'NB1-37781.dup')
        self.assertLessEqual(last['CreatedAt'], last['StartedAt'])
        self.assertLessEqual(last['StartedAt'], last['FinishedAt'])
        completed, finished = self.check_story(job)
        self.assertEqual(completed[:2], (True, ''))
        self.assertEqual(finished[:4], (job, modem, 'succeeded', ''))
        for change in self.changes(job):
            if change.args[1].get('Progress') == 1.0:
                self.assertEqual(change.args[1]['State'], 'succeeded')
        after = self.bus.properties(modem, 'Modem')
        self.assertEqual((after['State'], after['FirmwareVersion'], after['CurrentJob'], after['Family']),
                         ('application', '6.0.0.0-37781', '/', 'NB-IoT'))
        self.assertEqual(after['Versions']['software'], '6.0.0.0-37781')

        _, fds = self.bus.call(job, 'Job.GetLog')
        with os.fdopen(fds[0]) as log:
            text = log.read()
        self.assertRegex(text, r'(?m)^\d+\.\d{3} > AT\+SMOD\?$')
        self.assertIn('AT+SMSTPU="ON_THE_FLY"', text)
        self.bus.call(job, 'Job.Forget')
        self.assertNotIn(job, self.bus.objects())

    def test_refresh(self):
        modem = self.make_modem(*FAST, '--board=gpy', '--board-firmware=1.18.1')
        self.bus.call(modem, 'Modem.Refresh', '(a{sv})', ({},))
        found = self.bus.properties(modem, 'Modem')
        self.assertEqual((found['State'], found['FirmwareVersion'], found['Board'], found['BoardFirmware']),
                         ('application', '6.0.0.0-35351', 'GPy', '1.18.1'))
        self.assertEqual(found['LastError'], '')
        self.assertGreater(found['LastSeen'], 0)

    def test_console(self):
        modem = self.make_modem(*FAST)
        _, fds = self.bus.call(modem, 'Modem.OpenConsole', '(a{sv})', ({},))
        stream = socket.socket(fileno=fds[0])
        stream.settimeout(60)
        stream.sendall(b'AT+SMOD?\r\n')
        heard = b''
        while b'OK' not in heard:
            heard += stream.recv(4096)
        self.assertIn(b'2', heard)
        self.refused(ERROR + 'Busy', self.bus.call, modem, 'Modem.Refresh', '(a{sv})', ({},), words='console')
        job = self.bus.upgrade(modem, self.dup)
        # the job goes first, and says so
        while not heard.endswith(b'the console is closed]\r\n'):
            more = stream.recv(4096)
            self.assertTrue(more, heard)
            heard += more
        self.assertIn(b'\r\n[sqnsd: job %s takes this modem' % self.bus.properties(job, 'Job')['Uuid'].encode(), heard)
        self.assertEqual(stream.recv(1), b'')
        stream.close()
        self.bus.wait_signal('JobFinished')
        self.assertEqual(self.bus.properties(job, 'Job')['State'], 'succeeded')

    def test_cancel_early(self):
        modem = self.make_modem('--modem=hung')
        job = self.bus.upgrade(modem, self.dup)
        self.bus.wait_state(job, 'running')
        self.refused(ERROR + 'WrongState', self.bus.call, job, 'Job.Forget')
        self.refused(ERROR + 'Busy', self.bus.call, ROOT, 'Manager.RemovePort', '(o)', (modem,))
        self.bus.call(job, 'Job.Cancel', '(a{sv})', ({},))
        last = self.bus.wait_state(job, 'cancelled')
        self.assertEqual(last['ErrorName'], ERROR + 'Cancelled')
        self.bus.wait_signal('JobFinished')
        completed, finished = self.check_story(job)
        self.assertEqual(completed[:2], (False, ERROR + 'Cancelled'))
        self.assertEqual(finished[2], 'cancelled')
        self.refused(ERROR + 'WrongState', self.bus.call, job, 'Job.Cancel', '(a{sv})', ({},))

    def wait_committed(self, job):
        wait_for(lambda: self.bus.properties(job, 'Job')['PointOfNoReturn'], 'the point of no return')

    def test_cancel_late(self):
        modem = self.make_modem(*SLOW_APPLY)
        job = self.bus.upgrade(modem, self.dup)
        self.wait_committed(job)
        self.refused(ERROR + 'WrongState', self.bus.call, job, 'Job.Cancel', '(a{sv})', ({},))
        self.bus.wait_signal('JobFinished')
        self.assertEqual(self.bus.properties(job, 'Job')['State'], 'succeeded')
        self.check_story(job)

    def test_unplugged(self):
        link = os.path.join(self.rig.folder, 'port')
        self.one = self.rig.board('--time-scale=0.05', '--fault=unplug@stp.block=5', '--link=' + link)
        modem = self.bus.add_port(link)
        job = self.bus.upgrade(modem, self.dup)
        lost = self.bus.wait_state(job, 'interrupted')
        self.assertEqual((lost['ErrorName'], lost['Safe'], lost['PointOfNoReturn']), ('', False, False))
        self.assertIn('unplugged', lost['Message'])
        self.assertIn('Plug the board in again', lost['Advice'])
        gone = self.bus.properties(modem, 'Modem')
        self.assertEqual((gone['State'], gone['Present'], gone['CurrentJob']), ('gone', False, '/'))
        # a job for a board that is not there waits for it
        waiting = self.bus.upgrade(modem, self.dup)
        self.assertIn('not plugged in', self.bus.wait_state(waiting, 'waiting')['Message'])
        self.call_cancel(job)
        self.bus.wait_signal('JobFinished')
        last = self.bus.properties(job, 'Job')
        self.assertEqual((last['State'], last['ErrorName'], last['Safe']), ('cancelled', ERROR + 'Cancelled', False))
        self.assertIn('leave its power on', last['Message'])
        self.check_story(job)

    def call_cancel(self, job):
        self.bus.call(job, 'Job.Cancel', '(a{sv})', ({},))

    def test_comes_back(self):
        link = os.path.join(self.rig.folder, 'port')
        self.one = self.rig.board(*FAST, '--link=' + link)
        modem = self.bus.add_port(link)
        self.one.tell('unplug')
        job = self.bus.upgrade(modem, self.dup)
        self.bus.wait_state(job, 'waiting')
        self.one.tell('plug')
        self.bus.wait_signal('JobFinished')
        self.assertEqual(self.bus.properties(job, 'Job')['State'], 'succeeded')

    def test_queue(self):
        modem = self.make_modem(*FAST)
        first, second = self.bus.upgrade(modem, self.dup), self.bus.upgrade(modem, self.dup)
        queued = self.bus.properties(second, 'Job')
        self.assertEqual((queued['State'], queued['QueuePosition']), ('queued', 1))
        wait_for(lambda: sum(s.name == 'JobFinished' for s in self.bus.signals) == 2, 'both to end')
        one, two = self.bus.properties(first, 'Job'), self.bus.properties(second, 'Job')
        self.assertEqual((one['State'], two['State']), ('succeeded', 'succeeded'))
        self.assertGreaterEqual(two['StartedAt'], one['FinishedAt'])

    def test_times(self):
        modem = self.make_modem(*FAST)
        now = int(time.time() * 1e6)
        missed = self.bus.upgrade(modem, self.dup, not_after=now - 1000000)
        self.assertEqual(self.bus.wait_state(missed, 'failed')['ErrorName'], ERROR + 'Timeout')
        late = self.bus.upgrade(modem, self.dup, not_before=now + 2000000)
        self.assertEqual(self.bus.wait_state(late, 'waiting')['NotBefore'], now + 2000000)
        last = self.bus.wait_state(late, 'succeeded')
        self.assertGreaterEqual(last['StartedAt'], now + 2000000)


class Life(BusCase):
    """Start and end."""

    def run_daemon(self, *options):
        return subprocess.run([os.environ['SQNSD'], *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=self.rig.environment(), timeout=60)

    def test_usage(self):
        for options in (['--nonsense'], ['extra'], ['--session', '--bus=x:'], ['--bus']):
            with self.subTest(options=options):
                result = self.run_daemon(*options)
                self.assertEqual(result.returncode, 2)
                self.assertRegex(result.stderr, r'^sqnsd: ')
        result = self.run_daemon('--version')
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertRegex(result.stdout, r'^sqnsd \d+\.\d+\.\d+\n$')

    def test_configuration(self):
        path = os.path.join(self.rig.folder, 'sqnsd.conf')
        with open(path, 'w', encoding='utf-8') as out:
            out.write('[sqnsd]\nMaxConcurrent=2\nProbeOnPlugin=no\n')
        result = self.run_daemon('--bus', self.rig.address, '--config', path)
        self.assertEqual(result.returncode, 2)
        self.assertIn(path + ':3: unknown key "ProbeOnPlugin"', result.stderr)
        self.assertEqual(self.run_daemon('--config', path + '.none', '--bus', self.rig.address).returncode, 2)
        with open(path, 'w', encoding='utf-8') as out:
            out.write('[sqnsd]\nMaxConcurrent=2\n')
        self.rig.daemon('--config', path)
        properties = self.bus.properties(ROOT, 'Manager')
        self.assertEqual(properties['MaxConcurrent'], 2)
        self.assertRegex(properties['Version'], r'^\d+\.\d+\.\d+$')

    def test_no_bus(self):
        result = self.run_daemon('--bus=unix:path=/nonexistent/bus', '--no-udev')
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r'^sqnsd: ')

    def test_name_taken(self):
        self.rig.daemon()
        second = self.rig.daemon(ready=False)
        self.assertEqual(self.rig.ended(second), 1)
        self.assertIn(NAME + ' is taken', self.rig.log(second))
        self.bus.properties(ROOT, 'Manager')

    def test_bus_lost(self):
        daemon = self.rig.daemon()
        self.bus.bus.set_exit_on_close(False)
        self.rig.bus.close()
        self.assertEqual(self.rig.ended(daemon), 1)
        self.assertIn('lost the bus', self.rig.log(daemon))
        self.rig.things = [thing for thing in self.rig.things if not hasattr(thing, 'bus')]

    def test_stop_idle(self):
        daemon = self.rig.daemon()
        self.assertEqual(self.rig.stop(daemon), 0)

    def notify_socket(self):
        path = os.path.join(self.rig.folder, 'notify')
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(path)
        notify.setblocking(False)
        self.addCleanup(notify.close)
        self.notified = []

        def on_message(_fd, _condition):
            self.notified.append(notify.recv(4096).decode())
            return True
        self.addCleanup(GLib.source_remove, GLib.unix_fd_add_full(0, notify.fileno(), GLib.IOCondition.IN, on_message))
        return path

    def wait_notified(self, words):
        wait_for(lambda: any(words in message for message in self.notified), words)

    def test_stop_waits(self):
        path = self.notify_socket()
        daemon = self.rig.daemon(env={'NOTIFY_SOCKET': path, 'WATCHDOG_USEC': '400000'})
        self.wait_notified('READY=1')
        self.wait_notified('WATCHDOG=1')
        # one job is past its point of no return, one waits behind it, one is at its beginning
        dup = self.rig.dup()
        modem = self.make_modem(*SLOW_APPLY)
        late, queued = self.bus.upgrade(modem, dup), self.bus.upgrade(modem, dup)
        wait_for(lambda: self.bus.properties(late, 'Job')['PointOfNoReturn'], 'the point of no return')
        hung = self.rig.board('--modem=hung')
        early = self.bus.upgrade(self.bus.add_port(hung.port), dup)
        self.bus.wait_state(early, 'running')
        daemon.terminate()
        self.wait_notified('STOPPING=1')
        self.wait_notified('EXTEND_TIMEOUT_USEC=')
        self.wait_notified('STATUS=stopping, jobs: ')
        self.bus.wait_state(early, 'interrupted')
        self.refused(ERROR + 'Draining', self.bus.upgrade, modem, dup)
        self.refused(ERROR + 'Draining', self.bus.call, modem, 'Modem.Refresh', '(a{sv})', ({},))
        self.assertIsNone(daemon.poll())
        self.assertEqual(self.bus.properties(queued, 'Job')['State'], 'queued')
        self.assertEqual(self.rig.ended(daemon), 0)
        ends = {s.args[0]: s.args[2] for s in self.bus.signals if s.name == 'JobFinished'}
        self.assertEqual(ends, {late: 'succeeded'})
        # those that had not ended are there again
        self.rig.daemon()
        self.assertIn('already', self.bus.wait_state(queued, 'succeeded')['Message'])
        self.assertIn(self.bus.properties(early, 'Job')['State'], ('interrupted', 'running', 'waiting'))


if __name__ == '__main__':
    unittest.main()
