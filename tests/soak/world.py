# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bus with one daemon, which ends and starts again while runs continue, and the resources that it holds."""
import glob
import os
import signal
import subprocess
import time

from sqnstest.bus import NAME, ROOT, Gio, GLib, connect
from sqnstest.daemon import Rig
from sqnstest.dup import make_dup, make_first_step
from sqnstest.jobs import ENDED
from sqnstest.process import Process, comm, open_files

from loop import Later, pause, until, wait_for

CALL_MS = 60000
START_S = 60
STOP_S = 180  # a job past the point of no return is finished first
CALM_S = 12  # between two ends of one daemon, each of which affects all its boards
GONE = ('org.freedesktop.DBus.Error.NoReply', 'org.freedesktop.DBus.Error.ServiceUnknown',
        'org.freedesktop.DBus.Error.NameHasNoOwner', 'org.freedesktop.DBus.Error.Disconnected',
        'org.sqnsd1.Error.Draining')


class Refused(Exception):
    """An error reply of the daemon."""

    def __init__(self, name, message):
        super().__init__('%s: %s' % (name, message))
        self.name = name


class World:
    def __init__(self, name, patience):
        self.name = name
        self.patience = patience
        self.rig = Rig()
        self.folder = self.rig.folder
        self.state = os.path.join(self.folder, 'state')
        self.bus = connect(self.rig.address)
        self.bus.signal_subscribe(NAME, None, None, None, None, Gio.DBusSignalFlags.NONE, self.on_signal)
        self.watchers = {}
        self.process = None
        self.up = Later()
        self.busy = False
        self.last_end = -CALM_S
        self.ended = {'term': 0, 'kill': 0}
        self.violations = []
        self.dups = {}
        self.closing = False

    def on_signal(self, _bus, _sender, path, _interface, name, params):
        watcher = self.watchers.get(path)
        if watcher is not None:
            watcher(name, params.unpack())

    # --- calls ---

    def begin(self, path, method, signature=None, args=(), files=()):
        interface, method = method.rsplit('.', 1)
        fds = Gio.UnixFDList.new()
        for fd in files:
            fds.append(fd)
        later = Later()

        def answered(bus, result):
            try:
                reply, got = bus.call_with_unix_fd_list_finish(result)
            except GLib.Error as error:
                name = Gio.DBusError.get_remote_error(error) or 'local'
                Gio.DBusError.strip_remote_error(error)
                later.set(error=Refused(name, error.message))
                return
            later.set((reply.unpack(), got.steal_fds() if got is not None and got.get_length() > 0 else []))
        self.bus.call_with_unix_fd_list(
            NAME, path, interface if '.' in interface else 'org.sqnsd1.' + interface, method,
            GLib.Variant(signature, args) if signature else None, None, Gio.DBusCallFlags.NO_AUTO_START, CALL_MS, fds, None,
            answered)
        return later

    async def call(self, path, method, signature=None, args=(), files=()):
        return (await self.begin(path, method, signature, args, files))[0]

    async def call_anyhow(self, *call, files=()):
        """Repeats a call to the next daemon if this one ends meanwhile; only for calls that may be made twice."""
        while True:
            await self.up
            try:
                return await self.call(*call, files=files)
            except Refused as error:
                if error.name not in GONE:
                    raise
                await pause(50)

    async def properties(self, path, interface):
        return (await self.call_anyhow(path, 'org.freedesktop.DBus.Properties.GetAll', '(s)', ('org.sqnsd1.' + interface,)))[0]

    async def log_of(self, job):
        await self.up
        _, fds = await self.begin(job, 'Job.GetLog')
        with os.fdopen(fds[0], 'rb') as log:
            return log.read().decode(errors='replace')

    def dup(self, target, size, first=False):
        key = (target, size, first)
        if key not in self.dups:
            version, build = target
            path = os.path.join(self.folder, '%s-%d-%d%s.dup' % (version, build, size, '-1' if first else ''))
            with open(path, 'wb') as out:
                out.write((make_first_step if first else make_dup)(version=version, build=build, size=size))
            self.dups[key] = path
        return self.dups[key]

    # --- the daemon's life ---

    async def start(self):
        log = open(os.path.join(self.folder, 'sqnsd.log'), 'a', encoding='utf-8')
        self.process = subprocess.Popen(
            [os.environ['SQNSD_IMPATIENT'], '--no-udev', '--state-dir', self.state, '--bus', self.rig.address],
            stdout=log, stderr=log, env=self.rig.environment(SQNS_PATIENCE=str(self.patience)))
        self.process.log = log
        self.rig.daemons = [self.process]
        for _ in range(START_S * 50):
            if self.process.poll() is not None:
                raise AssertionError('the daemon ended at its start:\n' + self.log_tail())
            if self.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameHasOwner',
                                  GLib.Variant('(s)', (NAME,)), None, Gio.DBusCallFlags.NONE, -1, None).unpack()[0]:
                break
            await pause(20)
        else:
            raise AssertionError('the daemon does not own its name')
        self.up.set()

    def log_tail(self, size=4000):
        with open(os.path.join(self.folder, 'sqnsd.log'), encoding='utf-8', errors='replace') as log:
            return log.read()[-size:]

    async def end(self, how):
        """Ends the daemon by a signal and starts another one in the same folder; False if it is ending already."""
        now = time.monotonic()
        if self.busy or self.closing or now < self.last_end + CALM_S:
            return False
        self.busy = True
        self.ended[how] += 1
        self.last_end = now
        self.up = Later()
        old = self.process
        old.send_signal(signal.SIGTERM if how == 'term' else signal.SIGKILL)
        try:
            await wait_for(lambda: old.poll() is not None, 'the daemon to end after SIG' + how.upper(), STOP_S, 20)
            if how == 'term' and old.returncode != 0:
                self.violations.append('SIGTERM: the daemon ended with %d\n%s' % (old.returncode, self.log_tail()))
        except AssertionError as error:
            self.violations.append('%s\n%s' % (error, self.log_tail()))
            old.kill()
            old.wait()
        old.log.close()
        await self.start()
        self.busy = False
        for watcher in list(self.watchers.values()):
            watcher('restarted', ())
        return True

    async def guard(self):
        """Notices a daemon that dies by itself."""
        while not self.closing:
            await pause(200)
            if not self.busy and self.process.poll() is not None:
                self.busy = True
                self.violations.append('the daemon died by itself: %d\n%s' % (self.process.returncode, self.log_tail()))
                self.up = Later()
                await self.start()
                self.busy = False

    # --- what it holds ---

    def fds(self):
        return sorted(open_files(self.process.pid))

    def rss_kib(self):
        return Process(self.process.pid).rss_kib()

    def children(self):
        """Without the gate, which lives as long as the daemon."""
        found = []
        for path in glob.glob('/proc/%d/task/*/children' % self.process.pid):
            with open(path, encoding='utf-8') as children:
                found += [child for child in children.read().split() if comm(child) != 'sqnsd-gate']
        return found

    def records(self):
        """The keys of each job on disk."""
        found = {}
        for path in glob.glob(os.path.join(self.state, 'jobs', '*.conf')):
            with open(path, encoding='utf-8') as record:
                found[os.path.basename(path)] = dict(line.rstrip('\n').split('=', 1) for line in record if '=' in line)
        return found

    def stray_files(self):
        """Files in the state folder that should not be there when no job runs."""
        strays = []
        needed = set()
        for name, record in self.records().items():
            state = record.get('state', record.get('State', ''))
            if state not in ENDED:
                strays.append('%s: %s' % (name, state or record))
            if state != 'succeeded':
                needed.update(value for value in record.values() if len(value) == 64)
        for path in glob.glob(os.path.join(self.state, '**', '*'), recursive=True):
            folder, name = os.path.split(os.path.relpath(path, self.state))
            if os.path.isdir(path):
                continue
            if folder == 'firmware' and name not in needed:
                strays.append('firmware that no job needs: ' + name)
            elif folder == 'jobs' and os.path.splitext(name)[1] not in ('.conf', '.log'):
                strays.append('jobs/' + name)
            elif folder not in ('firmware', 'jobs') and name != 'lock':
                strays.append(os.path.join(folder, name))
        return strays

    async def held(self):
        """Resources that an idle daemon should not hold."""
        found = ['a descriptor of ' + fd for fd in self.fds() if '/dev/pts' in fd or 'memfd' in fd or 'deleted' in fd]
        found += ['a child process ' + child for child in self.children()]
        manager = await self.properties(ROOT, 'Manager')
        for key, none in (('RunningJobs', 0), ('QueuedJobs', 0), ('Inhibitors', [])):
            if manager[key] != none:
                found.append('%s = %s' % (key, manager[key]))
        objects = (await self.call_anyhow(ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects'))[0]
        for path, has in objects.items():
            modem, job = has.get('org.sqnsd1.Modem'), has.get('org.sqnsd1.Job')
            if modem is not None:
                found.append('modem %s: job %s, blocked by %s' % (path, modem['CurrentJob'], modem['Blockers']))
            if job is not None and job['State'] not in ENDED:
                found.append('job %s: %s, %s' % (path, job['State'], job['Message']))
        return found

    async def idle(self, deadline_s=30):
        """Waits until the daemon holds nothing; what it still holds at the deadline."""
        for _ in range(deadline_s * 5):
            found = await self.held() + self.stray_files()
            if not found:
                return []
            await until(Later(), 200)
        return found

    def close(self):
        self.closing = True
        if not self.bus.is_closed():  # Ctrl-C ends its bus, too
            self.bus.close_sync(None)
        return self.rig.close()
