# SPDX-License-Identifier: LGPL-2.1-or-later
"""A test for each row of field-failures.md §1. Its docstring is the row of the table: the symptom, what sqnsd does, how it ends.
The test compares the third line with the exit codes that it saw."""
import functools
import os
import re
import time

from sqnstest.case import IMAGE_SIZE, DaemonCase
from sqnstest.client import CANCELLED, DETACHED, DONE, FAILED, HAND, NOT_FOUND, RECOVERY, REFUSED, UNKNOWN, USAGE
from sqnstest.dup import embedded_updater, make_first_step

ENDS = {
    DONE: 'succeeds',
    FAILED: 'fails, the modem is usable',
    USAGE: 'refused as wrong usage',
    NOT_FOUND: 'not found',
    REFUSED: 'refused',
    UNKNOWN: 'fails, the state of the modem is not known',
    CANCELLED: 'cancelled',
    RECOVERY: 'fails, the modem waits for the next upgrade',
    HAND: 'needs the user',
    DETACHED: 'goes on by itself',
}
FAMILY = '--allow-family-change'
FACTORY = ('--modem-version=5.1.1.0-33080', '--bootloader0=33080')
DEAD_S = 300
# what no text may say while the modem may be writing
CUTS_POWER = re.compile(r'(?i)take (the|its) (board.s )?power away|switch (it|the board) off|power may be cut|power[- ]cycle it')


def with_end(test):
    @functools.wraps(test)
    def run(self):
        test(self)
        lines = [line.strip() for line in test.__doc__.strip().splitlines()]
        self.assertEqual(len(lines), 3, 'symptom, what sqnsd does, how it ends')
        self.assertEqual(lines[2], 'Ends: ' + ('; then '.join(ENDS[code] for code in self.seen) or 'doctor names it'))
    return run


class FieldCase(DaemonCase):
    """Notes the exit codes in the order in which a user sees them."""

    def setUp(self):
        super().setUp()
        self.seen = []

    def __init_subclass__(cls):
        """Makes each test of a row end with a check of its third line."""
        super().__init_subclass__()
        for name, test in list(vars(cls).items()):
            if name.startswith('test_row_'):
                setattr(cls, name, with_end(test))

    def shortDescription(self):
        """Reports show the name; the docstring is for the table."""

    def note(self, code):
        if self.seen[-1:] != [code]:
            self.seen.append(code)

    # --- boards and files ---

    def logged(self, *options, **how):
        """A board that logs what passes its two serial lines."""
        log = os.path.join(self.rig.folder, 'wire-%d.log' % len(self.boards))
        board = self.board('--log', log, *options, **how)
        board.log = log
        return board

    def sized(self, *options, size=IMAGE_SIZE, **how):
        """A board that knows the size of the image: its faults may have a percentage."""
        return self.logged('--dup-size=%d' % size, *options, **how)

    def wire(self, board):
        with open(board.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    def commands(self, board):
        """(state, command) in the order in which the modem received them."""
        return re.findall(r'modem ([a-z]+): (AT\S*)', self.wire(board))

    def full(self, version, build, **options):
        return self.image('full-%d.dup' % build, version=version, build=build, **options)

    def diff(self, base, build):
        return self.image('upgdiff_%d-to-%d.dup' % (base, build), version='5.1.1.0', build=build, diff_from=base)

    def updater(self):
        return self.file('updater.elf', embedded_updater(size=IMAGE_SIZE))

    def two_files(self):
        first = self.file('CATM1-5.2-48829-1.dup', make_first_step())
        return first, self.image('CATM1-5.2-48829-2.dup', version='5.2.1.0', build=48829)

    # --- what a person does ---

    def run_one(self, code, *args):
        """What sqnsctl prints; it exits with @code, and its messages agree with that."""
        got, out, err = self.sqnsctl(*args)
        return self.judge(code, got, out + err, args)

    def judge(self, code, got, words, args):
        self.note(got)
        self.assertEqual(got, code, 'sqnsctl %s: exit %d\n%s\n%s\n%s' % (
            ' '.join(args), got, words, [self.status(board) for board in self.boards], self.rig.log(self.daemon)[-3000:]))
        if code not in (DONE, DETACHED):
            self.assertRegex(words, '(?m)^sqnsctl: .')
        if code in (UNKNOWN, HAND):  # the modem's state is unknown
            self.assertNotRegex(words, '(?i)power +may be cut')
        return words

    def upgrade(self, code, board, *args):
        words = self.run_one(code, 'upgrade', board.port, *args)
        if code not in (DONE, DETACHED):
            self.assert_advised(board)
        return words

    def run_all(self, boards, *args):
        """Upgrades all boards at the same time."""
        clients = [self.start('upgrade', board.port, *args) for board in boards]
        for board, client in zip(boards, clients):
            code, words = self.end_of(client)
            self.judge(DONE, code, words, ('upgrade', board.port, *args))
            self.assert_upgraded(board)

    def last_job(self, board):
        """The properties of this board's newest job, None if there is none."""
        objects = self.bus.objects()
        modem = next((path for path, has in objects.items()
                      if has.get('org.sqnsd1.Modem', {}).get('DevNode') == board.port), None)
        jobs = [has['org.sqnsd1.Job'] for has in objects.values() if has.get('org.sqnsd1.Job', {}).get('Modem') == modem]
        return max(jobs, key=lambda job: job['CreatedAt']) if modem and jobs else None

    def assert_advised(self, board):
        """A failed job gives advice, which never says to cut the power while the modem may be writing."""
        job = self.last_job(board)
        if job is None:
            return None  # refused without a job
        self.assertNotEqual(job['Advice'], '', job)
        if not job['Safe']:
            self.assertNotRegex(job['Advice'] + job['ErrorMessage'], CUTS_POWER)
        return job

    def doctor(self, code, *args, env=None):
        """The findings of doctor by their code."""
        document = self.json(code, 'doctor', *args, env=env)
        findings = document['findings']
        if code in (UNKNOWN, HAND):
            self.assertNotIn('power-safe', [finding['code'] for finding in findings])
        for finding in findings:
            self.assertTrue(finding['level'] != 'problem' or finding['advice'], finding)
        return {finding['code']: finding for finding in findings}

    def wait_hand(self, board, client):
        """The job of @client waits for a person, without an error."""
        client.err.until('press the reset button on the board')
        job = self.last_job(board)
        self.note(HAND)
        self.assertIn('press the reset button on the board', job['Message'])
        self.assertEqual((job['State'], job['ErrorName']), ('waiting', ''))
        return job

    def press_when_asked(self, board, *args, never_asked=False):
        client = self.start('upgrade', board.port, *args)
        job = self.wait_hand(board, client)
        if never_asked:
            self.assertFalse(job['Safe'], 'a modem that nobody has asked may be at work')
        self.assertIn('press the reset button on the board', self.doctor(HAND, board.port)['job-needs-hand']['advice'])
        board.tell('press-reset')
        code, words = self.end_of(client)
        self.judge(DONE, code, words, ('upgrade',))
        return self.assert_upgraded(board)

    def assert_dead_soon(self, board, dup, heard):
        """A dead modem is told apart from a board that cannot be reached, and soon enough."""
        began = time.monotonic()
        words = self.upgrade(UNKNOWN, board, dup)
        self.assertLess(time.monotonic() - began, DEAD_S)
        self.assertRegex(words, heard)
        self.assertIn('fifteen minutes', words)
        self.assertNotIn('may be cut now', words, 'who is silent may be writing what an earlier upgrade left it with')
        self.assertEqual(self.status(board)['stp-bytes'], 0)
        return words
