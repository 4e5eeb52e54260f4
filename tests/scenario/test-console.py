#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""People at a modem, by the real daemon and a virtual board: console, at, identify, IMEI and label as names, reset."""
import json
import os
import signal
import termios
import tty
import unittest

from sqnstest.bus import ERROR, GLib, error_name
from sqnstest.case import DaemonCase
from sqnstest.client import BUSY, DETACHED, DONE, FAILED, HAND, NOT_FOUND, NO_DAEMON, REFUSED, UNKNOWN, USAGE, Reader
from sqnstest.deadlines import wait_for

NUMBERED = ('--time-scale=0.02', '--imei=354344040000009', '--iccid=89490200001234567890', '--imsi=262011234567890')
NUMBERS = ('354344040000009', '89490200001234567890', '262011234567890')
CTRL_RIGHT_BRACKET = b'\x1d'


class ConsoleCase(DaemonCase):
    daemon_options = ('--verbose',)

    def modem(self, *options, **how):
        """A board that the daemon knows: its object path."""
        return self.make_modem(*NUMBERED, *options, **how)

    def call_refused(self, name, *call, words=''):
        self.refused(ERROR + name, self.bus.call, *call, words=words)

    def property(self, modem, name):
        return self.bus.properties(modem, 'Modem')[name]

    def wait_property(self, modem, name, value):
        wait_for(lambda: self.property(modem, name) == value, '%s to be %s' % (name, value))

    def hold_in_passthrough(self, modem):
        """The board is in passthrough, from which no relay leads out."""
        self.bus.call(modem, 'Modem.Refresh', '(a{sv})', ({},))
        self.assertEqual(self.property(modem, 'Link'), 'passthrough')


class Terminal(ConsoleCase):
    """sqnsctl console on a terminal of its own."""

    def open_console(self, *options, args=()):
        self.path = self.modem(*options)
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        before = termios.tcgetattr(slave)
        os.close(slave)
        client = self.start('console', self.one.port, *args, terminal=(80,))
        self.before = termios.tcgetattr(client.master)
        self.assertEqual(self.before[:4], before[:4])
        client.screen.until('Ctrl-] leaves')
        return client

    def ended(self, client, code):
        """It ends with @code and leaves the terminal as it was; what was shown."""
        master = os.dup(client.master)
        self.addCleanup(os.close, master)
        got, screen, _ = client.end()
        self.assertEqual(got, code, screen)
        self.assertEqual(termios.tcgetattr(master), self.before)
        return screen

    def talk(self, client):
        client.type(b'AT+SMOD?\r')
        client.screen.until('\r\n2\r\nOK\r\n')
        self.assertNotEqual(termios.tcgetattr(client.master), self.before)

    def test_a_talk(self):
        client = self.open_console()
        self.talk(client)
        client.type(b'ATE1\r')
        client.screen.until('OK')
        client.type(b'ATI1\r')
        self.assertIn('ATI1', client.screen.until('LR6.0.0.0-35351'))  # echoed by the modem
        client.screen.until('OK')
        # Ctrl-C is the modem's, not ours; this one makes nothing of it
        client.type(b'\x03\r')
        client.screen.until('ERROR')
        client.type(b'AT+SMOD?\r')
        client.screen.until('2\r\nOK\r\n')
        client.type(b'AT' + CTRL_RIGHT_BRACKET)
        self.ended(client, DONE)
        self.wait_property(self.path, 'State', 'unknown')
        # the board is at its prompt again
        self.bus.call(self.path, 'Modem.Refresh', '(a{sv})', ({},))
        self.assertEqual(self.property(self.path, 'Link'), 'relay')

    def test_local_echo(self):
        client = self.open_console(args=('--echo',))
        client.type(b'AT+CFUN?\r')
        self.assertIn('AT+CFUN?', client.screen.until('+CFUN: '))
        client.type(CTRL_RIGHT_BRACKET)
        self.ended(client, DONE)

    def test_noise_does_not_steer_the_terminal(self):
        client = self.open_console()
        self.talk(client)
        self.one.tell('fault garbage@AT+SMOD:3')
        client.type(b'AT+SMOD?\r')
        self.assertRegex(client.screen.until('\\xf'), r'\\xf')
        client.type(CTRL_RIGHT_BRACKET)
        self.assertTrue(all(c.isprintable() or c in '\r\n\t' for c in self.ended(client, DONE)))

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(number):
                client = self.open_console()
                self.talk(client)
                client.process.send_signal(number)
                self.ended(client, DETACHED)

    def test_quit(self):
        client = self.open_console()
        self.talk(client)
        client.process.send_signal(signal.SIGQUIT)
        self.ended(client, -signal.SIGQUIT)

    def test_the_daemon_dies(self):
        client = self.open_console()
        self.talk(client)
        self.daemon.kill()
        self.assertIn('the daemon has gone', self.ended(client, NO_DAEMON))

    def test_the_daemon_stops(self):
        client = self.open_console()
        self.talk(client)
        self.daemon.terminate()
        client.screen.until('[sqnsd: the daemon is stopping; the console is closed]')
        self.assertIn('the daemon has gone', self.ended(client, NO_DAEMON))
        self.assertEqual(self.rig.ended(self.daemon), 0)

    def test_the_board_goes(self):
        client = self.open_console()
        self.talk(client)
        self.one.close()
        self.rig.things.remove(self.one)
        self.assertIn('unplugged', self.ended(client, UNKNOWN))
        self.wait_property(self.path, 'State', 'gone')

    def test_a_job_takes_it(self):
        client = self.open_console()
        self.talk(client)
        job = self.bus.upgrade(self.path, self.rig.dup())
        uuid = self.bus.properties(job, 'Job')['Uuid']
        client.screen.until('\r\n[sqnsd: job %s takes this modem; the console is closed]\r\n' % uuid)
        self.assertIn('a job has taken the modem', self.ended(client, BUSY))
        self.bus.wait_state(job, 'succeeded')


