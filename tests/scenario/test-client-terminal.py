#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sqnsctl against a fake daemon, on a terminal: Ctrl-C, bars, live views."""
import json
import os
import re
import time
import unittest

from sqnstest.bus import ERROR
from sqnstest.case import Case, FakeDaemonCase
from sqnstest.fake_daemon import job_path, uuid


class CtrlC(FakeDaemonCase):
    """On a terminal, by the key."""

    def running(self, *args):
        client = self.upgrade(*args, terminal=(100,))
        self.daemon.set_job(1, State='running', Phase='transfer', Message='sending', Progress=0.5)
        client.screen.until(' 50 %')
        return client

    def test_once(self):
        client = self.running()
        client.type(b'\x03')
        client.screen.until('Detached; the upgrade continues in the background')
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
        client.screen.until('Cancelling... press Ctrl-C again to stop waiting')
        self.daemon.finish(1, 'cancelled', error=ERROR + 'Cancelled', message='as you wished')
        code, screen, _ = client.end()
        self.assertEqual(code, 9)
        self.assertIn('cancelled: as you wished', screen)

    def test_a_cancel_that_is_refused(self):
        client = self.running()
        self.daemon.order('fail', method='Cancel', error=ERROR + 'WrongState', message='the modem is writing')
        client.type(b'\x03')
        client.screen.until('again within')
        client.type(b'\x03')
        client.screen.until('could not cancel, the job continues: the modem is writing')
        self.assertEqual(client.end()[0], 130)

    def test_thrice(self):
        client = self.running()
        for words in ('again within', 'Cancelling'):
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
        client = self.start('upgrade', 'a', self.firmware())
        self.daemon.call('Upgrade')
        client.interrupt()
        client.err.until('Waiting for sqnsd to accept the job')
        self.daemon.order('release')
        code, out, _ = client.end()
        self.assertEqual((code, out), (130, uuid(1) + '\n'))

    def test_before_there_is_a_job_twice(self):
        self.daemon.order('hold', method='Upgrade')
        client = self.start('upgrade', 'a', self.firmware())
        self.daemon.call('Upgrade')
        client.interrupt()
        client.err.until('Waiting for sqnsd to accept the job')
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


class Screen(FakeDaemonCase):
    """What stands on a terminal in the end."""

    def running(self, *args):
        client = self.upgrade(*args, terminal=(100,), env={'NO_COLOR': '1'})
        self.daemon.set_job(1, State='running', Phase='transfer', Message='sending', Progress=0.5, Safe=False)
        client.screen.until(' 50 %')
        return client

    def assert_stays(self, screen, *lines):
        """@screen: what came since a bar was drawn, which stands where the cursor was."""
        rows, at = [''], 0
        for piece in re.findall(r'\033\[\d*[A-Za-z]|\r|\n|[^\033\r\n]+', screen):
            if piece == '\n':
                at += 1
                rows += [''] * (at + 1 - len(rows))
            elif re.fullmatch(r'\033\[\d+A', piece):
                at = max(at - int(piece[2:-1]), 0)
            elif piece == '\033[J':
                del rows[at + 1:]
                rows[at] = ''
            elif piece == '\033[K' or piece == '\r':
                pass
            else:
                rows[at] = piece
        for line in lines:
            self.assertIn(line, rows, screen)
        self.assertTrue(any(row.startswith('KEEP POWER ON  tty-a') for row in rows), rows)

    def test_ids_after_a_timeout(self):
        code, screen, _ = self.running('--timeout', '8').end()
        self.assertEqual(code, 7)
        self.assert_stays(screen, uuid(1), 'sqnsctl: Stopped waiting after 8 s; the job is still running')

    def test_ids_after_a_loss(self):
        client = self.running()
        self.daemon.order('drop')
        code, screen, _ = client.end()
        self.assertEqual(code, 7)
        self.assert_stays(screen, uuid(1))
        self.assertIn("sqnsctl: Lost contact with sqnsd during the upgrade. Do not cut the board's power.", screen)

    def test_ids_after_ctrl_c(self):
        client = self.running()
        client.type(b'\x03')
        code, screen, _ = client.end()
        self.assertEqual(code, 130)
        self.assert_stays(screen, uuid(1), 'Detached; the upgrade continues in the background')


