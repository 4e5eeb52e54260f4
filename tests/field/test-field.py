#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows 1 to 25, 29 and 30 of field-failures.md §1 on the virtual board, named after the row; test-field-usb.py has the rest."""
import os
import shutil
import unittest

from sqnstest.case import TARGET
from sqnstest.client import DETACHED, DONE, FAILED, NOT_FOUND, RECOVERY, REFUSED, UNKNOWN
from sqnstest.deadlines import wait_for
from sqnstest.field import FACTORY, FAMILY, FieldCase


class Silence(FieldCase):
    """No answer at the start."""

    def test_row_01_no_answer_to_at(self):
        """`Attempting AT wakeup...`, then ten times nothing: the modem is in a data session (PPP) or asleep
        checks the link to the modem first, then wakes it: AT, the end of a data session (+++ between two silences), AT again
        Ends: succeeds"""
        self.run_all([self.board('--modem=ppp'), self.board('--modem=asleep'), self.board('--modem=ppp', '--start=direct')],
                     self.image())

    def test_row_02_stale_bytes_on_linux(self):
        """the same on Linux or macOS hosts only: leftover bytes desynchronise all later replies
        drains the port before each command and reads whole lines; a late or strange line never answers another command
        Ends: succeeds"""
        self.run_all([self.board('--noise', '--fault=late@AT+SMOD?:1500', '--fault=duplicate@AT+SMSWBOOT?'),
                      self.board('--noise', '--fault=duplicate@AT+SMOD?', '--fault=late@ATI1:1500'),
                      self.board('--fault=late@AT+SMUPGRADE?:1500', '--fault=duplicate@ATI1')], self.image())

    def test_row_02b_mirror_mode_without_lte_task(self):
        """`Going into MIRROR mode...`, then no byte passes: there is no LTE task (board firmware 1.20.2.r2 and later)
        starts that task before it starts passthrough
        Ends: succeeds"""
        board = self.board('--board-firmware=1.20.2.r4', '--lte-task=no')
        self.upgrade(DONE, board, self.image())
        now = self.assert_upgraded(board)
        self.assertEqual((now['esp32'], now['lte-task'], now['esp32-resets']), ('passthrough', True, 0))

    def test_row_02b_found_in_a_silent_mirror_mode(self):
        """the same, as another tool left the board like this
        waits for the user without an error: "press the reset button on the board"; then avoids passthrough
        Ends: needs the user; then succeeds"""
        self.press_when_asked(self.board('--start=passthrough', '--lte-task=no'), self.image(), never_asked=True)

    def test_row_14_silent_for_good(self):
        """after release 48829: `Could not detect your modem!`, no byte at 921600 and 115200
        tells a dead modem from an unreachable one within 90 s; wait, a power cycle, another supply; nothing else is known to help
        Ends: fails, the state of the modem is not known"""
        board = self.board('--modem=dead')
        self.assert_dead_soon(board, self.image(), 'relay works.* no data')
        board.tell('press-reset')
        self.wait_status(board, 'the prompt to be back', esp32='repl')
        found = self.doctor(UNKNOWN, board.port)
        self.assertIn('not known to come back', found['modem-dead']['advice'])

    def test_row_16_only_zeros(self):
        r"""`b'\x00'`, `b'\x00\x00'` to every command
        says that the modem sends only zeros: it has no power or crashes; asks for no useless button press
        Ends: fails, the state of the modem is not known"""
        dup = self.image()
        boards = [self.board('--modem=zeros', '--start=' + start) for start in ('direct', 'passthrough')]
        clients = [self.start('upgrade', board.port, dup) for board in boards]
        words = self.assert_dead_soon(self.board('--modem=zeros'), dup, 'only zero bytes')
        self.assertIn('without power or in a crash loop', words)
        for board, client in zip(boards, clients):
            code, words = self.end_of(client)
            self.judge(UNKNOWN, code, words, ('upgrade', board.port))
            self.assertIn('only zero bytes', words)
            self.assertNotIn('reset button on the board', words)
        found = self.doctor(UNKNOWN, boards[0].port)  # all of them: test-doctor.py
        self.assertIn('modem-dead', found)
        self.assertFalse({'board-silent', 'board-needs-hand', 'modem-not-reached'} & set(found), list(found))

    def test_row_17_wedged(self):
        """`LTE()` hangs or says `Couldn't connect to Modem!`, `+++` is ignored, resets of the ESP32 do not help
        says that the modem is silent, and that only a power cycle resets it, the reset button does not
        Ends: fails, the state of the modem is not known; then succeeds"""
        board = self.board('--modem=hung')
        words = self.assert_dead_soon(board, self.image(), 'does not answer')
        self.assertIn('the reset button does not reset the modem', words)
        board.tell('power-cycle')
        self.wait_status(board, 'the modem to be up', modem='application', esp32='repl')
        self.upgrade(DONE, board, self.image())
        self.assert_upgraded(board)

    def test_row_30_crash_loop(self):
        """`^EXIT: Fatal error`, then `+SYSSTART`, again and again, about every 32 s
        says that the modem crashes and restarts on its own, which no upgrade over this line can fix
        Ends: fails, the state of the modem is not known"""
        self.assert_dead_soon(self.board('--modem=crash-loop'), self.image(), '(?i)crashing|keeps restarting|restarts')