class Lines(ConsoleCase):
    """sqnsctl console with lines from a pipe or a file."""

    def talk(self, code, port, lines, *args):
        read, write = os.pipe()
        os.write(write, lines)
        os.close(write)
        try:
            return self.expect(code, 'console', port, *args, stdin=read)
        finally:
            os.close(read)

    def test_each_waits_for_its_answer(self):
        self.modem('--fault=late@AT+SMOD?:300')
        out, err = self.talk(DONE, self.one.port, b'ATE0\nAT+SMOD?\n\nATI1\r\nAT+CFUN?')
        self.assertEqual([line for line in out.split('\n') if line],
                         ['ATE0', 'OK', '2', 'OK', 'UE6.0.0.0', 'LR6.0.0.0-35351', 'OK', '+CFUN: 1', 'OK'])
        self.assertNotIn('\r', out)
        self.assertEqual(err, '')

    def test_an_error(self):
        self.modem()
        out, _ = self.talk(FAILED, self.one.port, b'ATE0\nAT+BAD\nAT+SMOD?\n')
        self.assertEqual([line for line in out.split('\n') if line], ['ATE0', 'OK', 'ERROR', '2', 'OK'])

    def test_no_answer(self):
        self.modem('--fault=silence@AT+CFUN?x*')
        _, err = self.talk(UNKNOWN, self.one.port, b'AT+CFUN?\n', '--timeout', '5')
        self.assertIn('has not answered AT+CFUN? in time', err)

    def test_nothing(self):
        self.modem()
        self.assertEqual(self.expect(DONE, 'console', self.one.port), ('', ''))

    def test_while_more_comes(self):
        """A program that asks and reads what it is told."""
        self.modem()
        read, write = os.pipe()
        client = self.start('console', self.one.port, stdin=read)
        os.close(read)
        for _ in range(3):
            os.write(write, b'AT+SMOD?\n')
            client.out.until('2\nOK\n')
        os.close(write)
        self.assertEqual(client.end()[0], DONE)

    def test_terminated(self):
        self.modem()
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        client = self.start('console', self.one.port, stdin=read)
        os.close(read)
        os.write(write, b'AT\n')
        client.out.until('OK')
        client.process.terminate()
        self.assertEqual(client.end()[0], DETACHED)

    def test_refusals(self):
        modem = self.modem('--time-scale=1', '--apply-time=60')
        _, err = self.expect(USAGE, 'console', self.one.port, '--json')
        self.assertIn('no JSON', err)
        self.expect(NOT_FOUND, 'console', 'ttyNone7')
        _, fds = self.bus.call(modem, 'Modem.OpenConsole', '(a{sv})', ({},))
        _, err = self.expect(BUSY, 'console', self.one.port)
        self.assertIn('a console is open', err)
        os.close(fds[0])
        job = self.bus.upgrade(modem, self.rig.dup())
        self.bus.wait_state(job, 'running')
        for command in ('console', 'reset'):
            _, err = self.expect(BUSY, command, self.one.port)
            self.assertIn('a job is running', err)
        self.expect(BUSY, 'at', self.one.port, 'AT')
        self.expect(BUSY, 'show', self.one.port, '--identify')
        self.bus.call(job, 'Job.Cancel', '(a{sv})', ({},))
        self.bus.wait_state(job, 'cancelled')

    def test_at(self):
        self.modem()
        self.assertEqual(self.expect(DONE, 'at', self.one.port, 'AT+SMOD?')[0], '2\n')
        out, err = self.expect(FAILED, 'at', self.one.port, 'AT+BAD')
        self.assertEqual((out, err), ('', 'sqnsctl: the modem answered ERROR\n'))


