#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sqnsctl notify: real jobs, and a notification server on a session bus of its own that writes down what it is asked for."""
import fcntl
import os
import re
import signal
import time
import unittest

from sqnstest.bus import Bus, GLib, Gio, connect
from sqnstest.case import BEFORE, TARGET, DaemonCase
from sqnstest.deadlines import wait_for

NAME = 'org.freedesktop.Notifications'
PATH = '/org/freedesktop/Notifications'
LOW, NORMAL, CRITICAL = 0, 1, 2
NEVER, AS_USUAL = 0, -1
# between two updates, less what a busy machine may squeeze it by
PERIOD_S = 0.9
# the modem takes its time: some seconds for an upload
SLOW = ('--block-time=60',)
SLOWER = ('--block-time=250',)  # seen before the last block by a busy machine, too
DISMISSED = 2
XML = """<node><interface name="org.freedesktop.Notifications">
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/></method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
  <signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>"""


class Told:
    """One Notify."""

    def __init__(self, notification_id, args):
        (self.app, self.replaces, self.icon, self.summary, self.body, self.actions, self.hints, self.expiry) = args
        self.id = notification_id
        self.time = time.monotonic()

    def __repr__(self):
        return '%d %r %r %s %s' % (self.id, self.summary, self.body, self.actions, self.hints)


class Server:
    """org.freedesktop.Notifications, as long as it is open."""

    def __init__(self, address, capabilities=('body', 'body-markup', 'actions')):
        self.capabilities = list(capabilities)
        self.told = []
        self.closed = []
        self.next_id = 1
        self.bus = connect(address)
        info = Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0]
        self.bus.register_object(PATH, info, self.on_call, None, None)
        self.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
                           GLib.Variant('(su)', (NAME, 4)), None, Gio.DBusCallFlags.NONE, -1, None)

    def on_call(self, _bus, _sender, _path, _interface, method, params, invocation):
        if method == 'GetCapabilities':
            invocation.return_value(GLib.Variant('(as)', (self.capabilities,)))
        elif method == 'Notify':
            args = params.unpack()
            told = Told(args[1] or self.next_id, args)
            self.next_id += args[1] == 0
            self.told.append(told)
            invocation.return_value(GLib.Variant('(u)', (told.id,)))
        elif method == 'CloseNotification':
            self.closed.append(params.unpack()[0])
            invocation.return_value(None)
        else:
            invocation.return_value(GLib.Variant('(ssss)', ('test', 'test', '1', '1.2')))

    def emit(self, name, signature, *args):
        self.bus.emit_signal(None, PATH, NAME, name, GLib.Variant(signature, args))

    def close(self):
        if not self.bus.is_closed():
            self.bus.close_sync(None)


class Questions:
    """How often anybody asked the daemon for all it has: a notifier follows jobs from there on."""

    def __init__(self, address):
        self.asked = 0
        self.bus = connect(address)
        self.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus.Monitoring', 'BecomeMonitor',
                           GLib.Variant('(asu)', (["type='method_call',member='GetManagedObjects'"], 0)), None,
                           Gio.DBusCallFlags.NONE, -1, None)
        self.bus.add_filter(self.on_message)

    def on_message(self, _bus, message, _incoming):
        """Keeps the message: a monitor answers none."""
        self.asked += message.get_member() == 'GetManagedObjects'

    def close(self):
        self.bus.close_sync(None)


