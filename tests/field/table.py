#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the table of tests/field/README.md from the docstrings of the tests.

    table.py            writes README.md
    table.py --check    fails when README.md is out of date, or a row has neither a test nor a reason
"""
import ast
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = ('test-field.py', 'test-field-usb.py')
README = os.path.join(HERE, 'README.md')
ROWS = [str(number) for number in range(1, 31)] + ['2b', '33', '34']
# Rows that cannot have a test, with the reason.
CANNOT_ARISE = {
    '21': ('`TypeError: \'int\' object is not subscriptable`, `extra keyword arguments given`',
           'needs no user at the MicroPython prompt and no script on the board: the daemon types its own scripts, of the '
           'matching version, into the raw REPL each time'),
}
HEAD = """# What goes wrong in the field, and what sqnsd does then

One line per test, in the order of the rows of `field-failures.md` §1 (failures of users with these modems and earlier tools).
All tests use the virtual board `sqns-board`, which behaves like real boards in public logs and documents. Nothing has been
tested on real hardware.

`table.py` makes this table from the docstrings of the tests. Each test checks the last column against the exit codes of the
commands that it ran. `meson test -C build --suite field` runs them.

"""


def tests(path):
    """(row, name, lines of the docstring)"""
    with open(path, encoding='utf-8') as source:
        tree = ast.parse(source.read())
    for node in ast.walk(tree):
        match = isinstance(node, ast.FunctionDef) and re.match(r'test_row_(\d+)(b?)_', node.name)
        if match:
            lines = [line.strip() for line in (ast.get_docstring(node) or '').splitlines()]
            if len(lines) != 3 or not lines[2].startswith('Ends:'):
                raise SystemExit('%s: %s: the docstring has to be symptom, what sqnsd does, how it ends' % (path, node.name))
            yield str(int(match[1])) + match[2], node.name, lines


def key(row):
    return int(row.rstrip('b')), row


def table():
    rows = {}
    for path in TESTS:
        for row, name, (symptom, does, ends) in tests(os.path.join(HERE, path)):
            rows.setdefault(row, []).append((symptom, does, ends[len('Ends:'):].strip(), name))
    for row, (symptom, why) in CANNOT_ARISE.items():
        if row in rows:
            raise SystemExit('row %s has a test, and a reason why it has none' % row)
        rows[row] = [(symptom, why, 'cannot arise', '')]
    missing = set(ROWS) ^ set(rows)
    if missing:
        raise SystemExit('rows without a test or a reason, or unknown: %s' % ', '.join(sorted(missing, key=key)))
    text = '| row | symptom | what sqnsd does | how it ends | test |\n|---|---|---|---|---|\n'
    for row in sorted(rows, key=key):
        for symptom, does, ends, name in rows[row]:
            cells = [row, symptom, does, ends, '`%s`' % name if name else '']
            text += '| %s |\n' % ' | '.join(cell.replace('|', '\\|') for cell in cells)
    return text


def main():
    whole = HEAD + table()
    if sys.argv[1:] == ['--check']:
        with open(README, encoding='utf-8') as readme:
            if readme.read() != whole:
                raise SystemExit('tests/field/README.md is out of date: run tests/field/table.py')
    elif not sys.argv[1:]:
        with open(README, 'w', encoding='utf-8') as out:
            out.write(whole)
    else:
        raise SystemExit(__doc__)


if __name__ == '__main__':
    main()
