#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Inhibitors: over D-Bus, and by sqnsctl inhibit."""
import os
import signal
import time
import unittest

from sqnstest.bus import ERROR, ROOT, GLib, error_name
from sqnstest.case import DaemonCase
from sqnstest.client import BUSY, DONE, NOT_FOUND, USAGE
from sqnstest.deadlines import wait_for
from sqnstest.process import open_files

INVALID_ARGS = 'org.freedesktop.DBus.Error.InvalidArgs'
NOT_RUN, NO_COMMAND, BY_SIGNAL = 126, 127, 128
# holds the inhibitor until the test has looked: ends when its stdin does
UNTIL_TOLD = ('sh', '-c', 'echo ready; read line; exit 42')


class InhibitCase(DaemonCase):
    def setUp(self):
        super().setUp()
        self.dup = self.image()

    def inhibit(self, who='anna', why='measuring', client=None, **options):
        options = {key: GLib.Variant('o', value) for key, value in options.items()}
        values, fds = (client or self.bus).call(ROOT, 'Manager.Inhibit', '(ssa{sv})', (who, why, options))
        self.assertEqual((values, len(fds)), ((0,), 1))
        return fds[0]

    def inhibitors(self):
        return self.bus.properties(ROOT, 'Manager')['Inhibitors']

    def wait_inhibitors(self, count):
        return wait_for(lambda: len(self.inhibitors()) == count and [self.inhibitors()], '%d inhibitors' % count)[0]

    def submit(self, board):
        """A job on @board that was given to the daemon."""
        return self.bus.upgrade(self.bus.add_port(board.port), self.dup)

    def wait_message(self, job, words):
        def waits():
            now = self.bus.properties(job, 'Job')
            return now if now['State'] == 'waiting' and words in now['Message'] else None
        return wait_for(waits, 'a job that waits: ' + words)

    def refused(self, name, *arguments):
        with self.assertRaises(GLib.Error) as caught:
            self.bus.call(ROOT, 'Manager.Inhibit', '(ssa{sv})', arguments)
        self.assertEqual(error_name(caught.exception), name)


