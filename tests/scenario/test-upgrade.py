#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main command, whole: from every start, the second time, with files and ports that are no good. What sqnsctl says is
checked each time against what the board says of itself."""
import hashlib
import os
import subprocess
import sys
import unittest

from sqnstest import SOURCE
from sqnstest.case import TARGET, DaemonCase
from sqnstest.client import BUSY, DONE, HAND, NOT_ALLOWED, NOT_FOUND, REFUSED, UNKNOWN
from sqnstest.dup import real_firmware
from sqnstest.process import NOBODY

CAT_M1 = '5.1.1.0-41065'


class Starts(DaemonCase):
    def upgrade(self, *options):
        board = self.board(*options)
        out, err = self.expect(DONE, 'upgrade', board.port, self.image())
        self.assertIn('succeeded', out)
        self.assertIn(TARGET, out)
        now = self.assert_upgraded(board)
        # a board that was found in passthrough looks like a bare modem
        left = now['esp32'] == 'passthrough' and '--start=passthrough' not in options
        self.assertEqual('Press the reset button' in err, left, err)
        self.assertGreater(now['stp-bytes'], 0)
        return now

    def test_repl_without_lte_task(self):
        now = self.upgrade('--board-firmware=1.20.2.r4')
        self.assertEqual((now['esp32'], now['lte-task']), ('passthrough', True))

    def test_1_18_2(self):
        self.assertEqual(self.upgrade('--board-firmware=1.18.2')['esp32'], 'passthrough')

    def test_no_modem_upgrade_mode(self):
        now = self.upgrade('--board-firmware=1.17.5.b6')
        self.assertEqual((now['esp32'], now['esp32-resets']), ('repl', 0), 'the relay is left without a reset')

    def test_gpy(self):
        self.upgrade('--board=gpy')

    def test_g01(self):
        self.upgrade('--board=g01')

    def test_passthrough(self):
        self.upgrade('--start=passthrough')

    def test_bare_modem(self):
        self.upgrade('--start=direct')

    def test_recovery(self):
        self.upgrade('--modem=recovery')

    def test_mtools(self):
        self.upgrade('--modem=mtools')

    def test_real_file(self):
        """One of that size where there is none."""
        dup = real_firmware(self.rig.folder) or self.image(size=5258000)
        board = self.board(speed=('--time-scale=0.02',))
        self.expect(DONE, 'upgrade', board.port, dup)
        now = self.assert_upgraded(board)
        self.assertEqual(now['stp-bytes'], os.path.getsize(dup))


class Pauses(DaemonCase):
    """A transfer that stands still says why, and no percentage but that of the job."""
    daemon_patience = 0.1

    def test_erasing(self):
        board = self.board('--start=direct', '--erase-time=200', '--block-time=5')
        client = self.start('upgrade', board.port, self.image())
        said = client.err.until('transfer: erasing flash; this pause is normal, up to 5 min (0:0')
        self.assertEqual(said.split('\n')[-1].split('  ')[0], 'KEEP POWER ON')
        self.assertNotIn('%', said)
        client.err.until('transfer: writing the firmware')
        self.assertEqual(client.end()[0], DONE)
        self.assert_upgraded(board)

    def test_no_answer(self):
        image = self.image()
        board = self.board('--start=direct', '--dup-size=%d' % os.path.getsize(image), '--fault=silence@stp.block=50%',
                           '--block-time=5')
        client = self.start('upgrade', board.port, image)
        said = client.err.until('transfer: no answer from the modem for 0:0')
        self.assertNotIn('erasing', said)
        client.err.until('transfer: writing the firmware')
        self.assertEqual(client.end()[0], DONE)
        self.assert_upgraded(board)


class BoardPrograms(DaemonCase):
    """Someone's main.py runs: it is got past, or a person is told."""

    def program(self, *options):
        board = self.board(*options)
        deaf = any('ignores-ctrl-c' in option or 'deaf-printer' in option for option in options)
        self.wait_status(board, 'the program to run', esp32='deaf' if deaf else 'running')
        return board

    def upgrade(self, *options):
        board = self.program(*options)
        self.expect(DONE, 'upgrade', board.port, self.image())
        self.assert_upgraded(board)

    def test_prints_for_ever(self):
        self.upgrade('--main-program=prints')

    def test_floods(self):
        self.upgrade('--main-program=floods')

    def not_yielding(self, code, *options):
        """Told so, with the modem as it was."""
        board = self.program(*options)
        _, err = self.expect(code, 'upgrade', board.port, self.image())
        self.assertIn('program', err)
        self.assertIn('neither Ctrl-C nor', err)
        self.assert_nothing_sent(board)

    def test_ignores_ctrl_c(self):
        self.not_yielding(UNKNOWN, '--main-program=ignores-ctrl-c')

    def test_ignores_ctrl_c_and_prints(self):
        program = os.path.join(SOURCE, 'tests', 'scenario', 'deaf-printer.py')
        self.not_yielding(HAND, '--main=' + program)

    def test_ignores_ctrl_c_but_not_safe_boot(self):
        self.upgrade('--main-program=ignores-ctrl-c', '--ctrl-f-any')


