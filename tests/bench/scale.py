#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""From one board to hundreds, all lines at their true speed: is any of them slower for not being alone?

All boards are in one process, paced at 921600 baud, and upgrade at once. What is told of 16, 64 and 256 is compared with the run
of one board by the same programs a moment before. Fails only when an upgrade does.
"""
import argparse
import os
import tempfile

from bench import find_image, verdict, wire_time
from fleet_case import LOOP_LIMIT_MS, Fleet, add_each_option, allow_descriptors

TIME_RATIO = 1.10
CPU_SHARE = 0.60
RSS_MIB = 48
COUNTS = [1, 16, 64, 256]


def tell(count, fleet, alone, size):
    cpu = fleet.cpu_s / fleet.seconds
    print('%4d boards: %.1f s, %.3f of one board\'s time; %.1f MB/s; daemon: CPU %.1f %% of a core (%.0f ms a board), '
          'peak RSS %.1f MiB, longest turn %.1f ms, most CPU in a turn %.1f ms; boards: CPU %.1f %%, %d bytes lost' % (
              count, fleet.seconds, fleet.seconds / alone, count * size / fleet.seconds / 1e6, 100 * cpu,
              1000 * fleet.cpu_s / count, fleet.peak_mib, fleet.turn_ms, fleet.turn_cpu_ms,
              100 * fleet.boards_cpu_s / fleet.seconds, fleet.overruns()), flush=True)
    fleet.explain_turns()
    print('  time: at most %.2f, %s; CPU: at most %.0f %%, %s; RSS: at most %d MiB, %s; turn: at most %d ms, %s' % (
        TIME_RATIO, verdict(fleet.seconds / alone, TIME_RATIO), 100 * CPU_SHARE, verdict(cpu, CPU_SHARE), RSS_MIB,
        verdict(fleet.peak_mib, RSS_MIB), LOOP_LIMIT_MS, verdict(fleet.turn_ms, LOOP_LIMIT_MS)), flush=True)


def main():
    parser = argparse.ArgumentParser(description='One board and hundreds, at the speed of the wire.')
    parser.add_argument('--boards', type=int, action='append', metavar='N', help='besides one; default: 16, 64 and 256')
    parser.add_argument('--start', default='passthrough', help='repl, passthrough or direct')
    parser.add_argument('--time-scale', type=float, default=0.02, help="of the boards' own times, which hide the daemon's")
    parser.add_argument('--latency', type=int, default=1, metavar='MS', help='of USB')
    add_each_option(parser)
    parser.add_argument('--daemon-log', metavar='FILE', help='of the last run')
    args = parser.parse_args()
    counts = [1] + [count for count in args.boards or COUNTS if count > 1]
    options = ['--pace', '--usb-latency', str(args.latency), '--start', args.start, '--time-scale', str(args.time_scale)]

    allow_descriptors(max(counts))
    with tempfile.TemporaryDirectory(prefix='sqns-bench-') as folder:
        image = find_image(folder)
        size = os.path.getsize(image)
        print('scale, from %s; %.1f s of wire time for the image; load of the machine before: %s' % (
            args.start, wire_time(size), ' '.join('%.2f' % load for load in os.getloadavg())), flush=True)
        alone = None
        for count in counts:
            # it logs its turns only when it is verbose
            fleet = Fleet(count, image, options, ['--verbose'], args.daemon_log, args.upgrade)
            alone = alone or fleet.seconds
            tell(count, fleet, alone, size)


main()
