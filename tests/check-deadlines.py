#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of deadlines and tries in docs/deadlines.md is that of daemon/base/deadlines.h, and each of them is used.

check-deadlines.py SOURCE-ROOT [--write]"""
import pathlib
import re
import sys

BEGIN = '| waits for |'
ROW = re.compile(r'#define (SQNS_(\w+)) (\d+)u\s+/\* (.*) \*/$')


def words(name, value):
    """ERASE_MS, 330000: "5.5 min"."""
    if not name.endswith(('_MS', '_S')):
        return '%d times' % value
    seconds = value / 1000 if name.endswith('_MS') else float(value)
    if seconds >= 120:
        return '%g min' % (seconds / 60)
    return '%g s' % seconds


def table(header):
    lines = ['| waits for | at most | then | figure from |', '|---|---|---|---|']
    names = []
    for line in header.splitlines():
        group = re.match(r'/\* \[(.*)\] \*/', line)
        if group:
            lines.append('| **%s** | | | |' % group[1])
        if not line.startswith('#define'):
            continue
        row = ROW.match(line)
        if not row:
            sys.exit('deadlines.h: no row of the table: ' + line)
        parts = row[4].replace('long: ', '').split(' | ')
        if len(parts) != 3:
            sys.exit('deadlines.h: not three parts: ' + line)
        names.append(row[1])
        lines.append('| %s | %s | %s | %s |' % (parts[0], words(row[1], int(row[3])), parts[1], parts[2]))
    return names, '\n'.join(lines)


def main():
    root = pathlib.Path(sys.argv[1])
    names, rows = table((root / 'daemon/base/deadlines.h').read_text())
    code = ''.join(path.read_text() for path in sorted((root / 'daemon').rglob('*.[ch]')) if path.name != 'deadlines.h')
    unused = [name for name in names if not re.search(r'\b%s\b' % name, code)]
    if unused:
        sys.exit('deadlines.h: nobody uses ' + ', '.join(unused))
    guide = root / 'docs/deadlines.md'
    head, _, old = guide.read_text().partition(BEGIN)
    if '--write' in sys.argv:
        guide.write_text(head + rows + '\n')
    elif (BEGIN + old).strip() != rows:
        sys.exit('docs/deadlines.md is out of date: tests/check-deadlines.py . --write')


main()
