#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sums up what scripts/check has run: meson's logs (*.json) and its own notes.

A test that speaks TAP or is Python's unittest counts each of its cases, another counts as one. A skipped case is a failed one,
unless it stands in ALLOWED_SKIPS, or needs root and says so where there is none. The last line is "N passed, N failed".

usage: tally.py RESULTS_DIR
"""
import glob
import json
import os
import re
import sys

# "test: case" or "test" → why it may be skipped
ALLOWED_SKIPS = {}
NOT_IN_TRIXIE = "micropython: "  # Debian 13 has no firmware-microbit-micropython
if not os.environ.get("SQNS_TEST_FIRMWARE"):
    for case in ("caba: /caba/real", "elf: /elf/real"):
        ALLOWED_SKIPS[case] = "it reads a real release, which the project does not contain; SQNS_TEST_FIRMWARE names none"

# why a case may be skipped where nobody is root
NEEDS_ROOT = re.compile(r"\broot\b|\bmount(ed)?\b")

CASE = re.compile(r"^\s*(not )?ok \d+(?: -)? ?([^#\n]*)(#\s*(?:SKIP|TODO)\b.*)?", re.I | re.M)


UNITTEST_SUM = re.compile(r"^Ran (\d+) tests? in [^\n]*\n+(?:OK|FAILED)(?: \(([^)]*)\))?$", re.M)


def tap_cases(name, text):
    return [(f"{name}: {case.strip()}", "fail" if bad else "skip" if directive else "pass", directive)
            for bad, case, directive in CASE.findall(text)]


def unittest_cases(name, text):
    """The sums are unittest's own; only what did not pass has its name."""
    found, end = [], 0
    for match in UNITTEST_SUM.finditer(text):
        ran, odd = match.groups("")
        run, end = text[end:match.end()], match.end()
        counts = {key: int(value) for key, value in re.findall(r"(\w[\w ]*)=(\d+)", odd)}
        bad = counts.get("failures", 0) + counts.get("errors", 0) + counts.get("unexpected successes", 0)
        found += [(name, "pass", "")] * (int(ran) - bad - counts.get("skipped", 0))
        found += [(name, "fail", "")] * bad
        if counts.get("skipped", 0):
            # the first line of what a case says of itself may stand between
            named = re.findall(r"^(\w+) \(.*\)(?:\n.*)? \.\.\. skipped (.*)$", run, re.M)
            named += [("a case", "")] * (counts["skipped"] - len(named))
            found += [(f"{name}: {case}", "skip", why) for case, why in named]
    return found


def cases(test):
    """(name, "pass", "fail" or "skip", detail) of each case of one test of a meson log."""
    name, result = test["name"].split(" / ")[-1], test["result"]
    found = tap_cases(name, test.get("stdout", "")) or unittest_cases(name, test.get("stderr", ""))
    if result in ("OK", "EXPECTEDFAIL") and found:
        return found
    if result == "OK":
        return [(name, "pass", "")]
    if result == "SKIP":
        return found or [(name, "skip", "")]
    # a crash or a timeout is a failure of its own, whatever the cases before it were
    if any(state == "fail" for _, state, _ in found) and result == "FAIL":
        return found
    return found + [(name, "fail", result)]


def main():
    folder = sys.argv[1]
    total = {"pass": 0, "fail": 0}
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        stage = os.path.basename(path)[: -len(".json")]
        ran = 0
        for line in open(path, encoding="utf-8"):
            for name, state, detail in cases(json.loads(line)):
                ran += 1
                if state == "skip":
                    if os.getuid() != 0 and NEEDS_ROOT.search(detail):
                        print(f"{stage}: {name} skipped: {detail}")
                        continue
                    if stage == "trixie" and name.startswith(NOT_IN_TRIXIE):
                        continue
                    if name in ALLOWED_SKIPS:
                        print(f"{stage}: {name} skipped: {ALLOWED_SKIPS[name]}")
                        continue
                    state, detail = "fail", f"skipped {detail}"
                total[state] += 1
                if state == "fail":
                    print(f"{stage}: {name} FAILED {detail}")
        print(f"{stage}: {ran} ran")
        if ran == 0:
            total["fail"] += 1
    notes = os.path.join(folder, "notes")
    for line in open(notes, encoding="utf-8") if os.path.exists(notes) else ():
        stage, name, state = line.rstrip("\n").split("\t")
        total[state] += 1
        if state == "fail":
            print(f"{stage}: {name} FAILED")
    print(f"{total['pass']} passed, {total['fail']} failed")
    return 1 if total["fail"] or not total["pass"] else 0


if __name__ == "__main__":
    sys.exit(main())
