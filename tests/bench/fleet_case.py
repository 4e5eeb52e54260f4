# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many boards in one process, a daemon on its own bus, one upgrade of all boards, and its cost."""
import json
import os
import re
import resource
import subprocess
import time

from sqnstest.bus import NAME, Connection, Gio, GLib
from sqnstest.daemon import Rig
from sqnstest.deadlines import wait_for
from sqnstest.process import ImageWatch, Process

VERSION_BEFORE = '6.0.0.0-35351'  # sqns-board's own default
LOOP_LIMIT_MS = 50
TURN = re.compile(r'the main loop did not run for ([0-9.]+) ms')
EXPLAINED_TURNS = 3
ANSWER_S = 120
PENDING = 8  # MaxReadersPerUser
UPGRADE_S = 1800


def allow_descriptors(boards):
    """Raises the limit for the boards that this process starts: ports, locks and children."""
    wanted = 64 + 8 * boards
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted, hard))


class Boards:
    def __init__(self, folder, count, *options):
        self.status_path = os.path.join(folder, 'boards')
        self.process = subprocess.Popen(
            [os.environ['SQNS_BOARD'], '--count', str(count), *options, '--exit-with-stdin',
             '--status-on-exit', self.status_path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = [self.process.stdout.readline().strip() for _ in range(count)]
        self.kernel = Process(self.process.pid)

    def end(self):
        """The final status of each board."""
        self.process.communicate()
        with open(self.status_path, encoding='utf-8') as file:
            return [json.loads(line) for line in file]


def upgrade_together(rig, ports, image):
    """Upgrades all boards in one call, as a user does; exit status and output."""
    done = subprocess.run([os.environ['SQNSCTL'], '--bus', rig.address, '--quiet', 'upgrade', *ports, image],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def upgrade_each(rig, ports, image):
    """Makes a call for each board, as many at once as a user may have, as a test bench does; the same."""
    client = Connection(rig.address)
    modems = [client.add_port(port) for port in ports]
    answers, ends = [], []
    client.bus.signal_subscribe(NAME, 'org.sqnsd1.Manager', 'JobFinished', None, None, Gio.DBusSignalFlags.NONE,
                                lambda *signal: ends.append(signal[-1].unpack()))
    with open(image, 'rb') as file:
        for sent, modem in enumerate(modems):
            wait_for(lambda: sent - len(answers) < PENDING, 'a call to be answered', ANSWER_S)
            fds = Gio.UnixFDList.new()
            fds.append(file.fileno())
            client.bus.call_with_unix_fd_list(
                NAME, modem, 'org.sqnsd1.Modem', 'Upgrade', GLib.Variant('(ha{sv})', (0, {})), None, Gio.DBusCallFlags.NONE,
                ANSWER_S * 1000, fds, None, lambda bus, result: answers.append(client.finish(result)))
        wait_for(lambda: len(answers) == len(modems), 'each call to be answered', ANSWER_S)
    refused = [str(answer) for answer in answers if isinstance(answer, GLib.Error)]
    wait_for(lambda: len(ends) + len(refused) == len(modems), 'each job to end', UPGRADE_S)
    failed = refused + ['%s: %s' % (modem, message) for _, modem, state, _, message in ends if state != 'succeeded']
    client.close()
    return len(failed), '\n'.join(failed)


def add_each_option(parser):
    parser.add_argument('--each', dest='upgrade', action='store_const', const=upgrade_each, default=upgrade_together,
                        help='a call for each board, all in one moment, instead of one for them all')


class Fleet:
    """One upgrade of @count boards; ends the program when it fails."""

    def __init__(self, count, image, board_options, daemon_options=(), daemon_log=None, upgrade=upgrade_together):
        rig = Rig()
        boards = Boards(rig.folder, count, *board_options)
        process = rig.daemon(*daemon_options)
        daemon = Process(process.pid)
        images = ImageWatch(daemon)
        before, begin = boards.kernel.cpu_s(), time.monotonic()
        status, said = upgrade(rig, boards.ports, image)
        self.seconds = time.monotonic() - begin
        self.images = images.stop()
        self.peak_mib, self.cpu_s, self.boards_cpu_s = daemon.peak_kib() / 1024, daemon.cpu_s(), boards.kernel.cpu_s() - before
        rig.stop(process)
        self.log = rig.log(process)
        self.boards = boards.end()
        complaints = rig.close()
        if daemon_log:
            with open(daemon_log, 'w', encoding='utf-8') as file:
                file.write(self.log)
        versions = {board['version'] for board in self.boards}
        if status != 0 or len(self.boards) != count or len(versions) != 1 or versions == {VERSION_BEFORE} or complaints:
            raise SystemExit('the upgrade failed with %d: %s\nboards: %s\n%s' % (
                status, said[-3000:], versions, complaints))
        found = re.search(r'longest main loop turn ([0-9.]+) ms \(([0-9.]+) ms of CPU\)', self.log)
        self.turn_ms, self.turn_cpu_ms = (float(found[1]), float(found[2])) if found else (None, None)

    def overruns(self):
        return sum(board['overruns'] for board in self.boards)

    def explain_turns(self):
        """Prints the longest turns with the log lines around them."""
        lines = self.log.splitlines()
        turns = [(float(found[1]), at) for at, found in ((at, TURN.search(line)) for at, line in enumerate(lines)) if found]
        for _, at in sorted(turns, reverse=True)[:EXPLAINED_TURNS]:
            print('    ' + ' | '.join(text[-70:] for text in lines[max(at - 2, 0):at + 2]))
