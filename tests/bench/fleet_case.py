# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many boards in one process, a daemon on a bus of its own, one upgrade of them all, and what it cost."""
import json
import os
import re
import resource
import subprocess
import sys
import time

from bench import SOURCE
from process import ImageWatch, Process

sys.path.insert(0, os.path.join(SOURCE, 'tests', 'scenario'))
from bus_rig import NAME, Rig, load_make_dup, wait_for  # noqa: E402, F401  (for idle.py too)

VERSION_BEFORE = '6.0.0.0-35351'  # sqns-board's own default
LOOP_LIMIT_MS = 50
TURN = re.compile(r'the main loop was away for ([0-9.]+) ms')
EXPLAINED_TURNS = 3


def allow_descriptors(boards):
    """For the boards, which this process starts: of a port, its lock and its children."""
    wanted = 64 + 8 * boards
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted, hard))


class Boards:
    def __init__(self, folder, count, *options):
        self.status_path = os.path.join(folder, 'boards')
        self.process = subprocess.Popen(
            [os.environ['SQNS_BOARD'], '--count', str(count), *options, '--exit-with-stdin', '--status-on-exit', self.status_path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = [self.process.stdout.readline().strip() for _ in range(count)]
        self.kernel = Process(self.process.pid)

    def end(self):
        """Their state at the end, a dictionary each."""
        self.process.communicate()
        with open(self.status_path, encoding='utf-8') as file:
            return [json.loads(line) for line in file]


class Fleet:
    """One upgrade of @count boards; ends the program when it fails."""

    def __init__(self, count, image, board_options, daemon_options=(), daemon_log=None):
        rig = Rig()
        boards = Boards(rig.folder, count, *board_options)
        process = rig.daemon(*daemon_options)
        daemon = Process(process.pid)
        images = ImageWatch(daemon)
        before, begin = boards.kernel.cpu_s(), time.monotonic()
        done = subprocess.run([os.environ['SQNSCTL'], '--bus', rig.address, '--quiet', 'upgrade', *boards.ports, image],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
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
        if done.returncode != 0 or len(self.boards) != count or len(versions) != 1 or versions == {VERSION_BEFORE} or complaints:
            raise SystemExit('the upgrade failed with %d: %s\nboards: %s\n%s' % (
                done.returncode, done.stdout[-3000:], versions, complaints))
        found = re.search(r'longest main loop turn ([0-9.]+) ms \(([0-9.]+) ms of CPU\)', self.log)
        self.turn_ms, self.turn_cpu_ms = (float(found[1]), float(found[2])) if found else (None, None)

    def overruns(self):
        return sum(board['overruns'] for board in self.boards)

    def explain_turns(self):
        """The longest turns, each with what was logged right before and after it."""
        lines = self.log.splitlines()
        turns = [(float(found[1]), at) for at, found in ((at, TURN.search(line)) for at, line in enumerate(lines)) if found]
        for _, at in sorted(turns, reverse=True)[:EXPLAINED_TURNS]:
            print('    ' + ' | '.join(text[-70:] for text in lines[max(at - 2, 0):at + 2]))