class Identify(ConsoleCase):
    def show(self, ref, code=DONE):
        out, _ = self.expect(code, 'show', ref, '--identify', '--json')
        return json.loads(out)['modem']['identity']

    def assert_discreet(self):
        log = self.rig.log(self.daemon)
        self.assertIn('IMEI yes', log)
        for number in NUMBERS:
            self.assertNotIn(number, log)
            self.assertNotIn(number[:9], log)

    def test_all(self):
        modem = self.modem()
        answer = self.bus.call(modem, 'Modem.Identify', '(a{sv})', ({},))[0]
        self.assertEqual(answer, dict(zip(('imei', 'iccid', 'imsi'), NUMBERS)))
        self.assertNotIn(NUMBERS[0], json.dumps(str(self.bus.objects())))
        self.assertEqual(self.property(modem, 'LastError'), '')
        out, _ = self.expect(DONE, 'show', self.one.port, '--identify')
        self.assertRegex(out, r'(?m)^imei +354344040000009\niccid +89490200001234567890\nimsi +262011234567890$')
        self.assertEqual(self.show(self.one.port), answer)
        self.assert_discreet()

    def test_without_a_sim(self):
        self.modem('--iccid=', '--imsi=')
        self.assertEqual(self.show(self.one.port), {'imei': NUMBERS[0]})

    def test_noise_between(self):
        self.modem('--noise')
        self.assertEqual(self.show(self.one.port), dict(zip(('imei', 'iccid', 'imsi'), NUMBERS)))

    def test_the_old_command_for_the_sim(self):
        self.modem('--fault=error@AT+SQNCCID')
        self.assertEqual(self.show(self.one.port)['iccid'], NUMBERS[1])

    def test_one_silence_is_forgiven(self):
        self.modem('--fault=silence@AT+SQNCCID')
        self.assertEqual(self.show(self.one.port), dict(zip(('imei', 'iccid', 'imsi'), NUMBERS)))
        self.assert_discreet()

    def test_in_recovery(self):
        self.modem('--modem=recovery')
        self.assertEqual(self.show(self.one.port), {})
        _, err = self.expect(DONE, 'show', self.one.port, '--identify')
        self.assertIn('in application mode only', err)

    def test_unplugged_meanwhile(self):
        modem = self.modem('--fault=unplug@AT+SQNCCID')
        self.call_refused('DeviceLost', modem, 'Modem.Identify', '(a{sv})', ({},))

    def test_unknown_option(self):
        modem = self.modem()
        with self.assertRaises(GLib.Error) as caught:
            self.bus.call(modem, 'Modem.Identify', '(a{sv})', ({'fast': GLib.Variant('b', True)},))
        self.assertIn('InvalidArgs', error_name(caught.exception))


class Names(ConsoleCase):
    """MODEM may be an IMEI, or the label of a job on it."""

    def shown(self, ref):
        out, err = self.expect(DONE, 'show', ref, '--json')
        return json.loads(out)['modem']['dev-node'], err

    def test_imei(self):
        self.modem()
        other = self.rig.board('--time-scale=0.02', '--imei=354344040000017')
        self.bus.add_port(other.port)
        for ref in ('354344040000017', '35434404000001', '3543440400000178'):
            port, err = self.shown(ref)
            self.assertEqual(port, other.port)
            self.assertIn('asking 2 boards', err)
        self.assertEqual(self.shown(NUMBERS[0])[0], self.one.port)
        _, err = self.expect(NOT_FOUND, 'show', '111111111111111')
        self.assertIn('no board tells the IMEI 111111111111111', err)
        for number in NUMBERS:
            self.assertNotIn(number, self.rig.log(self.daemon))

    def test_a_board_that_cannot_be_asked(self):
        modem = self.modem()
        _, fds = self.bus.call(modem, 'Modem.OpenConsole', '(a{sv})', ({},))
        _, err = self.expect(NOT_FOUND, 'show', NUMBERS[0])
        self.assertIn('could not be asked: a console is open', err)
        os.close(fds[0])

    def test_label(self):
        modem = self.modem()
        other = self.rig.board(*NUMBERED)
        later = GLib.Variant('t', 4102444800000000)
        for path, label in ((modem, 'bench 7'), (modem, 'both'), (self.bus.add_port(other.port), 'both')):
            fd = os.open(self.rig.dup(), os.O_RDONLY)
            self.bus.call(path, 'Modem.Upgrade', '(ha{sv})', (0, {'label': GLib.Variant('s', label), 'not-before': later}), [fd])
            os.close(fd)
        self.assertEqual(self.shown('bench 7'), (self.one.port, ''))
        _, err = self.expect(NOT_FOUND, 'show', 'both')
        self.assertIn("the label 'both' means 2 boards", err)


