# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of jobs that outlive things have in common: a daemon that is killed and started again, records on disk."""
import glob
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bus_rig import wait_for  # noqa: E402
from rig import DONE, WholeCase  # noqa: E402

SLOW_BLOCKS = ('--time-scale=0.02', '--block-time=10')
ENDED = ('succeeded', 'failed', 'cancelled')


class JournalCase(WholeCase):
    def setUp(self):
        super().setUp()
        self.client = self.rig.client()
        self.dup = self.image(size=300000)

    @property
    def folder(self):
        return self.rig.folder

    def records(self, suffix='.conf'):
        return sorted(glob.glob(os.path.join(self.folder, 'jobs', '*' + suffix)))

    def firmware(self):
        return sorted(os.listdir(os.path.join(self.folder, 'firmware')))

    def record(self, uuid):
        with open(os.path.join(self.folder, 'jobs', uuid + '.conf'), encoding='utf-8') as record:
            return dict(line.rstrip('\n').split('=', 1) for line in record if '=' in line)

    def life(self, uuid):
        try:
            record = self.record(uuid)  # read once: the next look may find another one
        except FileNotFoundError:
            return None  # a new job is answered for before it is on disk; it begins after that
        return record['State'], record['Interruptions']

    def path(self, uuid):
        return '/org/sqnsd1/job/' + uuid.replace('-', '_')

    def job(self, uuid):
        return self.client.properties(self.path(uuid), 'Job')

    def begin(self, port, *options):
        """The id of a new job."""
        out, err = self.expect(DONE, 'upgrade', port, self.dup, '--detach', *options)
        return (out or err).split()[0]

    def kill(self):
        self.daemon.send_signal(signal.SIGKILL)
        self.rig.ended(self.daemon)

    def restart(self, *options):
        self.daemon = self.rig.daemon(*options)

    def wait_job(self, uuid, *states):
        return self.client.wait_state(self.path(uuid), *states)

    def succeeds(self, uuid):
        now = self.wait_job(uuid, *ENDED)
        self.assertEqual((now['State'], now['ErrorMessage']), ('succeeded', ''), now)
        return now

    def wait_phase(self, uuid, phase):
        """Until it is there, or beyond."""
        def there():
            now = self.job(uuid)
            return now if now['Phase'] == phase or now['State'] in ENDED else None
        return wait_for(there, 'phase ' + phase)['State'] not in ENDED