class Bus(InhibitCase):
    def test_holds_until_closed(self):
        board = self.board()
        before = time.time() * 1e6
        fd = self.inhibit(why='flashing ESP32s')
        (who, why, since), = self.wait_inhibitors(1)
        self.assertEqual((who, why), ('anna', 'flashing ESP32s'))
        self.assertTrue(before - 1e6 <= since <= time.time() * 1e6, since)
        job = self.submit(board)
        self.wait_message(job, 'held back by anna: flashing ESP32s')
        modem = self.bus.properties(job, 'Job')['Modem']
        self.assertEqual(self.bus.properties(modem, 'Modem')['Blockers'], ['held back by anna: flashing ESP32s'])
        self.assert_unopened(board)
        self.assertEqual([s for s in self.bus.signals if s.name == 'PropertiesChanged' and 'Inhibitors' in s.args[1]][0]
                         .args[1]['Inhibitors'], [('anna', 'flashing ESP32s', since)])
        os.close(fd)
        self.bus.wait_state(job, 'succeeded')
        self.assert_upgraded(board)
        self.assertEqual(self.inhibitors(), [])
        wait_for(lambda: self.bus.properties(modem, 'Modem')['Blockers'] == [], 'no blockers')

    def test_listed_before_the_answer(self):
        """Whoever has the answer reads what it has changed, from a daemon that much is asked of as well."""
        modem = self.bus.add_port(self.board().port)
        busy = self.rig.connect()
        for _ in range(5):
            def crowd():
                return [busy.begin(ROOT, 'org.freedesktop.DBus.Properties.GetAll', '(s)', ('org.sqnsd1.Manager',))
                        for _ in range(200)]
            answers = crowd()
            before = len(self.inhibitors())
            fd = self.inhibit()
            self.assertEqual((before, len(self.inhibitors())), (0, 1))
            answers += crowd()
            job = self.bus.upgrade(modem, self.dup)
            self.assertEqual(self.bus.properties(ROOT, 'Manager')['QueuedJobs'], 1)
            wait_for(lambda: all(answers), 'the crowd to be answered')
            self.bus.call(job, 'Job.Cancel', '(a{sv})', ({},))
            os.close(fd)
            self.wait_inhibitors(0)

    def test_one_modem(self):
        held, free = self.board(), self.board()
        fd = self.inhibit(modem=self.bus.add_port(held.port))
        waiting, running = self.submit(held), self.submit(free)
        self.wait_message(waiting, 'held back by anna')
        self.bus.wait_state(running, 'succeeded')
        self.assert_unopened(held)
        os.close(fd)
        self.bus.wait_state(waiting, 'succeeded')

    def test_running_goes_on(self):
        board = self.board('--block-time=10')
        job = self.submit(board)
        self.wait_bytes(board)
        fd = self.inhibit()
        self.bus.wait_state(job, 'succeeded')
        self.assertEqual(len(self.inhibitors()), 1)
        os.close(fd)

    def test_waiting_job_can_be_cancelled(self):
        board = self.board()
        fd = self.inhibit()
        job = self.submit(board)
        self.wait_message(job, 'held back')
        self.bus.call(job, 'Job.Cancel', '(a{sv})', ({},))
        self.bus.wait_state(job, 'cancelled')
        os.close(fd)
        self.wait_inhibitors(0)
        self.assert_unopened(board)

    def test_caller_dies(self):
        """Whoever holds the descriptor, not whose connection it came by."""
        caller = self.rig.connect()
        fd = self.inhibit(client=caller)
        caller.close()
        self.rig.things.remove(caller)
        self.bus.call(ROOT, 'org.freedesktop.DBus.Peer.Ping')
        self.assertEqual(len(self.inhibitors()), 1)
        os.close(fd)
        self.wait_inhibitors(0)
        holder = self.start('inhibit', '--why', 'x', '--', *UNTIL_TOLD, stdin=-1)
        self.assertEqual(holder.out.line(), 'ready')
        self.assertEqual(len(self.inhibitors()), 1)
        holder.process.send_signal(signal.SIGKILL)
        self.wait_inhibitors(0)
        holder.process.stdin.close()

    def test_refusals(self):
        for who, why in (('', 'x'), ('x', ''), ('x' * 129, 'x'), ('x', 'x' * 513), ('a\nb', 'x'), ('x', '\033[2J')):
            self.refused(INVALID_ARGS, who, why, {})
        self.refused(INVALID_ARGS, 'x', 'x', {'colour': GLib.Variant('s', 'red')})
        self.refused(INVALID_ARGS, 'x', 'x', {'modem': GLib.Variant('s', '/org/sqnsd1/modem/none')})
        self.refused(ERROR + 'NotFound', 'x', 'x', {'modem': GLib.Variant('o', '/org/sqnsd1/modem/none')})
        fds = [self.inhibit() for _ in range(64)]
        self.refused(ERROR + 'LimitsExceeded', 'x', 'x', {})
        for fd in fds:
            os.close(fd)
        self.wait_inhibitors(0)
        self.assertEqual(self.open_pipes(), [], 'descriptors that the daemon has kept')

    def open_pipes(self):
        return [link for link in open_files(self.daemon.pid) if link.startswith('pipe:')]