class Modes(FieldCase):
    """Changes of the boot mode, and modems that are in one already."""

    def test_row_04_reply_with_other_lines(self):
        """`OSError: AT+SMSWBOOT=3,0 failed!`: the reply contained `+CPSMS` lines
        splits replies into lines; unsolicited lines are not answers
        Ends: succeeds"""
        self.run_all([self.board('--noise', '--fault=noise@AT+SMSWBOOTx*', '--fault=noise@ATE0'),
                      self.board('--noise', '--old-smswboot', '--fault=noise@AT+SMSWBOOTx*')], self.image())

    def test_row_04_already_in_recovery(self):
        """the same: the modem is in recovery already, after an interrupted run
        asks for the mode of the modem and continues from there, without SMSWBOOT=3
        Ends: succeeds"""
        board = self.logged('--modem=recovery')
        self.upgrade(DONE, board, self.image())
        self.assert_upgraded(board)
        self.assertFalse([command for _, command in self.commands(board) if command.startswith('AT+SMSWBOOT=3')])

    def test_row_04_error_to_everything(self):
        """the same: the modem answers ERROR to everything
        sends nothing that changes the modem, and reports that its mode is unknown
        Ends: refused; then succeeds"""
        board = self.board('--fault=error@atx*')
        words = self.upgrade(REFUSED, board, self.image())
        self.assertRegex(words, 'ERROR|which mode')
        self.assert_nothing_sent(board)
        board.tell('clear-faults')
        self.upgrade(DONE, board, self.image())
        self.assert_upgraded(board)

    def test_row_05_reboot_at_once_refused(self):
        """`Received ERROR from AT+SMSWBOOT=3,1! Aborting!` while the radio is active
        turns the radio off first (AT+CFUN=4); after an ERROR uses `,0` and AT^RESET
        Ends: succeeds"""
        boards = [self.logged('--old-smswboot'), self.logged('--fault=error@AT+SMSWBOOT=3,1'),
                  self.logged('--fault=error@AT+SMSWBOOT=1,1')]
        self.run_all(boards, self.image())
        for board in boards:
            heard = [command for _, command in self.commands(board)]
            self.assertLess(heard.index('AT+CFUN=4'), heard.index('AT+SMSWBOOT=3,1'))
            self.assertIn('AT^RESET', heard)

    def test_row_11_updater_for_an_application(self):
        """`Failed to start STP mode!` at once: updater.elf was given to a modem in application mode
        refuses an updater as the firmware; does not use one beside the .dup here, as AT+STP is only sent in FFH
        Ends: refused; then succeeds"""
        board, elf = self.logged(), self.updater()
        self.assertRegex(self.upgrade(REFUSED, board, elf), 'ELF|updater')
        self.assert_unopened(board)
        self.upgrade(DONE, board, self.image(), '--updater', elf)
        self.assert_upgraded(board)
        self.assertNotIn('AT+STP', [command for _, command in self.commands(board)])

    def test_row_18_modem_state_recovery(self):
        """`(modem_state=recovery). Perform a modem firmware update.`: FFH or recovery, which may answer at 115200 only
        doctor explains that with the modem's own words; the upgrade uses the updater inside the .dup
        Ends: succeeds"""
        boards = [self.board('--modem=ffh'), self.board('--modem=recovery', '--recovery-baud=115200'),
                  self.board('--modem=ffh', '--start=direct')]
        found = self.doctor(RECOVERY, boards[0].port)
        self.assertIn('FFH', found['ffh']['text'])
        self.assertIn("'recovery mode'", found['ffh']['text'])
        self.assertIn('sqnsctl recover', found['ffh']['advice'])
        self.run_all(boards, self.image())

    def test_row_19_no_modem_upgrade_mode(self):
        """`'LTE' object has no attribute 'modem_upgrade_mode'`, after the modem had been moved to FFH
        knows before it touches the modem; a relay in the board's Python replaces passthrough
        Ends: succeeds"""
        boards = [self.board('--board-firmware=1.17.5.b6', '--modem=ffh'), self.board('--board-firmware=1.18.0.r1', *FACTORY)]
        self.run_all(boards, self.image(), FAMILY)
        for board in boards:
            now = self.status(board)
            self.assertEqual((now['esp32'], now['esp32-resets']), ('repl', 0))

    def test_row_20_no_lte_class(self):
        """`ImportError: cannot import name LTE`: board firmware 1.10 or older
        doctor says that the board's firmware is before 1.11.0; the relay does not need the LTE class (on real boards: a guess)
        Ends: succeeds"""
        board = self.board('--board-firmware=1.10.2.b1')
        found = self.doctor(FAILED, board.port)
        self.assertIn('1.11.0', found['no-lte']['text'])
        self.assertIn('up to date', found['no-lte']['advice'])
        self.upgrade(DONE, board, self.image())
        self.assertEqual(self.assert_upgraded(board)['esp32'], 'repl')


