#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sqnsctl against a fake daemon: what it reads, finds, checks and says."""
import hashlib
import json
import os
import re
import shlex
import shutil
import unittest

from sqnstest import SOURCE
from sqnstest.bus import DBUS_ERROR, ERROR, NAME
from sqnstest.case import Case, FakeDaemonCase
from sqnstest.dup import make_dup
from sqnstest.fake_daemon import COMMAND, job_path, uuid


class Words(Case):
    """What needs neither a daemon nor a bus."""

    def test_usage(self):
        for args in ([], ['frobnicate'], ['list', 'x'], ['list', '--frobnicate'], ['show'], ['upgrade'], ['upgrade', 'a'],
                     ['wait'], ['cancel'], ['drain', 'perhaps'], ['at', 'a'], ['at', 'a', 'HELLO'], ['at', 'a', 'AT\nAT'],
                     ['--timeout', '-1', 'list'], ['--timeout', 'x', 'list'], ['--bus'], ['--host', '-oX=Y', 'list'],
                     ['upgrade', 'a', '/dev/null']):
            with self.subTest(args):
                out, err = self.expect(2, *args)
                self.assertEqual(out, '')
                self.assertTrue(err.startswith('sqnsctl: '), err)

    def test_help_lists_each_command_once(self):
        out, _ = self.expect(0, '--help')
        commands = re.findall(r'(?m)^  ([a-z]+) ', out.split('Commands:')[1].split('Global options')[0])
        self.assertEqual(sorted(commands), sorted(set(commands)))
        self.assertIn('inhibit', commands)
        self.assertIn('notify', commands)

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
            self.assertEqual((error['error-name'], error['exit-code']), (DBUS_ERROR + 'InvalidArgs', 2))
            self.assertIn(error['message'], err)

    def test_version_without_a_command(self):
        out, err = self.expect(0, '--version')
        self.assertRegex(out, r'^sqnsctl \d+\.\d+\.\d+\n$')
        self.assertEqual(err, '')

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
    def test_a_sound_file(self):
        data = make_dup(version='6.0.0.0', build=37781, size=50000)
        path = self.file('some.dup', data)
        out, err = self.expect(0, 'inspect', path)
        self.assertEqual(err, '')
        for words in ('some.dup', '6.0.0.0 build 37781', 'NB-IoT', hashlib.sha256(data).hexdigest(), 'complete', 'inside'):
            self.assertIn(words, out)
        self.assertEqual(out.count('good'), 4)
        for role in ('bootrom', 'updater', 'fff', 'fs'):
            self.assertRegex(out, r'(?m)^  %s +UPGR +\d+ +\d+ +good +%s upgrade package$' % (role, role))

    def test_json(self):
        data = make_dup(size=50000)
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
        path = self.file('part.dup', make_dup(size=50000, only=['bootrom', 'fff']))
        out, _ = self.expect(0, 'inspect', path)
        self.assertRegex(out, r'not complete, it lacks updater, fs: an upgrade will refuse it')
        out, _ = self.expect(0, 'inspect', '--json', path)
        self.assertEqual(json.loads(out)['firmware']['missing'], 'updater, fs')

    def test_what_is_no_firmware(self):
        good = make_dup(size=50000)
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
        how = {'user': 65534} if os.getuid() == 0 else {}
        out, err = self.expect(4, 'inspect', path, '--json', **how)
        self.assertIn('may not read', err)
        self.assertEqual(json.loads(out)['error']['error-name'], DBUS_ERROR + 'AccessDenied')

    def test_upgrade_checks_the_file_first(self):
        """Before there is a bus."""
        self.expect(6, 'upgrade', 'a', self.file('text', b'hello world ' * 100))
        self.expect(3, 'upgrade', 'a', '/nonexistent')