class Command(InhibitCase):
    def hold(self, *args, **how):
        holder = self.start('inhibit', *args, '--', *UNTIL_TOLD, stdin=-1, **how)
        self.assertEqual(holder.out.line(), 'ready')
        return holder

    def let_go(self, holder, code=42):
        holder.process.stdin.close()
        got, _, err = holder.end()
        self.assertEqual(got, code, err)
        return err

    def test_holds_while_command_runs(self):
        board = self.board()
        holder = self.hold('--why', 'flashing ESP32s', '--who', 'anna')
        self.assertEqual([entry[:2] for entry in self.inhibitors()], [('anna', 'flashing ESP32s')])
        job = self.submit(board)
        self.wait_message(job, 'held back by anna: flashing ESP32s')
        self.assert_unopened(board)
        self.assertEqual(self.let_go(holder), '')
        self.bus.wait_state(job, 'succeeded')

    def test_one_modem(self):
        held, free = self.board(), self.board()
        holder = self.hold(held.port, '--why', 'x')
        waiting, running = self.submit(held), self.submit(free)
        self.bus.wait_state(running, 'succeeded')
        self.wait_message(waiting, 'held back by')
        self.let_go(holder)
        self.bus.wait_state(waiting, 'succeeded')

    def test_says_that_jobs_run(self):
        board = self.board('--block-time=20')
        job = self.submit(board)
        self.wait_bytes(board)
        holder = self.hold(board.port, '--why', 'x')
        self.assertIn('goes on', self.let_go(holder))
        self.bus.wait_state(job, 'succeeded')

    def test_exit_codes(self):
        for command, code in ((('true',), 0), (('sh', '-c', 'exit 7'), 7), (('sh', '-c', 'kill -9 $$'), BY_SIGNAL + 9),
                              (('/nonexistent/x',), NO_COMMAND), (('/etc/passwd',), NOT_RUN)):
            with self.subTest(command=command):
                out, _ = self.expect(code, 'inhibit', '--why', 'x', '--', *command)
                self.assertEqual(out, '')
        self.expect(USAGE, 'inhibit', '--', 'true')
        self.expect(USAGE, 'inhibit', '--why', 'x')
        self.expect(USAGE, 'inhibit', '--why', 'x', '--')
        self.expect(USAGE, 'inhibit', 'a', 'b', '--why', 'x', '--', 'true')
        self.expect(NOT_FOUND, 'inhibit', 'nobody', '--why', 'x', '--', 'touch', os.path.join(self.rig.folder, 'touched'))
        self.assertFalse(os.path.exists(os.path.join(self.rig.folder, 'touched')))
        self.wait_inhibitors(0)

    def test_command_keeps_its_own(self):
        """Options behind --, stdin, other descriptors; but not the inhibitor."""
        read_end, write_end = os.pipe()
        out, _ = self.expect(DONE, 'inhibit', '--why', 'x', '--', 'sh', '-c',
                             'echo "$@" > /dev/fd/%d; ls -l /proc/self/fd' % write_end, 'sh', '--json', '--', '--help',
                             pass_fds=(write_end,))
        os.close(write_end)
        self.assertEqual(os.read(read_end, 100), b'--json -- --help\n')
        os.close(read_end)
        # stdin is /dev/null; stdout, stderr and what was passed are pipes, the inhibitor would be another
        self.assertEqual(out.count('pipe:'), 3, out)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            with self.subTest(signal=number):
                script = 'trap "echo caught %d; exit 5" %d; echo ready; while :; do read x || sleep 0.01; done' % (number, number)
                holder = self.start('inhibit', '--why', 'x', '--', 'sh', '-c', script)
                self.assertEqual(holder.out.line(), 'ready')
                holder.process.send_signal(number)
                code, out, err = holder.end()
                self.assertEqual((code, out), (5, 'caught %d\n' % number), err)
        self.wait_inhibitors(0)

    def test_ctrl_c_once(self):
        """The terminal tells both; the command must not hear it twice."""
        script = 'trap "echo caught" INT; echo ready; while ! read -r line; do :; done; echo bye'
        holder = self.start('inhibit', '--why', 'x', '--', 'sh', '-c', script, terminal=(80, 24))
        holder.screen.until('ready')
        holder.type(b'\x03')
        holder.screen.until('caught')
        holder.type(b'end\n')
        code, rest, _ = holder.end()
        self.assertEqual(code, 0, rest)
        self.assertNotIn('caught', rest)

    def test_daemon_goes_and_comes_back(self):
        holder = self.hold('--why', 'x')
        self.daemon.kill()
        self.daemon.wait()
        self.assertIn('the daemon has gone', holder.err.line())
        self.daemon = self.rig.daemon()
        self.assertIn('held back again', holder.err.line())
        self.wait_inhibitors(1)
        board = self.board()
        job = self.submit(board)
        self.wait_message(job, 'held back')
        self.let_go(holder)
        self.bus.wait_state(job, 'succeeded')

    def test_no_place(self):
        fds = [self.inhibit() for _ in range(64)]
        _, err = self.expect(BUSY, 'inhibit', '--why', 'x', '--', 'true')
        self.assertIn('64', err)
        for fd in fds:
            os.close(fd)


if __name__ == '__main__':
    unittest.main()
