#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs outlive what happens to the daemon, to the board and to the disk: stopped, cancelled, unplugged, damaged records, a disk
that cannot be written, a long history."""
import fcntl
import os
import shutil
import subprocess
import sys
import time
import unittest
import uuid as uuids

from sqnstest.board import FAST, SLOW_BLOCKS
from sqnstest.bus import GLib, error_name
from sqnstest.case import BEFORE, TARGET
from sqnstest.client import DONE, NOT_FOUND, REFUSED
from sqnstest.deadlines import wait_for
from sqnstest.jobs import ENDED, JobCase

MAX_FRUITLESS = 5
DAY_US = 24 * 3600 * 1000000


class Restarts(JobCase):
    def test_pending(self):
        """What waited waits again; the port that was added is known again, with its options."""
        board = self.board('--start=direct')
        modem = self.bus.add_port(board.port, link='direct')
        later = int(time.time() * 1e6) + 3600000000
        order = {'label': 'tonight', 'not_before': later, 'priority': 3, 'idempotency_key': 'k'}
        job = self.bus.upgrade(modem, self.dup, **order)
        before = self.bus.properties(job, 'Job')
        wait_for(self.records, 'the record')
        wait_for(self.firmware, 'the firmware')
        self.kill()
        self.restart()
        now = self.bus.properties(job, 'Job')
        for key in ('Uuid', 'CreatedAt', 'NotBefore', 'Label', 'Priority', 'FirmwareName', 'FirmwareSha256', 'Modem', 'Kind',
                    'CreatorUid', 'State', 'Message', 'BytesTotal'):
            self.assertEqual(now[key], before[key], key)
        self.assertEqual(self.bus.upgrade(modem, self.dup, **order), job)
        with self.assertRaises(GLib.Error) as caught:
            self.bus.upgrade(modem, self.dup, **{**order, 'priority': 4})
        self.assertEqual(error_name(caught.exception), 'org.sqnsd1.Error.KeyReused')
        self.expect(DONE, 'cancel', now['Uuid'])
        self.assert_unopened(board)
        # resumed, its times hold no longer, and it is the same order all the same
        self.bus.call(job, 'Job.Resume', '(a{sv})', ({},))
        self.bus.wait_state(job, 'running', 'succeeded')
        self.kill()
        self.restart()
        self.succeeds(now['Uuid'])
        self.assertEqual(self.bus.upgrade(modem, self.dup, **order), job)

    def test_answered_is_kept(self):
        """Who has got an answer may rely on it, whatever becomes of the daemon."""
        board = self.board('--start=direct')
        modem = self.bus.add_port(board.port, link='direct')
        later = int(time.time() * 1e6) + 3600000000
        for i in range(5):
            job = self.bus.upgrade(modem, self.dup, not_before=later, idempotency_key=str(i))
            self.kill()
            self.restart()
            self.bus.wait_state(job, 'waiting')
            self.bus.call(job, 'Job.Cancel', '(a{sv})', ({},))
            wait_for(lambda: self.bus.properties(job, 'Job')['State'] == 'cancelled', 'the cancel')
            self.bus.call(job, 'Job.Resume', '(a{sv})', ({},))
            self.kill()
            self.restart()
            self.assertNotIn(self.bus.properties(job, 'Job')['State'], ENDED)

    def test_cancel_outlives(self):
        """A cancel that was answered holds, though the daemon dies before the job has ended; and so does that end."""
        board = self.board('--start=direct', speed=('--time-scale=0.5', '--boot-time=20'))
        uuid = self.begin(board.port)
        # a cancel waits until a modem that boots is what it will be
        self.wait_status(board, 'the modem to boot', modem='booting')
        self.bus.call(self.path(uuid), 'Job.Cancel', '(a{sv})', ({},))
        self.assertEqual(self.job(uuid)['State'], 'running')
        self.kill()
        self.restart()
        end = self.job(uuid)
        self.assertEqual(end['State'], 'cancelled')
        self.assertIn('while it was interrupted', end['ErrorMessage'])
        wait_for(lambda: self.record(uuid)['State'] == 'cancelled', 'the end to be on disk')
        self.kill()
        self.restart()
        self.assertEqual(self.job(uuid)['FinishedAt'], end['FinishedAt'])
        self.expect(DONE, 'resume', uuid)
        self.succeeds(uuid)

    def test_sent_just_before_the_cancel(self):
        """An upload that was over is not repeated, though nothing came of it yet."""
        board = self.board('--no-close-reply', speed=FAST)
        uuid = self.begin(board.port)
        wait_for(lambda: self.status(board)['stp-bytes'] >= 300000, 'the last block')
        self.expect(DONE, 'cancel', uuid)
        self.assertEqual(self.wait_job(uuid, *ENDED)['State'], 'cancelled')
        self.expect(DONE, 'resume', uuid)
        self.succeeds(uuid)
        log, _ = self.expect(DONE, 'job', uuid, '--log')
        self.assertEqual(log.count('> AT+SMSTPU'), 1, log)

    def test_stopped(self):
        """SIGTERM is no end of a job, but of a daemon."""
        board = self.board(speed=SLOW_BLOCKS)
        uuid = self.begin(board.port)
        self.wait_bytes(board)
        self.assertEqual(self.rig.stop(self.daemon), 0)
        self.assertEqual((self.record(uuid)['State'], self.record(uuid)['Fruitless']), ('interrupted', '0'))
        self.restart()
        self.succeeds(uuid)
        self.assert_upgraded(board)

    def test_auto_resume_off(self):
        config = self.file('sqnsd.conf', b'[sqnsd]\nAutoResume=no\n')
        board = self.board(speed=SLOW_BLOCKS)
        uuid = self.begin(board.port)
        self.wait_bytes(board)
        self.kill()
        self.restart('--config', config)
        waits = wait_for(lambda: self.job(uuid) if 'sqnsctl resume' in self.job(uuid)['Message'] else None, 'the words')
        self.assertEqual((waits['State'], waits['Safe'], waits['ErrorName']), ('interrupted', False, ''))
        # another job is not held up by it, and does the work
        self.expect(DONE, 'upgrade', board.port, self.dup)
        self.assertEqual(self.job(uuid)['State'], 'interrupted')
        out, _ = self.expect(DONE, 'resume', uuid[:8])
        self.assertIn('already', out)
        self.assert_upgraded(board)
        self.expect(REFUSED, 'resume', uuid)

    def test_board_comes_later(self):
        link = os.path.join(self.folder, 'ttyBoard')
        board = self.board('--link=' + link, speed=SLOW_BLOCKS)
        uuid = self.begin(link)
        self.wait_bytes(board)
        self.kill()
        board.tell('unplug')
        self.restart()
        lost = wait_for(lambda: self.job(uuid) if 'plug it in' in self.job(uuid)['Message'] else None, 'the words')
        self.assertEqual(lost['State'], 'interrupted')
        self.assertIn('leave it on', lost['Message'])
        board.tell('plug')
        self.succeeds(uuid)
        self.assert_upgraded(board)

    def test_results_stay(self):
        board = self.board()
        done = self.begin(board.port, '--label=bench 7')
        end = self.succeeds(done)
        log, _ = self.expect(DONE, 'job', done, '--log')
        cancelled = self.begin(board.port, '--not-before=+1h')
        self.expect(DONE, 'cancel', cancelled)
        wait_for(lambda: self.record(cancelled)['State'] == 'cancelled', 'the cancel to be on disk')
        self.kill()
        self.restart()
        now = self.job(done)
        self.assertEqual({key: now[key] for key in end}, end)
        self.assertEqual(self.expect(DONE, 'job', done, '--log')[0], log)
        history = self.json(DONE, 'history')['jobs']
        self.assertEqual([job['uuid'] for job in history], [cancelled, done])
        for key, value in {'state': 'succeeded', 'label': 'bench 7', 'version-before': BEFORE, 'version-after': TARGET,
                           'finished-at': end['FinishedAt'], 'error-name': '', 'safe': True, 'kind': 'upgrade'}.items():
            self.assertEqual(history[1][key], value, key)
        self.assertEqual([job['uuid'] for job in self.json(DONE, 'history', '--state=cancelled')['jobs']], [cancelled])
        self.assertEqual([job['uuid'] for job in self.json(DONE, 'history', '--limit=1')['jobs']], [cancelled])
        self.assertEqual([job['uuid'] for job in self.json(DONE, 'history', '--label=bench 7', board.port)['jobs']], [done])
        self.assertEqual(self.json(DONE, 'history', 'another')['jobs'], [])
        out, _ = self.expect(DONE, 'history')
        self.assertRegex(out, '(?m)^ID .*ENDED')
        self.assertRegex(out, done[:8] + '.*succeeded.*' + BEFORE + '.*' + TARGET + '.*bench 7')
        self.expect(2, 'history', '--state=queued')

        self.bus.call(self.path(done), 'Job.Forget')
        self.assertEqual([job['uuid'] for job in self.json(DONE, 'history')['jobs']], [cancelled])
        wait_for(lambda: len(self.records()) == 1, 'the record to go')
        self.assertEqual([name for name in self.records('.log') if done in name], [])

    def test_failed_is_resumed(self):
        """The modem waits in recovery; the file is kept until it is not needed any more."""
        board = self.board('--start=direct', '--fault=error@applyx3')
        code, _, err = self.sqnsctl('upgrade', board.port, self.dup)
        self.assertEqual(code, 10, err)
        self.restart_clean()
        os.unlink(self.dup)
        uuid = self.json(DONE, 'jobs')['jobs'][0]['uuid']
        self.assertEqual(len(self.firmware()), 1)
        self.expect(DONE, 'resume', uuid)
        end = self.job(uuid)
        self.assertEqual((end['State'], end['ErrorName'], end['VersionAfter']), ('succeeded', '', TARGET))
        self.assertGreater(end['FinishedAt'], end['StartedAt'])
        self.assert_upgraded(board)
        wait_for(lambda: not self.firmware(), 'the firmware to go')

    def restart_clean(self):
        self.assertEqual(self.rig.stop(self.daemon), 0)
        self.restart()

    def test_file_is_gone(self):
        board = self.board(speed=SLOW_BLOCKS)
        uuid = self.begin(board.port)
        self.wait_bytes(board)
        self.kill()
        for name in self.firmware():
            os.unlink(os.path.join(self.folder, 'firmware', name))
        self.restart()
        end = self.wait_job(uuid, *ENDED)
        self.assertEqual((end['State'], end['ErrorName'], end['Safe']), ('failed', 'org.sqnsd1.Error.InvalidFirmware', False))
        self.assertIn('start a new upgrade with the file', end['ErrorMessage'])
        self.expect(REFUSED, 'resume', uuid)
        self.expect(DONE, 'upgrade', board.port, self.dup)

    def test_killed_again_and_again(self):
        """A job that comes no further, whatever the reason, is not tried for ever."""
        board = self.board('--modem=hung', speed=('--time-scale=1',))
        uuid = self.begin(board.port)
        for i in range(MAX_FRUITLESS + 1):
            wait_for(lambda: self.life(uuid) == ('running', str(i)), 'the job to run')
            self.kill()
            self.restart()
        end = self.wait_job(uuid, *ENDED)
        self.assertEqual((end['State'], end['ErrorName']), ('failed', 'org.sqnsd1.Error.DeviceLost'))
        self.assertIn('giving up', end['ErrorMessage'])


class Cable(JobCase):
    def setUp(self):
        super().setUp()
        self.link = os.path.join(self.folder, 'ttyBoard')

    def linked(self, *options, **how):
        return self.board('--link=' + self.link, *options, **how)

    def test_followed(self):
        """sqnsctl stays with the job, and says what to do."""
        board = self.linked(speed=SLOW_BLOCKS)
        before = board.port
        client = self.start('upgrade', self.link, self.dup)
        self.wait_bytes(board)
        board.tell('unplug')
        said = client.err.until('the job then continues by itself')
        self.assertIn('interrupted: the board disappeared', said)
        self.assertIn('leave it on', said)
        jobs = self.json(DONE, 'jobs')['jobs']
        self.assertEqual([(job['state'], job['safe'], job['error-name']) for job in jobs], [('interrupted', False, '')])
        self.assertIn('interrupted', self.expect(DONE, 'jobs')[0])
        # another pty under the same name
        hold = os.open(before, os.O_RDWR | os.O_NOCTTY) if os.path.exists(before) else None
        after = board.tell('plug')
        if hold is not None:
            os.close(hold)
        self.assertEqual(os.path.realpath(self.link), after)
        code, words = self.end_of(client)
        self.assertEqual(code, DONE, words)
        self.assertEqual(self.json(DONE, 'jobs')['jobs'][0]['uuid'], jobs[0]['uuid'])
        self.assert_upgraded(board)

    def test_somebody_else_is_faster(self):
        """Who has the port when the board is back (ModemManager, a terminal) is waited for."""
        board = self.linked(speed=SLOW_BLOCKS)
        uuid = self.begin(self.link)
        self.wait_bytes(board)
        board.tell('unplug')
        self.wait_job(uuid, 'interrupted')
        board.tell('plug')
        with open(os.open(self.link, os.O_RDWR | os.O_NOCTTY), 'rb', buffering=0) as port:
            fcntl.flock(port, fcntl.LOCK_EX)
            now = wait_for(lambda: (job := self.job(uuid)) and 'when the port is free' in job['Message'] and job,
                           'the lock to be met')
            self.assertEqual(now['Message'].count('is in use by'), 1, now['Message'])
            self.assertEqual((now['State'], now['ErrorName']), ('interrupted', ''))
            self.assertIn('continues by itself', now['Advice'])
        self.succeeds(uuid)
        self.assert_upgraded(board)

    def test_cancelled(self):
        board = self.linked(speed=SLOW_BLOCKS)
        uuid = self.begin(self.link)
        self.wait_bytes(board)
        board.tell('unplug')
        self.wait_job(uuid, 'interrupted')
        self.expect(DONE, 'cancel', uuid)
        end = self.job(uuid)
        self.assertEqual((end['State'], end['ErrorName'], end['Safe']), ('cancelled', 'org.sqnsd1.Error.Cancelled', False))
        board.tell('plug')
        # somebody thinks better of it
        self.expect(DONE, 'resume', uuid)
        self.assert_upgraded(board)

    def test_untouched(self):
        """Lost while it was only looked at: safe, and said so."""
        board = self.linked('--modem=hung', speed=('--time-scale=1',))
        uuid = self.begin(self.link)
        self.wait_phase(uuid, 'link')
        board.tell('unplug')
        lost = self.wait_job(uuid, 'interrupted')
        self.assertTrue(lost['Safe'])
        self.assertNotIn('leave it on', lost['Message'])

    def test_pseudo_terminal_by_its_number(self):
        """That may be somebody's shell the next time."""
        board = self.board(speed=SLOW_BLOCKS)
        uuid = self.begin(board.port)
        self.wait_bytes(board)
        board.tell('unplug')
        self.assertIn('sqnsctl resume', wait_for(
            lambda: self.job(uuid) if 'resume' in self.job(uuid)['Message'] else None, 'the words')['Message'])
        self.expect(DONE, 'cancel', uuid)