class Again(DaemonCase):
    def test_second_run(self):
        board = self.board()
        dup = self.image()
        self.expect(DONE, 'upgrade', board.port, dup)
        first = self.assert_upgraded(board)
        out, _ = self.expect(DONE, 'upgrade', board.port, dup)
        self.assertIn('already', out)
        second = self.assert_upgraded(board)
        self.assertEqual((second['stp-blocks'], second['modem-resets']), (first['stp-blocks'], first['modem-resets']))
        self.expect(DONE, 'upgrade', board.port, dup, '--allow-reinstall')
        third = self.assert_upgraded(board)
        self.assertGreater(third['modem-resets'], second['modem-resets'])

    def test_dry_run(self):
        board = self.board()
        out, _ = self.expect(DONE, 'upgrade', board.port, self.image(), '--dry-run')
        self.assertIn(TARGET, out)
        self.assert_nothing_sent(board)

    def test_expectations(self):
        board = self.board()
        dup = self.image()
        with open(dup, 'rb') as image:
            digest = hashlib.sha256(image.read()).hexdigest()
        for wrong in (('--expect-version=41019',), ('--expect-version=6.0.0.0-37780',), ('--expect-sha256=' + '0' * 64,)):
            with self.subTest(wrong=wrong):
                _, err = self.expect(REFUSED, 'upgrade', board.port, dup, *wrong)
                self.assertRegex(err, '^sqnsctl: .')
        self.assert_unopened(board)
        self.expect(DONE, 'upgrade', board.port, dup, '--expect-version=37781', '--expect-sha256=' + digest)
        self.assert_upgraded(board)

    def test_downgrade(self):
        newer = '6.0.0.0-41019'
        board = self.board('--modem-version=' + newer)
        dup = self.image()
        _, err = self.expect(REFUSED, 'upgrade', board.port, dup)
        self.assertIn(newer, err)
        self.assertIn('downgrade', err)
        self.assert_nothing_sent(board, newer)
        self.expect(DONE, 'upgrade', board.port, dup, '--allow-downgrade')
        self.assert_upgraded(board)

    def test_other_family(self):
        board = self.board('--modem-version=' + CAT_M1)
        dup = self.image()
        _, err = self.expect(REFUSED, 'upgrade', board.port, dup)
        self.assertIn('CAT-M1', err)
        self.assertIn('NB-IoT', err)
        self.assert_nothing_sent(board, CAT_M1)
        self.expect(DONE, 'upgrade', board.port, dup, '--allow-family-change')
        self.assert_upgraded(board)

    def test_another_family_and_older(self):
        """All that is to be allowed is told at once, and nothing less is enough."""
        newer = '5.1.1.0-41065'
        board = self.board('--start=direct', '--modem-version=' + newer)
        dup = self.image('nb.dup', version='5.1.1.0', build=38638)
        _, err = self.expect(REFUSED, 'upgrade', board.port, dup)
        self.assertIn('add --allow-downgrade', err)
        other = '6.0.0.0-41019'
        board = self.board('--start=direct', '--modem-version=' + other)
        _, err = self.expect(REFUSED, 'upgrade', board.port, dup)
        self.assertIn('add --allow-family-change and --allow-downgrade to allow it', err)
        for flag in ('--allow-family-change', '--allow-downgrade'):
            _, err = self.expect(REFUSED, 'upgrade', board.port, dup, flag)
            self.assertNotIn('add ' + flag, err)
        self.assert_nothing_sent(board, other)
        self.expect(DONE, 'upgrade', board.port, dup, '--allow-family-change', '--allow-downgrade', '--dry-run')

    def test_another_chip(self):
        """Row 34: no matter of families."""
        chip = '8.2.1.0-61488'
        board = self.board('--start=direct', '--modem-version=' + chip)
        for version, build in (('5.1.1.0', 41065), ('6.0.0.0', 37781)):
            dup = self.image('%d.dup' % build, version=version, build=build)
            for flags in ((), ('--allow-family-change',), ('--allow-family-change', '--allow-downgrade')):
                _, err = self.expect(REFUSED, 'upgrade', board.port, dup, *flags)
                self.assertIn('firmware for another chip (Monarch 2)', err)
                self.assertNotIn('--allow', err)
        self.assert_nothing_sent(board, chip)
        self.expect(DONE, 'upgrade', board.port, dup, '--force', '--dry-run')

    def test_engineering_release(self):
        """Row 33: the mark between release and build makes it no other family."""
        board = self.board('--modem-version=6.0.0.0-ER9-36571')
        out, _ = self.expect(DONE, 'upgrade', board.port, self.image())
        self.assert_upgraded(board)


