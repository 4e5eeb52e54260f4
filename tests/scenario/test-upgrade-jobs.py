#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs while they run: cancelled, detached from, queued, many at once, watched on the bus and on the command line; and the
daemon's end in the middle of them."""
import json
import os
import signal
import unittest

from sqnstest.board import SLOW_APPLY, SLOW_BLOCKS
from sqnstest.bus import GLib, error_name
from sqnstest.case import BEFORE, TARGET, WAITS_FOR_FIRMWARE
from sqnstest.client import BUSY, CANCELLED, DETACHED, DONE, NOT_FOUND, REFUSED, UNKNOWN
from sqnstest.deadlines import wait_for
from sqnstest.jobs import ENDED, JobCase

IMEI = '354344040000009'
# the modem takes its time where the test wants to do something
PER_SECOND = 4
JITTER = 1


class RunningCase(JobCase):
    def upgrade_again(self, board):
        self.expect(DONE, 'upgrade', board.port, self.dup)
        self.assert_upgraded(board)


class Cancel(RunningCase):
    def cancel(self, board, phase, there=lambda: True):
        uuid = self.begin(board.port)
        self.wait_phase(uuid, phase)
        wait_for(there, 'its place in phase ' + phase)
        self.expect(DONE, 'cancel', uuid)
        self.expect(CANCELLED, 'wait', uuid)
        self.assertEqual(self.job(uuid)['State'], 'cancelled')
        return uuid

    def test_in_link(self):
        board = self.board(speed=('--time-scale=1', '--boot-time=2'))
        self.cancel(board, 'link')
        self.assert_nothing_sent(board)

    def test_in_prepare(self):
        """Nothing was written: the modem runs its own firmware again, and that is what is said of it everywhere."""
        board = self.board('--start=direct', speed=('--time-scale=0.02', '--boot-time=60'))
        uuid = self.cancel(board, 'prepare', lambda: self.status(board)['modem'] != 'application')
        job = self.job(uuid)
        self.assertEqual(self.status(board)['modem'], 'application')
        self.assertEqual(self.bus.properties(job['Modem'], 'Modem')['State'], 'application')
        self.assertIn('runs its application', job['ErrorMessage'])
        self.assertNotIn('recovery', job['Advice'])
        self.assertLess(job['Progress'], 0.5)

    def test_in_transfer(self):
        board = self.board(speed=SLOW_BLOCKS)
        uuid = self.begin(board.port)
        self.wait_bytes(board)
        self.expect(DONE, 'cancel', uuid)
        self.expect(CANCELLED, 'wait', uuid)
        now = self.status(board)
        self.assertIn(now['modem'], WAITS_FOR_FIRMWARE, now)
        self.assertFalse(now['stp'], now)
        self.upgrade_again(board)

    def test_what_it_ran_is_not_forgotten(self):
        """In recovery a modem does not tell what it ran; it told an upgrade that was cancelled."""
        board = self.board('--modem-version=5.1.1.0-33080', '--bootloader0=33080', speed=SLOW_BLOCKS)
        own, other = self.image('CATM1-41065.dup', version='5.1.1.0', build=41065), self.image('other.dup')
        out, err = self.expect(DONE, 'upgrade', board.port, own, '--link=relay', '--detach')
        self.wait_bytes(board)
        self.expect(DONE, 'cancel', (out or err).split()[0])
        self.expect(CANCELLED, 'wait', (out or err).split()[0])
        blocks = self.status(board)['stp-blocks']
        _, err = self.expect(REFUSED, 'upgrade', board.port, other)
        self.assertIn('the modem last ran 5.1.1.0-33080 (CAT-M1)', err)
        # nor is its boot ROM, which has to be replaced before that family
        _, err = self.expect(REFUSED, 'upgrade', board.port, other, '--allow-family-change', '--method=on-the-fly')
        self.assertIn('factory boot ROM', err)
        self.assertEqual(self.status(board)['stp-blocks'], blocks)
        self.expect(DONE, 'upgrade', board.port, other, '--allow-family-change', '--link=relay')
        self.assertNotEqual(self.assert_upgraded(board)['bootloader0'], 33080)

    def test_behind_another_job(self):
        """A job that never began does not say that power may be cut while another one writes."""
        board = self.board(speed=SLOW_BLOCKS)
        first = self.begin(board.port)
        self.wait_bytes(board)
        second = self.begin(board.port)
        self.expect(DONE, 'cancel', second)
        _, err = self.expect(CANCELLED, 'wait', second)
        self.assertNotIn('may be cut now', err)
        self.assertFalse(self.job(second)['Safe'])
        self.expect(DONE, 'wait', first)

    def test_after_the_point_of_no_return(self):
        board = self.board('--start=direct', speed=SLOW_APPLY)
        uuid = self.begin(board.port)
        self.wait_phase(uuid, 'apply')
        _, err = self.expect(REFUSED, 'cancel', uuid)
        self.assertIn('cannot cancel before phase', err)
        with self.assertRaises(GLib.Error) as caught:
            self.bus.call(self.path(uuid), 'Job.Cancel', '(a{sv})', ({},))
        self.assertEqual(error_name(caught.exception), 'org.sqnsd1.Error.WrongState')
        self.expect(DONE, 'wait', uuid)
        self.assert_upgraded(board)

    def test_finished_or_unknown(self):
        board = self.board()
        uuid = self.begin(board.port)
        self.expect(DONE, 'wait', uuid)
        self.expect(REFUSED, 'cancel', uuid)
        self.expect(NOT_FOUND, 'cancel', 'ffffffff')


