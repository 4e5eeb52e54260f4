#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many boards at once, by one daemon on a bus of its own: time, memory, CPU, and the longest turn of its main loop.

The boards are as fast as they can be, which no real ones are: what is measured is the daemon. Fails only when an upgrade does.
"""
import argparse
import tempfile

from bench import figures, find_image, verdict
from fleet_case import LOOP_LIMIT_MS, Fleet, add_each_option, allow_descriptors


def run(args, image):
    fleet = Fleet(args.boards, image, ['--start', args.start, '--time-scale', str(args.time_scale)],
                  [] if args.terse else ['--verbose'], args.daemon_log, args.upgrade)
    turn = '' if fleet.turn_ms is None else ', longest turn %.1f ms, most CPU in a turn %.1f ms' % (
        fleet.turn_ms, fleet.turn_cpu_ms)
    print('  %.1f s, peak RSS %.1f MiB, CPU %.1f s (%.0f ms a board), %d cop%s of the image%s' % (
        fleet.seconds, fleet.peak_mib, fleet.cpu_s, 1000 * fleet.cpu_s / args.boards, fleet.images,
        'y' if fleet.images == 1 else 'ies', turn), flush=True)
    fleet.explain_turns()
    return fleet


def main():
    parser = argparse.ArgumentParser(description='Many boards at once.')
    parser.add_argument('--boards', type=int, default=32)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--start', default='passthrough', help='repl, passthrough or direct')
    parser.add_argument('--time-scale', type=float, default=0.002, help="of the boards' own times")
    add_each_option(parser)
    parser.add_argument('--terse', action='store_true', help='the daemon without --verbose: less CPU, and no figure of its turns')
    parser.add_argument('--daemon-log', metavar='FILE', help='of the last run')
    args = parser.parse_args()

    allow_descriptors(args.boards)
    with tempfile.TemporaryDirectory(prefix='sqns-bench-') as folder:
        image = find_image(folder)
        print('fleet of %d from %s%s' % (args.boards, args.start, ', terse' if args.terse else ''), flush=True)
        fleets = [run(args, image) for _ in range(args.runs)]
    print('  time %s s; peak RSS %s MiB; CPU %s s' % (
        figures([fleet.seconds for fleet in fleets], '%.1f'), figures([fleet.peak_mib for fleet in fleets], '%.1f'),
        figures([fleet.cpu_s for fleet in fleets], '%.1f')))
    print('  copies of the image: at most 1; %s' % verdict(max(fleet.images for fleet in fleets), 1))
    turns = [fleet.turn_ms for fleet in fleets]
    if None not in turns:
        print('  longest turn %s ms, max %.1f; at most %d; %s' % (
            figures(turns, '%.1f'), max(turns), LOOP_LIMIT_MS, verdict(max(turns), LOOP_LIMIT_MS)))


main()
