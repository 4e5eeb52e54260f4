# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs while they run, and what they leave on disk; a daemon that is killed and started again."""
import glob
import os
import signal

from sqnstest.case import DaemonCase
from sqnstest.client import DONE
from sqnstest.deadlines import wait_for

ENDED = ('succeeded', 'failed', 'cancelled')


class JobCase(DaemonCase):
    def setUp(self):
        super().setUp()
        self.dup = self.image(size=300000)

    def begin(self, port, *options):
        """The id of a new job."""
        out, err = self.expect(DONE, 'upgrade', port, self.dup, '--detach', *options)
        return (out or err).split()[0]

    def path(self, uuid):
        return '/org/sqnsd1/job/' + uuid.replace('-', '_')

    def job(self, uuid):
        return self.bus.properties(self.path(uuid), 'Job')

    def wait_job(self, uuid, *states):
        return self.bus.wait_state(self.path(uuid), *states)

    def succeeds(self, uuid):
        now = self.wait_job(uuid, *ENDED)
        self.assertEqual((now['State'], now['ErrorMessage']), ('succeeded', ''), now)
        return now

    def wait_phase(self, uuid, *phases):
        """Fails if the job ends before it is in one of @phases."""
        def there():
            now = self.job(uuid)
            return now if now['Phase'] in phases or now['State'] in ENDED else None
        now = wait_for(there, 'phase ' + ' or '.join(phases))
        self.assertNotIn(now['State'], ENDED, now)

    # --- records ---

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
            return None  # the daemon answers for a new job before it is on disk; the job begins after that
        return record['State'], record['Interruptions']

    # --- the daemon's life ---

    def kill(self):
        self.daemon.send_signal(signal.SIGKILL)
        self.rig.ended(self.daemon)

    def restart(self, *options):
        self.daemon = self.rig.daemon(*options)