class Buses(Case):
    def start_activatable(self):
        bus = self.rig.start_bus()
        bus.service(NAME, shlex.join([*COMMAND, bus.address]))
        bus.reload()

    def test_no_daemon(self):
        self.rig.start_bus()
        out, err = self.expect(12, 'list', '--json')
        self.assertIn('sqnsd is not running', err)
        error = json.loads(out)['error']
        self.assertEqual((error['exit-code'], error['error-name']), (12, DBUS_ERROR + 'ServiceUnknown'))
        self.assertIn('systemctl', error['advice'])

    def test_it_is_started_by_the_bus(self):
        self.start_activatable()
        out, _ = self.expect(0, 'version')
        self.assertIn('sqnsd 0.1.0', out)

    def test_a_service_that_does_not_start(self):
        self.start_activatable()
        self.rig.bus.service(NAME, '/bin/false')
        self.rig.bus.reload()
        _, err = self.expect(12, 'list')
        self.assertIn('does not start', err)

    def test_a_bus_that_does_not_let_us(self):
        self.rig.start_bus(rules='<deny send_destination="org.sqnsd1" send_interface="org.freedesktop.DBus.ObjectManager"/>')
        self.start_fake_daemon()
        self.expect(4, 'list')

    def test_the_session_bus(self):
        self.rig.start_bus()
        self.start_fake_daemon()
        address, self.names_bus = self.rig.address, False
        self.expect(0, 'list', '--session', env={'DBUS_SESSION_BUS_ADDRESS': address})
        self.expect(0, 'list', env={'DBUS_SYSTEM_BUS_ADDRESS': address})


class Host(Case):
    """--host, with an ssh that stays at home."""

    def setUp(self):
        super().setUp()
        bridge = shutil.which('systemd-stdio-bridge')
        if bridge is None:
            self.skipTest('systemd-stdio-bridge is not installed')
        self.rig.start_bus()
        self.start_fake_daemon()
        self.daemon.modem('a')
        ssh = self.file('ssh', b'')
        self.log = os.path.join(self.folder, 'ssh.log')
        with open(ssh, 'w') as out:
            out.write('#!/bin/sh\necho "$*" >>%s\nexec %s --bus-path=%s\n' % (self.log, bridge, self.rig.address))
        os.chmod(ssh, 0o755)
        self.names_bus = False
        self.env = {'PATH': self.folder + ':' + os.environ['PATH']}

    def test_reading(self):
        out, _ = self.expect(0, '--host', 'me@bench', 'list', env=self.env)
        self.assertIn('/dev/tty-a', out)
        with open(self.log) as log:
            self.assertEqual(log.read(), '-xT -- me@bench systemd-stdio-bridge\n')

    def test_files_do_not_cross(self):
        path = self.file('fw.dup', make_dup(size=20000))
        self.daemon.job(1)
        for args in (['upgrade', 'a', path], ['at', 'a', 'AT'], ['job', '0', '--log']):
            out, err = self.expect(1, '--host', 'bench', '--json', *args, env=self.env)
            self.assertIn('do not cross', err)
            self.assertEqual(json.loads(out)['error']['error-name'], ERROR + 'NotSupported')
        self.assertEqual(self.daemon.calls, [])

    def test_a_host_that_is_not_there(self):
        with open(os.path.join(self.folder, 'ssh'), 'w') as out:
            out.write('#!/bin/sh\necho no such host >&2\nexit 255\n')
        _, err = self.expect(12, '--host', 'bench', 'list', env=self.env)
        self.assertIn('no such host', err)
        self.assertIn('cannot reach bench: ssh to bench failed', err)
        self.assertNotIn('Unexpected lack of content', err)
        self.assertNotIn('--session', err)


