#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the cases of a test program side by side, each in its own process, because most of their time they wait for a board. Their
output appears in their order.

usage: side-by-side.py AT_A_TIME TEST.py [CLASS...]      a program of unittest; prints what it would print with -v
       side-by-side.py AT_A_TIME --tap PROGRAM [PATH]    a program of GLib's g_test_run (); prints TAP"""
import concurrent.futures
import importlib.util
import re
import subprocess
import sys
import unittest

RESULT = re.compile(r'^(not ok|ok) \d+', re.M)
PLAN = re.compile(r'^(?:1\.\.\d+|TAP version \d+)\n', re.M)
LISTED = re.compile(r'^(?:# )?(/\S+)$', re.M)  # newer versions of GLib list in TAP comments


def flat(suite):
    if isinstance(suite, unittest.TestCase):
        return [suite]
    return [case for part in suite for case in flat(part)]


class Unittest:
    def __init__(self, program, *classes):
        spec = importlib.util.spec_from_file_location('listed', program)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        loader = unittest.TestLoader()
        suites = [loader.loadTestsFromName(name, module) for name in classes] or [loader.loadTestsFromModule(module)]
        self.program = program
        self.cases = [case.id().removeprefix('listed.') for suite in suites for case in flat(suite)]

    def run(self, case):
        return subprocess.run([sys.executable, self.program, '-v', case], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)

    def tell(self, done):
        sys.stderr.buffer.write(done.stdout)
        sys.stderr.buffer.flush()
        return done.returncode == 0


class Tap:
    def __init__(self, program, path='/'):
        listed = subprocess.run([program, '-l', '-p', path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                check=True)
        self.program = program
        self.cases = LISTED.findall(listed.stdout)
        self.told = 0
        print('1..%d' % len(self.cases))

    def run(self, case):
        return subprocess.run([self.program, '-p', case], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)

    def number(self, match):
        self.told += 1
        return '%s %d' % (match.group(1), self.told)

    def tell(self, done):
        """A case that crashes prints no result."""
        text = PLAN.sub('', done.stdout.decode(errors='replace'))
        print(RESULT.sub(self.number, text), flush=True)
        return done.returncode == 0


def main():
    at_a_time, *program = sys.argv[1:]
    test = Tap(*program[1:]) if program[0] == '--tap' else Unittest(*program)
    bad = not test.cases
    with concurrent.futures.ThreadPoolExecutor(int(at_a_time)) as pool:
        for done in pool.map(test.run, test.cases):
            bad = not test.tell(done) or bad
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