class Bars(FakeDaemonCase):
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
        self.daemon.finish(1, 'failed', error=ERROR + 'Failed', message='x')
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

    def test_power_comes_first(self):
        for number, columns in enumerate((200, 80, 40, 20), 1):
            with self.subTest(columns):
                client = self.upgrade(terminal=(columns,), env={'NO_COLOR': '1'})
                self.daemon.set_job(number, State='running', Phase='link', Message='looking for the way', Progress=0.1)
                self.assertNotIn('POWER', client.screen.until('10 %'))
                self.daemon.set_job(number, Phase='transfer', Message='sending the whole firmware now', Progress=0.42,
                                    Safe=False)
                screen = client.screen.until('42 %')
                self.assertRegex(re.split(r'[\r\n]|\033\[\d*[A-Z]', screen)[-1], r'^KEEP POWER ON  .*42 %$')
                self.daemon.set_job(number, Phase='confirm', Message='asking', Progress=0.97, Safe=True)
                client.screen.until('97 %')
                self.daemon.set_job(number, Progress=0.98)
                self.assertNotIn('POWER', client.screen.until('98 %'))
                client.process.terminate()
                self.assertEqual(client.end()[0], 130)

    def test_power_in_colour_and_of_hidden_boards(self):
        for i in range(9):
            self.daemon.modem('m%d' % i)
        client = self.start('upgrade', '--all', self.firmware(), terminal=(80, 6))
        self.daemon.call('UpgradeMany')
        client.screen.until('6 more boards')
        self.daemon.set_job(9, State='running', Phase='apply', Safe=False)
        client.screen.until('\033[1;33mKEEP POWER ON\033[0m  6 more boards; 0 of 10 finished')
        client.process.terminate()
        client.end()

    def test_power_in_plain_lines(self):
        client = self.upgrade()
        self.daemon.set_job(1, State='running', Phase='transfer', Message='sending')
        client.err.until('tty-a: transfer: sending\n')
        self.daemon.set_job(1, Safe=False)
        client.err.until('KEEP POWER ON  tty-a: transfer: sending\n')
        self.daemon.set_job(1, Message='erasing flash; up to 5 min, 0:05 so far')
        client.err.until('KEEP POWER ON  tty-a: transfer: erasing flash; up to 5 min, 0:05 so far\n')
        self.daemon.set_job(1, Message='erasing flash; up to 5 min, 0:06 so far')
        self.daemon.set_job(1, Message='sending')
        self.assertEqual(client.err.until('sending\n'), 'KEEP POWER ON  tty-a: transfer: sending\n')
        self.daemon.finish(1, 'succeeded', props={'Safe': True})
        code, _, err = client.end()
        self.assertEqual((code, err), (0, ''))

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
        client = self.start('upgrade', '--all', self.firmware(), terminal=(80, 6))
        self.daemon.call('UpgradeMany')
        client.screen.until('6 more boards; 0 of 10 finished')
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


class Watch(FakeDaemonCase):
    def test_stream(self):
        client = self.start('watch', '--json-stream', '-q')
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
        client = self.start('watch')
        self.assertEqual(client.out.line(), 'tty-a: unknown')
        self.daemon.job(1)
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'CurrentJob': job_path(1), 'State': 'upgrading'})
        self.assertEqual(client.out.line(), 'tty-a: queued')
        self.daemon.set_job(1, State='running', Phase='transfer', Message='sending')
        self.assertEqual(client.out.line(), 'tty-a: transfer: sending')
        self.daemon.set_job(1, Safe=False)
        self.assertEqual(client.out.line(), 'KEEP POWER ON  tty-a: transfer: sending')
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'CurrentJob': '/', 'State': 'application'})
        self.assertEqual(client.out.line(), 'tty-a: application')
        self.daemon.order('drop')
        self.assertEqual(client.end()[0], 12)

    def test_bars(self):
        client = self.start('watch', terminal=(80,))
        client.screen.until('tty-a  unknown')
        client.type(b'\x03')
        self.assertEqual(client.end()[0], 0)


class Agent(Case):
    """polkit's textual agent: a person without a desktop is asked in the terminal."""

    def setUp(self):
        super().setUp()
        self.start_fake_daemon()
        self.log = self.file('agent.log', b'')
        os.chmod(self.log, 0o666)
        agent = self.file('pkttyagent', b"""#!/bin/sh
echo "start $*" >>%s
trap 'echo stop >>%s; exit 0' TERM
shift 3
eval "exec $1>&-"   # registered
while :; do read -r line <%s || exit 1; done
""" % (self.log.encode(), self.log.encode(), os.path.join(self.folder, 'never').encode()))
        os.mkfifo(os.path.join(self.folder, 'never'), 0o666)
        os.chmod(os.path.join(self.folder, 'never'), 0o666)
        os.chmod(agent, 0o755)
        self.names_bus = False

    def drain(self, *args, user=65534):
        how = {'user': user} if os.getuid() == 0 else {}
        self.expect(0, 'drain', 'on', *args, terminal=(80,), **how,
                    env={'PATH': self.folder + ':' + os.environ['PATH'], 'DBUS_SYSTEM_BUS_ADDRESS': self.rig.address})
        with open(self.log) as log:
            return log.read().split('\n')[:-1]

    def test_it_is_started_and_stopped(self):
        lines = self.drain()
        self.assertRegex(lines[0], r'^start --process \d+ --notify-fd \d+ --fallback$')
        self.assertEqual(lines[1:], ['stop'])

    def test_not_when_nobody_is_to_be_asked(self):
        self.assertEqual(self.drain('--no-ask-password'), [])
        self.assertEqual(self.drain('--bus', self.rig.address), [])
        if os.getuid() == 0:
            self.assertEqual(self.drain(user=0), [])


if __name__ == '__main__':
    unittest.main(verbosity=2)
