# SPDX-License-Identifier: LGPL-2.1-or-later
"""The D-Bus face of a daemon without a daemon behind it: fake-daemon.py as a child process says what a test tells it to."""
import json
import os
import subprocess
import sys

from sqnstest import SOURCE
from sqnstest.client import Reader
from sqnstest.deadlines import DEADLINE_S

# without the address of the bus
COMMAND = (sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fake-daemon.py'),
           os.path.join(SOURCE, 'data', 'dbus'))


class FakeDaemon:
    def __init__(self, address):
        self.process = subprocess.Popen([*COMMAND, address],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.reader = Reader(self.process.stdout.fileno())
        self.calls = []
        self.wait(lambda m: 'ready' in m)

    def wait(self, wanted):
        """The next message that is @wanted; calls that come before are kept."""
        while True:
            message = json.loads(self.reader.line())
            if wanted(message):
                return message
            if 'call' in message:
                self.calls.append(message)

    def order(self, do, **order):
        self.process.stdin.write(json.dumps({'do': do, **order}).encode() + b'\n')
        self.process.stdin.flush()
        if do != 'drop' and order.get('order') != 'last-words':
            self.wait(lambda m: m.get('done') == do)

    def call(self, method):
        """Waits for a call of @method, or gives one that came already."""
        for i, message in enumerate(self.calls):
            if message['call'] == method:
                return self.calls.pop(i)
        return self.wait(lambda m: m.get('call') == method)

    def modem(self, name, **props):
        self.order('modem', id=name, props={'DevNode': '/dev/tty-' + name, **props})

    def job(self, number, modem='a', **props):
        self.order('job', uuid=uuid(number), modem=modem, props=props)

    def set_job(self, number, **props):
        self.order('set', path=job_path(number), props=props)

    def finish(self, number, state, **more):
        self.order('finish', path=job_path(number), state=state, **more)

    def close(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()


def uuid(number):
    return '%08x-0000-4000-8000-000000000000' % number


def job_path(number):
    return '/org/sqnsd1/job/' + uuid(number).replace('-', '_')
