#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How near an upload comes to the speed of the wire.

A board in passthrough whose lines are as slow as their baud rate and which adds no time of its own; the ratio of the transfer
phase to the time that the bytes of the image alone take at 921600 baud. Fails only when an upgrade does.
"""
import argparse
import statistics
import tempfile

from bench import Run, figures, find_image, verdict, wire_time

TARGETS = {1: 1.04, 16: 1.45}  # by the ms of USB latency; 16 is what an FTDI starts with


def main():
    parser = argparse.ArgumentParser(description='Ratio of upload time to wire time.')
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--latency', type=int, action='append', metavar='MS', help='of USB; default: 1 and 16')
    parser.add_argument('--transcript', metavar='FILE', help='of the last run, with times')
    parser.add_argument('--board-log', metavar='FILE', help="of all runs, the board's view")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='sqns-bench-') as folder:
        image = find_image(folder)
        for latency in args.latency or sorted(TARGETS):
            options = ['--pace', '--usb-latency', str(latency), '--start', 'passthrough', '--time-scale', '0']
            if args.board_log:
                options += ['--log', args.board_log]
            runs = [Run(image, options, args.transcript) for _ in range(args.runs)]
            wire = wire_time(runs[0].size)
            ratios = [run.lasted('transfer') / wire for run in runs]
            print('wire, %2d ms USB latency: ratio %s; %.1f s for %.1f s of wire time; %d requests sent again, %d bytes lost' % (
                latency, figures(ratios), statistics.median(ratios) * wire, wire, sum(run.retries for run in runs),
                sum(run.overruns for run in runs)))
            if latency in TARGETS:
                print('  at most %.2f; %s' % (TARGETS[latency], verdict(statistics.median(ratios), TARGETS[latency])), flush=True)


main()
