# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of sqnsctl have in common. They need SQNSCTL (the program) and SQNS_SOURCE (the source tree) in the
environment."""
import importlib.util
import os
import unittest

from client_rig import Bus, Client, FakeDaemon, remove_folder
from folders import temporary_folder

OWN = 'org.sqnsd1.Error.'
DBUS = 'org.freedesktop.DBus.Error.'


def load_make_dup():
    path = os.path.join(os.environ['SQNS_SOURCE'], 'tests', 'board', 'make-dup.py')
    spec = importlib.util.spec_from_file_location('make_dup', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder('sqnsctl-')
        self.addCleanup(remove_folder, self.folder)
        self.bus = None

    def start_bus(self, **how):
        self.bus = Bus(self.folder, **how)
        self.addCleanup(self.bus.close)

    def client(self, *args, **how):
        where = ['--bus', self.bus.address] if self.bus else []
        client = Client([*where, *args], **how)
        self.addCleanup(client.kill)
        return client

    def run_client(self, *args, **how):
        return self.client(*args, **how).end()

    def expect(self, code, *args, **how):
        got, out, err = self.run_client(*args, **how)
        self.assertEqual(got, code, 'sqnsctl %s\nstdout: %s\nstderr: %s' % (' '.join(args), out, err))
        return out, err

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as out:
            out.write(content)
        return path


class WithDaemon(Case):
    def setUp(self):
        super().setUp()
        self.start_bus()
        self.daemon = FakeDaemon(self.bus.address)
        self.addCleanup(self.daemon.close)
        self.daemon.modem('a')

    def firmware(self):
        make_dup = load_make_dup()
        return self.file('fw.dup', make_dup.make_dup(size=20000))

    def upgrade(self, *args, **how):
        """A running upgrade of board a whose job the daemon has made."""
        client = self.client('upgrade', 'a', self.firmware(), *args, **how)
        self.daemon.call('Upgrade')
        return client
