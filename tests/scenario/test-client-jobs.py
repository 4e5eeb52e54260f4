#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sqnsctl against a fake daemon: jobs that it starts and waits for, and its exit codes."""
import datetime
import hashlib
import json
import os
import time
import unittest

from sqnstest.bus import DBUS_ERROR, ERROR
from sqnstest.case import FakeDaemonCase
from sqnstest.fake_daemon import job_path, uuid

EXIT_CODES = {
    ERROR + 'Failed': 1, ERROR + 'NotFound': 3, ERROR + 'Busy': 5, ERROR + 'PortLocked': 5, ERROR + 'Inhibited': 5,
    ERROR + 'InvalidFirmware': 6, ERROR + 'Incompatible': 6, ERROR + 'Downgrade': 6, ERROR + 'WrongState': 6,
    ERROR + 'Timeout': 7, ERROR + 'DeviceLost': 7, ERROR + 'Protocol': 7, ERROR + 'ModemRefused': 1, ERROR + 'VerifyFailed': 1,
    ERROR + 'NeedsRecovery': 10,
    ERROR + 'NeedsHand': 11, ERROR + 'Cancelled': 9, ERROR + 'Draining': 5, ERROR + 'NotSupported': 1,
    ERROR + 'KeyReused': 2, ERROR + 'LimitsExceeded': 5,
}
BUS_EXIT_CODES = {
    DBUS_ERROR + 'AccessDenied': 4, DBUS_ERROR + 'InteractiveAuthorizationRequired': 4, DBUS_ERROR + 'InvalidArgs': 2,
    DBUS_ERROR + 'UnknownObject': 3, DBUS_ERROR + 'NoReply': 12, 'org.example.Whatever': 1,
}


