#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a whole upgrade from the REPL costs beyond the time that the board and the wire take.

A FiPy with 1.20.2.r4 and paced lines, its own times reduced evenly. From the job's time is taken, by the board's own log: the
boot, the attempted LTE (), the bytes on the wire in both directions, the USB latency of each answer, erasing and writing,
applying, the modem's reboots. What is left is the daemon's: its waits, its pauses between polls, its resynchronizations.
Fails only when the upgrade does.
"""
import argparse
import os
import re
import statistics
import tempfile

from bench import BAUD, BITS_PER_BYTE, Run, figures, find_image, verdict

TARGET_S = 3.0
REPL_BAUD = 115200
BLOCK_ANSWER = '"tsaf\\x83'
LINE = re.compile(r'(\d+\.\d+) \[0\] (.*)')


def read_log(path, begin):
    """(time, text) of each line; @begin: what the clock showed at the job's begin."""
    with open(path, encoding='latin-1') as file:
        found = (LINE.match(line) for line in file)
        return [(float(match[1]) - begin, match[2]) for match in found if match]


def first_after(lines, at, *words):
    return next(time for time, text in lines if time >= at and any(word in text for word in words))


def spans(lines):
    """(what, begin, end) of the times in which board or modem do something of their own."""
    result = []
    for at, text in lines:
        if text == 'ESP32 is booting':
            result.append(('boot', max(at, 0), max(first_after(lines, at, 'ESP32 is repl'), 0)))
        elif text == 'ESP32: lte-task':
            result.append(('LTE ()', at, first_after(lines, at, 'sqns lte=')))
        elif text == 'modem is updater':
            result.append(('apply', at, first_after(lines, at, 'modem is booting')))
        elif text == 'modem is booting' and at > 0:
            down = max([time for time, other in lines if time < at and 'AT+SMSWBOOT=' in other], default=at)
            # a reboot at the end of the apply has no command in front of it
            result.append(('reboots', down if at - down < 0.5 else at,
                           first_after(lines, at + 1e-6, 'modem is recovery', 'modem is application')))
    return result


def traffic(lines, busy):
    """Seconds of bytes on the wire, and the number of answers, outside of the @busy spans."""
    seconds, answers, baud, last = 0, 0, REPL_BAUD, ''
    for at, text in lines:
        if text == 'ESP32 is passthrough':
            baud = BAUD
        match = re.match(r'host ([<>]) (\d+) ', text)
        if not match or any(begin <= at <= end for _, begin, end in busy):
            continue
        seconds += int(match[2]) * BITS_PER_BYTE / baud
        answers += match[1] == '<' and last == '>'
        last = match[1]
    return seconds, answers


def writing(lines):
    """Seconds from the last byte of each block to the modem's answer: it erases or writes."""
    seconds, arrived = 0, 0
    for at, text in lines:
        if text.startswith('modem < '):
            arrived = at
        elif text.startswith('modem > ') and BLOCK_ANSWER in text:
            seconds += at - arrived
    return seconds


def account(run, log, latency_ms):
    """{what: seconds} that are not the daemon's."""
    lines = read_log(log, run.begin)
    busy = spans(lines)
    wire, answers = traffic(lines, busy)
    shares = {'wire': wire, 'USB latency': answers * latency_ms / 1000, 'erase and write': writing(lines)}
    for what, begin, end in busy:
        shares[what] = shares.get(what, 0) + end - begin
    return shares


def main():
    parser = argparse.ArgumentParser(description="A job's own time.")
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--time-scale', type=float, default=0.2)
    parser.add_argument('--latency', type=int, default=1, metavar='MS', help='of USB (default 1)')
    parser.add_argument('--transcript', metavar='FILE', help='of the last run, with times')
    parser.add_argument('--board-log', metavar='FILE', help='of the last run')
    parser.add_argument('board', nargs='*', help='more options of sqns-board, behind --')
    args = parser.parse_args()
    own = []
    with tempfile.TemporaryDirectory(prefix='sqns-bench-') as folder:
        image = find_image(folder)
        for _ in range(args.runs):
            log = args.board_log or os.path.join(folder, 'log')
            if os.path.exists(log):
                os.unlink(log)
            run = Run(image, ['--pace', '--usb-latency', str(args.latency), '--time-scale', str(args.time_scale), '--log', log,
                              *args.board], args.transcript)
            shares = account(run, log, args.latency)
            own.append(run.total - sum(shares.values()))
            print('job: %.1f s = %s, own %.2f' % (run.total, ', '.join('%s %.2f' % share for share in shares.items()), own[-1]))
            print('  by phase: ' + ', '.join('%s %.2f' % (name, run.lasted(name)) for name in
                                             dict.fromkeys(name for name, _ in run.begins[:-1])), flush=True)
    print('job: own time %s s; at most %.1f; %s' % (figures(own, '%.2f'), TARGET_S, verdict(statistics.median(own), TARGET_S)))


main()
