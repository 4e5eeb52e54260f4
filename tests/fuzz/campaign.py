#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the fuzz targets of a build with -Dfuzzing=true for a given CPU time each, at idle priority, a few at a time.

It runs pieces of two minutes and always takes the target with the least time so far. The work folder keeps these times, so that a
campaign can be stopped and resumed, and the findings. A finding ends its target. --keep adds inputs with new coverage to the
corpora of the project.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

import corpus

PIECE_S = 120
MAX_FILES, MAX_BYTES = 290, 290 * 1024  # of a corpus in the project
IDLE = ["chrt", "-i", "0", "nice", "-n", "19"]


class Campaign:
    def __init__(self, build, work, cpu_seconds, targets):
        self.programs = build / "tests" / "fuzz"
        self.work, self.cpu_seconds, self.targets = work, cpu_seconds, targets
        self.lock, self.running = threading.Lock(), set()
        self.state_path = work / "state.json"
        self.state = json.loads(self.state_path.read_text()) if self.state_path.exists() else {}

    def sums(self, target):
        return self.state.setdefault(target, {"cpu": 0.0, "runs": 0, "finding": False})

    def next_target(self):
        """The target with the least time, or None."""
        with self.lock:
            due = [t for t in self.targets
                   if t not in self.running and not self.sums(t)["finding"] and self.sums(t)["cpu"] < self.cpu_seconds]
            if not due:
                return None
            target = min(due, key=lambda t: self.sums(t)["cpu"])
            self.running.add(target)
            return target

    def run_piece(self, target):
        folder = self.work / target
        folder.mkdir(parents=True, exist_ok=True)
        seeds = self.work / f"{target}-seeds"
        corpus.unpack(target, seeds)
        log = self.work / f"{target}.log"
        with open(log, "wb") as out:
            child = subprocess.Popen(
                [*IDLE, self.programs / f"fuzz-{target}", f"-max_total_time={PIECE_S}", "-timeout=120", "-print_final_stats=1",
                 f"-artifact_prefix={self.work}/{target}-", folder, seeds],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            _, status, usage = os.wait4(child.pid, 0)
        text = log.read_text(errors="replace")
        runs = re.search(r"number_of_executed_units: (\d+)", text)
        with self.lock:
            sums = self.sums(target)
            sums["cpu"] += usage.ru_utime + usage.ru_stime
            sums["runs"] += int(runs.group(1)) if runs else 0
            sums["finding"] = status != 0
            self.running.discard(target)
            self.state_path.write_text(json.dumps(self.state, indent=1))
            print(f"{time.strftime('%H:%M:%S')} {target}: {sums['cpu']:.0f} s, {sums['runs']} runs"
                  + (f", FINDING: {log}" if status else ""), flush=True)

    def work_on(self):
        while (target := self.next_target()) is not None:
            self.run_piece(target)

    def keep(self, target):
        """Adds inputs with new coverage to the project's corpus, as long as that stays small."""
        with tempfile.TemporaryDirectory(prefix="sqns-fuzz-") as name:
            folder = pathlib.Path(name)
            corpus.unpack(target, folder)
            before = set(folder.iterdir())
            subprocess.run([*IDLE, self.programs / f"fuzz-{target}", "-merge=1", folder, self.work / target], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            added = sorted(set(folder.iterdir()) - before, key=lambda path: path.stat().st_size)
            files, size = len(before), sum(path.stat().st_size for path in before)
            for path in added:
                if files < MAX_FILES and size + path.stat().st_size <= MAX_BYTES:
                    files, size = files + 1, size + path.stat().st_size
                else:
                    path.unlink()
            corpus.pack(target, folder)
        print(f"{target}: {files} files, {size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--cpu-seconds", type=float, default=1200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="no more runs: add what was found so far to the project's corpora")
    parser.add_argument("target", nargs="*", help="all, when none is named")
    args = parser.parse_args()

    targets = args.target or corpus.targets()
    args.work.mkdir(parents=True, exist_ok=True)
    campaign = Campaign(args.build.resolve(), args.work.resolve(), args.cpu_seconds, targets)
    if args.keep:
        for target in targets:
            campaign.keep(target)
        return
    threads = [threading.Thread(target=campaign.work_on) for _ in range(args.jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.exit(any(campaign.sums(target)["finding"] for target in targets))


main()
