#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program has the port open without any lock, as terminals and flashing tools do: sqnsd names it before the first byte, and
does not take it for a silent modem."""
import os
import pty
import subprocess
import sys
import unittest

from sqnstest.bus import ERROR, GLib
from sqnstest.case import DaemonCase, FakeDaemonCase
from sqnstest.client import BUSY, DONE
from sqnstest.deadlines import wait_for

# reads what comes, so that bytes are lost to everybody else
TERMINAL = ('import os, select, sys\n'
            'fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)\n'
            'print("has it", flush=True)\n'
            'while sys.stdin not in select.select([fd, sys.stdin], [], [])[0]:\n'
            '    try:\n'
            '        os.read(fd, 1000)\n'
            '    except OSError:\n'
            '        pass\n')


class Terminal:
    def __init__(self, port):
        self.process = subprocess.Popen([sys.executable, '-c', TERMINAL, port], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == 'has it\n'
        with open('/proc/%d/comm' % self.process.pid, encoding='utf-8') as comm:
            self.name = '%s (pid %d)' % (comm.read().strip(), self.process.pid)

    def close(self):
        if self.process.poll() is None:
            self.process.communicate()


class HolderCase(DaemonCase):
    def terminal(self, port):
        terminal = Terminal(port)
        self.addCleanup(terminal.close)
        return terminal


class Before(HolderCase):
    """It is there when something is asked for."""

    def setUp(self):
        super().setUp()
        self.dup = self.image()
        self.one = self.board('--start=direct')
        self.holder = self.terminal(self.one.port)

    def test_daemon(self):
        client = self.rig.connect()
        modem = client.add_port(self.one.port)
        job = client.upgrade(modem, self.dup)
        end = client.wait_state(job, 'failed')
        self.assertEqual(end['ErrorName'], ERROR + 'PortLocked')
        self.assertEqual(end['ErrorMessage'], '%s is in use by %s' % (self.one.port, self.holder.name))
        self.assertTrue(end['Safe'])
        self.assertNotIn('silent', end['Advice'])
        for call in (('Modem.Refresh', '(a{sv})', ({},)), ('Modem.OpenConsole', '(a{sv})', ({},)),
                     ('Modem.Reset', '(a{sv})', ({},)), ('Modem.Identify', '(a{sv})', ({},))):
            with self.assertRaisesRegex(GLib.Error, r'PortLocked.*in use by .*\(pid %d\)' % self.holder.process.pid):
                client.call(modem, *call)
        self.assertNotEqual(client.properties(modem, 'Modem')['State'], 'silent')
        self.assert_unopened(self.one)

    def test_sqnsctl(self):
        words = '%s is in use by %s' % (self.one.port, self.holder.name)
        for command in (('upgrade', self.one.port, self.dup), ('recover', self.one.port, self.dup), ('at', self.one.port, 'ATI1'),
                        ('reset', self.one.port), ('console', self.one.port)):
            _, err = self.expect(BUSY, *command)
            self.assertIn(words, err)
        self.assertEqual(self.json(DONE, 'jobs')['jobs'], [], 'no job was ordered')
        self.assert_unopened(self.one)
        self.holder.close()
        self.expect(DONE, 'upgrade', self.one.port, self.dup)
        self.assert_upgraded(self.one)

    def test_one_of_several(self):
        two = self.board('--start=direct')
        _, err = self.expect(BUSY, 'upgrade', self.one.port, two.port, self.dup)
        self.assertIn(self.holder.name, err)
        self.assert_unopened(self.one)
        self.assert_upgraded(two)


@unittest.skipUnless(os.geteuid() == 0, 'only root can open a port that is locked')
class Meanwhile(HolderCase):
    """Root opens the port of a job that runs: the job waits for it to be closed."""
    daemon_patience = 0.05

    def test_upload(self):
        dup = self.image(size=100000)
        board = self.board('--start=direct', speed=('--time-scale=0.02', '--boot-time=1', '--block-time=5'))
        client = self.rig.connect()
        job = client.upgrade(client.add_port(board.port), dup)
        self.wait_bytes(board)
        holder = self.terminal(board.port)
        paused = client.wait_state(job, 'interrupted')
        self.assertIn(holder.name, paused['Message'])
        self.assertNotIn('silent', paused['Message'])
        holder.close()
        wait_for(lambda: client.job_if(job, ('succeeded',)), 'the job to go on to its end')
        self.assert_upgraded(board)


class Unseen(FakeDaemonCase):
    """The daemon may not look into the program; who calls sqnsctl may."""

    def setUp(self):
        super().setUp()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.port = os.ttyname(slave)
        os.close(slave)
        self.daemon.order('set', path='/org/sqnsd1/modem/a', props={'DevNode': self.port})

    def hold(self):
        holder = Terminal(self.port)
        self.addCleanup(holder.close)
        return holder

    def test_before_the_order(self):
        holder = self.hold()
        _, err = self.expect(BUSY, 'upgrade', 'a', self.firmware())
        self.assertIn('%s is in use by %s' % (self.port, holder.name), err)

    def test_name_is_added(self):
        client = self.upgrade()
        holder = self.hold()
        self.daemon.finish(1, 'failed', error=ERROR + 'PortLocked', message=self.port + ' is in use by another program')
        code, _, err = client.end()
        self.assertEqual(code, BUSY)
        self.assertIn('the port is in use by ' + holder.name, err)

    def test_daemon_is_no_stranger(self):
        self.hold_as_daemon = os.open(self.port, os.O_RDWR | os.O_NOCTTY)  # this process: who plays the board
        self.addCleanup(os.close, self.hold_as_daemon)
        client = self.upgrade()
        self.daemon.finish(1, 'succeeded', props={'Message': 'done'})
        self.assertEqual(client.end()[0], DONE)


if __name__ == '__main__':
    unittest.main()
