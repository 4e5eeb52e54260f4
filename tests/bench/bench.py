# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benchmarks share: the image, the run of bench-upgrade, and the words of a report."""
import os
import shlex
import statistics
import subprocess

from sqnstest.dup import make_dup, real_firmware

SYNTHETIC_SIZE = 5258127  # of the NB-IoT release 37781
BITS_PER_BYTE = 10
BAUD = 921600


def find_image(folder):
    """A .dup: the one in the folder that SQNS_TEST_FIRMWARE names, or in a zip there, else a synthetic one of its size."""
    image = real_firmware(folder)
    if image is None:
        image = os.path.join(folder, 'NB1-37781.dup')
        with open(image, 'wb') as out:
            out.write(make_dup(size=SYNTHETIC_SIZE))
    return image


def wire_time(size):
    return size * BITS_PER_BYTE / BAUD


class Run:
    """One upgrade by bench-upgrade: when its phases began, in seconds."""

    def __init__(self, image, board_options, transcript=None):
        command = [os.environ['SQNS_BENCH_UPGRADE'], image, shlex.join(board_options), *([transcript] if transcript else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit('the upgrade failed:\n' + done.stdout)
        self.begins = []
        for line in done.stdout.splitlines():
            words = line.split()
            if words[0] == 'phase':
                self.begins.append((words[1], float(words[2])))
            elif words[0] == 'end':
                self.begins.append(('end', float(words[1])))
                self.total = float(words[1])
            elif words[0] == 'begin':
                self.begin = float(words[1])
            elif words[0] == 'image':
                self.size = int(words[1])
            elif words[0] == 'retries':
                self.retries = int(words[1])
            elif words[0:2] == ['board', 'overruns']:
                self.overruns = int(words[2])

    def lasted(self, phase):
        """Seconds from the begin of @phase to that of the next one, all its turns together."""
        spans = zip(self.begins, self.begins[1:])
        return sum(after - begin for (name, begin), (_, after) in spans if name == phase)


def figures(values, form='%.3f'):
    return 'min %s, median %s of %d' % (form % min(values), form % statistics.median(values), len(values))


def verdict(value, limit):
    return 'target met: %s' % ('yes' if value <= limit else 'no')
