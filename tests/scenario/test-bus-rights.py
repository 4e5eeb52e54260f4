#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what by the bus: root, groups, polkit, the owner of a job; the bus's policy; logind's inhibitors."""
import os
import re
import subprocess
import sys
import time
import unittest

from sqnstest.board import FAST, SLOW_APPLY
from sqnstest.bus import DBUS_ERROR, ROOT, GLib, Gio
from sqnstest.case import BusCase
from sqnstest.deadlines import wait_for
from sqnstest.process import NOBODY

CALL = """
import sys, gi
from gi.repository import Gio, GLib
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                                              | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
fds = Gio.UnixFDList.new()
if len(sys.argv) > 6:
    with open(sys.argv[6], 'rb') as file:
        fds.append(file.fileno())
flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if sys.argv[5] == 'interactive' else Gio.DBusCallFlags.NONE
interface, method = sys.argv[3].rsplit('.', 1)
try:
    reply, _ = bus.call_with_unix_fd_list_sync('org.sqnsd1', sys.argv[2], 'org.sqnsd1.' + interface, method,
                                               GLib.Variant.parse(None, sys.argv[4], None, None), None, flags, 60000, fds, None)
    print('ok', reply.print_(False))
except GLib.Error as error:
    print(Gio.DBusError.get_remote_error(error), error.message)
"""

# always a hundred questions under way
GREEDY = """
import sys, gi
from gi.repository import Gio, GLib
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                                              | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
def ask(*unused):
    bus.call('org.sqnsd1', '/org/sqnsd1', 'org.sqnsd1.Manager', 'GetHistory', GLib.Variant('(a{sv}ut)', ({}, 0, 0)), None,
             Gio.DBusCallFlags.NONE, -1, None, ask)
for _ in range(100):
    ask()
bus.flush_sync()
print('asked', flush=True)
GLib.MainLoop().run()
"""


class Polkit:
    """Answers CheckAuthorization as a test wants."""

    XML = """<node><interface name="org.freedesktop.PolicyKit1.Authority"><method name="CheckAuthorization">
    <arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/><arg type="a{ss}" direction="in"/>
    <arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="(bba{ss})" direction="out"/>
    </method></interface></node>"""

    def __init__(self, client):
        self.answers = {}  # action -> (authorized, challenge)
        self.asked = []
        self.meanwhile = None  # called before an answer
        interface = Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0]
        client.bus.register_object('/org/freedesktop/PolicyKit1/Authority', interface, self.on_call, None, None)
        client.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
                             GLib.Variant('(su)', ('org.freedesktop.PolicyKit1', 0)), None, Gio.DBusCallFlags.NONE, -1, None)

    def on_call(self, _bus, _sender, _path, _interface, _method, params, invocation):
        subject, action, _details, flags, _cancel = params.unpack()
        self.asked.append((subject[0], action, flags))
        if self.meanwhile:
            self.meanwhile()
        authorized, challenge = self.answers.get(action, (False, False))
        invocation.return_value(GLib.Variant('((bba{ss}))', ((authorized, challenge, {}),)))


class Logind:
    """Gives inhibitors away and knows when they are given back."""

    XML = """<node><interface name="org.freedesktop.login1.Manager"><method name="Inhibit">
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="h" direction="out"/></method></interface></node>"""

    def __init__(self, client):
        self.asked = []
        self.held = []  # our ends of the pipes
        interface = Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0]
        client.bus.register_object('/org/freedesktop/login1', interface, self.on_call, None, None)
        client.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
                             GLib.Variant('(su)', ('org.freedesktop.login1', 0)), None, Gio.DBusCallFlags.NONE, -1, None)

    def on_call(self, _bus, _sender, _path, _interface, _method, params, invocation):
        self.asked.append(params.unpack())
        read_end, write_end = os.pipe()
        self.held.append(read_end)
        fds = Gio.UnixFDList.new()
        fds.append(write_end)
        os.close(write_end)
        invocation.return_value_with_unix_fd_list(GLib.Variant('(h)', (0,)), fds)

    def given_back(self, fd):
        os.set_blocking(fd, False)
        try:
            return os.read(fd, 1) == b''
        except BlockingIOError:
            return False


