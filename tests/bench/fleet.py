#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many boards at once, by one daemon on a bus of its own: time, memory, CPU, and the longest turn of its main loop.

The boards are as fast as they can be, which no real ones are: what is measured is the daemon. Fails only when an upgrade does.
"""
import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time

from bench import SOURCE, figures, find_image, verdict

sys.path.insert(0, os.path.join(SOURCE, 'tests', 'scenario'))
from bus_rig import Rig  # noqa: E402

LOOP_LIMIT_MS = 50
SAMPLE_S = 0.2


class Daemon:
    """What the kernel knows of a process."""

    def __init__(self, pid):
        self.pid = pid
        self.images = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def read(self, name):
        with open('/proc/%d/%s' % (self.pid, name), encoding='utf-8', errors='replace') as file:
            return file.read()

    def count_images(self):
        """Copies of the firmware: memory files by their inode, whether mapped or only open."""
        inodes = {line.split()[4] for line in self.read('maps').splitlines() if 'memfd:sqnsd-firmware' in line}
        folder = '/proc/%d/fd' % self.pid
        for fd in os.listdir(folder):
            try:
                if 'memfd:sqnsd-firmware' in os.readlink(os.path.join(folder, fd)):
                    inodes.add(str(os.stat(os.path.join(folder, fd)).st_ino))
            except FileNotFoundError:
                pass
        return len(inodes)

    def watch(self):
        while not self.stopped.wait(SAMPLE_S):
            self.images = max(self.images, self.count_images())

    def stop(self):
        self.stopped.set()
        self.thread.join()

    def peak_kib(self):
        return int(re.search(r'VmHWM:\s+(\d+)', self.read('status'))[1])

    def cpu_s(self):
        fields = self.read('stat').rsplit(') ', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def start_boards(args, folder):
    process = subprocess.Popen(
        [os.environ['SQNS_BOARD'], '--count', str(args.boards), '--start', args.start, '--time-scale', str(args.time_scale),
         '--exit-with-stdin', '--status-on-exit', os.path.join(folder, 'boards')], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True)
    return process, [process.stdout.readline().strip() for _ in range(args.boards)]


def end_boards(process, folder):
    """Their state at the end, a dictionary each."""
    process.communicate()
    with open(os.path.join(folder, 'boards'), encoding='utf-8') as file:
        return [json.loads(line) for line in file]


def longest_turn(log):
    found = re.search(r'longest main loop turn ([0-9.]+) ms \(([0-9.]+) ms of CPU\)', log)
    return (float(found[1]), float(found[2])) if found else (None, None)


def explain(log):
    """The long turns, each with what was logged right before and after it."""
    lines = log.splitlines()
    for at, line in enumerate(lines):
        if 'the main loop was away' in line:
            print('    ' + ' | '.join(text[-70:] for text in lines[max(at - 2, 0):at + 2]))


def run(args, image):
    rig = Rig()
    process, ports = start_boards(args, rig.folder)
    daemon_process = rig.daemon(*([] if args.terse else ['--verbose']))
    daemon = Daemon(daemon_process.pid)
    begin = time.monotonic()
    done = subprocess.run([os.environ['SQNSCTL'], '--bus', rig.address, '--quiet', 'upgrade', *ports, image],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    took = time.monotonic() - begin
    daemon.stop()
    peak, cpu = daemon.peak_kib(), daemon.cpu_s()
    rig.stop(daemon_process)
    log = rig.log(daemon_process)
    boards = end_boards(process, rig.folder)
    complaints = rig.close()
    if args.daemon_log:
        with open(args.daemon_log, 'w', encoding='utf-8') as file:
            file.write(log)
    versions = {board['version'] for board in boards}
    if done.returncode != 0 or len(versions) != 1 or versions == {args.version_before} or complaints:
        raise SystemExit('the upgrade failed with %d: %s\nboards: %s\n%s' % (done.returncode, done.stdout[-3000:], versions, complaints))
    turn, turn_cpu = longest_turn(log)
    print('  %.1f s, peak RSS %.1f MiB, CPU %.1f s (%.0f ms a board), %d cop%s of the image%s' % (
        took, peak / 1024, cpu, 1000 * cpu / args.boards, daemon.images, 'y' if daemon.images == 1 else 'ies',
        '' if turn is None else ', longest turn %.1f ms (%.1f ms of CPU)' % (turn, turn_cpu)), flush=True)
    explain(log)
    return took, peak / 1024, cpu, turn, daemon.images


def main():
    parser = argparse.ArgumentParser(description='Many boards at once.')
    parser.add_argument('--boards', type=int, default=32)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--start', default='passthrough', help='repl, passthrough or direct')
    parser.add_argument('--time-scale', type=float, default=0.002, help="of the boards' own times")
    parser.add_argument('--terse', action='store_true', help='the daemon without --verbose: less CPU, and no figure of its turns')
    parser.add_argument('--daemon-log', metavar='FILE', help='of the last run')
    args = parser.parse_args()
    args.version_before = '6.0.0.0-35351'  # sqns-board's own default

    wanted = 64 + 8 * args.boards  # descriptors: of a port, its lock and its children
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted, hard))
    with tempfile.TemporaryDirectory(prefix='sqns-bench-') as folder:
        image = find_image(folder)
        print('fleet of %d from %s%s' % (args.boards, args.start, ', terse' if args.terse else ''), flush=True)
        results = [run(args, image) for _ in range(args.runs)]
    times, peaks, cpus, turns, images = zip(*results)
    print('  time %s s; peak RSS %s MiB; CPU %s s' % (figures(times, '%.1f'), figures(peaks, '%.1f'), figures(cpus, '%.1f')))
    print('  copies of the image: at most 1; %s' % verdict(max(images), 1))
    if None not in turns:
        print('  longest turn %s ms, max %.1f; at most %d; %s' % (figures(turns, '%.1f'), max(turns), LOOP_LIMIT_MS,
                                                                verdict(max(turns), LOOP_LIMIT_MS)))


main()