class Reset(ConsoleCase):
    def test_by_the_prompt(self):
        modem = self.modem('--main-program=prints')
        self.bus.call(modem, 'Modem.Reset', '(a{sv})', ({},))
        self.assertEqual(self.status(self.one)['esp32-resets'], 1)
        self.assertEqual(self.status(self.one)['modem-resets'], 0)
        _, err = self.expect(DONE, 'reset', self.one.port)
        self.assertIn('its modem goes on as it was', err)
        self.assertEqual(self.status(self.one)['esp32-resets'], 2)

    def test_needs_a_hand(self):
        modem = self.modem('--start=passthrough', link='passthrough')
        self.hold_in_passthrough(modem)
        _, err = self.expect(HAND, 'reset', self.one.port)
        self.assertIn('press the reset button', err)
        self.assertEqual(self.status(self.one)['modem-resets'], 0)
        self.one.tell('press-reset')
        self.expect(DONE, 'reset', self.one.port)

    def test_a_program_that_does_not_yield(self):
        self.modem('--main-program=ignores-ctrl-c')
        self.let_it_run('main.py runs')
        _, err = self.expect(HAND, 'reset', self.one.port)
        self.assertIn('press the reset button', err)

    def let_it_run(self, words):
        """Until the program says @words: a Ctrl-C before that would be too early."""
        port = os.open(self.one.port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(port)
        attributes = termios.tcgetattr(port)
        attributes[4] = attributes[5] = termios.B115200
        termios.tcsetattr(port, termios.TCSANOW, attributes)
        self.one.tell('press-reset')
        Reader(port).until(words)
        os.close(port)

    def test_with_the_modem(self):
        modem = self.modem()
        _, err = self.expect(DONE, 'reset', '--modem', self.one.port)
        self.assertIn('the modem has restarted and answers', err)
        self.assertEqual((self.status(self.one)['esp32-resets'], self.status(self.one)['modem-resets']), (1, 1))
        self.assertEqual(self.property(modem, 'State'), 'application')

    def test_modes_stay(self):
        for mode in ('recovery', 'ffh'):
            with self.subTest(mode):
                modem = self.modem('--modem=' + mode)
                self.expect(DONE, 'reset', '--modem', self.one.port)
                self.assertEqual(self.property(modem, 'State'), mode)
                self.assertEqual(self.status(self.one)['modem-resets'], 1)

    def test_a_bare_modem(self):
        self.modem('--start=direct', link='direct')
        out, _ = self.expect(DONE, 'reset', '--modem', self.one.port, '--json')
        self.assertEqual(json.loads(out)['modem']['state'], 'application')
        self.assertEqual((self.status(self.one)['esp32-resets'], self.status(self.one)['modem-resets']), (0, 1))
        _, err = self.expect(FAILED, 'reset', self.one.port)
        self.assertIn('without a module to reset', err)

    def test_not_while_it_applies_an_upgrade(self):
        modem = self.modem('--modem=updater', '--start=direct', '--time-scale=1', '--apply-time=30', link='direct')
        wait_for(lambda: self.refreshed(modem) == 'updater', 'the modem to say that it is the updater')
        self.call_refused('WrongState', modem, 'Modem.Reset', '(a{sv})', ({'modem': GLib.Variant('b', True)},),
                          words='applying an upgrade')
        self.assertEqual(self.status(self.one)['modem-resets'], 0)
        self.expect(REFUSED, 'reset', '--modem', self.one.port)

    def test_not_while_a_report_is_due(self):
        self.modem('--modem=recovery', '--report=on-going')
        self.expect(REFUSED, 'reset', '--modem', self.one.port)
        self.assertEqual((self.status(self.one)['esp32-resets'], self.status(self.one)['modem-resets']), (0, 0))

    def refreshed(self, modem):
        """What it is now; nothing where it does not answer."""
        try:
            self.bus.call(modem, 'Modem.Refresh', '(a{sv})', ({},))
        except GLib.Error as error:
            self.assertEqual(error_name(error), ERROR + 'Timeout')
        return self.property(modem, 'State')

    def test_a_modem_that_refuses(self):
        self.modem('--fault=error@AT^RESET')
        _, err = self.expect(FAILED, 'reset', '--modem', self.one.port)
        self.assertIn('refuses to restart', err)

    def test_a_modem_that_is_gone(self):
        modem = self.modem('--fault=unplug@AT^RESET')
        self.call_refused('DeviceLost', modem, 'Modem.Reset', '(a{sv})', ({'modem': GLib.Variant('b', True)},))
        self.assertEqual(self.status(self.one)['esp32-resets'], 0)


class Follow(ConsoleCase):
    def test_log(self):
        modem = self.modem()
        job = self.bus.upgrade(modem, self.rig.dup())
        uuid = self.bus.properties(job, 'Job')['Uuid']
        out, _ = self.expect(DONE, 'job', uuid, '--log', '--follow')
        _, fds = self.bus.call(job, 'Job.GetLog')
        with os.fdopen(fds[0], encoding='utf-8') as log:
            self.assertEqual(out, log.read())
        self.assertEqual(self.expect(DONE, 'job', uuid, '--log')[0], out)
        self.assertIn('AT+SMSTPU', out)
        for args in (('--follow',), ('--log', '--follow', '--json')):
            self.expect(USAGE, 'job', uuid, *args)

    def test_the_end_of_it(self):
        modem = self.modem('--time-scale=1', '--apply-time=60')
        job = self.bus.upgrade(modem, self.rig.dup())
        uuid = self.bus.properties(job, 'Job')['Uuid']
        client = self.start('job', uuid, '--log', '--follow')
        client.out.until('AT+SMOD?')
        client.interrupt()
        self.assertEqual(client.end()[0], DETACHED)
        client = self.start('job', uuid, '--log', '--follow')
        client.out.until('AT+SMOD?')
        self.bus.call(job, 'Job.Cancel', '(a{sv})', ({},))
        code, out, _ = client.end()
        self.assertEqual(code, self.expect_state(job))
        self.assertIn('org.sqnsd1.Error.', out)

    def expect_state(self, job):
        self.bus.wait_state(job, 'cancelled', 'failed')
        return {ERROR + 'Cancelled': 9, ERROR + 'NeedsRecovery': 10}[self.bus.properties(job, 'Job')['ErrorName']]


class Personal(ConsoleCase):
    """LogPersonal=yes: what a modem says stays in the log."""

    def setUp(self):
        super().setUp()
        config = os.path.join(self.rig.folder, 'personal.conf')
        with open(config, 'w', encoding='utf-8') as out:
            out.write('[sqnsd]\nLogPersonal=yes\n')
        self.assertEqual(self.rig.stop(self.daemon), 0)
        self.daemon = self.rig.daemon('--verbose', '--config', config)

    def test_transcript(self):
        # a line that no question of the daemon's asks for, but that stands in its dialogue
        modem = self.modem('--report=failure[353535350000001,1]', '--modem=recovery')
        self.bus.call(modem, 'Modem.Refresh', '(a{sv})', ({},))
        self.assertIn('353535350000001', self.rig.log(self.daemon))
        self.bus.call(modem, 'Modem.Identify', '(a{sv})', ({},))
        for number in NUMBERS:
            self.assertNotIn(number, self.rig.log(self.daemon))

    def test_identify_stays_discreet(self):
        modem = self.modem()
        self.bus.call(modem, 'Modem.Identify', '(a{sv})', ({},))
        for number in NUMBERS:
            self.assertNotIn(number, self.rig.log(self.daemon))


class Discreet(ConsoleCase):
    def test_transcript(self):
        modem = self.modem('--report=failure[353535350000001,1]', '--modem=recovery')
        self.bus.call(modem, 'Modem.Refresh', '(a{sv})', ({},))
        self.assertIn('failure[<private>,1]', self.rig.log(self.daemon))
        self.assertNotIn('353535350000001', self.rig.log(self.daemon))


if __name__ == '__main__':
    unittest.main(verbosity=2)