class Upgrade(FakeDaemonCase):
    def test_all_goes_well(self):
        path = self.firmware()
        client = self.start('upgrade', '/dev/tty-a', path)
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
        for number, (args, out) in enumerate((([], 'tty-a: succeeded: it runs 6.0.0.0-37781 already\n'), (['-q'], '')), 1):
            client = self.upgrade(*args)
            self.daemon.finish(number, 'succeeded', props={
                'VersionBefore': '6.0.0.0-37781', 'VersionAfter': '6.0.0.0-37781', 'Message': 'it runs 6.0.0.0-37781 already'})
            self.assertEqual(client.end()[:2], (0, out))

    def test_options_as_the_daemon_gets_them(self):
        elf = self.file('updater.elf', b'\x7fELF' + bytes(200))
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

    def test_a_limit_that_passes(self):
        """The daemon takes a few files of a user at a time: who starts upgrades side by side does not see that."""
        self.daemon.order('fail', method='Upgrade', error=ERROR + 'LimitsExceeded', message='8 files are being read', times=2)
        client = self.upgrade('--detach')
        for _ in range(2):
            self.daemon.call('Upgrade')
        code, out, _ = client.end()
        self.assertEqual((code, out.strip()), (0, uuid(1)))

    def test_errors_of_the_job(self):
        for number, (name, code) in enumerate(EXIT_CODES.items(), 1):
            with self.subTest(name):
                client = self.upgrade('--json')
                state = 'cancelled' if name == ERROR + 'Cancelled' else 'failed'
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
            self.daemon.finish(number, 'failed', error=ERROR + 'NeedsRecovery', message='the modem is left in recovery',
                               props={'Safe': safe, 'Advice': 'run it again'})
            code, out, err = client.end()
            self.assertEqual((code, out), (10, ''))
            lines = [' '.join(line.split()) for line in err.splitlines()]
            self.assertEqual(lines[0], 'sqnsctl: tty-a: the modem is left in recovery')
            self.assertIn('power ' + power, lines)
            self.assertIn('next run it again', lines)
            self.assertIn('log sqnsctl job %s --log' % uuid(number)[:8], lines)

    def test_what_is_left_to_do_at_the_board(self):
        """Is told on stderr, however little is to be told."""
        for number, args in enumerate(([], ['-q'], ['--json'], ['-q', '--json-stream']), 1):
            with self.subTest(args):
                client = self.upgrade(*args)
                self.daemon.finish(number, 'succeeded', props={'Advice': 'Press the reset button.'})
                code, _, err = client.end()
                self.assertEqual(code, 0)
                self.assertIn('sqnsctl: tty-a: Press the reset button.\n', err)

    def test_a_person_is_called(self):
        for number, args in enumerate(([], ['-q'], ['--json'], ['-q', '--json-stream']), 1):
            with self.subTest(args):
                client = self.upgrade(*args)
                self.daemon.set_job(number, State='waiting', Message='NeedsHand: press the reset button')
                client.err.until('press the reset button')
                self.daemon.finish(number, 'succeeded')
                self.assertEqual(client.end()[0], 0)

    def end_with(self, modem, state='failed', **props):
        """What sqnsctl says of a job that ended so, on a modem like that."""
        client = self.upgrade('-q')
        self.number = getattr(self, 'number', 0) + 1
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'CurrentJob': '/', **modem})
        self.daemon.finish(self.number, state, error=ERROR + props.pop('name'), message='so it ended',
                           props={'Safe': True, **props})
        return client.end()[2]

    def test_power_may_be_cut_only_when_somebody_knows(self):
        other = job_path(77)
        for modem, name, knows in (
                ({'State': 'application'}, 'ModemRefused', True), ({'State': 'recovery'}, 'NeedsRecovery', True),
                ({'State': 'ffh'}, 'NeedsRecovery', True), ({'State': 'mtools'}, 'NeedsRecovery', True),
                ({'State': 'unknown'}, 'Cancelled', True), ({'State': 'unknown'}, 'Timeout', False),
                ({'State': 'silent'}, 'Failed', False),
                ({'State': 'gone'}, 'DeviceLost', False), ({'State': 'upgrading', 'CurrentJob': other}, 'Cancelled', False),
                ({'State': 'application', 'CurrentJob': other}, 'Cancelled', False),
                ({'State': 'application'}, 'Timeout', False), ({'State': 'application'}, 'NeedsHand', False),
                ({'State': 'application'}, 'PortLocked', False)):
            with self.subTest(modem=modem, name=name):
                err = self.end_with(modem, state='cancelled' if name == 'Cancelled' else 'failed', name=name)
                self.assertEqual('may be cut now' in err, knows, err)
                self.assertEqual('not known: leave it on until the next step says otherwise' in err, not knows, err)
        self.assertIn('must stay on', self.end_with({'State': 'updater'}, name='Timeout', Safe=False))
        self.assertIn('must stay on', self.end_with({'State': 'updater'}, name='Failed'))

    def test_cancelled_is_said_once(self):
        for message, want in (('cancelled before it began: nothing was sent', 'cancelled before it began: nothing was sent'),
                              ('cancelled', 'cancelled'), ('you did it', 'cancelled: you did it')):
            client = self.upgrade('-q')
            self.number = getattr(self, 'number', 0) + 1
            self.daemon.finish(self.number, 'cancelled', error=ERROR + 'Cancelled', message=message)
            self.assertEqual(client.end()[2].splitlines()[0], 'sqnsctl: tty-a: ' + want)

    def test_the_signal_may_come_before_the_properties(self):
        for number, (order, state, error, code) in enumerate((
                ('signal-first', 'failed', ERROR + 'NeedsHand', 11), ('signal-only', 'failed', ERROR + 'NeedsHand', 11),
                ('signal-only', 'cancelled', ERROR + 'Cancelled', 9), ('signal-only', 'succeeded', '', 0)), 1):
            with self.subTest(order):
                client = self.upgrade('--json')
                client.err.until('queued')
                self.daemon.finish(number, state, error=error, message='so', order=order)
                got, out, _ = client.end()
                self.assertEqual((got, json.loads(out)['jobs'][0]['state']), (code, state))

    def test_a_job_that_is_over_before_we_look(self):
        self.daemon.order('hold', method='Upgrade')
        client = self.start('upgrade', 'a', self.firmware())
        self.daemon.call('Upgrade')
        self.daemon.order('release')
        self.daemon.finish(1, 'failed', error=ERROR + 'Downgrade', message='no')
        self.assertEqual(client.end()[0], 6)

    def test_many_boards(self):
        for name in 'bcd':
            self.daemon.modem(name)
        client = self.start('upgrade', 'a', 'b', 'c', 'd', '/dev/tty-a', self.firmware(), '--json')
        call = self.daemon.call('UpgradeMany')
        self.assertEqual(call['args'][0], ['/org/sqnsd1/modem/' + name for name in 'abcd'])
        self.daemon.finish(3, 'failed', error=ERROR + 'Incompatible', message='wrong family')
        self.daemon.finish(1, 'succeeded')
        self.daemon.finish(4, 'failed', error=ERROR + 'NeedsRecovery', message='left in recovery')
        self.daemon.finish(2, 'failed', error=ERROR + 'DeviceLost', message='pulled out')
        code, out, err = client.end()
        self.assertEqual(code, 10)
        self.assertEqual([job['state'] for job in json.loads(out)['jobs']], ['succeeded', 'failed', 'failed', 'failed'])
        self.assertRegex(err, r'(?m)^sqnsctl: tty-c: wrong family$')

    def test_severity(self):
        self.daemon.modem('b')
        names = [ERROR + n for n in ('NeedsRecovery', 'NeedsHand', 'DeviceLost', 'Failed', 'Incompatible', 'Busy', 'NotFound',
                                     'Cancelled')]
        for i in range(len(names) - 1):
            with self.subTest(names[i]):
                client = self.start('upgrade', 'a', 'b', self.firmware())
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
        self.daemon.finish(1, 'failed', error=ERROR + 'NeedsHand', message='nobody came')
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
            self.assertIn('Lost contact with sqnsd', err)
            if args:
                self.assertEqual(json.loads(out)['error']['jobs'], [uuid(1)])
            else:
                self.assertEqual(out, uuid(1) + '\n')
            self.start_fake_daemon()
            self.daemon.modem('a')

    def test_the_daemon_vanishes_with_the_end_on_its_lips(self):
        client = self.upgrade()
        client.err.line()
        self.daemon.finish(1, 'failed', error=ERROR + 'NeedsHand', message='a person must come', order='last-words')
        code, _, err = client.end()
        self.assertEqual(code, 11, err)
        self.assertIn('a person must come', err)
        self.assertIn('log    sqnsctl job ' + uuid(1)[:8], err)

    def test_the_bus_vanishes(self):
        client = self.upgrade()
        client.err.line()
        self.rig.bus.close()
        self.assertEqual(client.end()[0], 7)

    def test_timeout(self):
        client = self.upgrade('--timeout', '3')
        code, out, err = client.end()
        self.assertEqual((code, out), (7, uuid(1) + '\n'))
        self.assertIn('Stopped waiting after 3 s; the job is still running', err)

    def test_a_reader_that_goes_away_stops_nothing(self):
        read, write = os.pipe()
        os.close(read)
        client = self.upgrade('--json-stream', stdout=write)
        os.close(write)
        self.daemon.set_job(1, State='running', Phase='link')
        self.daemon.finish(1, 'failed', error=ERROR + 'NeedsHand', message='x')
        self.assertEqual(client.end()[0], 11)


