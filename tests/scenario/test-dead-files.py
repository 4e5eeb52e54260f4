#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What another user can do with descriptors: files that never answer, hundreds of calls, calls that nobody answers. The daemon
stays quick for others, ends when it is told to, and a new one starts beside what still hangs."""
import os
import signal
import subprocess
import sys
import time
import unittest

from sqnstest.bus import DBUS_ERROR, ERROR, ROOT, GLib, Gio
from sqnstest.case import BusCase
from sqnstest.dead_files import DeadFile, can_be_had
from sqnstest.deadlines import wait_for
from sqnstest.jobs import ENDED
from sqnstest.process import NOBODY, comm, open_files

MANY = 800
LIMIT = 8
ALL = 64  # of all users but root
PENDING = 60
SERIES = 400
QUICK_S = 5  # far more than it takes, and far less than anybody waits for a file that does not answer
REFUSED = {ERROR + 'LimitsExceeded', DBUS_ERROR + 'LimitsExceeded'}  # by the daemon; by the bus, over calls that are not answered
# a client that sends one kind of message again and again, each with the same descriptor, and tells each answer; it stays until
# its input ends
CALLER = """
import sys, gi
from gi.repository import Gio, GLib
address, fd, kind, count, modem = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
bus = Gio.DBusConnection.new_for_address_sync(address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                                              | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
loop = GLib.MainLoop()
kinds = {
    'inspect': ('/org/sqnsd1', 'org.sqnsd1.Manager', 'Inspect', GLib.Variant('(ha{sv})', (0, {}))),
    'upgrade': (modem, 'org.sqnsd1.Modem', 'Upgrade', GLib.Variant('(ha{sv})', (0, {}))),
    'stray-method': ('/org/sqnsd1', 'org.sqnsd1.Manager', 'Nothing', GLib.Variant('(h)', (0,))),
    'stray-object': ('/nowhere', 'org.sqnsd1.Manager', 'Inspect', GLib.Variant('(ha{sv})', (0, {}))),
    'wrong-signature': ('/org/sqnsd1', 'org.sqnsd1.Manager', 'Inspect', GLib.Variant('(hs)', (0, ''))),
    'wrong-options': ('/org/sqnsd1', 'org.sqnsd1.Manager', 'Inspect',
                      GLib.Variant('(ha{sv})', (0, {'x': GLib.Variant('s', '')}))),
    'no-handle': ('/org/sqnsd1', 'org.sqnsd1.Manager', 'SetDraining', GLib.Variant('(b)', (True,))),
}

def answered(bus, result):
    try:
        bus.call_with_unix_fd_list_finish(result)
        print('ok', flush=True)
    except GLib.Error as error:
        print(Gio.DBusError.get_remote_error(error) or error.message, flush=True)

for _ in range(count):
    fds = Gio.UnixFDList.new()
    fds.append(fd)
    if kind == 'signal':
        message = Gio.DBusMessage.new_signal('/org/sqnsd1', 'org.sqnsd1.Manager', 'Nothing')
        message.set_destination('org.sqnsd1')
        message.set_unix_fd_list(fds)
        message.set_body(GLib.Variant('(h)', (0,)))
        bus.send_message(message, Gio.DBusSendMessageFlags.NONE)
    else:
        path, interface, method, arguments = kinds[kind]
        bus.call_with_unix_fd_list('org.sqnsd1', path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, 120000, fds,
                                   None, answered)
bus.flush_sync(None)
print('sent', flush=True)
GLib.io_add_watch(0, GLib.IO_HUP | GLib.IO_IN, lambda *args: loop.quit())
loop.run()
"""
# asks, as fast as it can, until it is killed
FLOOD = """
import sys, gi
from gi.repository import Gio, GLib
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                                              | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
asked = [0, 0]

def answered(bus, result):
    try:
        bus.call_finish(result)
    except GLib.Error:
        pass
    asked[1] += 1
    if asked[1] == 100:
        print('under way', flush=True)
    ask()

def ask():
    asked[0] += 1
    bus.call('org.sqnsd1', '/org/sqnsd1', 'org.sqnsd1.Manager', 'SetDraining', GLib.Variant('(b)', (True,)), None,
             Gio.DBusCallFlags.NONE, 120000, None, answered)

for _ in range(100):
    ask()
GLib.MainLoop().run()
"""


def hangs(pid):
    """It is ending, its memory has gone, and it sleeps all the same: proc(5)."""
    with open('/proc/%d/stat' % pid, encoding='ascii') as stat, open('/proc/%d/statm' % pid, encoding='ascii') as memory:
        return stat.read().rpartition(')')[2].split()[0] in 'DS' and memory.read().startswith('0 ')


class Caller:
    """Somebody else's process with a descriptor, and what it was told."""

    def __init__(self, case, file, kind, count=1, modem=ROOT, script=CALLER):
        out = os.path.join(case.rig.folder, 'caller-%d' % case.next_caller())
        self.file = open(out, 'w+', encoding='utf-8')
        arguments = [str(file.fileno()), kind, str(count), modem] if file is not None else []
        self.process = subprocess.Popen(
            [sys.executable, '-c', script, case.rig.address, *arguments], user=NOBODY, group=NOBODY, extra_groups=[], cwd='/',
            stdin=subprocess.PIPE, stdout=self.file, stderr=self.file, pass_fds=[file.fileno()] if file is not None else [])
        case.addCleanup(self.end)

    def lines(self):
        with open(self.file.name, encoding='utf-8') as file:
            return file.read().splitlines()

    def wait_sent(self):
        wait_for(lambda: 'sent' in self.lines() or self.process.poll() is not None, 'messages to be sent')
        assert self.process.poll() is None, self.lines()

    def answers(self):
        return [line for line in self.lines() if line != 'sent']

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.file.close()


@unittest.skipUnless(can_be_had(), 'needs root and /dev/fuse, to serve files that do not answer')
class DeadFiles(BusCase):
    def setUp(self):
        super().setUp()
        self.callers = 0
        self.start_as_system()
        self.dup = self.rig.dup()
        os.chmod(self.dup, 0o644)

    def next_caller(self):
        self.callers += 1
        return self.callers

    def start_as_system(self):
        """As on the system bus: reads are free for all."""
        self.daemon = self.rig.daemon(where=[], env={'DBUS_SYSTEM_BUS_ADDRESS': self.rig.address})

    def dead_file(self, *silent):
        with open(self.dup, 'rb') as file:
            dead = DeadFile(os.path.join(self.rig.folder, 'dead-' + '-'.join(silent)), file.read(), *silent)
        self.addCleanup(dead.close)
        return dead

    def readers(self):
        """Processes of the gate that have descriptors of strangers."""
        gate = self.rig.gate(self.daemon)
        with open('/proc/%d/task/%d/children' % (gate, gate), encoding='ascii') as children:
            return [int(pid) for pid in children.read().split()]

    def channels(self):
        """Sockets of the daemon: more than those of calls, but no others come and go."""
        return sum(link.startswith('socket:') for link in open_files(self.daemon.pid))

    def assert_quick(self):
        begin = time.monotonic()
        self.assertFalse(self.bus.properties(ROOT, 'Manager')['Draining'])
        self.assertLess(time.monotonic() - begin, QUICK_S)

    def assert_clean(self):
        """The daemon and its gate have none of a stranger's files open."""
        for pid in (self.daemon.pid, self.rig.gate(self.daemon)):
            self.assertEqual([link for link in open_files(pid) if 'NB1-37781.dup' in link], [], comm(pid))

    def assert_ends(self):
        begin = time.monotonic()
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.rig.ended(self.daemon), 0)
        self.assertLess(time.monotonic() - begin, QUICK_S)

    def inspect(self, path):
        fd = os.open(path, os.O_RDONLY)
        try:
            return self.bus.call(ROOT, 'Manager.Inspect', '(ha{sv})', (0, {}), [fd])[0]
        finally:
            os.close(fd)

    def test_whatever_does_not_answer(self):
        """Taken, refused, denied, stray: nothing waits, the daemon ends, and a new one works beside what hangs."""
        board = self.rig.board('--start=direct')
        modem = self.bus.add_port(board.port)
        for silent in (('FLUSH',), ('READ',), ('GETATTR',), ('FLUSH', 'READ', 'GETATTR')):
            dead = self.dead_file(*silent)
            for kind, answer in (('signal', None), ('stray-method', DBUS_ERROR + 'UnknownMethod'),
                                 ('stray-object', DBUS_ERROR + 'UnknownMethod'), ('wrong-signature', DBUS_ERROR + 'InvalidArgs'),
                                 ('wrong-options', DBUS_ERROR + 'InvalidArgs'), ('no-handle', DBUS_ERROR + 'AccessDenied'),
                                 ('upgrade', DBUS_ERROR + 'AccessDenied'), ('inspect', 'ok' if silent == ('FLUSH',) else None)):
                with self.subTest(silent=silent, kind=kind):
                    caller = Caller(self, dead, kind, modem=modem)
                    caller.wait_sent()
                    if answer is not None:
                        wait_for(caller.answers, 'an answer')
                        self.assertEqual(caller.answers(), [answer])
                    self.assert_quick()
                    self.assert_clean()
            self.assert_ends()
            self.start_as_system()
            self.assertEqual(self.inspect(self.dup)['version'], '6.0.0.0-37781')
            modem = self.bus.add_port(board.port)

    def test_hundreds(self):
        """They cost the user who makes them, and nobody else."""
        board = self.rig.board('--start=direct', '--time-scale=0.02')
        modem = self.bus.add_port(board.port)
        before = len(os.listdir('/proc/%d/fd' % self.daemon.pid))
        dead = self.dead_file('READ')
        caller = Caller(self, dead, 'inspect', MANY)
        caller.wait_sent()
        job = self.bus.upgrade(modem, self.dup)
        # on a busy machine that takes longer than the daemon waits for a file
        wait_for(lambda: sum(name in REFUSED for name in caller.answers()) >= MANY - LIMIT, 'the others to be refused')
        self.assertLessEqual(set(caller.answers()), REFUSED | {ERROR + 'InvalidFirmware'})
        self.assertLess(len(os.listdir('/proc/%d/fd' % self.daemon.pid)), before + 60)
        self.assertLessEqual(len(self.readers()), LIMIT + 1)
        self.assert_quick()
        self.assertEqual(self.bus.wait_state(job, *ENDED)['State'], 'succeeded')
        self.assertEqual(self.inspect(self.dup)['version'], '6.0.0.0-37781')
        # another file of that user is refused; once nothing hangs any more there is room again
        with open(self.dup, 'rb') as file:
            refused = Caller(self, file, 'inspect')
            wait_for(refused.answers, 'an answer')
            self.assertEqual(refused.answers(), [ERROR + 'LimitsExceeded'])
            caller.end()
            dead.close()
            wait_for(lambda: self.readers() == [], 'the readers to end')
            again = Caller(self, file, 'inspect')
            wait_for(again.answers, 'an answer')
            self.assertEqual(again.answers(), ['ok'])

    def test_memory(self):
        """A file in memory is taken at once, sealed or not, and hundreds of them are no more than of any other."""
        with open(self.dup, 'rb') as file:
            content = file.read()
        fd = os.memfd_create('NB1-37781.dup', os.MFD_ALLOW_SEALING)
        with open(fd, 'r+b', buffering=0) as memory:
            memory.write(content)
            caller = Caller(self, memory, 'inspect', MANY)
            wait_for(lambda: len(caller.answers()) == MANY, 'all answers')
            self.assertLessEqual(set(caller.answers()), REFUSED | {'ok'})
            self.assertGreaterEqual(caller.answers().count('ok'), LIMIT)
        wait_for(lambda: self.readers() == [], 'the readers to end')
        self.assert_quick()

    def test_as_many_as_allowed(self):
        """A user who waits for an answer before each further call is never refused."""
        answers = []

        def ask():
            with open(self.dup, 'rb') as file:
                fds = Gio.UnixFDList.new()
                fds.append(file.fileno())
            self.bus.bus.call_with_unix_fd_list(
                'org.sqnsd1', ROOT, 'org.sqnsd1.Manager', 'Inspect', GLib.Variant('(ha{sv})', (0, {})), None,
                Gio.DBusCallFlags.NONE, 120000, fds, None, answered)

        def answered(_bus, result):
            answers.append(self.bus.finish(result))
            if len(answers) <= SERIES - LIMIT:
                ask()

        for _ in range(LIMIT):
            ask()
        wait_for(lambda: len(answers) == SERIES, 'all answers')
        self.assertEqual([answer.message for answer in answers if isinstance(answer, GLib.Error)], [])

    def test_hang_at_their_end(self):
        """A reader that cannot end counts on, also once its call was answered."""
        dead = self.dead_file('FLUSH')
        for number in range(2 * LIMIT):
            caller = Caller(self, dead, 'inspect')
            wait_for(caller.answers, 'an answer')
            self.assertEqual(caller.answers(), ['ok' if number < LIMIT else ERROR + 'LimitsExceeded'])
            wait_for(lambda: all(map(hangs, self.readers())), 'the readers to hang')
        self.assertEqual(len(self.readers()), LIMIT)
        dead.close()
        wait_for(lambda: self.readers() == [], 'the readers to end')

    def test_leaves(self):
        """Of somebody who has gone nothing stays but what the kernel holds."""
        before = self.channels()
        dead = self.dead_file('READ')
        caller = Caller(self, dead, 'inspect', LIMIT)
        caller.wait_sent()
        wait_for(lambda: self.channels() == before + LIMIT, 'the calls')
        caller.end()
        wait_for(lambda: self.channels() == before, 'the calls to be given up')
        dead.close()
        wait_for(lambda: self.readers() == [], 'the readers to end')

    def test_killed(self):
        """SIGKILL takes the name from the bus and the readers with it, however they hang."""
        caller = Caller(self, self.dead_file('READ', 'FLUSH'), 'inspect', LIMIT)
        caller.wait_sent()
        wait_for(lambda: len(self.readers()) == LIMIT, 'the readers')
        self.daemon.kill()
        self.daemon.wait()
        self.start_as_system()
        self.assertEqual(self.inspect(self.dup)['version'], '6.0.0.0-37781')

    def start_as_system_without_limit(self):
        limits = os.path.join(self.rig.folder, 'limits.conf')
        with open(limits, 'w', encoding='utf-8') as out:
            out.write('[sqnsd]\nMaxReadersPerUser=0\n')
        self.assertEqual(self.rig.stop(self.daemon), 0)
        self.daemon = self.rig.daemon('--config', limits, where=[], env={'DBUS_SYSTEM_BUS_ADDRESS': self.rig.address})

    def test_root_has_room(self):
        """Where all that others may have hangs (eight users can do that, too), root still gets through, and so does logind."""
        self.start_as_system_without_limit()
        caller = Caller(self, self.dead_file('READ'), 'inspect', ALL + LIMIT)
        caller.wait_sent()
        wait_for(lambda: len(self.readers()) >= ALL and len(caller.answers()) >= LIMIT, 'the readers')
        self.assertEqual(self.inspect(self.dup)['version'], '6.0.0.0-37781')

    def test_sigterm_beside_calls(self):
        """Neither calls that wait nor a flood of others keep it."""
        self.start_as_system_without_limit()
        caller = Caller(self, self.dead_file('READ'), 'inspect', PENDING)
        caller.wait_sent()
        wait_for(lambda: len(self.readers()) == PENDING, 'the readers')
        flood = Caller(self, None, '', script=FLOOD)
        wait_for(lambda: 'under way' in flood.lines(), 'the flood')
        self.assert_ends()
        wait_for(lambda: len(caller.answers()) == PENDING, 'all answers')


if __name__ == '__main__':
    unittest.main()