class CtrlC(RunningCase):
    def running(self, board):
        client = self.start('upgrade', board.port, self.dup, terminal=(100, 24))
        self.wait_bytes(board)
        return client

    def test_once(self):
        board = self.board(speed=SLOW_BLOCKS)
        client = self.running(board)
        client.type(b'\x03')
        code, screen, _ = client.end()
        self.assertEqual(code, DETACHED, screen)
        jobs = self.json(DONE, 'jobs')['jobs']
        self.assertIn(jobs[0]['uuid'], screen)
        self.expect(DONE, 'wait', jobs[0]['uuid'])
        self.assert_upgraded(board)

    def test_twice(self):
        board = self.board(speed=SLOW_BLOCKS)
        client = self.running(board)
        client.type(b'\x03')
        client.screen.until('again')
        client.type(b'\x03')
        code, screen, _ = client.end()
        self.assertEqual(code, CANCELLED, screen)
        self.assertIn(self.status(board)['modem'], WAITS_FOR_FIRMWARE)
        self.upgrade_again(board)


class Several(RunningCase):
    def test_second_job_queues(self):
        board = self.board(speed=SLOW_BLOCKS)
        first = self.start('upgrade', board.port, self.dup)
        self.wait_bytes(board)
        second = self.start('--json', 'upgrade', board.port, self.dup)
        queued = wait_for(lambda: [job for job in self.json(DONE, 'jobs')['jobs'] if job['state'] == 'queued'],
                          'the second job to be queued')
        self.assertEqual(len(queued), 1)
        self.assertEqual(self.end_of(first)[0], DONE)
        blocks = self.status(board)['stp-blocks']
        code, out, err = second.end()
        self.assertEqual(code, DONE, err)
        self.assertIn('already', json.loads(out)['jobs'][0]['message'])
        self.assertEqual(self.assert_upgraded(board)['stp-blocks'], blocks)

    def test_four_boards(self):
        boards = [self.board() for _ in range(4)]
        document = self.json(DONE, 'upgrade', *[board.port for board in boards], self.dup)
        self.assertEqual([job['state'] for job in document['jobs']], ['succeeded'] * 4)
        self.assertEqual(len({job['modem'] for job in document['jobs']}), 4)
        for board in boards:
            self.assert_upgraded(board)

    def test_one_of_two_fails(self):
        good, bad = self.board('--start=direct'), self.board('--start=direct', '--fault=error@applyx*')
        code, out, err = self.sqnsctl('--json', 'upgrade', good.port, bad.port, self.dup)
        self.assertEqual(code, 10, err)
        self.assertEqual([job['state'] for job in json.loads(out)['jobs']], ['succeeded', 'failed'])
        self.assert_upgraded(good)
        self.assertEqual(self.status(bad)['modem'], 'recovery')