class NotifyCase(DaemonCase):
    def setUp(self):
        super().setUp()
        self.questions = Questions(self.rig.address)
        self.addCleanup(self.questions.close)
        self.dup = self.image()
        self.session = Bus(self.folder, name='session')
        self.addCleanup(self.session.close)

    def serve(self, *capabilities):
        server = Server(self.session.address, *([capabilities] if capabilities else []))
        self.addCleanup(server.close)
        return server

    def notify(self, daemon=True):
        """With a daemon: comes back once jobs are followed."""
        before = self.questions.asked
        client = self.start('notify', env={'DBUS_SESSION_BUS_ADDRESS': self.session.address})
        if daemon:
            self.wait_followed(before)
        return client

    def wait_followed(self, before):
        wait_for(lambda: self.questions.asked > before, 'the notifier to follow jobs')

    def submit(self, board, **options):
        return self.bus.upgrade(self.bus.add_port(board.port), self.dup, **options)

    def wait_told(self, server, what, condition):
        try:
            return wait_for(lambda: [told for told in server.told if condition(told)], what)[0]
        except AssertionError as error:
            raise AssertionError('%s; told:\n%s' % (error, '\n'.join(map(repr, server.told)))) from None

    def wait_end(self, server, words):
        return self.wait_told(server, 'a notification with "%s"' % words, lambda told: words in told.summary)

    def stop(self, client):
        client.process.send_signal(signal.SIGTERM)
        code, _, err = client.end()
        self.assertEqual(code, 0, err)

    def assert_one_at_a_time(self, server):
        """At most one a second for each notification; one that comes late is followed sooner."""
        for one in {told.id for told in server.told}:
            times = [told.time for told in server.told if told.id == one]
            for i, first in enumerate(times):
                for n, later in enumerate(times[i + 2:i + 7], 1):
                    self.assertGreaterEqual(later - first, n * PERIOD_S, [told for told in server.told if told.id == one])