class BadFiles(DaemonCase):
    def refused(self, code, path, words, board):
        """By inspect and by upgrade, in one sentence, and before the board hears anything."""
        for command in (('inspect', path), ('upgrade', board.port, path)):
            with self.subTest(command=command[0], path=os.path.basename(path)):
                out, err = self.expect(code, *command)
                self.assertEqual(out, '')
                first = err.splitlines()[0]
                self.assertTrue(first.startswith('sqnsctl: '), err)
                self.assertIn(os.path.basename(path), first)
                self.assertRegex(first, words)
                self.assertLessEqual(len(err.splitlines()), 2, 'a sentence, and at most an advice')

    def test_all(self):
        board = self.board()
        with open(self.image('good.dup'), 'rb') as image:
            good = image.read()
        fifo = os.path.join(self.rig.folder, 'fifo.dup')
        os.mkfifo(fifo)
        large = self.file('large.dup', good)
        os.truncate(large, 65 << 20)
        changed = bytearray(good)
        changed[len(good) // 2] ^= 1
        folder = os.path.join(self.rig.folder, 'folder.dup')
        os.mkdir(folder)
        bad = {
            folder: (REFUSED, 'directory'),
            fifo: (REFUSED, 'pipe'),
            large: (REFUSED, 'too many'),
            os.path.join(self.rig.folder, 'none.dup'): (NOT_FOUND, 'no such file'),
            self.file('empty.dup', b''): (REFUSED, 'empty'),
            self.file('cut.dup', good[:-1000]): (REFUSED, 'truncated|cut|end|short'),
            self.file('cut-early.dup', good[:3000]): (REFUSED, 'truncated|cut|end|short'),
            self.file('changed.dup', bytes(changed)): (REFUSED, 'checksum'),
            self.file('updater.elf', b'\x7fELF\x01\x02\x01' + good[7:9000]): (REFUSED, 'ELF|updater'),
            self.file('release.zip', b'PK\x03\x04\x14' + good[5:9000]): (REFUSED, 'ZIP|zip'),
            self.file('login.dup', b'<!DOCTYPE html>\n<html><body>Log in</body></html>' + b' ' * 500): (REFUSED, 'HTML|web'),
            self.file('noise.dup', os.urandom(5000)): (REFUSED, '.'),
        }
        for path, (code, words) in bad.items():
            self.refused(code, path, words, board)
        self.assert_unopened(board)

    def test_unreadable(self):
        board = self.board()
        dup = self.image()
        os.chmod(dup, 0)
        somebody = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if os.getuid() == 0 else {}
        for command in (('inspect', dup), ('upgrade', board.port, dup)):
            _, err = self.expect(NOT_ALLOWED, *command, **somebody)
            self.assertIn('may not read', err)
        self.assert_unopened(board)


class Ports(DaemonCase):
    def setUp(self):
        super().setUp()
        self.dup = self.image()

    def linked_board(self, *options):
        """Found by the same name when it is plugged in again."""
        link = os.path.join(self.rig.folder, 'ttyBoard')
        return self.board('--link=' + link, '--dup-size=%d' % os.path.getsize(self.dup), *options), link

    def test_missing(self):
        _, err = self.expect(NOT_FOUND, 'upgrade', '/dev/ttyNone7', self.dup)
        self.assertIn('/dev/ttyNone7', err)

    def test_regular_file(self):
        code, _, err = self.sqnsctl('upgrade', self.file('ttyFile', b''), self.dup)
        self.assertNotEqual(code, DONE)
        self.assertIn('ttyFile', err)
        self.assertRegex(err, 'serial|tty|terminal')

    def busy(self, script):
        board = self.board()
        owner = subprocess.Popen([sys.executable, '-c', 'import fcntl, os, sys, termios\n'
                                  'fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)\n%s\nprint("has it", flush=True)\n'
                                  'sys.stdin.read()' % script, board.port],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(owner.stdout.readline(), 'has it\n')
            _, err = self.expect(BUSY, 'upgrade', board.port, self.dup)
            self.assertIn('pid %d' % owner.pid, err)
            self.assert_unopened(board)
        finally:
            owner.communicate()
        self.expect(DONE, 'upgrade', board.port, self.dup)
        self.assert_upgraded(board)

    def test_flocked(self):
        self.busy('fcntl.flock(fd, fcntl.LOCK_EX)')

    def test_exclusive(self):
        self.busy('fcntl.ioctl(fd, termios.TIOCEXCL)')

    def unplugged(self, place, *options):
        board, link = self.linked_board('--start=direct', '--fault=unplug@' + place, *options)
        client = self.start('upgrade', link, self.dup)
        said = client.err.until('the job then continues by itself')
        self.assertRegex(said, r'interrupted: the board disappeared \(unplugged or without power\).*leave it on')
        self.assertNotIn('power may be cut', said)
        self.assertNotEqual(self.status(board)['version'] if place.startswith('stp') else '', TARGET)
        board.tell('plug')
        code, words = self.end_of(client)
        self.assertEqual(code, DONE, words)
        self.assert_upgraded(board)

    def test_unplugged_half_way(self):
        self.unplugged('stp.block=50%')

    def test_unplugged_while_applying(self):
        self.unplugged('apply')

    def test_unplugged_while_booting(self):
        self.unplugged('reboot')


if __name__ == '__main__':
    unittest.main()
