# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole upgrades with 1 to 4 faults each. Whatever happens: no false success, no modem given up that can be saved, no unreported
end, and nothing left behind.

    tests/run [--build DIR] soak --runs N --seed S [--first RUN] [--boards N] [--only RUN] [--no-faults] [--keep DIR]

Run number R of seed S always has the same plan, but not the same ends of a daemon that other runs share. --only R repeats it
alone. --keep is the folder for the evidence of failed runs."""
import argparse
import collections
import os
import sys
import tempfile
import time
import traceback

from random_plan import RandomPlan
from loop import run, spawn
from one_run import Run, Violation
from world import Refused, World

DEADLINE_S = 700
MOST_BOARDS = 100  # each is a process with an inotify instance; a user has 128 (fs.inotify.max_user_instances)
RSS_FACTOR, RSS_MORE_KIB = 1.25, 8192
FDS_MORE = 2  # GLib may have started threads since
CHAOS_DAEMONS = 3  # daemons that are killed and restarted; the control daemon is not


class Soak:
    def __init__(self, args):
        self.args = args
        self.outcomes = collections.Counter()
        self.failed = []
        self.begun = time.monotonic()
        self.control = World('control', args.patience)
        self.chaos = [World('chaos %d' % (i + 1), args.patience) for i in range(1 if args.only is not None else CHAOS_DAEMONS)]
        self.worlds = [self.control, *self.chaos]
        self.marks = []
        self.live = set()

    def plans(self):
        numbers = [self.args.only] if self.args.only is not None else range(self.args.first, self.args.first + self.args.runs)
        return [RandomPlan(self.args.seed, number, not self.args.no_faults) for number in numbers]

    async def one(self, world, slot, plan):
        one = Run(world, slot, plan, self.args.deadline)
        if any(other.link == one.link for other in self.live):
            raise RuntimeError('two runs have the same port: ' + one.link)
        self.live.add(one)
        try:
            outcome = await one.go()
            if self.args.verbose:
                print('run %d: %s\n%s' % (plan.run, plan.describe(), '\n'.join(one.notes)), flush=True)
        except (Violation, Refused, AssertionError, OSError, ValueError, KeyError) as error:
            outcome = 'VIOLATION'
            why = str(error) if isinstance(error, Violation) else traceback.format_exc()
            await self.keep(one, why)
            await one.abandon()
        finally:
            one.close()
            self.live.discard(one)
        self.outcomes[outcome] += 1

    async def keep(self, one, why):
        os.makedirs(self.args.keep, exist_ok=True)
        path = os.path.join(self.args.keep, 'run-%s-%d.txt' % (self.args.seed, one.plan.run))
        with open(path, 'w', encoding='utf-8') as out:
            out.write('%s\n\n%s' % (why, await one.evidence()))
        self.failed.append(one.plan.run)
        print('seed %s run %d: %s\n  %s\n  kept: %s' % (self.args.seed, one.plan.run, why, one.plan.describe(), path), flush=True)

    async def worker(self, world, slot, plans):
        while plans:
            await self.one(world, slot, plans.pop(0))

    async def batch(self, world, plans, slots):
        left = list(plans)
        for end in [spawn(self.worker(world, slot, left)) for slot in range(min(slots, len(left)))]:
            await end

    async def batches(self, world, plans, slots):
        """Checks after a fifth of the runs and after the last one that an idle daemon holds nothing."""
        first = max(len(plans) // 5, 1) if world is self.control else len(plans)
        ran = 0
        for part in (plans[:first], plans[first:]):
            if not part:
                continue
            await self.batch(world, part, slots)
            ran += len(part)
            for what in await world.idle():
                world.violations.append('after %d runs, idle, it holds %s' % (ran, what))
            if world is self.control:
                self.marks.append((ran, len(world.fds()), world.rss_kib()))
            self.tell('%s: %d of %d' % (world.name, ran, len(plans)))

    def tell(self, what):
        print('%6.0f s  %s  %s' % (time.monotonic() - self.begun, what, dict(self.outcomes)), flush=True)

    def check_growth(self):
        """Compares memory and descriptors of the daemon that is never ended after a fifth of its runs and after the last one."""
        (runs, fds, rss), (last_runs, last_fds, last_rss) = self.marks[0], self.marks[-1]
        print('descriptors: %d after %d runs, %d after %d; RSS: %d KiB, %d KiB' % (fds, runs, last_fds, last_runs, rss, last_rss))
        if last_fds > fds + FDS_MORE:
            self.control.violations.append('descriptors grow: %s' % self.control.fds())
        if last_rss > rss * RSS_FACTOR + RSS_MORE_KIB:
            self.control.violations.append('memory grows')

    async def go(self):
        plans = self.plans()
        parts = [[plan for plan in plans if plan.control]]
        chaos = [plan for plan in plans if not plan.control]
        parts += [chaos[i::len(self.chaos)] for i in range(len(self.chaos))]
        for world in self.worlds:
            await world.start()
            spawn(world.guard())
        slots = max(self.args.boards // len(self.worlds), 1)
        for end in [spawn(self.batches(world, part, slots)) for world, part in zip(self.worlds, parts)]:
            await end
        if self.marks:
            self.check_growth()

    def end(self):
        problems = []
        for one in self.live:  # the soak was interrupted
            one.close()
        for world in self.worlds:
            problems += ['%s: %s' % (world.name, what) for what in world.violations]
            problems += ['%s: the daemon complained:\n%s' % (world.name, text[-6000:]) for text in world.close()]
        for what in problems:
            print(what)
        ended = {how: sum(world.ended[how] for world in self.chaos) for how in ('term', 'kill')}
        print('%d runs, seed %s, %.0f s; the daemon was ended %d times by SIGTERM, %d times by SIGKILL' % (
            sum(self.outcomes.values()), self.args.seed, time.monotonic() - self.begun, ended['term'], ended['kill']))
        for outcome, count in self.outcomes.most_common():
            print('%7d  %s' % (count, outcome))
        if self.failed:
            print('violations: runs %s; repeat one with --seed %s --only RUN' % (sorted(self.failed), self.args.seed))
        return 1 if problems or self.failed else 0


def main():
    parser = argparse.ArgumentParser(prog='tests/run soak', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=500)
    parser.add_argument('--seed', default='1')
    parser.add_argument('--boards', type=int, default=96, help='at the same time (default 96)')
    parser.add_argument('--first', type=int, default=0, metavar='RUN', help='number of the first one (default 0)')
    parser.add_argument('--only', type=int, metavar='RUN')
    parser.add_argument('--no-faults', action='store_true', help='run the same plans without faults; all must succeed')
    parser.add_argument('--patience', type=float, default=0.05, help="factor on the daemon's long waits (default 0.05)")
    parser.add_argument('--deadline', type=int, default=DEADLINE_S, metavar='S', help='of each run (default %d)' % DEADLINE_S)
    parser.add_argument('--keep', default=os.path.join(tempfile.gettempdir(), 'soak-failures'), metavar='DIR')
    parser.add_argument('--verbose', action='store_true')
    args = parser.parse_args()
    if args.boards > MOST_BOARDS:
        parser.error('--boards: at most %d' % MOST_BOARDS)
    soak = Soak(args)
    try:
        run(soak.go())
    finally:
        code = soak.end()
    return code


if __name__ == '__main__':
    sys.exit(main())