class Uploads(FieldCase):
    """From the first byte to the report."""

    def test_row_06_shutdown_without_sysstart(self):
        """`Resetting (DO NOT DISCONNECT POWER!!!).....`, endless dots: the tool missed the boot of the modem
        does not depend on a single line: sends AT, AT+SMOD? and AT+SMUPGRADE? until the modem reports its mode
        Ends: succeeds"""
        self.run_all([self.board('--fault=silence@rebootx*'), self.board('--fault=silence@rebootx*', '--start=direct')],
                     self.image())

    def test_row_07_ctrl_c(self):
        """the user presses Ctrl-C at 6 %
        the daemon continues; sqnsctl names the job that it leaves
        Ends: goes on by itself; then succeeds"""
        board = self.sized('--block-time=20')
        client = self.start('upgrade', board.port, self.image())
        self.wait_bytes(board)
        client.interrupt()
        code, words = self.end_of(client)
        self.judge(DETACHED, code, words, ('upgrade',))
        uuid = self.last_job(board)['Uuid']
        self.assertIn(uuid[:8], words)
        self.run_one(DONE, 'wait', uuid)
        self.assert_upgraded(board)

    def test_row_08_stall_at_6_percent(self):
        """no progress at 6 %, and one page says that a power cycle is safe there
        says that pauses there are normal, keeps `Safe` false, and waits
        Ends: succeeds"""
        board = self.sized('--erase-time=400')
        client = self.start('upgrade', board.port, self.image())
        self.wait_bytes(board)

        def stalled():
            bytes_done = self.last_job(board)['BytesDone']
            return bytes_done > 0 and self.status(board)['writing']
        wait_for(stalled, 'the pause')
        job = self.last_job(board)
        self.assertRegex(job['Message'], 'normal|erasing')
        self.assertEqual((job['State'], job['Safe']), ('running', False), job)
        self.assertLess(job['Progress'], 1)
        code, words = self.end_of(client)
        self.judge(DONE, code, words, ('upgrade',))
        self.assert_upgraded(board)

    def test_row_23_invalid_answer_to_smstpu(self):
        """`Invalid answer '%s' from the device` after AT+SMSTPU
        reads the last whole line as the answer; asks again after an ERROR or garbage
        Ends: succeeds"""
        self.run_all([self.board('--fault=noise@AT+SMSTPU'), self.board('--fault=error@AT+SMSTPU'),
                      self.board('--fault=garbage@AT+SMSTPU', '--start=direct')], self.image())

    def test_row_24_report_cut(self):
        """TypeError in the tool after a good transfer: the line `+SMUPGRADE:` was truncated
        asks again: an incomplete reply is not an answer
        Ends: succeeds"""
        self.run_all([self.board('--fault=drop-bytes@AT+SMUPGRADE?:9x2'),
                      self.board('--fault=drop-bytes@AT+SMUPGRADE?:16x2', '--start=direct')], self.image())

    def test_row_24_never_told_to_boot(self):
        """the same, found later: the upgrade is complete, but the modem was not told to boot it
        sees the report of success in recovery: only reboots the modem and compares the version
        Ends: succeeds"""
        board = self.logged('--modem=finished')
        before = self.status(board)
        self.assertEqual(before['modem'], 'recovery')
        self.upgrade(DONE, board, self.image())
        now = self.status(board)
        self.assertEqual((now['modem'], now['version'], now['stp-bytes']), ('application', TARGET, before['stp-bytes']))
        self.assertNotIn('AT+SMSTPU', [command.partition('=')[0] for _, command in self.commands(board)])

    def test_row_25_upgraded_but_never_attaches(self):
        """upgraded, but the modem never attaches to a network: settings of the old firmware
        its part ends with the running version; the factory reset of the modem is one command, a reset another
        Ends: succeeds"""
        board = self.logged()
        self.upgrade(DONE, board, self.image())
        resets = self.assert_upgraded(board)['modem-resets']
        board.tell('press-reset')
        self.wait_status(board, 'the board to be up', esp32='repl')
        self.run_one(DONE, 'at', board.port, 'AT&F')
        self.run_one(DONE, 'at', board.port, 'AT^RESET')
        self.assertIn(('application', 'AT&F'), self.commands(board))
        wait_for(lambda: self.status(board)['modem-resets'] > resets, 'the modem to reboot')


