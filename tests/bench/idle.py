#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a daemon costs that has nothing to do, and how soon it is there.

From its start to the name on the bus; memory without a board; how often it wakes up in ten seconds with many boards that were
added, and again after all of them were upgraded. No watchdog is asked for here, which would be the only one to wake it.
"""
import argparse
import os
import subprocess
import tempfile
import time

from sqnstest.bus import NAME
from sqnstest.daemon import Rig
from sqnstest.deadlines import wait_for
from sqnstest.process import Process

from bench import figures, verdict
from fleet_case import Boards, allow_descriptors

START_MS = 50
RSS_MIB = 10
WATCHED_S = 10
SETTLE_S = 3


def start_time(rig):
    """Milliseconds from the fork to the name, as another client on the bus sees it."""
    client, seen = rig.connect(), []
    client.bus.signal_subscribe('org.freedesktop.DBus', 'org.freedesktop.DBus', 'NameOwnerChanged', None, NAME, 0,
                                lambda *args: seen.append(time.monotonic()))
    begin = time.monotonic()
    process = rig.daemon(ready=False)
    wait_for(lambda: seen, 'the name')
    rig.stop(process)
    return 1000 * (seen[0] - begin)


def wakeups(daemon, what):
    time.sleep(SETTLE_S)  # what was asked of it last is done
    before = daemon.wakeups()
    time.sleep(WATCHED_S)
    after = daemon.wakeups()
    woken = {name: after[name] - before.get(name, 0) for name in after}
    total = sum(woken.values())
    print('  %s: %d wake-ups in %d s%s; RSS %.1f MiB; at most 0; %s' % (
        what, total, WATCHED_S, ''.join(', %s: %d' % pair for pair in woken.items() if pair[1]), daemon.rss_kib() / 1024,
        verdict(total, 0)), flush=True)


def main():
    parser = argparse.ArgumentParser(description='A daemon that has nothing to do.')
    parser.add_argument('--boards', type=int, default=256)
    parser.add_argument('--starts', type=int, default=10)
    args = parser.parse_args()
    allow_descriptors(args.boards)
    with tempfile.TemporaryDirectory(prefix='sqns-bench-') as folder:
        rig = Rig()
        image = rig.dup(size=100000)
        times = [start_time(rig) for _ in range(args.starts)]
        print('idle: start to the name on the bus %s ms; at most %d; %s' % (
            figures(times, '%.1f'), START_MS, verdict(sorted(times)[len(times) // 2], START_MS)))
        process = rig.daemon()
        daemon = Process(process.pid)
        wakeups(daemon, 'no board')
        print('  RSS without a board at most %d MiB; %s' % (RSS_MIB, verdict(daemon.rss_kib() / 1024, RSS_MIB)))
        boards = Boards(folder, args.boards, '--start', 'direct', '--time-scale', '0.002')
        client = rig.connect()
        for port in boards.ports:
            client.add_port(port)
        client.close()
        rig.things.remove(client)
        wakeups(daemon, '%d boards' % args.boards)
        subprocess.run([os.environ['SQNSCTL'], '--bus', rig.address, '--quiet', 'upgrade', *boards.ports, image], check=True)
        wakeups(daemon, '%d boards after their upgrade' % args.boards)
        boards.end()
        rig.close()


main()