class Commands(RunningCase):
    def test_json(self):
        board = self.board('--imei=' + IMEI)
        job = self.json(DONE, 'upgrade', board.port, self.dup, '--label=bench 7')['jobs'][0]
        for key, value in {'state': 'succeeded', 'version-before': BEFORE, 'version-after': TARGET, 'progress': 1.0,
                           'error-name': '', 'label': 'bench 7', 'firmware-name': 'fw.dup', 'safe': True,
                           'point-of-no-return': False, 'bytes-total': os.path.getsize(self.dup),
                           'bytes-done': os.path.getsize(self.dup)}.items():
            self.assertEqual(job[key], value, key)
        self.assertLessEqual(job['created-at'], job['started-at'])
        self.assertLess(job['started-at'], job['finished-at'])

        short = job['uuid'][:8]
        self.assertEqual(self.json(DONE, 'job', short)['job']['uuid'], job['uuid'])
        self.assertEqual([j['uuid'] for j in self.json(DONE, 'jobs')['jobs']], [job['uuid']])
        self.assertEqual(self.json(DONE, 'wait', short)['jobs'][0]['state'], 'succeeded')
        modem = self.json(DONE, 'show', board.port)['modem']
        for key, value in {'firmware-version': TARGET, 'state': 'application', 'family': 'NB-IoT', 'board': 'FiPy',
                           'board-firmware': '1.20.2.r4', 'dev-node': board.port, 'current-job': '/', 'last-error': ''}.items():
            self.assertEqual(modem[key], value, key)
        self.assertEqual([m['id'] for m in self.json(DONE, 'list')['modems']], [modem['id']])
        self.assertNotIn(IMEI, json.dumps(modem))

        for command in (('jobs',), ('job', short), ('show', board.port), ('list',)):
            out, _ = self.expect(DONE, *command)
            self.assertIn(short if command[0].startswith('job') else TARGET, out)
        log, _ = self.expect(DONE, 'job', short, '--log')
        for words in ('AT+SMSTPU="ON_THE_FLY"', 'phase apply', job['firmware-sha256'], 'AT+SMUPGRADE?'):
            self.assertIn(words, log)
        self.assertNotIn(IMEI, log)
        self.expect(NOT_FOUND, 'job', 'ffffffff')
        error = self.json(NOT_FOUND, 'show', 'ttyNone7')['error']
        self.assertEqual((error['exit-code'], error['error-name']), (NOT_FOUND, 'org.sqnsd1.Error.NotFound'))

    def test_json_stream(self):
        board = self.board()
        out, _ = self.expect(DONE, '--json-stream', 'upgrade', board.port, self.dup)
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([event['schema'] for event in events], [1] * len(events))
        names = [event['event'] for event in events]
        self.assertEqual((names[0], names[-1], names.count('completed')), ('added', 'completed', 1))
        self.assertLessEqual(set(names[1:-1]), {'changed'})
        progress = [event['job']['progress'] for event in events]
        self.assertEqual(progress, sorted(progress))
        self.assertEqual([p for p in progress if p == 1.0], [1.0])
        self.assertEqual(events[-1]['job']['state'], 'succeeded')

    def test_at(self):
        board = self.board('--start=direct')
        out, _ = self.expect(DONE, 'at', board.port, 'ATI1')
        self.assertIn('LR' + BEFORE, out)
        document = self.json(DONE, 'at', board.port, 'AT+SMOD?')
        self.assertEqual((document['modem']['at']['lines'], document['modem']['at']['result']), (['2'], 'OK'))
        _, err = self.expect(1, 'at', board.port, 'AT+NONSENSE')
        self.assertIn('ERROR', err)
        self.expect(2, 'at', board.port, 'hello')

    def test_at_through_a_board(self):
        board = self.board()
        out, _ = self.expect(DONE, 'at', board.port, 'ATI1', '--timeout=30')
        self.assertIn('LR' + BEFORE, out)
        self.upgrade_again(board)

    def test_at_during_a_job(self):
        board = self.board(speed=SLOW_BLOCKS)
        uuid = self.begin(board.port)
        self.wait_bytes(board)
        _, err = self.expect(BUSY, 'at', board.port, 'ATI1')
        self.assertIn('job', err)
        self.expect(DONE, 'wait', uuid)
        self.assert_upgraded(board)