class Reading(FakeDaemonCase):
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
        xml = os.path.join(SOURCE, 'data', 'dbus')
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
        self.daemon.order('fail', method='Refresh', error=ERROR + 'PortLocked', message='minicom has it')
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
        for name in ('b', '/org/sqnsd1/modem/none', 'tty'):
            _, err = self.expect(3, 'show', name)
            self.assertIn("no board '%s'" % name, err)
        _, err = self.expect(3, 'show', '356938035643809')
        self.assertIn('no board tells the IMEI 356938035643809', err)
        self.daemon.modem('a2', DevNode='/other/tty-a')
        _, err = self.expect(3, 'show', 'tty-a')
        self.assertIn('means 2 boards', err)

    def test_a_path_is_the_board_that_is_there(self):
        """One board was unplugged, and another one plugged into the same tty."""
        tty = self.file('ttyUSB1', b'')
        self.daemon.modem('gone', DevNode=tty, VendorId=0x0403, Present=False, State='gone')
        self.daemon.order('fail', method='AddPort', error=ERROR + 'NotFound', message='no such tty')
        for name in (tty, 'ttyUSB1'):
            _, err = self.expect(3, 'show', name)
            self.assertIn("the board that was there is not plugged in: name it by its id, 'gone'", err)
        self.daemon.modem('there', DevNode=tty, VendorId=0x0403)
        for name, wanted in ((tty, 'there'), ('ttyUSB1', 'there'), ('gone', 'gone'), ('there', 'there')):
            out, _ = self.expect(0, 'show', name, '--json')
            self.assertEqual(json.loads(out)['modem']['id'], wanted)
        out, _ = self.expect(0, 'list')
        self.assertRegex(out, r'(?m)^there +%s ' % tty)
        self.assertRegex(out, r'(?m)^gone +\(%s\) ' % tty)
        for command in (['doctor', tty], ['upgrade', tty, self.firmware(), '--detach']):
            self.assertNotIn('means 2', self.sqnsctl(*command)[2])
        self.assertEqual(self.daemon.call('Upgrade')['path'], '/org/sqnsd1/modem/there')

    def test_an_unknown_tty_is_added(self):
        out, _ = self.expect(0, 'show', '/nonexistent/ttyUSB7', '--json')
        self.assertEqual(json.loads(out)['modem']['dev-node'], '/nonexistent/ttyUSB7')
        self.assertEqual(self.daemon.call('AddPort')['args'], ['/nonexistent/ttyUSB7', {}])
        out, _ = self.expect(0, 'show', 'tty', '--json', cwd='/dev')
        self.assertEqual(self.daemon.call('AddPort')['args'], ['/dev/tty', {}])
        self.daemon.order('fail', method='AddPort', error=ERROR + 'NotFound', message='no such tty')
        self.expect(3, 'show', '/nonexistent/ttyUSB8')
        self.daemon.order('fail', method='AddPort', error=ERROR + 'Failed', message='/etc/passwd is not a tty')
        _, err = self.expect(3, 'show', '/etc/passwd')
        self.assertEqual(err, 'sqnsctl: /etc/passwd is not a tty\n')

    def test_how_a_job_is_named(self):
        self.daemon.job(0x10)
        self.daemon.job(0x11)
        out, _ = self.expect(0, 'job', uuid(0x10)[:8].upper(), '--json')
        self.assertEqual(json.loads(out)['job']['uuid'], uuid(0x10))
        _, err = self.expect(3, 'job', '0000001')
        self.assertIn('means 2 jobs', err)
        self.expect(3, 'job', 'ffff')
        self.expect(3, 'job', '')

    def test_what_belongs_to_what(self):
        """By the name that it has everywhere else, and not as the bus has to write it."""
        self.daemon.modem('p-m1', CurrentJob=job_path(1))
        self.daemon.job(1, modem='p_m1')
        self.assertRegex(self.expect(0, 'job', uuid(1))[0], r'(?m)^modem +p-m1$')
        self.assertRegex(self.expect(0, 'show', 'p-m1')[0], r'(?m)^current-job +%s$' % uuid(1))

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
        address, self.names_bus = self.rig.address, False
        for args in (['--bus', address, 'list'], ['list', '--bus', address], ['--bus=' + address, 'list', '-q'],
                     ['-q', '--timeout', '5', 'list', '--bus', address], ['--bus', address, '--', 'list'],
                     ['--bus', '/nonexistent', 'list', '--bus', address]):
            self.expect(0, *args)


