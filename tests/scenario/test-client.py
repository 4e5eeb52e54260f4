#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sqnsctl against a fake daemon: commands, exit codes, Ctrl-C, bars, JSON.

Needs SQNSCTL (the program) and SQNS_SOURCE (the source tree) in the environment.
"""
import datetime
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client_rig import Bus, Client, FakeDaemon, job_path, remove_folder, temporary_folder, uuid  # noqa: E402

OWN = 'org.sqnsd1.Error.'
DBUS = 'org.freedesktop.DBus.Error.'
EXIT_CODES = {
    OWN + 'Failed': 1, OWN + 'NotFound': 3, OWN + 'Busy': 5, OWN + 'PortLocked': 5, OWN + 'Inhibited': 5,
    OWN + 'InvalidFirmware': 6, OWN + 'Incompatible': 6, OWN + 'Downgrade': 6, OWN + 'WrongState': 6, OWN + 'Timeout': 7,
    OWN + 'DeviceLost': 7, OWN + 'Protocol': 7, OWN + 'ModemRefused': 1, OWN + 'VerifyFailed': 1, OWN + 'NeedsRecovery': 10,
    OWN + 'NeedsHand': 11, OWN + 'Cancelled': 9, OWN + 'Draining': 5, OWN + 'NotSupported': 1,
}
BUS_EXIT_CODES = {
    DBUS + 'AccessDenied': 4, DBUS + 'InteractiveAuthorizationRequired': 4, DBUS + 'InvalidArgs': 2,
    DBUS + 'UnknownObject': 3, DBUS + 'NoReply': 12, 'org.example.Whatever': 1,
}
UNBUILT = ('recover', 'resume', 'history', 'doctor', 'console', 'reset', 'inhibit', 'notify')


def load_make_dup():
    path = os.path.join(os.environ['SQNS_SOURCE'], 'tests', 'board', 'make-dup.py')
    spec = importlib.util.spec_from_file_location('make_dup', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder()
        self.addCleanup(remove_folder, self.folder)
        self.bus = None

    def start_bus(self, **how):
        self.bus = Bus(self.folder, **how)
        self.addCleanup(self.bus.close)

    def client(self, *args, **how):
        where = ['--bus', self.bus.address] if self.bus else []
        client = Client([*where, *args], **how)
        self.addCleanup(client.kill)
        return client

    def run_client(self, *args, **how):
        return self.client(*args, **how).end()

    def expect(self, code, *args, **how):
        got, out, err = self.run_client(*args, **how)
        self.assertEqual(got, code, 'sqnsctl %s\nstdout: %s\nstderr: %s' % (' '.join(args), out, err))
        return out, err

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as out:
            out.write(content)
        return path


class WithDaemon(Case):
    def setUp(self):
        super().setUp()
        self.start_bus()
        self.daemon = FakeDaemon(self.bus.address)
        self.addCleanup(self.daemon.close)
        self.daemon.modem('a')

    def firmware(self):
        make_dup = load_make_dup()
        return self.file('fw.dup', make_dup.make_dup(size=20000))

    def upgrade(self, *args, **how):
        """A running upgrade of board a whose job the daemon has made."""
        client = self.client('upgrade', 'a', self.firmware(), *args, **how)
        self.daemon.call('Upgrade')
        return client


class Words(Case):
    """What needs neither a daemon nor a bus."""

    def test_help_is_in_the_manual(self):
        with open(os.path.join(os.environ['SQNS_SOURCE'], 'man', 'sqnsctl.1'), encoding='utf-8') as page:
            manual = page.read().replace('\\-', '-')
        text, _ = self.expect(0, '--help')
        commands = re.findall(r'^  ([a-z]+)\b', text, re.M)
        self.assertGreaterEqual(len(commands), 20)
        for command in commands:
            self.assertRegex(manual, r'(?m)^\.B[RI]? "?%s\b' % command)
        options = set(re.findall(r'--[a-z0-9-]+', text))
        for command in commands:
            if command not in UNBUILT:
                out, _ = self.expect(0, command, '--help')
                options |= set(re.findall(r'^  (?:-., )?(--[a-z0-9-]+)', out, re.M))
        self.assertIn('--allow-family-change', options)
        for option in options:
            self.assertRegex(manual, r'%s\b' % option)

    def test_usage(self):
        for args in ([], ['frobnicate'], ['list', 'x'], ['list', '--frobnicate'], ['show'], ['upgrade'], ['upgrade', 'a'],
                     ['wait'], ['cancel'], ['drain', 'perhaps'], ['at', 'a'], ['at', 'a', 'HELLO'], ['at', 'a', 'AT\nAT'],
                     ['--timeout', '-1', 'list'], ['--timeout', 'x', 'list'], ['--bus'], ['--host', '-oX=Y', 'list'],
                     ['upgrade', 'a', '/dev/null']):
            with self.subTest(args):
                out, err = self.expect(2, *args)
                self.assertEqual(out, '')
                self.assertTrue(err.startswith('sqnsctl: '), err)

    def test_did_you_mean(self):
        for wrong, right in (('upgarde', 'upgrade'), ('lst', 'list'), ('insp', 'inspect'), ('job-s', 'jobs')):
            _, err = self.expect(2, wrong)
            self.assertIn("did you mean '%s'?" % right, err)
        _, err = self.expect(2, 'xyzzy')
        self.assertNotIn('did you mean', err)

    def test_usage_in_json(self):
        for args in (['--json', 'list', 'x'], ['list', 'x', '--json'], ['list', '--nonsense', '--json'], ['--json']):
            out, err = self.expect(2, *args)
            error = json.loads(out)['error']
            self.assertEqual((error['error-name'], error['exit-code']), (DBUS + 'InvalidArgs', 2))
            self.assertIn(error['message'], err)

    def test_version_without_a_command(self):
        out, err = self.expect(0, '--version')
        self.assertRegex(out, r'^sqnsctl \d+\.\d+\.\d+\n$')
        self.assertEqual(err, '')

    def test_what_is_not_built_says_so(self):
        for command in UNBUILT:
            out, err = self.expect(1, command, 'x', '--json')
            self.assertIn('not built', err)
            self.assertEqual(json.loads(out)['error']['error-name'], OWN + 'NotSupported')

    def test_no_bus(self):
        for args in (['list'], ['list', '--session'], ['list', '--bus', 'unix:path=/nonexistent/bus'],
                     ['list', '--bus', 'no address']):
            _, err = self.expect(12, *args)
            self.assertIn('sqnsctl: cannot reach ', err)
        out, _ = self.expect(12, 'version')
        self.assertRegex(out, r'^sqnsctl \d')

    def test_stdout_that_cannot_be_written(self):
        with open('/dev/full', 'wb') as full:
            _, err = self.expect(1, '--help', stdout=full)
        self.assertIn('cannot write to stdout', err)
        _, err = self.expect(1, '--help', preexec_fn=lambda: os.close(1))
        self.assertIn('cannot write to stdout', err)
        read, write = os.pipe()
        os.close(read)
        with open(write, 'wb') as pipe:
            _, err = self.expect(0, '--help', stdout=pipe)
        self.assertEqual(err, '')


class Inspect(Case):
    def setUp(self):
        super().setUp()
        self.make_dup = load_make_dup()

    def test_a_sound_file(self):
        data = self.make_dup.make_dup(version='6.0.0.0', build=37781, size=50000)
        path = self.file('some.dup', data)
        out, err = self.expect(0, 'inspect', path)
        self.assertEqual(err, '')
        for words in ('some.dup', '6.0.0.0 build 37781', 'NB-IoT', hashlib.sha256(data).hexdigest(), 'complete', 'inside'):
            self.assertIn(words, out)
        self.assertEqual(out.count('good'), 4)
        for role in ('bootrom', 'updater', 'fff', 'fs'):
            self.assertRegex(out, r'(?m)^  %s +UPGR +\d+ +\d+ +good +%s upgrade package$' % (role, role))

    def test_json(self):
        data = self.make_dup.make_dup(size=50000)
        out, _ = self.expect(0, 'inspect', '--json', self.file('some.dup', data))
        document = json.loads(out)
        self.assertEqual(set(document), {'schema', 'firmware'})
        self.assertEqual(document['schema'], 1)
        firmware = document['firmware']
        self.assertEqual(set(firmware), {
            'name', 'sha256', 'size', 'packed', 'complete', 'missing', 'diff', 'base-build', 'version', 'version-text',
            'family', 'updater-size', 'warnings', 'packages'})
        self.assertEqual((firmware['size'], firmware['version'], firmware['complete'], firmware['family']),
                         (len(data), '6.0.0.0-37781', True, 'NB-IoT'))
        self.assertEqual(set(firmware['packages'][0]), {
            'kind', 'role', 'description', 'offset', 'size', 'payload-size', 'checksum'})
        self.assertEqual(sum(package['size'] for package in firmware['packages']), len(data))

    def test_an_incomplete_file_says_so(self):
        path = self.file('part.dup', self.make_dup.make_dup(size=50000, only=['bootrom', 'fff']))
        out, _ = self.expect(0, 'inspect', path)
        self.assertRegex(out, r'not complete, it lacks updater, fs: an upgrade will refuse it')
        out, _ = self.expect(0, 'inspect', '--json', path)
        self.assertEqual(json.loads(out)['firmware']['missing'], 'updater, fs')

    def test_what_is_no_firmware(self):
        good = self.make_dup.make_dup(size=50000)
        bad = bytearray(good)
        bad[len(bad) // 2] ^= 1
        huge = self.file('huge', b'')
        os.truncate(huge, (64 << 20) + 1)
        fifo = os.path.join(self.folder, 'fifo')
        os.mkfifo(fifo)
        for path, code, words in (
                (self.folder, 6, 'a directory'), (fifo, 6, 'a pipe'), ('/dev/zero', 6, 'a device'),
                (self.file('empty', b''), 6, 'empty'), (self.file('small', b'UPGR'), 6, 'too few'), (huge, 6, 'too many'),
                (self.file('bad', bytes(bad)), 6, ''), (self.file('cut', good[:-100]), 6, ''),
                (self.file('text', b'hello world ' * 100), 6, ''),
                (os.path.join(self.folder, 'none'), 3, 'no such file'), (huge + '/x', 3, 'no such file')):
            with self.subTest(path):
                out, err = self.expect(code, 'inspect', path)
                self.assertEqual(out, '')
                self.assertTrue(err.startswith('sqnsctl: ' + path + ': '), err)
                self.assertIn(words, err)
                out, _ = self.expect(code, 'inspect', path, '--json')
                self.assertEqual(json.loads(out)['error']['exit-code'], code)

    def test_a_file_that_may_not_be_read(self):
        path = self.file('secret', b'x' * 1000)
        os.chmod(path, 0)
        os.chmod(self.folder, 0o755)
        how = {'user': 65534} if os.getuid() == 0 else {}
        out, err = self.expect(4, 'inspect', path, '--json', **how)
        self.assertIn('may not read', err)
        self.assertEqual(json.loads(out)['error']['error-name'], DBUS + 'AccessDenied')

    def test_upgrade_checks_the_file_first(self):
        """Before there is a bus."""
        self.expect(6, 'upgrade', 'a', self.file('text', b'hello world ' * 100))
        self.expect(3, 'upgrade', 'a', '/nonexistent')


class Buses(Case):
    def test_no_daemon(self):
        self.start_bus()
        out, err = self.expect(12, 'list', '--json')
        self.assertIn('sqnsd does not run', err)
        error = json.loads(out)['error']
        self.assertEqual((error['exit-code'], error['error-name']), (12, DBUS + 'ServiceUnknown'))
        self.assertIn('systemctl', error['advice'])

    def test_it_is_started_by_the_bus(self):
        self.start_bus(activatable=True)
        out, _ = self.expect(0, 'version')
        self.assertIn('sqnsd 0.1.0', out)

    def test_a_service_that_does_not_start(self):
        self.start_bus(activatable=True)
        service = os.path.join(self.folder, 'services', 'org.sqnsd1.service')
        with open(service, 'w') as out:
            out.write('[D-BUS Service]\nName=org.sqnsd1\nExec=/bin/false\n')
        subprocess.run(['dbus-send', '--bus=' + self.bus.address, '--print-reply', '--dest=org.freedesktop.DBus', '/',
                        'org.freedesktop.DBus.ReloadConfig'], check=True, stdout=subprocess.DEVNULL)
        _, err = self.expect(12, 'list')
        self.assertIn('does not start', err)

    def test_a_bus_that_does_not_let_us(self):
        self.start_bus(rules='<deny send_destination="org.sqnsd1" send_interface="org.freedesktop.DBus.ObjectManager"/>')
        daemon = FakeDaemon(self.bus.address)
        self.addCleanup(daemon.close)
        self.expect(4, 'list')

    def test_the_session_bus(self):
        self.start_bus()
        daemon = FakeDaemon(self.bus.address)
        self.addCleanup(daemon.close)
        address, self.bus = self.bus.address, None
        self.expect(0, 'list', '--session', env={'DBUS_SESSION_BUS_ADDRESS': address})
        self.expect(0, 'list', env={'DBUS_SYSTEM_BUS_ADDRESS': address})


class Host(Case):
    """--host, with an ssh that stays at home."""

    def setUp(self):
        super().setUp()
        bridge = shutil.which('systemd-stdio-bridge')
        if bridge is None:
            self.skipTest('systemd-stdio-bridge is not installed')
        self.start_bus()
        self.daemon = FakeDaemon(self.bus.address)
        self.addCleanup(self.daemon.close)
        self.daemon.modem('a')
        ssh = self.file('ssh', b'')
        self.log = os.path.join(self.folder, 'ssh.log')
        with open(ssh, 'w') as out:
            out.write('#!/bin/sh\necho "$*" >>%s\nexec %s --bus-path=%s\n' % (self.log, bridge, self.bus.address))
        os.chmod(ssh, 0o755)
        self.bus = None
        self.env = {'PATH': self.folder + ':' + os.environ['PATH']}

    def test_reading(self):
        out, _ = self.expect(0, '--host', 'me@bench', 'list', env=self.env)
        self.assertIn('/dev/tty-a', out)
        with open(self.log) as log:
            self.assertEqual(log.read(), '-xT -- me@bench systemd-stdio-bridge\n')

    def test_files_do_not_cross(self):
        path = self.file('fw.dup', load_make_dup().make_dup(size=20000))
        self.daemon.job(1)
        for args in (['upgrade', 'a', path], ['at', 'a', 'AT'], ['job', '0', '--log']):
            out, err = self.expect(1, '--host', 'bench', '--json', *args, env=self.env)
            self.assertIn('do not cross', err)
            self.assertEqual(json.loads(out)['error']['error-name'], OWN + 'NotSupported')
        self.assertEqual(self.daemon.calls, [])

    def test_a_host_that_is_not_there(self):
        with open(os.path.join(self.folder, 'ssh'), 'w') as out:
            out.write('#!/bin/sh\necho no such host >&2\nexit 255\n')
        _, err = self.expect(12, '--host', 'bench', 'list', env=self.env)
        self.assertIn('no such host', err)
        self.assertIn('cannot reach bench', err)


class Reading(WithDaemon):
    def test_list(self):
        self.daemon.modem('b', Board='FiPy', State='application', FirmwareVersion='6.0.0.0-37781')
        self.daemon.job(1, modem='b', State='running', Progress=0.425)
        self.daemon.order('set', path='/org/sqnsd1/modem/b', props={'CurrentJob': job_path(1)})
        out, err = self.expect(0, 'list')
        lines = out.splitlines()
        self.assertEqual(lines[0].split(), ['ID', 'TTY', 'BOARD', 'STATE', 'VERSION', 'JOB'])
        self.assertEqual(lines[1].split(), ['a', '/dev/tty-a', '-', 'unknown', '-', '-'])
        self.assertEqual(lines[2].split(), ['b', '/dev/tty-b', 'FiPy', 'application', '6.0.0.0-37781', uuid(1)[:8], 'running',
                                            '42', '%'])
        self.assertEqual(err, '')

    def test_list_without_boards(self):
        self.daemon.order('remove', path='/org/sqnsd1/modem/a')
        out, err = self.expect(0, 'list')
        self.assertEqual(out, '')
        self.assertIn('no boards', err)
        out, err = self.expect(0, 'list', '--quiet')
        self.assertEqual((out, err), ('', ''))
        out, err = self.expect(0, 'list', '--json')
        self.assertEqual(json.loads(out), {'schema': 1, 'modems': []})

    def test_json_shapes(self):
        self.daemon.job(1, Label='x', Progress=0.5, CreatedAt=1700000000000000)
        out, _ = self.expect(0, '--json', 'list')
        modem = json.loads(out)['modems'][0]
        self.assertEqual((modem['id'], modem['dev-node'], modem['present'], modem['firmware-version'], modem['versions']),
                         ('a', '/dev/tty-a', True, '', {}))
        out, _ = self.expect(0, 'show', 'a', '--json')
        self.assertEqual(json.loads(out)['modem'], modem)
        out, _ = self.expect(0, 'jobs', '--json')
        job = json.loads(out)['jobs'][0]
        self.assertEqual((job['uuid'], job['progress'], job['created-at'], job['point-of-no-return'], job['firmware-sha256']),
                         (uuid(1), 0.5, 1700000000000000, False, ''))
        out, _ = self.expect(0, 'job', uuid(1), '--json')
        self.assertEqual(json.loads(out)['job'], job)
        out, _ = self.expect(0, 'job', uuid(1), '--json-stream')
        self.assertEqual(out.count('\n'), 1)

    def test_every_property_is_in_the_json(self):
        xml = os.path.join(os.environ['SQNS_SOURCE'], 'data', 'dbus')
        self.daemon.job(1)
        for interface, args, noun in (('Modem', ['show', 'a'], 'modem'), ('Job', ['job', '0'], 'job'),
                                      ('Manager', ['drain', 'off'], 'manager')):
            with open(os.path.join(xml, 'org.sqnsd1.%s.xml' % interface), encoding='utf-8') as text:
                names = re.findall(r'<property name="(\w+)"', text.read())
            keys = {re.sub(r'(?<!^)(?=[A-Z])', '-', name).lower() for name in names} | {'object-path'}
            out, _ = self.expect(0, '--json', *args)
            self.assertEqual(set(json.loads(out)[noun]), keys)

    def test_show(self):
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={
            'Versions': {'software': '6.0.0.0-37781'}, 'Blockers': ['one', 'two'], 'VendorId': 0x04d8,
            'LastSeen': 1700000000000000, 'LastError': 'bad\033[31m thing'})
        out, _ = self.expect(0, 'show', 'a')
        self.assertRegex(out, r'(?m)^versions +software 6\.0\.0\.0-37781$')
        self.assertRegex(out, r'(?m)^blockers +one; two$')
        self.assertRegex(out, r'(?m)^vendor-id +04d8$')
        self.assertRegex(out, r'(?m)^last-seen +2023-11-14 22:13:20$')
        self.assertNotIn('\033', out)
        self.assertNotIn('current-job', out.replace('current-job  /', ''))

    def test_show_refresh(self):
        self.expect(0, 'show', 'a', '--refresh')
        self.assertEqual(self.daemon.call('Refresh')['path'], '/org/sqnsd1/modem/a')
        self.daemon.order('fail', method='Refresh', error=OWN + 'PortLocked', message='minicom has it')
        _, err = self.expect(5, 'show', 'a', '--refresh')
        self.assertEqual(err, 'sqnsctl: minicom has it\n')

    def test_how_a_modem_is_named(self):
        tty = self.file('tty-a', b'')
        link = os.path.join(self.folder, 'link')
        os.symlink(tty, link)
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'DevNode': tty})
        for name in ('a', tty, tty.replace('/', '//'), os.path.relpath(tty), 'tty-a', link, '/org/sqnsd1/modem/a'):
            out, _ = self.expect(0, 'show', name, '--json')
            self.assertEqual(json.loads(out)['modem']['id'], 'a')
        for name in ('b', '356938035643809', '/org/sqnsd1/modem/none', 'tty'):
            _, err = self.expect(3, 'show', name)
            self.assertIn("no board '%s'" % name, err)
        self.daemon.modem('a2', DevNode='/other/tty-a')
        _, err = self.expect(3, 'show', 'tty-a')
        self.assertIn('means 2 boards', err)

    def test_an_unknown_tty_is_added(self):
        out, _ = self.expect(0, 'show', '/nonexistent/ttyUSB7', '--json')
        self.assertEqual(json.loads(out)['modem']['dev-node'], '/nonexistent/ttyUSB7')
        self.assertEqual(self.daemon.call('AddPort')['args'], ['/nonexistent/ttyUSB7', {}])
        self.daemon.order('fail', method='AddPort', error=OWN + 'NotFound', message='no such tty')
        self.expect(3, 'show', '/nonexistent/ttyUSB8')

    def test_how_a_job_is_named(self):
        self.daemon.job(0x10)
        self.daemon.job(0x11)
        out, _ = self.expect(0, 'job', uuid(0x10)[:8].upper(), '--json')
        self.assertEqual(json.loads(out)['job']['uuid'], uuid(0x10))
        _, err = self.expect(3, 'job', '0000001')
        self.assertIn('means 2 jobs', err)
        self.expect(3, 'job', 'ffff')
        self.expect(3, 'job', '')

    def test_jobs(self):
        self.daemon.job(1, State='succeeded', VersionAfter='6.0.0.0-37781', Progress=1.0, Label='night', CreatedAt=2)
        self.daemon.job(2, State='running', Phase='transfer', VersionBefore='6.0.0.0-35351', Progress=0.999, CreatedAt=1)
        out, _ = self.expect(0, 'jobs')
        lines = out.splitlines()
        self.assertEqual(lines[1].split()[:7], [uuid(2)[:8], 'tty-a', 'running', 'transfer', '99', '%', '6.0.0.0-35351'])
        self.assertEqual(lines[2].split()[:7], [uuid(1)[:8], 'tty-a', 'succeeded', '-', '100', '%', '6.0.0.0-37781'])
        self.assertTrue(lines[2].endswith('night'))

    def test_log(self):
        self.daemon.job(1)
        self.daemon.order('log', text='> AT\n< OK\n' * 5000)
        out, _ = self.expect(0, 'job', '0', '--log')
        self.assertEqual(out, '> AT\n< OK\n' * 5000)
        out, _ = self.expect(0, 'job', '0', '--log', '--json')
        self.assertEqual(json.loads(out)['job']['log'], '> AT\n< OK\n' * 5000)

    def test_version(self):
        out, _ = self.expect(0, 'version')
        self.assertRegex(out, r'^sqnsctl \S+\nsqnsd 0\.1\.0\n$')
        out, _ = self.expect(0, 'version', '--json')
        document = json.loads(out)
        self.assertEqual(document['manager']['version'], '0.1.0')
        self.assertIn('version', document['client'])

    def test_global_options_stand_anywhere(self):
        address, self.bus = self.bus.address, None
        for args in (['--bus', address, 'list'], ['list', '--bus', address], ['--bus=' + address, 'list', '-q'],
                     ['-q', '--timeout', '5', 'list', '--bus', address], ['--bus', address, '--', 'list'],
                     ['--bus', '/nonexistent', 'list', '--bus', address]):
            self.expect(0, *args)


class Small(WithDaemon):
    def test_drain(self):
        self.expect(0, 'drain', 'on')
        self.assertEqual(self.daemon.call('SetDraining')['args'], [True])
        out, _ = self.expect(0, 'drain', 'off', '--json')
        self.assertEqual(self.daemon.call('SetDraining')['args'], [False])
        self.assertIs(json.loads(out)['manager']['draining'], False)

    def test_cancel(self):
        self.daemon.job(1)
        self.daemon.job(2, State='succeeded')
        self.expect(0, 'cancel', uuid(1))
        self.assertEqual(self.daemon.call('Cancel')['path'], job_path(1))
        out, _ = self.expect(0, 'cancel', '--all', '--json')
        self.assertEqual([job['uuid'] for job in json.loads(out)['jobs']], [uuid(1)])
        self.daemon.order('fail', method='Cancel', error=OWN + 'WrongState', message='past the point of no return')
        _, err = self.expect(6, 'cancel', uuid(1))
        self.assertIn('sqnsctl: past the point of no return\n', err)

    def test_at(self):
        self.daemon.order('console', answers={
            'AT+CSQ': '\r\n+CPSMS: 1,,,"1","2"\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n',
            'ATI1': 'ATI1\r\r\nUE6.0.0.0\r\nLR6.0.0.0-37781\r\n\r\nOK\r\n',
            'AT+BAD': '\r\nERROR\r\n', 'AT+CIMI': '\r\n+CME ERROR: SIM not inserted\r\n', 'AT+SLOW': '', 'AT+GONE': None})
        out, err = self.expect(0, 'at', 'a', 'AT+CSQ')
        self.assertEqual(out, '+CSQ: 20,99\n')
        self.assertIn('+CPSMS', err)
        out, _ = self.expect(0, 'at', 'a', 'ATI1')
        self.assertEqual(out, 'UE6.0.0.0\nLR6.0.0.0-37781\n')
        out, err = self.expect(1, 'at', 'a', 'AT+BAD')
        self.assertEqual((out, err), ('', 'sqnsctl: the modem answered ERROR\n'))
        _, err = self.expect(1, 'at', 'a', 'AT+CIMI')
        self.assertIn('SIM not inserted', err)
        self.expect(7, 'at', 'a', 'AT+SLOW', '--timeout', '1')
        self.expect(7, 'at', 'a', 'AT+GONE')
        out, _ = self.expect(0, 'at', 'a', 'AT+CSQ', '--json')
        self.assertEqual(json.loads(out)['modem']['at'], {
            'command': 'AT+CSQ', 'lines': ['+CSQ: 20,99'], 'unsolicited': ['+CPSMS: 1,,,"1","2"'], 'result': 'OK'})
        self.daemon.order('fail', method='OpenConsole', error=OWN + 'Busy', message='a job runs')
        self.expect(5, 'at', 'a', 'AT')

    def test_authorization_flag(self):
        for args, interactive in ((['drain', 'on'], True), (['drain', 'on', '--no-ask-password'], False)):
            self.expect(0, *args)
            self.assertIs(self.daemon.call('SetDraining')['interactive'], interactive)

    def test_a_call_that_is_not_answered(self):
        self.daemon.order('hold', method='SetDraining')
        out, _ = self.expect(7, 'drain', 'on', '--timeout', '1', '--json')
        self.assertEqual(json.loads(out)['error']['error-name'], OWN + 'Timeout')

    def test_the_daemon_dies_in_a_call(self):
        self.daemon.order('hold', method='SetDraining')
        client = self.client('drain', 'on')
        self.daemon.call('SetDraining')
        self.daemon.order('drop')
        self.assertEqual(client.end()[0], 12)


class Upgrade(WithDaemon):
    def test_all_goes_well(self):
        path = self.firmware()
        client = self.client('upgrade', '/dev/tty-a', path)
        call = self.daemon.call('Upgrade')
        with open(path, 'rb') as firmware:
            self.assertEqual(call['files'], [hashlib.sha256(firmware.read()).hexdigest()])
        self.assertEqual((call['path'], call['args'], call['interactive']), ('/org/sqnsd1/modem/a', [0, {}], True))
        self.assertEqual(client.err.line(), 'tty-a: queued')
        self.daemon.set_job(1, State='running', Phase='link', Message='finding the modem')
        self.assertEqual(client.err.line(), 'tty-a: link: finding the modem')
        self.daemon.set_job(1, Phase='transfer', Message='sending', Progress=0.3)
        self.assertEqual(client.err.line(), 'tty-a: transfer: sending')
        self.daemon.set_job(1, Progress=0.6, Message='sending still')
        self.daemon.set_job(1, State='verifying', Message='is it so?')
        self.assertEqual(client.err.line(), 'tty-a: verifying: is it so?')
        self.daemon.finish(1, 'succeeded', props={
            'Progress': 1.0, 'VersionBefore': '6.0.0.0-35351', 'VersionAfter': '6.0.0.0-37781', 'Message': 'done'})
        self.maxDiff = None
        self.assertEqual(client.end(), (0, 'tty-a: succeeded, 6.0.0.0-35351 -> 6.0.0.0-37781: done\n', ''))

    def test_already_there(self):
        client = self.upgrade('-q')
        self.daemon.finish(1, 'succeeded', props={'Message': 'it runs 6.0.0.0-37781 already'})
        self.assertEqual(client.end(), (0, '', ''))

    def test_options_as_the_daemon_gets_them(self):
        elf = self.file('updater.elf', b'\x7fELF' + bytes(100))
        self.expect(0, 'upgrade', 'a', self.firmware(), '--detach', '--allow-downgrade', '--allow-reinstall',
                    '--allow-family-change', '--force', '--dry-run', '--priority=-3', '--label', 'bench 4',
                    '--idempotency-key', 'k', '--expect-sha256', 'ab', '--expect-version', '37781', '--method', 'recovery',
                    '--link', 'relay', '--speed', '115200', '--block-size', '4096', '--not-before', '2040-01-01T02:00Z',
                    '--not-after', '04:00', '--updater', elf)
        call = self.daemon.call('Upgrade')
        self.assertEqual(len(call['files']), 2)
        self.assertEqual(call['args'][1], {
            'allow-downgrade': True, 'allow-reinstall': True, 'allow-family-change': True, 'force': True, 'dry-run': True,
            'priority': -3, 'label': 'bench 4', 'idempotency-key': 'k', 'expect-sha256': 'ab', 'expect-version': '37781',
            'method': 'recovery', 'link': 'relay', 'speed': 115200, 'block-size': 4096, 'not-before': 2208996000000000,
            'not-after': 2209003200000000, 'updater': 1})

    def test_times(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        path = self.firmware()
        for text, least, most in (('+90m', 5400, 5460), ('+1h30m', 5400, 5460), ('+2d', 172800, 172860),
                                  ((now + datetime.timedelta(minutes=5)).strftime('%H:%M'), 180, 360),
                                  ((now - datetime.timedelta(minutes=5)).strftime('%H:%M'), 86000, 86400)):
            with self.subTest(text):
                before = time.time()
                self.expect(0, 'upgrade', 'a', path, '--detach', '--not-before', text)
                given = self.daemon.call('Upgrade')['args'][1]['not-before'] / 1e6
                self.assertTrue(least <= given - before <= most, given - before)
        for text in ('25:00', 'noon', '+', '+5', '+5x', '', '2040-13-01T00:00', '+99999999999d', '12:5x'):
            with self.subTest(text):
                _, err = self.expect(2, 'upgrade', 'a', path, '--not-before=' + text)
                self.assertIn('is no time', err)
        self.expect(2, 'upgrade', 'a', path, '--not-after', '2020-01-01T00:00')
        self.expect(2, 'upgrade', 'a', path, '--not-before', '+2h', '--not-after', '+1s', '--speed=-1')

    def test_errors_of_the_call(self):
        path = self.firmware()
        for name, code in {**EXIT_CODES, **BUS_EXIT_CODES}.items():
            with self.subTest(name):
                self.daemon.order('fail', method='Upgrade', error=name, message='it went wrong')
                out, err = self.expect(code, 'upgrade', 'a', path, '--json')
                self.assertTrue(err.startswith('sqnsctl: it went wrong\n'), err)
                error = json.loads(out)['error']
                self.assertEqual((error['error-name'], error['message'], error['exit-code']), (name, 'it went wrong', code))

    def test_errors_of_the_job(self):
        for number, (name, code) in enumerate(EXIT_CODES.items(), 1):
            with self.subTest(name):
                client = self.upgrade('--json')
                state = 'cancelled' if name == OWN + 'Cancelled' else 'failed'
                self.daemon.finish(number, state, error=name, message='it went wrong', props={'Advice': 'try again'})
                got, out, err = client.end()
                self.assertEqual(got, code)
                job = json.loads(out)['jobs'][0]
                self.assertEqual((job['error-name'], job['error-message'], job['state']), (name, 'it went wrong', state))
                self.assertIn('it went wrong', err)

    def test_what_a_failure_says(self):
        for safe, power in ((True, 'may be cut now'), (False, 'must stay on')):
            client = self.upgrade('-q')
            number = 1 if safe else 2
            self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'State': 'recovery'})
            self.daemon.finish(number, 'failed', error=OWN + 'NeedsRecovery', message='the modem is left in recovery',
                               props={'Safe': safe, 'Advice': 'run it again'})
            code, out, err = client.end()
            self.assertEqual((code, out), (10, ''))
            lines = [' '.join(line.split()) for line in err.splitlines()]
            self.assertEqual(lines[0], 'sqnsctl: tty-a: the modem is left in recovery')
            self.assertIn('power ' + power, lines)
            self.assertIn('next run it again', lines)
            self.assertIn('log sqnsctl job %s --log' % uuid(number)[:8], lines)

    def test_the_signal_may_come_before_the_properties(self):
        for number, (order, state, error, code) in enumerate((
                ('signal-first', 'failed', OWN + 'NeedsHand', 11), ('signal-only', 'failed', OWN + 'NeedsHand', 11),
                ('signal-only', 'cancelled', OWN + 'Cancelled', 9), ('signal-only', 'succeeded', '', 0)), 1):
            with self.subTest(order):
                client = self.upgrade('--json')
                self.daemon.finish(number, state, error=error, message='so', order=order)
                got, out, _ = client.end()
                self.assertEqual((got, json.loads(out)['jobs'][0]['state']), (code, state))

    def test_a_job_that_is_over_before_we_look(self):
        self.daemon.order('hold', method='Upgrade')
        client = self.client('upgrade', 'a', self.firmware())
        self.daemon.call('Upgrade')
        self.daemon.order('release')
        self.daemon.finish(1, 'failed', error=OWN + 'Downgrade', message='no')
        self.assertEqual(client.end()[0], 6)

    def test_many_boards(self):
        for name in 'bcd':
            self.daemon.modem(name)
        client = self.client('upgrade', 'a', 'b', 'c', 'd', '/dev/tty-a', self.firmware(), '--json')
        call = self.daemon.call('UpgradeMany')
        self.assertEqual(call['args'][0], ['/org/sqnsd1/modem/' + name for name in 'abcd'])
        self.daemon.finish(3, 'failed', error=OWN + 'Incompatible', message='wrong family')
        self.daemon.finish(1, 'succeeded')
        self.daemon.finish(4, 'failed', error=OWN + 'NeedsRecovery', message='left in recovery')
        self.daemon.finish(2, 'failed', error=OWN + 'DeviceLost', message='pulled out')
        code, out, err = client.end()
        self.assertEqual(code, 10)
        self.assertEqual([job['state'] for job in json.loads(out)['jobs']], ['succeeded', 'failed', 'failed', 'failed'])
        self.assertRegex(err, r'(?m)^sqnsctl: tty-c: wrong family$')

    def test_severity(self):
        self.daemon.modem('b')
        names = [OWN + n for n in ('NeedsRecovery', 'NeedsHand', 'DeviceLost', 'Failed', 'Incompatible', 'Busy', 'NotFound',
                                   'Cancelled')]
        for i in range(len(names) - 1):
            with self.subTest(names[i]):
                client = self.client('upgrade', 'a', 'b', self.firmware())
                self.daemon.call('UpgradeMany')
                self.daemon.finish(2 * i + 1, 'failed', error=names[i + 1], message='x')
                self.daemon.finish(2 * i + 2, 'failed', error=names[i], message='x')
                self.assertEqual(client.end()[0], EXIT_CODES[names[i]])

    def test_all(self):
        self.daemon.modem('b')
        self.daemon.modem('c', Present=False)
        self.expect(0, 'upgrade', '--all', self.firmware(), '--detach')
        self.assertEqual(self.daemon.call('UpgradeMany')['args'][0], ['/org/sqnsd1/modem/a', '/org/sqnsd1/modem/b'])
        self.daemon.order('remove', path='/org/sqnsd1/modem/a')
        self.daemon.order('remove', path='/org/sqnsd1/modem/b')
        self.expect(3, 'upgrade', '--all', self.firmware(), '--detach')

    def test_detach(self):
        out, err = self.expect(0, 'upgrade', 'a', self.firmware(), '--detach')
        self.assertEqual((out, err), (uuid(1) + '\n', ''))
        out, _ = self.expect(0, 'upgrade', 'a', self.firmware(), '--detach', '--json')
        self.assertEqual(json.loads(out)['jobs'][0]['uuid'], uuid(2))

    def test_a_person_must_act(self):
        client = self.upgrade('--quiet')
        self.daemon.set_job(1, State='waiting', Message='press the reset button, 0:01 so far')
        self.assertEqual(client.err.line(), 'tty-a: waiting: press the reset button, 0:01 so far')
        self.daemon.set_job(1, Message='press the reset button, 0:02 so far')
        self.daemon.set_job(1, State='interrupted', Message='the board was pulled out')
        self.assertEqual(client.err.line(), 'tty-a: interrupted: the board was pulled out')
        self.daemon.finish(1, 'failed', error=OWN + 'NeedsHand', message='nobody came')
        self.assertEqual(client.end()[0], 11)

    def test_waiting_for_its_time_is_no_news_to_the_quiet(self):
        client = self.upgrade('--quiet')
        self.daemon.set_job(1, State='waiting', Message='not before two', NotBefore=4102444800000000)
        self.daemon.finish(1, 'succeeded')
        self.assertEqual(client.end(), (0, '', ''))

    def test_stream(self):
        client = self.upgrade('--json-stream', '-q')
        self.assertEqual(json.loads(client.out.line())['event'], 'added')
        self.daemon.set_job(1, State='running', Phase='transfer', Progress=0.5)
        event = json.loads(client.out.line())
        self.assertEqual((event['schema'], event['event'], event['job']['progress']), (1, 'changed', 0.5))
        self.daemon.finish(1, 'succeeded', props={'Progress': 1.0})
        code, out, err = client.end()
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((code, err, [e['event'] for e in events]), (0, '', ['completed']))
        self.assertEqual(events[0]['job']['state'], 'succeeded')

    def test_the_daemon_vanishes(self):
        for args in ([], ['--json']):
            client = self.upgrade(*args)
            client.err.line()
            self.daemon.order('drop')
            code, out, err = client.end()
            self.assertEqual(code, 7)
            self.assertIn('the daemon has gone', err)
            if args:
                self.assertEqual(json.loads(out)['error']['jobs'], [uuid(1)])
            else:
                self.assertEqual(out, uuid(1) + '\n')
            self.daemon = FakeDaemon(self.bus.address)
            self.addCleanup(self.daemon.close)
            self.daemon.modem('a')

    def test_the_bus_vanishes(self):
        client = self.upgrade()
        client.err.line()
        self.bus.close()
        self.assertEqual(client.end()[0], 7)

    def test_timeout(self):
        client = self.upgrade('--timeout', '1')
        code, out, err = client.end()
        self.assertEqual((code, out), (7, uuid(1) + '\n'))
        self.assertIn('not over after 1 s', err)

    def test_a_reader_that_goes_away_stops_nothing(self):
        read, write = os.pipe()
        os.close(read)
        client = self.upgrade('--json-stream', stdout=write)
        os.close(write)
        self.daemon.set_job(1, State='running', Phase='link')
        self.daemon.finish(1, 'failed', error=OWN + 'NeedsHand', message='x')
        self.assertEqual(client.end()[0], 11)


class Wait(WithDaemon):
    def test_one(self):
        self.daemon.job(1, State='running')
        client = self.client('wait', uuid(1))
        client.err.line()
        self.daemon.finish(1, 'failed', error=OWN + 'Timeout', message='x')
        self.assertEqual(client.end()[0], 7)
        self.expect(7, 'wait', uuid(1))

    def test_all(self):
        self.expect(0, 'wait', '--all')
        self.daemon.job(1, State='succeeded')
        self.daemon.job(2)
        self.daemon.job(3)
        client = self.client('wait', '--all', '--json')
        self.assertEqual([client.err.line(), client.err.line()], ['tty-a: queued', 'tty-a: queued'])
        self.daemon.finish(3, 'succeeded')
        self.daemon.finish(2, 'cancelled', error=OWN + 'Cancelled', message='x')
        code, out, _ = client.end()
        self.assertEqual((code, sorted(job['uuid'] for job in json.loads(out)['jobs'])), (9, [uuid(2), uuid(3)]))

    def test_ctrl_c_ends_it_at_once(self):
        self.daemon.job(1)
        client = self.client('wait', uuid(1))
        client.err.line()
        client.interrupt()
        code, out, _ = client.end()
        self.assertEqual((code, out), (130, uuid(1) + '\n'))
        self.assertEqual(self.daemon.calls, [])


class CtrlC(WithDaemon):
    """On a terminal, by the key."""

    def running(self, *args):
        client = self.upgrade(*args, terminal=(100,))
        self.daemon.set_job(1, State='running', Phase='transfer', Message='sending', Progress=0.5)
        client.screen.until(' 50 %')
        return client

    def test_once(self):
        client = self.running()
        client.type(b'\x03')
        client.screen.until('press Ctrl-C again within 2 s to cancel')
        code, screen, _ = client.end()
        self.assertEqual(code, 130)
        self.assertIn(uuid(1), screen)
        self.assertEqual(self.daemon.calls, [])

    def test_twice(self):
        client = self.running()
        client.type(b'\x03')
        client.screen.until('again within')
        client.type(b'\x03')
        self.assertEqual(self.daemon.call('Cancel')['path'], job_path(1))
        client.screen.until('cancelling')
        self.daemon.finish(1, 'cancelled', error=OWN + 'Cancelled', message='as you wished')
        code, screen, _ = client.end()
        self.assertEqual(code, 9)
        self.assertIn('cancelled: as you wished', screen)

    def test_a_cancel_that_is_refused(self):
        client = self.running()
        self.daemon.order('fail', method='Cancel', error=OWN + 'WrongState', message='the modem is writing')
        client.type(b'\x03')
        client.screen.until('again within')
        client.type(b'\x03')
        client.screen.until('not cancelled, the job goes on: the modem is writing')
        self.assertEqual(client.end()[0], 130)

    def test_thrice(self):
        client = self.running()
        for words in ('again within', 'cancelling'):
            client.type(b'\x03')
            client.screen.until(words)
        client.type(b'\x03')
        self.assertEqual(client.end()[0], 130)

    def test_it_ends_meanwhile(self):
        client = self.running()
        client.type(b'\x03')
        client.screen.until('again within')
        self.daemon.finish(1, 'succeeded')
        self.assertEqual(client.end()[0], 0)

    def test_before_there_is_a_job(self):
        self.daemon.order('hold', method='Upgrade')
        client = self.client('upgrade', 'a', self.firmware())
        self.daemon.call('Upgrade')
        client.interrupt()
        client.err.until('waiting for the daemon to name the job')
        self.daemon.order('release')
        code, out, _ = client.end()
        self.assertEqual((code, out), (130, uuid(1) + '\n'))

    def test_before_there_is_a_job_twice(self):
        self.daemon.order('hold', method='Upgrade')
        client = self.client('upgrade', 'a', self.firmware())
        self.daemon.call('Upgrade')
        client.interrupt()
        client.err.until('waiting for the daemon to name the job')
        client.interrupt()
        self.assertEqual(client.end()[0], 130)

    def test_in_json(self):
        client = self.upgrade('--json')
        client.err.until('queued')
        client.interrupt()
        code, out, _ = client.end()
        self.assertEqual((code, json.loads(out)['jobs'][0]['uuid']), (130, uuid(1)))

    def test_terminated(self):
        client = self.upgrade()
        client.err.until('queued')
        client.process.terminate()
        self.assertEqual(client.end()[:2], (130, uuid(1) + '\n'))


class Bars(WithDaemon):
    def test_a_bar(self):
        client = self.upgrade(terminal=(100,))
        self.daemon.set_job(1, State='running', Phase='transfer', Message='sending', Progress=0.42, BytesDone=2100000,
                            BytesTotal=5258127, Rate=85000, ExpectedEnd=int((time.time() + 3600) * 1e6))
        line = client.screen.until('transfer: sending')
        self.assertRegex(line, r'tty-a  \[#+\.+\]  42 %  2\.1 MB of 5\.3 MB  85\.0 kB/s  (1:00:00|59:\d\d) left  ')
        self.daemon.set_job(1, Progress=1.0, Message='nearly')
        self.assertIn(' 99 %', client.screen.until('nearly'))
        self.daemon.finish(1, 'succeeded', props={'Progress': 1.0})
        code, screen, _ = client.end()
        self.assertEqual(code, 0)
        self.assertIn('100 %', screen)
        self.assertIn('\033[32m', screen)

    def test_no_colour(self):
        client = self.upgrade(terminal=(100,), env={'NO_COLOR': '1'})
        self.daemon.finish(1, 'failed', error=OWN + 'Failed', message='x')
        screen = client.end()[1]
        self.assertIn('[', screen)
        self.assertNotRegex(screen, r'\033\[\d*m')

    def assert_fits(self, screen, columns):
        for line in re.split(r'[\r\n]+', re.sub(r'\033\[\d*[A-Za-z]', '\n', screen)):
            self.assertLess(len(line), columns, line)

    def test_narrow(self):
        for columns in (60, 40, 20, 10):
            with self.subTest(columns):
                client = self.upgrade(terminal=(columns,))
                number = {60: 1, 40: 2, 20: 3, 10: 4}[columns]
                self.daemon.set_job(number, State='running', Phase='transfer', Message='sending the whole firmware now',
                                    Progress=0.42, BytesDone=2100000, BytesTotal=5258127, Rate=85000,
                                    ExpectedEnd=int((time.time() + 60) * 1e6))
                screen = client.screen.until('42 %')
                self.daemon.set_job(number, Progress=0.55)
                screen += client.screen.until('55 %')
                self.assert_fits(screen, columns)
                client.process.terminate()
                self.assertEqual(client.end()[0], 130)

    def test_resized(self):
        client = self.upgrade(terminal=(100,))
        self.daemon.set_job(1, State='running', Phase='transfer', Message='m' * 30, Progress=0.5)
        client.screen.until('m' * 30)
        client.resize(40)
        client.screen.until('..')  # drawn anew, to the new width
        self.daemon.set_job(1, Progress=0.6)
        screen = client.screen.until('60 %')
        self.assert_fits(screen[screen.rindex('\r'):], 40)
        client.process.terminate()
        client.end()

    def test_more_boards_than_rows(self):
        for i in range(9):
            self.daemon.modem('m%d' % i)
        client = self.client('upgrade', '--all', self.firmware(), terminal=(80, 6))
        self.daemon.call('UpgradeMany')
        client.screen.until('and 6 more; 0 of 10 are over')
        client.process.terminate()
        client.end()

    def test_none_without_a_terminal(self):
        client = self.upgrade()
        self.daemon.set_job(1, State='running', Phase='transfer', Message='sending', Progress=0.42)
        client.err.until('sending')
        self.daemon.finish(1, 'succeeded')
        code, out, err = client.end()
        self.assertNotIn('\033', out + err)
        self.assertNotIn('%', out + err)

    def test_none_on_a_dumb_terminal(self):
        client = self.upgrade(terminal=(100,), env={'TERM': 'dumb'})
        client.screen.until('tty-a: queued')
        self.daemon.finish(1, 'succeeded')
        self.assertNotIn('\033', client.end()[1])

    def test_quiet(self):
        client = self.upgrade('--quiet', terminal=(100,))
        self.daemon.set_job(1, State='running', Phase='transfer', Message='sending', Progress=0.42)
        self.daemon.finish(1, 'succeeded')
        self.assertEqual(client.end()[:2], (0, ''))

    def test_what_the_daemon_says_does_not_steer_the_terminal(self):
        client = self.upgrade(terminal=(100,))
        self.daemon.set_job(1, State='running', Phase='link', Message='evil\033]0;title\007\nx')
        screen = client.screen.until('evil')
        client.process.terminate()
        screen += client.end()[1]
        self.assertNotIn('\033]', screen)
        self.assertNotIn('\007', screen)


class Watch(WithDaemon):
    def test_stream(self):
        client = self.client('watch', '--json-stream', '-q')
        self.assertEqual(json.loads(client.out.line())['modem']['id'], 'a')
        self.daemon.modem('b')
        event = json.loads(client.out.line())
        self.assertEqual((event['event'], event['modem']['id']), ('added', 'b'))
        self.daemon.job(1, modem='b')
        self.assertEqual(json.loads(client.out.line())['job']['uuid'], uuid(1))
        self.daemon.set_job(1, State='running')
        event = json.loads(client.out.line())
        self.assertEqual((event['event'], event['job']['state']), ('changed', 'running'))
        self.daemon.order('remove', path=job_path(1))
        self.assertEqual(json.loads(client.out.line())['event'], 'removed')
        client.interrupt()
        self.assertEqual(client.end()[0], 0)

    def test_plain(self):
        client = self.client('watch')
        self.assertEqual(client.out.line(), 'tty-a: unknown')
        self.daemon.job(1)
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'CurrentJob': job_path(1), 'State': 'upgrading'})
        self.assertEqual(client.out.line(), 'tty-a: queued')
        self.daemon.set_job(1, State='running', Phase='transfer', Message='sending')
        self.assertEqual(client.out.line(), 'tty-a: transfer: sending')
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'CurrentJob': '/', 'State': 'application'})
        self.assertEqual(client.out.line(), 'tty-a: application')
        self.daemon.order('drop')
        self.assertEqual(client.end()[0], 12)

    def test_bars(self):
        client = self.client('watch', terminal=(80,))
        client.screen.until('tty-a  unknown')
        client.type(b'\x03')
        self.assertEqual(client.end()[0], 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)