class Signals(RunningCase):
    def changes(self, job):
        return [s for s in self.bus.signals if s.path == job and s.name == 'PropertiesChanged']

    def values(self, job, key):
        return [s.args[1][key] for s in self.changes(job) if key in s.args[1]]

    def run_job(self, *options, speed):
        board = self.board(*options, speed=speed)
        modem = self.bus.add_port(board.port)
        job = self.bus.upgrade(modem, self.dup)
        end = self.bus.wait_state(job, *ENDED)
        self.bus.wait_signal('JobFinished')
        # what was sent before this answer has been heard by then
        self.bus.properties(job, 'Job')
        return board, modem, job, end

    def assert_rate(self, job):
        times = [s.time for s in self.changes(job)]
        for i, begin in enumerate(times):
            within = [t for t in times[i:] if t - begin < 1]
            self.assertLessEqual(len(within), PER_SECOND + JITTER, [t - times[0] for t in times])

    def assert_told_once(self, modem, job, success, state, name):
        completed = [s.args for s in self.bus.signals if s.name == 'Completed']
        finished = [s.args for s in self.bus.signals if s.name == 'JobFinished']
        self.assertEqual([args[:2] for args in completed], [(success, name)])
        self.assertEqual([args[:4] for args in finished], [(job, modem, state, name)])

    def test_success(self):
        board, modem, job, end = self.run_job(speed=('--time-scale=0.05', '--block-time=1'))
        self.assert_upgraded(board)
        progress = self.values(job, 'Progress')
        self.assertEqual(progress, sorted(progress))
        self.assertGreater(len(progress), 5)
        self.assertEqual((progress.count(1.0), end['Progress'], end['State']), (1, 1.0, 'succeeded'))
        self.assert_rate(job)
        self.assert_told_once(modem, job, True, 'succeeded', '')
        self.assertIn(False, self.values(job, 'Safe'))
        self.assertIn(True, self.values(job, 'PointOfNoReturn'))
        self.assertEqual((end['Safe'], end['PointOfNoReturn'], end['VersionAfter']), (True, False, TARGET))
        phases = self.values(job, 'Phase')
        # of phases that follow each other within a quarter of a second the last one is told
        wanted = ['transfer', 'apply', 'reboot', 'confirm']
        self.assertEqual([phase for phase in phases if phase in wanted], [phase for phase in wanted if phase in phases], phases)
        self.assertLessEqual({'transfer', 'apply'}, set(phases))

    def test_unsafe_in_transfer(self):
        board = self.board(speed=SLOW_BLOCKS)
        uuid = self.begin(board.port)
        self.wait_bytes(board)
        # signals tell it at most four times a second; who asks gets the truth
        now = self.job(uuid)
        self.assertEqual((now['Phase'], now['Safe'], now['PointOfNoReturn']), ('transfer', False, False))
        self.assertGreater(now['BytesTotal'], now['BytesDone'])
        self.expect(DONE, 'wait', uuid)

    def test_failure(self):
        board, modem, job, end = self.run_job('--start=direct', '--fault=error@applyx*', speed=('--time-scale=0.02',))
        self.assertEqual(self.status(board)['modem'], 'recovery')
        progress = self.values(job, 'Progress')
        self.assertEqual(progress, sorted(progress))
        self.assertLess(end['Progress'], 1.0)
        self.assertNotIn(1.0, progress)
        self.assert_rate(job)
        self.assert_told_once(modem, job, False, 'failed', 'org.sqnsd1.Error.NeedsRecovery')
        self.assertIn('again', end['Advice'])

    def test_second_upload(self):
        """The first one is not taken: back to the transfer, but not back in progress."""
        board, modem, job, end = self.run_job('--start=direct', '--fault=error@apply',
                                              speed=('--time-scale=0.02', '--block-time=3'))
        self.assert_upgraded(board)
        progress = self.values(job, 'Progress')
        self.assertEqual((progress, end['Progress']), (sorted(progress), 1.0))
        self.assert_rate(job)
        self.assert_told_once(modem, job, True, 'succeeded', '')
        phases = [phase for phase in self.values(job, 'Phase') if phase in ('transfer', 'apply')]
        self.assertEqual(phases, ['transfer', 'apply', 'transfer', 'apply'])
        self.assertEqual((end['Safe'], end['PointOfNoReturn']), (True, False))

    def test_log_is_readable(self):
        _, _, job, end = self.run_job('--start=direct', speed=('--time-scale=0.01',))
        _, fds = self.bus.call(job, 'Job.GetLog')
        with os.fdopen(fds[0], 'rb') as log:
            text = log.read().decode()
        self.assertIn(end['Uuid'], text)
        self.assertIn('AT+SMOD?', text)


class DaemonEnds(RunningCase):
    def test_during_transfer(self):
        """The modem is left where a job can go on; with the next daemon it does."""
        board = self.board(speed=SLOW_BLOCKS)
        watcher = self.start('upgrade', board.port, self.dup)
        self.wait_bytes(board)
        self.assertEqual(self.rig.stop(self.daemon), 0)
        self.assertLess(self.status(board)['stp-bytes'], os.path.getsize(self.dup), 'the upload is not waited for')
        code, words = self.end_of(watcher)
        self.assertEqual(code, UNKNOWN, words)
        self.assertIn('the daemon was stopped', words)
        now = self.status(board)
        self.assertIn(now['modem'], WAITS_FOR_FIRMWARE, now)
        self.assertFalse(now['stp'], now)
        self.daemon = self.rig.daemon()
        self.expect(DONE, 'wait', self.json(DONE, 'jobs')['jobs'][0]['uuid'])
        self.assert_upgraded(board)

    def test_during_apply(self):
        board = self.board('--start=direct', speed=SLOW_APPLY)
        watcher = self.start('upgrade', board.port, self.dup)
        self.wait_status(board, 'the modem to write', dup='ok')
        self.daemon.send_signal(signal.SIGTERM)
        code, words = self.end_of(watcher)
        self.assertEqual(code, DONE, words)
        self.assertEqual(self.rig.ended(self.daemon), 0)
        self.assert_upgraded(board)

    def test_idle(self):
        self.assertEqual(self.rig.stop(self.daemon), 0)


if __name__ == '__main__':
    unittest.main()