STRANDED = 'the board disappeared; to continue it, run: sqnsctl resume 00000001'


class Stranded(FakeDaemonCase):
    """An interrupted job that does not go on by itself is not waited for."""

    def check(self, client, said):
        code, out, err = client.end()
        self.assertEqual(code, 7, err)
        self.assertIn('sqnsctl resume 00000001', said(out, err))
        self.assertNotIn('may be cut now', said(out, err))

    def test_upgrade(self):
        client = self.upgrade()
        self.daemon.set_job(1, State='interrupted', Message=STRANDED, QueuePosition=0, Safe=False)
        self.check(client, lambda out, err: err)

    def test_on_a_terminal(self):
        client = self.upgrade(terminal=(100,))
        client.screen.until('queued')
        self.daemon.set_job(1, State='interrupted', Message=STRANDED, QueuePosition=0, Safe=False)
        self.check(client, lambda out, err: out)

    def test_wait(self):
        self.daemon.job(1, State='interrupted', Message=STRANDED)
        self.check(self.start('wait', uuid(1)), lambda out, err: err)
        out, _ = self.expect(7, 'wait', uuid(1), '--json')
        self.assertEqual(json.loads(out)['jobs'][0]['state'], 'interrupted')

    def test_resumed_it_goes_on(self):
        """What it was before may still be told for a moment."""
        self.daemon.job(1, State='interrupted', Message=STRANDED)
        client = self.start('resume', uuid(1))
        self.daemon.call('Resume')
        client.err.until('interrupted')
        self.daemon.set_job(1, State='running', Phase='probe', Message='')
        client.err.until('probe')
        self.daemon.finish(1, 'succeeded')
        self.assertEqual(client.end()[0], 0)

    def test_one_that_goes_on_is_waited_for(self):
        client = self.upgrade()
        self.daemon.set_job(1, State='interrupted', Message='plug it in again; the job then continues by itself', QueuePosition=1)
        client.err.until('plug it in')
        self.daemon.finish(1, 'succeeded')
        self.assertEqual(client.end()[0], 0)


class Wait(FakeDaemonCase):
    def test_one(self):
        self.daemon.job(1, State='running')
        client = self.start('wait', uuid(1))
        client.err.line()
        self.daemon.finish(1, 'failed', error=ERROR + 'Timeout', message='x')
        self.assertEqual(client.end()[0], 7)
        self.expect(7, 'wait', uuid(1))

    def test_all(self):
        self.expect(0, 'wait', '--all')
        self.daemon.job(1, State='succeeded')
        self.daemon.job(2)
        self.daemon.job(3)
        client = self.start('wait', '--all', '--json')
        self.assertEqual([client.err.line(), client.err.line()], ['tty-a: queued', 'tty-a: queued'])
        self.daemon.finish(3, 'succeeded')
        self.daemon.finish(2, 'cancelled', error=ERROR + 'Cancelled', message='x')
        code, out, _ = client.end()
        self.assertEqual((code, sorted(job['uuid'] for job in json.loads(out)['jobs'])), (9, [uuid(2), uuid(3)]))

    def test_ctrl_c_ends_it_at_once(self):
        self.daemon.job(1)
        client = self.start('wait', uuid(1))
        client.err.line()
        client.interrupt()
        code, out, _ = client.end()
        self.assertEqual((code, out), (130, uuid(1) + '\n'))
        self.assertEqual(self.daemon.calls, [])


if __name__ == '__main__':
    unittest.main(verbosity=2)