class Jobs(NotifyCase):
    def test_success(self):
        server = self.serve()
        client = self.notify()
        board = self.board(*SLOW)
        job = self.submit(board)
        self.bus.wait_state(job, 'succeeded')
        end = self.wait_end(server, 'runs ' + TARGET)
        self.assertEqual({told.id for told in server.told}, {1}, 'one notification')
        self.assertEqual(end, server.told[-1])
        self.assertEqual((end.hints['urgency'], end.expiry, end.actions), (NORMAL, AS_USUAL, []))
        self.assertNotIn('value', end.hints)
        self.assertIn(BEFORE, end.body)
        running = server.told[:-1]
        self.assertGreaterEqual(len(running), 3)
        for told in running:
            self.assertRegex(told.summary, r'upgrading the modem$')
            self.assertEqual((told.app, told.hints['urgency'], told.expiry), ('sqnsd', LOW, NEVER))
            self.assertEqual(set(told.hints) & {'x-canonical-private-synchronous', 'synchronous'}, set())
            percent = told.hints['value']
            self.assertRegex(told.body, '^%d %%(:|$)' % percent)
            self.assertLess(percent, 100)
        self.assertTrue(any('Leave the power on.' in told.body for told in running))
        values = [told.hints['value'] for told in running]
        self.assertEqual(values, sorted(values))
        self.assertGreater(len(set(values)), 2, values)
        self.assertRegex(running[-1].summary, r'(FiPy|GPy|G01) ')
        self.assert_one_at_a_time(server)
        self.stop(client)
        self.assertEqual(server.closed, [], 'an end stays on the desktop')

    def fail_with_markup(self):
        """A job that fails at a port whose name is no markup; what it says of itself."""
        board = self.board()
        link = os.path.join(self.rig.folder, 'tty<b>&amp;')
        os.symlink(board.port, link)
        with open(board.port, 'rb', opener=lambda path, flags: os.open(path, flags | os.O_NOCTTY)) as port:
            fcntl.flock(port, fcntl.LOCK_EX)
            job = self.bus.upgrade(self.bus.add_port(link), self.dup)
            return self.bus.wait_state(job, 'failed')

    def test_failure(self):
        server = self.serve()
        self.notify()
        now = self.fail_with_markup()
        end = self.wait_end(server, 'failed')
        self.assertEqual((end.hints['urgency'], end.expiry, end.actions, end.icon), (CRITICAL, NEVER, [], 'dialog-error'))
        self.assertIn('tty<b>&amp;: ', end.summary, 'a summary is plain text')
        lines = end.body.split('\n')
        self.assertEqual(lines[0], GLib.markup_escape_text(now['ErrorMessage']))
        self.assertIn('tty&lt;b&gt;&amp;amp;', lines[0])
        self.assertTrue(now['Safe'])
        self.assertEqual(lines[-2:], ['Whether power may be cut is not known: leave it on until the next step says otherwise.',
                                      GLib.markup_escape_text(now['Advice'])])

    def test_plain_server(self):
        server = self.serve('body')
        self.notify()
        now = self.fail_with_markup()
        end = self.wait_end(server, 'failed')
        self.assertEqual(end.body.split('\n')[0], now['ErrorMessage'])
        self.assertTrue(all(told.actions == [] for told in server.told))

    def test_cable(self):
        """However the job goes on without its board, the power is spoken of."""
        server = self.serve()
        self.notify()
        board = self.board(*SLOW)
        self.submit(board)
        self.wait_bytes(board)
        board.tell('unplug')
        self.wait_told(server, 'the loss', lambda told: 'value' not in told.hints and 'Leave the power on.' in told.body)

    def test_refusal(self):
        """A file for the modem's own release: nothing to do, and said so."""
        server = self.serve()
        self.notify()
        board = self.board('--modem-version=' + TARGET)
        job = self.submit(board)
        self.bus.wait_state(job, 'succeeded')
        self.wait_end(server, 'runs ' + TARGET)

    def test_person(self):
        server = self.serve()
        client = self.notify()
        # passthrough that never started: nothing is heard at any speed until the module is reset
        board = self.board('--start=passthrough', '--lte-task=no')
        job = self.submit(board)
        hand = self.wait_told(server, 'a call for a hand', lambda told: told.hints['urgency'] == CRITICAL)
        self.assertIn('reset button', hand.body)
        self.assertIn('needs you', hand.summary)
        self.assertEqual(hand.expiry, NEVER)
        self.assertNotIn('NeedsHand', hand.body)
        board.tell('press-reset')
        self.bus.wait_state(job, 'succeeded')
        self.wait_end(server, 'runs ' + TARGET)
        self.stop(client)

    def test_cancel_button(self):
        server = self.serve()
        self.notify()
        board = self.board(*SLOWER)
        job = self.submit(board)
        told = self.wait_told(server, 'progress', lambda told: told.hints.get('value', 0) > 0)
        self.assertEqual(told.actions, ['cancel', 'Cancel'])
        server.emit('ActionInvoked', '(us)', told.id + 7, 'cancel')
        server.emit('ActionInvoked', '(us)', told.id, 'default')
        more = self.wait_told(server, 'more', lambda later: later.time > told.time + 1)
        self.assertEqual(more.hints['urgency'], LOW)
        server.emit('ActionInvoked', '(us)', told.id, 'cancel')
        self.bus.wait_state(job, 'cancelled', 'failed')
        self.wait_end(server, 'cancelled')

    def test_refused_cancel_is_told(self):
        server = self.serve()
        self.notify()
        board = self.board('--start=direct', '--apply-time=6000')
        job = self.submit(board)
        wait_for(lambda: self.bus.properties(job, 'Job')['PointOfNoReturn'], 'the point of no return')
        told = self.wait_told(server, 'no button', lambda told: not told.actions)
        # a desktop may have kept the old button
        server.emit('ActionInvoked', '(us)', told.id, 'cancel')
        self.wait_told(server, 'the refusal', lambda told: 'Not cancelled: ' in told.body)

    def test_server_without_bodies(self):
        server = self.serve('icon-static')
        self.notify()
        self.submit(self.board(*SLOW))
        self.wait_end(server, 'runs ' + TARGET)
        self.assertTrue(all(told.body == '' for told in server.told))
        self.assertTrue(any(re.search(r': \d+ %', told.summary) for told in server.told), server.told)

    def test_scheduled_job_is_quiet(self):
        server = self.serve()
        self.notify()
        self.submit(self.board(), not_before=int(time.time() * 1e6) + 3600 * 1000000)
        self.submit(self.board())
        self.wait_end(server, 'runs ' + TARGET)
        self.assertEqual({told.id for told in server.told}, {1})

    def test_what_was_before_is_no_news(self):
        job = self.submit(self.board())
        self.bus.wait_state(job, 'succeeded')
        server = self.serve()
        self.notify()
        running = self.submit(self.board(*SLOW))
        self.bus.wait_state(running, 'succeeded')
        self.wait_end(server, 'runs ' + TARGET)
        self.assertEqual({told.id for told in server.told}, {1})