class Disk(JobCase):
    def test_damaged_record(self):
        boards = [self.board(speed=SLOW_BLOCKS), self.board(speed=SLOW_BLOCKS)]
        uuids_ = [self.begin(board.port) for board in boards]
        for board in boards:
            self.wait_bytes(board)
        self.kill()
        path = os.path.join(self.folder, 'jobs', uuids_[0] + '.conf')
        with open(path, 'r+b') as record:
            record.truncate(os.path.getsize(path) // 2)
        self.restart()
        self.succeeds(uuids_[1])
        self.assertTrue(os.path.exists(path + '.damaged'))
        log = self.rig.log(self.daemon)
        self.assertEqual(log.count('was set aside as %s.damaged' % path), 1, log)
        self.expect(NOT_FOUND, 'job', uuids_[0])

    def test_hostile_records(self):
        """What is no file is neither waited for nor read, and costs nobody else a job."""
        board = self.board()
        uuid = self.begin(board.port, '--not-before=+1h')
        self.kill()
        jobs = os.path.join(self.folder, 'jobs')
        os.mkfifo(os.path.join(jobs, '11111111-0000-4000-8000-000000000000.conf'))
        os.mkdir(os.path.join(jobs, '22222222-0000-4000-8000-000000000000.conf'))
        os.symlink('/dev/zero', os.path.join(jobs, '33333333-0000-4000-8000-000000000000.conf'))
        with open(os.path.join(jobs, '44444444-0000-4000-8000-000000000000.conf'), 'wb') as record:
            record.truncate(1 << 30)
        os.mkfifo(os.path.join(jobs, uuid + '.log'))
        os.mkfifo(os.path.join(jobs, uuid + '.conf.tmp'))
        self.restart()
        self.wait_job(uuid, 'waiting')
        self.expect(DONE, 'upgrade', board.port, self.dup)
        self.assertEqual(len(self.records('.conf.damaged')), 4)
        self.expect(DONE, 'cancel', uuid)
        wait_for(lambda: self.record(uuid)['State'] == 'cancelled', 'the end to be on disk')
        with open('/proc/%d/status' % self.daemon.pid, encoding='utf-8') as status:
            peak = int(next(line for line in status if line.startswith('VmHWM')).split()[1])
        self.assertLess(peak, 512 * 1024)  # KiB; a sanitizer's shadow included
        self.assertEqual(len(self.json(DONE, 'history')['jobs']), 2)

    def test_folder_removed(self):
        """The job that runs goes on, and all that had not ended is on disk again."""
        self.dup = self.image()
        boards = [self.board(speed=SLOW_BLOCKS), self.board()]
        waits = self.begin(boards[1].port, '--not-before=+1h')
        uuid = self.begin(boards[0].port)
        self.wait_bytes(boards[0])
        for name in ('jobs', 'firmware'):
            shutil.rmtree(os.path.join(self.folder, name))
        os.unlink(os.path.join(self.folder, 'lock'))
        self.succeeds(uuid)
        wait_for(lambda: (self.life(uuid) or ['-'])[0] == 'succeeded' and self.life(waits), 'both records')
        wait_for(self.firmware, 'the firmware of the job that waits')
        self.kill()
        self.restart()
        self.assertEqual((self.job(waits)['State'], self.job(uuid)['State']), ('waiting', 'succeeded'))
        self.assertEqual(self.rig.log(self.rig.daemons[0]).count('creating it again'), 1)

    def without_disk(self, folder, words):
        """Jobs run; a remark says what they lack."""
        self.assertEqual(self.rig.stop(self.daemon), 0)
        self.daemon = self.rig.daemon('--state-dir', folder)
        board = self.board(speed=SLOW_BLOCKS)
        uuid = self.begin(board.port)
        self.wait_bytes(board)
        self.assertRegex(self.job(uuid)['Message'], 'not on disk.*' + words)
        self.succeeds(uuid)
        self.assert_upgraded(board)
        self.assertRegex(self.rig.log(self.daemon), '(?s)not.*saved.*' + words + '|not on disk.*' + words)
        self.assertEqual([job['uuid'] for job in self.json(DONE, 'history')['jobs']], [uuid])

    def test_no_folder(self):
        self.without_disk(os.path.join(self.file('file', b''), 'state'), 'Not a directory')

    def mounted(self, options):
        folder = os.path.join(self.folder, 'mounted')
        os.mkdir(folder)
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', folder], stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest('needs the right to mount a tmpfs')
        self.addCleanup(subprocess.run, ['umount', '-l', folder], check=False)
        return folder

    def test_read_only(self):
        self.without_disk(self.mounted('ro'), 'Read-only')

    def test_full(self):
        self.without_disk(self.mounted('size=64k'), 'No space left')

    def test_without_state_dir(self):
        """Beside the system bus nothing is kept that nobody asked for."""
        self.assertEqual(self.rig.stop(self.daemon), 0)
        address = ['--bus', self.rig.address]
        process = subprocess.Popen([os.environ['SQNSD'], '--no-udev', *address], stderr=subprocess.PIPE, text=True,
                                   env=self.rig.environment(STATE_DIRECTORY=os.path.join(self.folder, 'none')))
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertIn('jobs end with the daemon', process.stderr.readline())
        self.assertIn('serves', process.stderr.readline())
        board = self.board('--modem=hung', speed=('--time-scale=1',))
        uuid = self.begin(board.port)
        self.expect(DONE, 'cancel', uuid)
        self.wait_job(uuid, 'cancelled')
        _, err = self.expect(REFUSED, 'resume', uuid)
        self.assertIn('no state folder', err)
        self.assertEqual([job['uuid'] for job in self.json(DONE, 'history')['jobs']], [uuid])
        self.assertFalse(os.path.exists(os.path.join(self.folder, 'none')))


class Many(JobCase):
    RECORDS = 10000

    def test_ten_thousand(self):
        """A long history makes no daemon slow or large."""
        board = self.board()
        uuid = self.begin(board.port)
        self.succeeds(uuid)

        def ended():
            with open(self.records()[0], encoding='utf-8') as record:
                text = record.read()
            return text if 'State=succeeded' in text else None
        text = wait_for(ended, 'the end to be on disk')
        finished = int(self.record(uuid)['FinishedAt'])
        self.assertEqual(self.rig.stop(self.daemon), 0)
        for i in range(self.RECORDS):
            name = str(uuids.uuid4())
            age = 40 * DAY_US if i % 10 == 0 else i * 1000
            with open(os.path.join(self.folder, 'jobs', name + '.conf'), 'w', encoding='utf-8') as record:
                record.write(text.replace(uuid, name).replace('FinishedAt=%d' % finished, 'FinishedAt=%d' % (finished - age)))
        begin = time.monotonic()
        self.restart()
        took = time.monotonic() - begin
        print('start with %d records: %.2f s' % (self.RECORDS, took), file=sys.stderr)
        # a daemon that has read for two seconds shows itself, and its jobs when it has read them
        wait_for(lambda: self.path(uuid) in self.bus.objects(), 'the job of before')
        self.assertLessEqual(len([path for path in self.bus.objects() if '/job/' in path]), 100)
        history = self.bus.call('/org/sqnsd1', 'Manager.GetHistory', '(a{sv}ut)', ({}, 0, 0))[0]
        self.assertEqual((len(history), history[0]['uuid']), (100, uuid))
        again = self.bus.call('/org/sqnsd1', 'Manager.GetHistory', '(a{sv}ut)',
                              ({}, 5000, history[-1]['finished-at']))[0]
        self.assertEqual(len(again), 1000)
        ends = [job['finished-at'] for job in history + again]
        self.assertEqual(ends, sorted(ends, reverse=True))
        self.assertEqual(len(self.records()), self.RECORDS + 1 - self.RECORDS // 10, 'those of 40 days ago are gone')
        with open('/proc/%d/status' % self.daemon.pid, encoding='utf-8') as status:
            rss = [int(line.split()[1]) for line in status if line.startswith('VmRSS')][0]
        print('RSS: %d KiB' % rss, file=sys.stderr)
        if 'SQNS_SANITIZED' not in os.environ:
            self.assertLess(rss, 64 * 1024)


if __name__ == '__main__':
    unittest.main()