class ForeignText(FakeDaemonCase):
    """What a board, a file, a user or the daemon brings steers no terminal, whichever command shows it."""
    EVIL = 'x\033]0;title\007\x9b2J\x7f\u202ey'
    HARMLESS = 'x?]0;title??2J??y'

    def setUp(self):
        super().setUp()
        evil = self.EVIL
        self.daemon.modem('evil', DevNode='/dev/tty' + evil, Board=evil, BoardFirmware=evil, FirmwareVersion=evil,
                          LastError=evil, Blockers=[evil], Link=evil, Versions={'software': evil}, CurrentJob=job_path(1))
        self.daemon.job(1, modem='evil', State='running', Phase=evil, Message=evil, Label=evil, VersionBefore=evil)
        self.daemon.job(2, modem='evil', State='failed', ErrorName=ERROR + 'Failed', ErrorMessage=evil, Advice=evil,
                        Message=evil, VersionAfter=evil)
        self.daemon.job(3, modem='evil', State='succeeded', Message=evil, VersionAfter=evil)
        self.daemon.job(4, modem='evil', State='interrupted', Message=evil + ' sqnsctl resume ')
        self.daemon.order('log', text='0.100 < ' + evil + '\n0.200 # done\n')
        self.daemon.order('console', answers={'AT': '\r\n\033[2J\x9b1m\r\n\r\nOK\r\n', 'ATI': '\r\n+CME ERROR: \033c\r\n'})

    def test_commands(self):
        evil = self.EVIL
        fake = self.file('fw' + evil, b'no firmware')
        for code, args in (
                (0, ['list']), (0, ['show', 'evil']), (0, ['jobs']), (0, ['job', uuid(1)]), (0, ['job', uuid(2)]),
                (0, ['job', uuid(2), '--log']), (1, ['job', uuid(2), '--log', '--follow']), (1, ['wait', uuid(2)]),
                (0, ['wait', uuid(3)]), (7, ['wait', uuid(4)]), (None, ['doctor', 'evil', '--no-refresh']),
                (0, ['at', 'a', 'AT']),
                (1, ['at', 'a', 'ATI']), (6, ['inspect', fake]), (3, ['show', evil + 'z']), (3, ['job', evil + 'z']), (2, [evil]),
                (2, ['list', '--' + evil]), (6, ['upgrade', 'a', fake]),
                (2, ['upgrade', 'a', self.firmware(), '--not-before', evil])):
            for more in ([], ['--json']) if '--follow' not in args else ([],):
                with self.subTest(args=args, more=more):
                    got, out, err = self.sqnsctl(*args, *more)
                    self.assertRegex(out + err, r'\A[^\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]*\Z')
                    self.assertIn(got, range(13) if code is None else (code,), out + err)

    def test_it_is_still_there_in_json(self):
        out, _ = self.expect(0, 'job', uuid(2), '--log', '--json')
        job = json.loads(out)['job']
        self.assertEqual((job['message'], job['log']), (self.EVIL, '0.100 < ' + self.EVIL + '\n0.200 # done\n'))
        out, _ = self.expect(0, 'job', uuid(2), '--log')
        self.assertEqual(out, '0.100 < ' + self.HARMLESS + '\n0.200 # done\n')

    def test_progress_and_views(self):
        for args in (['watch'], ['watch', '--json-stream'], ['wait', uuid(1)], ['wait', uuid(1), '--json-stream']):
            with self.subTest(args=args):
                client = self.start(*args)
                stream = client.err if args[0] == 'wait' and len(args) == 2 else client.out
                seen = stream.until('title')
                client.interrupt()
                _, out, err = client.end()
                self.assertRegex(seen + out + err, r'\A[^\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]*\Z')


class Small(FakeDaemonCase):
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
        self.daemon.order('fail', method='Cancel', error=ERROR + 'WrongState', message='past the point of no return')
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
        self.daemon.order('fail', method='OpenConsole', error=ERROR + 'Busy', message='a job is running')
        self.expect(5, 'at', 'a', 'AT')

    def test_at_dials(self):
        """A call has ends of its own; for other commands these are news, or lines."""
        for end, code in (('CONNECT', 0), ('CONNECT 150000000', 0), ('NO CARRIER', 1), ('BUSY', 1), ('NO ANSWER', 1),
                          ('NO DIALTONE', 1)):
            with self.subTest(end):
                self.daemon.order('console', answers={'ATD*99***1#': '\r\n%s\r\n' % end})
                out, err = self.expect(code, 'at', 'a', 'ATD*99***1#')
                self.assertEqual((out, err), (end + '\n', '') if code == 0 else ('', 'sqnsctl: the modem answered %s\n' % end))
                out, _ = self.expect(code, 'at', 'a', 'ATD*99***1#', '--json')
                self.assertEqual(json.loads(out)['modem']['at']['result'], end)
                with open(self.file('lines', b'ATD*99***1#\n'), 'rb') as lines:
                    self.expect(code, 'console', 'a', stdin=lines)
        self.daemon.order('console', answers={'AT+CSQ': '\r\nNO CARRIER\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n'})
        self.assertEqual(self.expect(0, 'at', 'a', 'AT+CSQ')[0], '+CSQ: 20,99\n')

    def test_authorization_flag(self):
        for args, interactive in ((['drain', 'on'], True), (['drain', 'on', '--no-ask-password'], False)):
            self.expect(0, *args)
            self.assertIs(self.daemon.call('SetDraining')['interactive'], interactive)

    def test_a_call_that_is_not_answered(self):
        self.daemon.order('hold', method='SetDraining')
        out, _ = self.expect(7, 'drain', 'on', '--timeout', '1', '--json')
        self.assertEqual(json.loads(out)['error']['error-name'], ERROR + 'Timeout')

    def test_the_daemon_dies_in_a_call(self):
        self.daemon.order('hold', method='SetDraining')
        client = self.start('drain', 'on')
        self.daemon.call('SetDraining')
        self.daemon.order('drop')
        self.assertEqual(client.end()[0], 12)


if __name__ == '__main__':
    unittest.main(verbosity=2)
