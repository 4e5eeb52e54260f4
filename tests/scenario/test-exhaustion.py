#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a host runs out of, and people who take too much: no descriptors, no room for a file in memory, a client that asks a
thousand times a second, one that never reads, a console that floods and one that nobody empties. The daemon stays up, answers
others, and says what was refused. (The disk's part is in test-journal.py.)"""
import json
import os
import resource
import select
import subprocess
import sys
import threading
import time
import unittest

from sqnstest.bus import ROOT, GLib, error_name
from sqnstest.case import TARGET, DaemonCase
from sqnstest.client import DONE
from sqnstest.deadlines import wait_for
from sqnstest.jobs import ENDED

FREE = 4  # descriptors that are left beside those in use
QUESTIONS = 20
RUDE_S = 10
RUDE_PER_S = 1000
REFUSED = 'org.freedesktop.DBus.Error.LimitsExceeded'  # by the bus: more than 128 questions without an answer, or by the daemon
DEAF_S = 10
# a sanitizer's own memory grows with what was ever in use
RSS_MORE_KIB = 16384 * (4 if 'detect_leaks' in os.environ.get('ASAN_OPTIONS', '') else 1)
FLOOD_KIB = 4096
# what a sanitizer keeps of freed memory is not the daemon's
os.environ['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=4'
# a client that asks and asks, as fast as it is told to
RUDE = """
import json, sys, time
import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib
address, rate, seconds, path, method = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5]
bus = Gio.DBusConnection.new_for_address_sync(address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                                              | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
interface, member = method.rsplit('.', 1)
state = {'sent': 0, 'answers': 0}
errors = {}
begin = time.monotonic()
loop = GLib.MainLoop()
ended = []

def answered(bus, result):
    try:
        bus.call_finish(result)
    except GLib.Error as error:
        name = Gio.DBusError.get_remote_error(error) or error.message
        errors[name] = errors.get(name, 0) + 1
    state['answers'] += 1
    if ended and state['answers'] == state['sent']:
        loop.quit()

def more():
    now = time.monotonic() - begin
    while state['sent'] < min(now, seconds) * rate:
        state['sent'] += 1
        bus.call('org.sqnsd1', path, interface, member,
                 None if len(sys.argv) < 7 else GLib.Variant(sys.argv[6], eval(sys.argv[7])),
                 None, Gio.DBusCallFlags.NONE, 120000, None, answered)
    if now > seconds:
        ended.append(now)
        if state['answers'] == state['sent']:
            loop.quit()
    return not ended
GLib.timeout_add(1, more)
loop.run()
print(json.dumps({**state, 'errors': errors}))
"""
# a client that says hello by hand, asks, and never reads: what it is sent fills its socket, then the bus
DEAF = """
import os, socket, struct, sys, time
path, seconds = sys.argv[1], float(sys.argv[2])
s = socket.socket(socket.AF_UNIX)
s.connect(path)
s.sendall(b'\\0AUTH EXTERNAL ' + str(os.getuid()).encode().hex().encode() + b'\\r\\nBEGIN\\r\\n')

def string(text):
    data = text.encode()
    return struct.pack('<I', len(data)) + data + b'\\0'

def padded(data, to=8):
    return data + b'\\0' * (-len(data) % to)

def call(serial, destination, object_path, interface, member, signature='', body=b''):
    fields = b''
    for code, kind, value in ((1, 'o', object_path), (2, 's', interface), (3, 's', member), (6, 's', destination)):
        fields = padded(fields) + struct.pack('<BB', code, 1) + kind.encode() + b'\\0' + padded(b'', 4) + string(value)
    if signature:
        kind = b'g\\0' + struct.pack('<B', len(signature)) + signature.encode() + b'\\0'
        fields = padded(fields) + struct.pack('<BB', 8, 1) + kind
    head = struct.pack('<cBBBIII', b'l', 1, 0, 1, len(body), serial, len(fields)) + fields
    return padded(head) + body

s.sendall(call(1, 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'Hello'))
end, serial = time.monotonic() + seconds, 2
s.settimeout(0.2)
sent = 0
try:
    while time.monotonic() < end:
        try:
            s.send(call(serial, 'org.sqnsd1', '/org/sqnsd1', 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects'))
            serial += 1
            sent += 1
        except socket.timeout:
            pass
except OSError as error:
    print(sent, 'thrown out:', error)
else:
    print(sent, 'still there')
"""


class ExhaustionCase(DaemonCase):
    def setUp(self):
        super().setUp()
        self.dup = self.image()

    def in_use(self):
        return len(os.listdir('/proc/%d/fd' % self.daemon.pid))

    def rss_kib(self):
        with open('/proc/%d/status' % self.daemon.pid, encoding='utf-8') as status:
            return next(int(line.split()[1]) for line in status if line.startswith('VmRSS'))

    def limit(self, what, value, gate=False):
        """Of the daemon, from now on, or of its gate and the readers that this will start; the limit before."""
        pid = self.rig.gate(self.daemon) if gate else self.daemon.pid
        return resource.prlimit(pid, what, (value, resource.getrlimit(what)[1]))

    def assert_up(self):
        self.assertIsNone(self.daemon.poll(), self.rig.log(self.daemon)[-3000:])
        self.assertEqual(self.bus.properties(ROOT, 'Manager')['Draining'], False)

    def assert_works(self):
        """A whole upgrade."""
        board = self.board('--start=direct')
        self.expect(DONE, 'upgrade', board.port, self.dup)
        self.assert_upgraded(board)

    def refusal(self, *call, **how):
        """Name and message of the error that the call is answered with."""
        try:
            values = self.bus.call(*call, **how)
        except GLib.Error as error:
            return error_name(error), error.message
        if isinstance(values, tuple) and len(values) == 2 and isinstance(values[1], list):
            for fd in values[1]:
                os.close(fd)
        return None, values

    def ask_until(self, ended):
        """Another client's questions, one after the other: each is answered within the deadline that D-Bus has for all calls."""
        questions = 0
        while not ended() or questions < QUESTIONS:
            self.bus.properties(ROOT, 'Manager')
            questions += 1


class Descriptors(ExhaustionCase):
    def exhaust(self, free):
        return self.limit(resource.RLIMIT_NOFILE, self.in_use() + free)

    def test_none_for_a_job(self):
        """The job fails, and says of what; with descriptors again the next one runs."""
        board = self.board('--start=direct')
        modem = self.bus.add_port(board.port)
        running = self.board('--start=direct')
        other = self.bus.add_port(running.port)
        before = self.exhaust(1)
        for _ in range(5):
            fd = os.open(self.dup, os.O_RDONLY)
            try:
                name, words = self.refusal(modem, 'Modem.Upgrade', '(ha{sv})', (0, {}), files=[fd])
            finally:
                os.close(fd)
            if name is None:
                ended = self.bus.wait_state(words[0], *ENDED)
                self.assertEqual(ended['State'], 'failed', ended)
                self.assertRegex(ended['ErrorMessage'], '(?i)too many open files|descriptor')
            else:
                self.assertTrue(name.startswith('org.sqnsd1.Error.'), (name, words))
                self.assertRegex(words, '(?i)too many open files|descriptor')
            self.assert_up()
        self.assert_unopened(board)
        self.limit(resource.RLIMIT_NOFILE, before[0])
        for port, path in ((board, modem), (running, other)):
            job = self.bus.upgrade(path, self.dup)
            self.assertEqual(self.bus.wait_state(job, *ENDED)['State'], 'succeeded')
            self.assert_upgraded(port)

    def test_not_even_one_for_the_file(self):
        """The kernel drops what comes with the call."""
        board = self.board('--start=direct')
        modem = self.bus.add_port(board.port)
        before = self.exhaust(0)
        fd = os.open(self.dup, os.O_RDONLY)
        try:
            name, words = self.refusal(modem, 'Modem.Upgrade', '(ha{sv})', (0, {}), files=[fd])
        finally:
            os.close(fd)
        self.limit(resource.RLIMIT_NOFILE, before[0])
        self.assert_up()
        self.assertIsNotNone(name, words)
        self.assertRegex(words, '(?i)descriptor')
        self.expect(DONE, 'upgrade', board.port, self.dup)
        self.assert_upgraded(board)

    def test_clients_hold_them(self):
        """Consoles, inhibitors and logs cost descriptors: a client that takes what it gets is refused at some time."""
        self.exhaust(20)
        held, refused = [], None
        for i in range(40):
            try:
                _, fds = self.bus.call(ROOT, 'Manager.Inhibit', '(ssa{sv})', ('greedy', 'number %d' % i, {}))
                held += fds
            except GLib.Error as error:
                refused = error_name(error), error.message
                break
        self.addCleanup(lambda: [os.close(fd) for fd in held])
        self.assertIsNotNone(refused, 'never refused')
        self.assertTrue(refused[0].startswith('org.sqnsd1.Error.'), refused)
        self.assertRegex(refused[1], '(?i)too many open files|descriptor')
        self.assert_up()
        while held:
            os.close(held.pop())
        wait_for(lambda: self.bus.properties(ROOT, 'Manager')['Inhibitors'] == [], 'the inhibitors to go')
        self.limit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self.assert_works()

    def test_none_in_a_running_job(self):
        """What it has open is enough for it to end."""
        board = self.board('--start=direct', speed=('--time-scale=0.02', '--block-time=10'))
        modem = self.bus.add_port(board.port)
        job = self.bus.upgrade(modem, self.dup)
        self.wait_bytes(board)
        before = self.exhaust(0)
        self.bus.wait_state(job, *ENDED)
        self.assert_up()
        self.limit(resource.RLIMIT_NOFILE, before[0])
        end = self.bus.properties(job, 'Job')
        if end['State'] == 'failed':
            self.assertRegex(end['ErrorMessage'] + end['Advice'], '(?i)too many open files|descriptor')
            self.bus.call(job, 'Job.Resume', '(a{sv})', ({},))
            self.bus.wait_state(job, 'succeeded')
        self.assert_upgraded(board)


class Memory(ExhaustionCase):
    """A file in memory that cannot be written, as when the host has no room: RLIMIT_FSIZE bounds it as it bounds others."""

    def setUp(self):
        # what a service manager does with LimitFSIZE= is not of interest: that a write fails is
        wrapper = os.environ['SQNSD']
        super().setUp()
        self.assertEqual(self.rig.stop(self.daemon), 0)
        script = self.file('sqnsd-without-sigxfsz', b'#!/bin/sh\ntrap "" XFSZ\nexec "%s" "$@"\n' % wrapper.encode())
        os.chmod(script, 0o755)
        os.environ['SQNSD'] = script
        self.addCleanup(os.environ.__setitem__, 'SQNSD', wrapper)
        self.daemon = self.rig.daemon()

    def test_no_room(self):
        board = self.board('--start=direct')
        modem = self.bus.add_port(board.port)
        before = self.limit(resource.RLIMIT_FSIZE, 30000)
        self.limit(resource.RLIMIT_FSIZE, 30000, gate=True)
        fd = os.open(self.dup, os.O_RDONLY)
        try:
            for call in ((modem, 'Modem.Upgrade'), (modem, 'Modem.Recover'), (ROOT, 'Manager.Inspect')):
                name, words = self.refusal(*call, '(ha{sv})', (0, {}), files=[fd])
                self.assertEqual(name, 'org.sqnsd1.Error.Failed', (call, words))
                self.assertIn('file in memory', words)
        finally:
            os.close(fd)
        self.assert_up()
        self.assert_unopened(board)
        self.limit(resource.RLIMIT_FSIZE, before[0])
        self.limit(resource.RLIMIT_FSIZE, before[0], gate=True)
        self.expect(DONE, 'upgrade', board.port, self.dup)
        self.assert_upgraded(board)

    def test_no_room_for_the_log(self):
        board = self.board('--start=direct')
        modem = self.bus.add_port(board.port)
        job = self.bus.upgrade(modem, self.dup)
        self.bus.wait_state(job, 'succeeded')
        before = self.limit(resource.RLIMIT_FSIZE, 10)
        name, words = self.refusal(job, 'Job.GetLog')
        self.assertEqual(name, 'org.sqnsd1.Error.Failed', words)
        self.assertIn('file in memory', words)
        self.limit(resource.RLIMIT_FSIZE, before[0])
        self.assert_up()
        self.assertIsNone(self.refusal(job, 'Job.GetLog')[0])


class Callers(ExhaustionCase):
    def rude(self, *args):
        process = subprocess.Popen([sys.executable, '-c', RUDE, self.rig.address, *[str(arg) for arg in args]],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def meanwhile(self, *args):
        """A rude client beside an upgrade and a client with questions."""
        board = self.board('--start=direct')
        modem = self.bus.add_port(board.port)
        rss = self.rss_kib()
        rude = self.rude(RUDE_PER_S, RUDE_S, *args)
        job = self.bus.upgrade(modem, self.dup)
        self.ask_until(lambda: rude.poll() is not None)
        seen = json.loads(rude.stdout.read())
        self.assertEqual(seen['sent'], RUDE_PER_S * RUDE_S)
        self.assertEqual(seen['answers'], seen['sent'], 'not even refused')
        self.assertEqual(self.bus.wait_state(job, *ENDED)['State'], 'succeeded')
        self.assert_upgraded(board)
        self.assertLess(self.rss_kib(), rss + RSS_MORE_KIB)
        self.assert_up()
        return seen['errors'], seen['answers'] - sum(seen['errors'].values())

    def test_a_thousand_questions_a_second(self):
        """A bus or a daemon that has enough of them says so."""
        errors, answers = self.meanwhile(ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects')
        self.assertLessEqual(set(errors), {REFUSED})
        self.assertGreater(answers, 0, errors)

    def test_a_thousand_refusals_a_second(self):
        errors, answers = self.meanwhile(ROOT, 'org.sqnsd1.Manager.AddPort', '(sa{sv})', "('/dev/none', {})")
        self.assertEqual(answers, 0, errors)
        self.assertLessEqual(set(errors), {REFUSED, 'org.sqnsd1.Error.NotFound'})
        self.assertGreater(errors['org.sqnsd1.Error.NotFound'], 0, errors)

    def test_never_reads(self):
        """What it asked for piles up in the bus, which throws it out at last; the daemon keeps none of it."""
        board = self.board('--start=direct')
        modem = self.bus.add_port(board.port)
        rss = self.rss_kib()
        deaf = subprocess.Popen([sys.executable, '-c', DEAF, self.rig.address.partition('=')[2], str(DEAF_S)],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(deaf.stdout.close)
        self.addCleanup(deaf.wait)
        self.addCleanup(deaf.kill)
        job = self.bus.upgrade(modem, self.dup)
        self.ask_until(lambda: deaf.poll() is not None)
        out = deaf.stdout.read()
        self.assertGreater(int(out.split()[0]), 100, out)
        self.assertEqual(self.bus.wait_state(job, *ENDED)['State'], 'succeeded')
        self.assertLess(self.rss_kib(), rss + RSS_MORE_KIB, out)
        self.assert_up()


class Consoles(ExhaustionCase):
    def open_console(self, *options):
        board = self.board('--start=direct', *options)
        modem = self.bus.add_port(board.port)
        _, fds = self.bus.call(modem, 'Modem.OpenConsole', '(a{sv})', ({},))
        self.addCleanup(self.close, fds[0])
        return board, modem, fds[0]

    def close(self, fd):
        try:
            os.close(fd)
        except OSError:
            pass

    def flood(self, fd, size, reads=False):
        """How many bytes of @size went in; what comes out is thrown away, or left there."""
        os.set_blocking(fd, False)
        line, sent, end = b'AT+SMOD?\r' * 400, 0, time.monotonic() + 8
        while sent < size and time.monotonic() < end:
            readable, writable, _ = select.select([fd] if reads else [], [fd], [], 0.2)
            try:
                if readable and not os.read(fd, 65536):
                    break
                if writable:
                    sent += os.write(fd, line)
            except BlockingIOError:
                pass
        return sent

    def attack(self, reads):
        board, modem, fd = self.open_console()
        rss = self.rss_kib()
        sent = []
        flooding = threading.Thread(target=lambda: sent.append(self.flood(fd, FLOOD_KIB * 1024, reads)))
        flooding.start()
        self.ask_until(lambda: not flooding.is_alive())
        flooding.join()
        self.assertTrue(sent and sent[0] > 0)
        self.assertLess(self.rss_kib(), rss + RSS_MORE_KIB, '%d bytes were taken' % sent[0])
        self.assert_up()
        self.assert_works()
        # a job takes precedence, also over a console that is full in both ways
        job = self.bus.upgrade(modem, self.dup)
        self.assertEqual(self.bus.wait_state(job, *ENDED)['State'], 'succeeded')
        self.assert_upgraded(board)

    def test_floods(self):
        self.attack(True)

    def test_never_reads(self):
        self.attack(False)

    def test_many(self):
        """One for a board."""
        board, modem, _ = self.open_console()
        name, words = self.refusal(modem, 'Modem.OpenConsole', '(a{sv})', ({},))
        self.assertEqual(name, 'org.sqnsd1.Error.Busy', words)
        self.assertEqual(self.status(board)['version'] == TARGET, False)


if __name__ == '__main__':
    unittest.main()