@unittest.skipUnless(os.getuid() == 0, 'needs root, to call as another user')
class Authorization(BusCase):
    def call_as_nobody(self, path, method, arguments, interactive=False, file=None):
        """(error name or "ok", the rest), while our own main loop runs: polkit may be ours."""
        extra = [file] if file else []
        process = subprocess.Popen(
            [sys.executable, '-c', CALL, self.rig.address, path, method, arguments, 'interactive' if interactive else '-',
             *extra], user=NOBODY, group=NOBODY, extra_groups=[], stdout=subprocess.PIPE, text=True, cwd='/')
        wait_for(lambda: process.poll() is not None, method)
        name, _, rest = process.stdout.read().strip().partition(' ')
        process.stdout.close()
        return name, rest

    def test_own_uid_only(self):
        self.rig.daemon()
        dup = self.rig.dup()
        os.chmod(dup, 0o644)
        for method, arguments, file in (('Manager.SetDraining', '(true,)', None),
                                        ('Manager.AddPort', '("/dev/null", @a{sv} {})', None),
                                        ('Manager.Inspect', '(handle 0, @a{sv} {})', dup)):
            with self.subTest(method=method):
                name, words = self.call_as_nobody(ROOT, method, arguments, file=file)
                self.assertEqual(name, DBUS_ERROR + 'AccessDenied', words)
        self.assertFalse(self.bus.properties(ROOT, 'Manager')['Draining'])

    def start_system(self):
        self.daemon = self.rig.daemon(where=[], env={'DBUS_SYSTEM_BUS_ADDRESS': self.rig.address})

    def test_no_polkit(self):
        self.start_system()
        dup = self.rig.dup()
        os.chmod(dup, 0o644)
        name, words = self.call_as_nobody(ROOT, 'Manager.SetDraining', '(true,)')
        self.assertEqual(name, DBUS_ERROR + 'AccessDenied')
        self.assertIn('only root', words)
        # reads need nothing
        self.assertEqual(self.call_as_nobody(ROOT, 'Manager.Inspect', '(handle 0, @a{sv} {})', file=dup)[0], 'ok')
        self.bus.call(ROOT, 'Manager.SetDraining', '(b)', (True,))
        self.assertTrue(self.bus.properties(ROOT, 'Manager')['Draining'])

    def test_polkit(self):
        polkit = Polkit(self.rig.connect())
        self.start_system()
        self.assertEqual(self.call_as_nobody(ROOT, 'Manager.SetDraining', '(true,)')[0], DBUS_ERROR + 'AccessDenied')
        self.assertEqual(polkit.asked[-1], ('system-bus-name', 'org.sqnsd1.manage', 0))
        polkit.answers['org.sqnsd1.manage'] = (False, True)
        self.assertEqual(self.call_as_nobody(ROOT, 'Manager.SetDraining', '(true,)')[0],
                         DBUS_ERROR + 'InteractiveAuthorizationRequired')
        self.assertEqual(self.call_as_nobody(ROOT, 'Manager.SetDraining', '(true,)', interactive=True)[0],
                         DBUS_ERROR + 'AccessDenied')
        self.assertEqual(polkit.asked[-1][2], 1)
        self.assertFalse(self.bus.properties(ROOT, 'Manager')['Draining'])
        polkit.answers['org.sqnsd1.manage'] = (True, False)
        self.assertEqual(self.call_as_nobody(ROOT, 'Manager.SetDraining', '(true,)')[0], 'ok')
        self.assertTrue(self.bus.properties(ROOT, 'Manager')['Draining'])
        # root is not asked about
        asked = len(polkit.asked)
        self.bus.call(ROOT, 'Manager.SetDraining', '(b)', (False,))
        self.assertEqual(len(polkit.asked), asked)

    def test_power_is_kept(self):
        logind = Logind(self.rig.connect())
        self.start_system()
        modem = self.make_modem(*SLOW_APPLY)
        job = self.bus.upgrade(modem, self.rig.dup())
        wait_for(lambda: not self.bus.properties(job, 'Job')['Safe'], 'the job to be unsafe')
        wait_for(lambda: logind.held, 'the inhibitor')
        what, who, _why, mode = logind.asked[0]
        self.assertEqual((sorted(what.split(':')), who, mode), (['shutdown', 'sleep'], 'sqnsd', 'block'))
        self.assertFalse(logind.given_back(logind.held[0]))
        self.bus.wait_signal('JobFinished')
        self.assertEqual(self.bus.properties(job, 'Job')['State'], 'succeeded')
        wait_for(lambda: all(logind.given_back(fd) for fd in logind.held), 'the inhibitor to be given back')
        for fd in logind.held:
            os.close(fd)

    def test_jobs_of_others(self):
        polkit = Polkit(self.rig.connect())
        self.start_system()
        dup = self.rig.dup()
        os.chmod(dup, 0o644)
        master, slave = os.openpty()
        modem = self.bus.add_port(os.ttyname(slave))
        late = int(time.time() * 1e6) + 3600000000
        mine = self.bus.upgrade(modem, dup, not_before=late)
        upgrade = "(handle 0, {'not-before': <uint64 %d>%s})"

        self.assertEqual(self.call_as_nobody(modem, 'Modem.Upgrade', upgrade % (late, ''), file=dup)[0],
                         DBUS_ERROR + 'AccessDenied')
        polkit.answers['org.sqnsd1.upgrade'] = (True, False)
        forced = upgrade % (late, ", 'force': <true>")
        self.assertEqual(self.call_as_nobody(modem, 'Modem.Upgrade', forced, file=dup)[0], DBUS_ERROR + 'AccessDenied')
        self.assertEqual([action for _, action, _ in polkit.asked[-2:]], ['org.sqnsd1.upgrade', 'org.sqnsd1.force'])
        polkit.answers['org.sqnsd1.force'] = (True, False)
        self.assertEqual(self.call_as_nobody(modem, 'Modem.Upgrade', forced, file=dup)[0], 'ok')
        name, reply = self.call_as_nobody(modem, 'Modem.Upgrade', upgrade % (late, ''), file=dup)
        self.assertEqual(name, 'ok')
        theirs = re.search(r"'(/.*)'", reply).group(1)
        self.assertEqual(self.bus.properties(theirs, 'Job')['CreatorUid'], NOBODY)

        self.assertEqual(self.call_as_nobody(mine, 'Job.Cancel', '(@a{sv} {},)')[0], DBUS_ERROR + 'AccessDenied')
        self.assertEqual(polkit.asked[-1][1], 'org.sqnsd1.cancel-other')
        asked = len(polkit.asked)
        self.assertEqual(self.call_as_nobody(theirs, 'Job.Cancel', '(@a{sv} {},)')[0], 'ok')
        self.assertEqual(self.call_as_nobody(theirs, 'Job.Forget', '()')[0], 'ok')
        self.assertEqual(len(polkit.asked), asked)
        os.close(master)
        os.close(slave)

    def test_resume_needs_the_orders_right(self):
        """Each time, of the owner, too: what was allowed once may be forbidden since."""
        polkit = Polkit(self.rig.connect())
        self.start_system()
        dup = self.rig.dup()
        os.chmod(dup, 0o644)
        master, slave = os.openpty()
        os.set_blocking(master, False)
        modem = self.bus.add_port(os.ttyname(slave))
        late = int(time.time() * 1e6) + 3600000000
        for method, option, needs in (('Upgrade', '', ['upgrade']), ('Upgrade', ", 'force': <true>", ['upgrade', 'force']),
                                      ('Recover', '', ['recover']), ('Recover', ", 'force': <true>", ['recover', 'force'])):
            with self.subTest(method=method, option=option):
                polkit.answers = {'org.sqnsd1.' + need: (True, False) for need in needs}
                name, reply = self.call_as_nobody(
                    modem, 'Modem.' + method, "(handle 0, {'not-before': <uint64 %d>%s})" % (late, option), file=dup)
                self.assertEqual(name, 'ok', reply)
                theirs = re.search(r"'(/.*)'", reply).group(1)
                polkit.answers = {}
                self.assertEqual(self.call_as_nobody(theirs, 'Job.Cancel', '(@a{sv} {},)')[0], 'ok')
                mine = self.bus.upgrade(modem, dup, not_before=late, force='force' in needs)
                self.bus.call(mine, 'Job.Cancel', '(a{sv})', ({},))
                for job, wants in ((theirs, needs), (mine, ['upgrade'] + needs[1:] + ['cancel-other'])):
                    for granted in range(len(wants)):
                        polkit.answers = {'org.sqnsd1.' + need: (True, False) for need in wants[:granted]}
                        polkit.asked = []
                        self.assertEqual(self.call_as_nobody(job, 'Job.Resume', '(@a{sv} {},)')[0], DBUS_ERROR + 'AccessDenied')
                        self.assertEqual([action for _, action, _ in polkit.asked],
                                         ['org.sqnsd1.' + need for need in wants[:granted + 1]])
                        self.assertEqual(self.bus.properties(job, 'Job')['State'], 'cancelled')
        self.assertRaises(BlockingIOError, os.read, master, 1)
        polkit.answers = {'org.sqnsd1.' + need: (True, False) for need in needs}
        self.assertEqual(self.call_as_nobody(theirs, 'Job.Resume', '(@a{sv} {},)')[0], 'ok')
        self.assertIn(self.bus.properties(theirs, 'Job')['State'], ('queued', 'running'))
        os.close(master)
        os.close(slave)

    def test_ports_below_dev(self):
        """Where others may write, a path leads to their file systems, and is not looked at."""
        polkit = Polkit(self.rig.connect())
        polkit.answers['org.sqnsd1.manage'] = (True, False)
        self.start_system()
        master, slave = os.openpty()
        tty = os.ttyname(slave)
        link = os.path.join(self.rig.folder, 'tty')
        os.symlink(tty, link)
        for path in (link, '/dev/../' + link, '/dev/shm/x', '/dev/shm/deeper/x', '/dev/fd/0', '/proc/self/fd/0', '/dev'):
            with self.subTest(path=path):
                name, words = self.call_as_nobody(ROOT, 'Manager.AddPort', '("%s", @a{sv} {})' % path)
                self.assertEqual(name, DBUS_ERROR + 'InvalidArgs', words)
        self.assertEqual(self.call_as_nobody(ROOT, 'Manager.AddPort', '("%s", @a{sv} {})' % tty)[0], 'ok')
        os.close(master)
        os.close(slave)

    def test_questions_without_end(self):
        """Who asks for the history without end waits for himself; others are answered, and may order."""
        self.start_system()
        folder = os.path.join(self.rig.folder, 'jobs')
        greedy = subprocess.Popen([sys.executable, '-c', GREEDY, self.rig.address], user=NOBODY, group=NOBODY, extra_groups=[],
                                  stdout=subprocess.PIPE, text=True, cwd='/')
        self.assertEqual(greedy.stdout.readline(), 'asked\n')
        board = self.make_modem(*FAST)
        self.bus.call(ROOT, 'Manager.GetHistory', '(a{sv}ut)', ({}, 0, 0))
        self.bus.objects()
        job = self.bus.upgrade(board, self.rig.dup())
        self.bus.wait_state(job, 'succeeded')
        self.bus.call(ROOT, 'Manager.GetHistory', '(a{sv}ut)', ({}, 0, 0))
        self.assertTrue(os.listdir(folder))
        self.assertEqual(self.rig.stop(self.daemon), 0)
        greedy.kill()
        greedy.wait()
        greedy.stdout.close()

    def test_keys_belong_to_users(self):
        polkit = Polkit(self.rig.connect())
        self.start_system()
        dup = self.rig.dup()
        os.chmod(dup, 0o644)
        master, slave = os.openpty()
        modem = self.bus.add_port(os.ttyname(slave))
        late = int(time.time() * 1e6) + 3600000000
        polkit.answers['org.sqnsd1.upgrade'] = (True, False)
        order = "(handle 0, {'not-before': <uint64 %d>, 'idempotency-key': <'k'>%s})"
        mine = self.bus.upgrade(modem, dup, not_before=late, idempotency_key='k')
        name, reply = self.call_as_nobody(modem, 'Modem.Upgrade', order % (late, ''), file=dup)
        self.assertEqual(name, 'ok', reply)
        self.assertNotIn(mine, reply)
        self.assertEqual(self.call_as_nobody(modem, 'Modem.Upgrade', order % (late, ''), file=dup), (name, reply))
        self.assertEqual(self.call_as_nobody(modem, 'Modem.Upgrade', order % (late, ", 'dry-run': <true>"), file=dup)[0],
                         'org.sqnsd1.Error.KeyReused')
        os.close(master)
        os.close(slave)

    def test_gone_while_polkit_is_asked(self):
        """A password may be typed for minutes: what the call was for is looked for again."""
        polkit = Polkit(self.rig.connect())
        self.start_system()
        root = self.rig.connect()
        dup = self.rig.dup()
        os.chmod(dup, 0o644)
        master, slave = os.openpty()
        os.set_blocking(master, False)
        port = os.ttyname(slave)
        late = int(time.time() * 1e6) + 3600000000
        for action in ('upgrade', 'recover', 'reset', 'console', 'identify', 'inhibit', 'manage', 'cancel-other'):
            polkit.answers['org.sqnsd1.' + action] = (True, False)
        for method, arguments, file in (
                ('Modem.Refresh', '(@a{sv} {},)', None), ('Modem.Identify', '(@a{sv} {},)', None),
                ('Modem.Reset', '(@a{sv} {},)', None), ('Modem.OpenConsole', '(@a{sv} {},)', None),
                ('Modem.Upgrade', '(handle 0, @a{sv} {})', dup), ('Modem.Recover', '(handle 0, @a{sv} {})', dup),
                ('Manager.UpgradeMany', '([objectpath "%s"], handle 0, @a{sv} {})', dup),
                ('Manager.Inhibit', '("anna", "bench", {"modem": <objectpath "%s">})', None),
                ('Manager.RemovePort', '(objectpath "%s",)', None)):
            with self.subTest(method=method):
                modem = self.bus.add_port(port)
                polkit.meanwhile = lambda gone=modem: root.call(ROOT, 'Manager.RemovePort', '(o)', (gone,))
                manager = method.startswith('Manager')
                name, words = self.call_as_nobody(ROOT if manager else modem, method,
                                                  arguments % modem if manager else arguments, file=file)
                self.assertEqual(name, 'org.sqnsd1.Error.NotFound', words)
                polkit.meanwhile = None
        for method, arguments in (('Job.Cancel', '(@a{sv} {},)'), ('Job.Resume', '(@a{sv} {},)'), ('Job.Forget', '()')):
            with self.subTest(method=method):
                job = root.upgrade(self.bus.add_port(port), dup, not_before=late)
                root.call(job, 'Job.Cancel', '(a{sv})', ({},))

                def forget(gone=job):
                    if gone in root.objects():
                        root.call(gone, 'Job.Forget')

                polkit.meanwhile = forget
                name, words = self.call_as_nobody(job, method, arguments)
                self.assertEqual(name, 'org.sqnsd1.Error.NotFound', words)
                polkit.meanwhile = None
        self.assertEqual(root.properties(ROOT, 'Manager')['Inhibitors'], [])
        self.assertFalse([path for path in root.objects() if '/job/' in path])
        self.assertRaises(BlockingIOError, os.read, master, 1)
        os.close(master)
        os.close(slave)


if __name__ == '__main__':
    unittest.main()