class Life(NotifyCase):
    def test_closed_by_a_person(self):
        server = self.serve()
        self.notify()
        job = self.submit(self.board(*SLOW))
        told = self.wait_told(server, 'progress', lambda told: told.hints.get('value', 0) > 0)
        server.emit('NotificationClosed', '(uu)', told.id, DISMISSED)
        self.bus.wait_state(job, 'succeeded')
        end = self.wait_end(server, 'runs ' + TARGET)
        later = [t for t in server.told if t.time > told.time + 0.5 and t is not end]
        self.assertLessEqual(len(later), 1, 'it stays away')  # one may have been on its way
        self.assertEqual(end.replaces in (0, later[0].id if later else 0), True)

    def test_server_restarts(self):
        first = self.serve()
        self.notify()
        job = self.submit(self.board(*SLOWER))
        self.wait_told(first, 'progress', lambda told: told.hints.get('value', 0) > 0)
        first.close()
        second = self.serve('body')
        told = self.wait_told(second, 'progress at the second', lambda told: 'value' in told.hints)
        self.assertEqual((told.replaces, told.actions), (0, []), 'its own numbers and capabilities')
        self.bus.wait_state(job, 'succeeded')
        self.wait_end(second, 'runs ' + TARGET)

    def test_server_comes_late(self):
        self.notify()
        job = self.submit(self.board())
        self.bus.wait_state(job, 'succeeded')
        server = self.serve()
        self.wait_end(server, 'runs ' + TARGET)
        self.assertEqual(len(server.told), 1)

    def test_server_is_started(self):
        """By the session bus, where none comes by itself."""
        mark = os.path.join(self.rig.folder, 'started')
        self.session.service(NAME, '/usr/bin/touch ' + mark)
        self.session.reload()
        self.notify()
        self.submit(self.board())
        wait_for(lambda: os.path.exists(mark), 'the server to be started')

    def test_daemon_killed(self):
        server = self.serve()
        client = self.notify()
        board = self.board(*SLOW)
        self.submit(board)
        self.wait_bytes(board)
        told = self.wait_told(server, 'progress', lambda told: told.hints.get('value', 0) > 0)
        self.daemon.kill()
        self.daemon.wait()
        lost = self.wait_end(server, 'the daemon has gone')
        self.assertEqual((lost.id, lost.hints['urgency'], lost.actions), (told.id, CRITICAL, []))
        self.assertIn('Leave the power on', lost.body)
        self.daemon = self.rig.daemon()
        self.submit(self.board())
        self.wait_end(server, 'runs ' + TARGET)
        self.stop(client)

    def test_without_daemon(self):
        """It neither needs nor starts one."""
        self.assertEqual(self.rig.stop(self.daemon), 0)
        server = self.serve()
        client = self.notify(daemon=False)
        before = self.questions.asked
        self.daemon = self.rig.daemon()
        self.wait_followed(before)
        self.submit(self.board())
        self.wait_end(server, 'runs ' + TARGET)
        self.stop(client)

    def test_leaves_nothing_behind(self):
        server = self.serve()
        client = self.notify()
        self.submit(self.board(*SLOW))
        told = self.wait_told(server, 'progress', lambda told: told.hints.get('value', 0) > 0)
        self.stop(client)
        wait_for(lambda: server.closed, 'the progress to be taken off')
        self.assertEqual(server.closed, [told.id])

    def test_session_ends(self):
        server = self.serve()
        client = self.notify()
        self.submit(self.board(*SLOW))
        self.wait_told(server, 'progress', lambda told: 'value' in told.hints)
        server.bus.set_exit_on_close(False)
        self.session.close()
        code, _, err = client.end()
        self.assertEqual(code, 0, err)

    def test_no_session(self):
        self.expect(12, 'notify')

    def test_many(self):
        """Twelve boards: the progress of eight, the end of all."""
        server = self.serve()
        self.notify()
        self.dup = self.image(size=250000)
        jobs = [self.submit(self.board(*SLOW)) for _ in range(12)]
        for job in jobs:
            self.bus.wait_state(job, 'succeeded')
        wait_for(lambda: len({t.id for t in server.told if 'runs ' + TARGET in t.summary}) == 12, 'all ends')
        # as long as none has ended, which gives its place away before its own end is told
        ends = [told.time for told in server.told if 'value' not in told.hints]
        at_first = {told.id for told in server.told if told.time < min(ends) - PERIOD_S}
        self.assertEqual(len(at_first), 8)
        self.assert_one_at_a_time(server)


if __name__ == '__main__':
    unittest.main()