class Files(FieldCase):
    """Refused before harm."""

    def test_row_12_diff_for_another_base(self):
        """`failure[diffUpgrade,239] Patch didn't apply!`: upgdiff_33080-... on a modem that runs 46470
        refuses it before sending anything, names both versions, and says that a full image is allowed
        Ends: refused; then succeeds"""
        board = self.board('--modem-version=5.1.1.0-46470')
        words = self.upgrade(REFUSED, board, self.diff(33080, 48000))
        self.assertIn('33080', words)
        self.assertIn('46470', words)
        self.assertIn('use a complete firmware file', words)
        self.assert_nothing_sent(board, '5.1.1.0-46470')
        self.upgrade(DONE, board, self.image(), FAMILY)
        self.assert_upgraded(board)

    def test_row_13_diff_with_an_updater_in_ffh(self):
        """upgdiff plus updater.elf on a modem in FFH: fails at `Starting STP ON_THE_FLY`
        refuses a diff with an updater before sending anything, and a diff for FFH once it knows the mode; a full image works
        Ends: refused; then succeeds"""
        board, diff = self.board('--modem=ffh'), self.diff(38638, 41065)
        words = self.upgrade(REFUSED, board, diff, '--updater', self.updater())
        self.assertIn('complete firmware file', words)
        self.assertEqual(self.status(board)['speed'], 9600, 'nobody has opened the port')
        self.assertIn('complete firmware file', self.upgrade(REFUSED, board, diff))
        self.assertEqual((self.status(board)['modem'], self.status(board)['stp-bytes']), ('ffh', 0))
        self.upgrade(DONE, board, self.image())
        self.assert_upgraded(board)

    def test_row_33_engineering_release(self):
        """`LR6.0.0.0-ER9-36571` refused as another family
        reads the mark between release and build, and accepts a release of the same family
        Ends: succeeds"""
        board = self.board('--modem-version=6.0.0.0-ER9-36571')
        self.upgrade(DONE, board, self.image())
        self.assert_upgraded(board)

    def test_row_34_another_chip(self):
        """the modem says LR8.2.1.0, and the file is for another chip
        refuses it whatever family or age is allowed; recommends no flag that does not help
        Ends: refused"""
        chip = '8.2.1.0-61488'
        board = self.board('--start=direct', '--modem-version=' + chip)
        for flags in ((), (FAMILY,), (FAMILY, '--allow-downgrade')):
            words = self.upgrade(REFUSED, board, self.image(), *flags)
            self.assertIn('another chip', words)
            self.assertNotIn('--allow', words)
        self.assert_nothing_sent(board, chip)

    def test_row_14_48829_from_elsewhere(self):
        """dead after step 1 of release 48829, on a version that it does not support
        refuses each of its files on modems that do not run 41065, and says what is allowed
        Ends: refused"""
        first, second = self.two_files()
        for version in ('6.0.0.0-41019', '5.1.1.0-33080', '5.1.1.0-39529'):
            board = self.board('--modem-version=' + version)
            for files in ((second, '--first-step', first), (first,), (second,)):
                with self.subTest(version=version, files=files):
                    words = self.upgrade(REFUSED, board, *files, FAMILY)
                    self.assertRegex(words, '41065|is incomplete')
                    self.assertEqual((self.status(board)['version'], self.status(board)['stp-bytes']), (version, 0))

    def test_row_14_48829_in_one_job(self):
        """the same: power or reset between its two steps
        both files are one job, from 41065 only; between them `Safe` is false and a cancel is refused
        Ends: succeeds"""
        first, second = self.two_files()
        board = self.logged('--modem-version=5.1.1.0-41065', '--erase-time=200')
        client = self.start('upgrade', board.port, second, '--first-step', first)
        wait_for(lambda: self.status(board)['version'] == '5.1.1.0-39529', 'the first file to be installed')
        job = self.last_job(board)
        self.assertEqual(self.status(board)['version'], '5.1.1.0-39529')
        self.assertEqual((job['Safe'], job['PointOfNoReturn']), (False, True), job)
        _, err = self.expect(REFUSED, 'cancel', job['Uuid'])
        self.assertIn('cannot cancel before phase', err)
        code, words = self.end_of(client)
        self.judge(DONE, code, words, ('upgrade',))
        self.assert_upgraded(board, '5.2.1.0-48829')

    def test_row_15_second_file_first(self):
        """a page of the vendor's names `…48829-2.dup` for step 1
        identifies the files by their contents: refuses the wrong order and the second alone; uses a first file beside it
        Ends: refused; then succeeds"""
        first, second = self.two_files()
        board = self.board('--modem-version=5.1.1.0-41065')
        words = self.upgrade(REFUSED, board, first, '--first-step', second)
        self.assertIn('wrong order', words)
        self.assertEqual(self.status(board)['speed'], 9600, 'nobody has opened the port')
        alone = os.path.join(self.rig.folder, 'alone')
        os.mkdir(alone)
        alone = shutil.copy(second, alone)
        self.assertRegex(self.upgrade(REFUSED, board, alone), 'first (one|file) is missing')
        self.assertEqual(self.status(board)['stp-bytes'], 0)
        self.upgrade(DONE, board, second)
        self.assert_upgraded(board, '5.2.1.0-48829')

    def test_row_22_missing_or_damaged_file(self):
        """`OSError: [Errno 2] ENOENT`; a truncated or wrong file, then ERROR at AT+SMUPGRADE
        names the missing file; checks all checksums and the structure before sending anything
        Ends: not found; then refused"""
        board = self.board()
        with open(self.image(), 'rb') as image:
            good = image.read()
        self.upgrade(NOT_FOUND, board, os.path.join(self.rig.folder, 'none.dup'))
        changed = bytearray(good)
        changed[-100] ^= 4
        for name, content, words in (('cut.dup', good[:len(good) // 7], 'truncated|cut|end|short'),
                                     ('changed.dup', bytes(changed), 'checksum'),
                                     ('login.dup', b'<!DOCTYPE html><html>Log in</html>' * 20, 'HTML|web')):
            with self.subTest(name):
                said = self.upgrade(REFUSED, board, self.file(name, content))
                self.assertRegex(said, words)
                self.assertIn(name, said)
        self.assert_unopened(board)


class Boards(FieldCase):
    """What a program on the board does."""

    def test_row_29_program_owns_the_modem(self):
        """user code in main.py uses the modem during the upgrade
        interrupts it, and starts the board in safe boot, without main.py
        Ends: succeeds"""
        boards = [self.board('--main-program=grabs-modem'), self.board('--main-program=floods')]
        for board in boards:
            self.wait_status(board, 'the program to run', esp32='running')
        self.run_all(boards, self.image())

    def test_row_29_watchdog_of_a_program(self):
        """a watchdog that a running main.py has armed fires in mirror mode, where nothing feeds it
        starts such a board in safe boot first: no main.py, no watchdog
        Ends: succeeds"""
        board = self.sized('--main-program=wdt', '--block-time=60')
        self.wait_status(board, 'the program to run', esp32='running')
        self.upgrade(DONE, board, self.image())
        self.assertEqual(self.assert_upgraded(board)['esp32-resets'], 1)
        self.assertIn('ESP32: reset-safe', self.wire(board))
        self.assertNotIn('ESP32 watchdog', self.wire(board))


class Patience(FieldCase):
    """What a daemon waits minutes for is shortened."""
    daemon_patience = 0.1

    def test_row_03_stays_where_it_was(self):
        """`AT auto-negotiation failed!` after `Bootrom updated successfully`: the modem did not go to FFH
        only trusts AT+SMOD?: sends the command once more, then continues
        Ends: succeeds"""
        board = self.logged(*FACTORY, '--fault=ignore@AT+SMSWBOOT=0,1')
        self.upgrade(DONE, board, self.image(), FAMILY)
        self.assert_upgraded(board)
        asked = [command for _, command in self.commands(board) if command.startswith('AT+SMSWBOOT=0')]
        self.assertEqual(len(asked), 2, asked)

    def test_row_03_never_goes_to_ffh(self):
        """the same, permanently
        reports the requested mode and the actual one; the modem is in recovery with its new boot ROM, and the next run continues
        Ends: fails, the modem waits for the next upgrade; then succeeds"""
        board = self.board(*FACTORY, '--fault=ignore@AT+SMSWBOOT=0,1x*', '--fault=ignore@AT+SMSWBOOT=0,0x*')
        self.upgrade(RECOVERY, board, self.image(), FAMILY)
        self.assertEqual(self.status(board)['modem'], 'recovery')
        board.tell('clear-faults')
        self.upgrade(DONE, board, self.image(), FAMILY)
        self.assert_upgraded(board)

    def test_row_07_power_cut(self):
        """the power fails at 6 %
        waits for the longest normal pause, finds the modem in recovery, and uploads the file again
        Ends: succeeds"""
        boards = [self.sized('--fault=power-cut@stp.block=6%:100', '--start=direct'),
                  self.sized('--fault=power-cut@stp.block=6%:100')]
        self.run_all(boards, self.image())

    def test_row_29_watchdog_left_behind(self):
        """the same, and main.py has ended: the board's prompt is idle, and the watchdog runs
        finds the board again after the watchdog has interrupted the upload, starts it in safe boot, and uploads again
        Ends: succeeds"""
        program = self.file('main.py', b'from machine import WDT\nw = WDT(timeout=6000)\n')
        board = self.sized('--main=' + program, '--block-time=80')
        wait_for(lambda: 'ESP32: wdt 6000' in self.wire(board), 'the program to arm the watchdog')
        self.wait_status(board, 'the program to end', esp32='repl')
        words = self.upgrade(DONE, board, self.image())
        self.assert_upgraded(board)
        # who has read that there is a main.py uploads nothing more before it is gone
        anew = self.wire(board).split('ESP32 watchdog', 1)[1].split('main-lines=2', 1)[1]
        self.assertIn('ESP32: reset-safe', anew.split('"fast', 1)[0], words)
        self.assertIn('ESP32 watchdog', self.wire(board))


class Dots(FieldCase):
    """The longest waits, shortened more."""
    daemon_patience = 0.04

    def test_row_06_silent_while_it_writes(self):
        """the same, and the modem does not come back at all
        after a timeout searches for it through the board's prompt; then says that it may be writing and power has to stay on
        Ends: needs the user; then fails, the state of the modem is not known; then succeeds"""
        board = self.sized('--fault=hang@apply')
        client = self.start('upgrade', board.port, self.image())
        waiting = self.wait_hand(board, client)
        board.tell('press-reset')
        code, words = self.end_of(client)
        self.judge(UNKNOWN, code, words, ('upgrade',))
        self.assertFalse(waiting['Safe'], 'the modem may be writing')
        self.assertIn("Leave the board's power on", words)
        self.assertFalse(self.assert_advised(board)['Safe'])
        board.tell('power-cycle')
        self.wait_status(board, 'the modem to be up', modem='recovery', esp32='repl')
        self.upgrade(DONE, board, self.image())
        self.assert_upgraded(board)


class Stalls(FieldCase):
    """As long."""
    daemon_patience = 0.03

    def test_row_09_read_only_file_system(self):
        """stuck at 0 % for hours: upgdiff 33080 to 41065 by the FFF method
        gives up after minutes; names the read-only file system, and the full image, which does not use it
        Ends: fails, the state of the modem is not known; then succeeds"""
        board = self.sized('--read-only-fs', *FACTORY)
        words = self.upgrade(UNKNOWN, board, self.diff(33080, 41065))
        self.assertRegex(words, 'read-only')
        self.assertRegex(words, '(full|complete) (image|file|firmware)')
        board.tell('power-cycle')
        self.wait_status(board, 'the modem to be up', modem='application', esp32='repl')
        self.upgrade(DONE, board, self.full('5.1.1.0', 41065))
        self.assert_upgraded(board, '5.1.1.0-41065')

    def test_row_10_stall_at_1_percent_in_mtools(self):
        """no progress at 1 % after `Upgrader loaded successfully`
        gives up after a timeout and says that power has to stay on; the same command continues from the new state of the modem
        Ends: fails, the state of the modem is not known; then succeeds"""
        board = self.sized('--modem=mtools', '--fault=hang@stp.block=1%')
        words = self.upgrade(UNKNOWN, board, self.image())
        self.assertIn('Leave the board\'s power on', words)
        board.tell('power-cycle')
        wait_for(lambda: self.status(board)['modem'] in ('recovery', 'ffh', 'application') and
                 self.status(board)['esp32'] == 'repl', 'the modem to be up')
        self.upgrade(DONE, board, self.image())
        self.assert_upgraded(board)


if __name__ == '__main__':
    unittest.main()
