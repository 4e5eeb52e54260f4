#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the virtual board: each state in which a modem may be found, and the way out of it.

Expected bytes are those of protocol.md and field-failures.md. SQNS_BOARD is the program.
"""
import subprocess
import sys
import unittest

from sqnstest.board_case import DUP, QUIET, BoardCase
from sqnstest.case import Case
from sqnstest.dup import MAKE_DUP, embedded_updater, make_dup, make_first_step
from sqnstest.serial import Stp, Timeout

sys.dont_write_bytecode = True

STEP_1 = make_first_step(size=60000)
STEP_2 = make_dup('5.2.1.0', 48829, 80000)


class States(BoardCase):
    def boots(self, board, port, version):
        port.at('AT+SMSWBOOT=1,1')
        port.until(b'+SYSSTART\r\n')
        self.assertEqual(board.status()['version'], version)

    def test_cut_at_any_percent(self):
        for percent in (1, 6, 50, 99):
            with self.subTest(percent=percent):
                board, port = self.direct('--fault', 'power-cut@stp.block=%d%%:50' % percent, '--dup-size', str(len(DUP)))
                port.sync()
                port.at('AT+SMSWBOOT=3,1')
                board.wait(modem='recovery')
                port.sync()
                port.at('AT+SMSTPU="ON_THE_FLY"')
                stp = Stp(port)
                stp.open()
                stp.max_transfer = 1016
                with self.assertRaises(Timeout):
                    at = 0
                    while True:
                        data = DUP[at:at + 1000]
                        stp.request(2, 1, stp.transaction, len(data).to_bytes(2, 'big'), timeout=0.5)
                        stp.transaction += 1
                        stp.request(3, 1, stp.transaction, data, timeout=0.5)
                        stp.transaction += 1
                        at += len(data)
                self.assertAlmostEqual(at / len(DUP), percent / 100, delta=0.02)
                # before the fff package the old application is still intact, but the boot mode is recovery
                status = board.wait(modem='recovery', modem_resets=2)
                self.assertEqual(status['application-valid'], percent < 10)
                port.buffer = b''
                port.sync()
                self.upload(port, DUP).close()
                board.wait(report='success', modem='recovery', application_valid=True)

    def test_finished_but_never_booted(self):
        board, port = self.direct('--modem', 'finished')
        port.sync()
        self.assertEqual(port.at('AT+SMOD?'), b'\r\n4\r\nOK\r\n')
        self.assertEqual(port.at('AT+SMUPGRADE?'), b'\r\n+SMUPGRADE: success\r\nOK\r\n')
        self.boots(board, port, '6.0.0.0-37781')

    def test_report(self):
        _, port = self.direct('--modem', 'recovery', '--report', 'failure[dup,22] incomplete')
        port.sync()
        self.assertEqual(port.at('AT+SMUPGRADE?'), b'\r\n+SMUPGRADE: failure[dup,22] incomplete\r\nOK\r\n')

    def test_updater_ends_by_itself(self):
        board, port = self.direct('--modem', 'updater')
        status = board.wait(modem='recovery', report='success')
        self.assertTrue(status['application-valid'])
        port.sync()
        self.boots(board, port, '6.0.0.0-35351')

    def test_stp_left_open(self):
        board, port = self.direct('--modem', 'stp')
        port.write(b'AT\r')
        self.assertEqual(port.silence(QUIET), b'')
        self.assertTrue(board.status()['stp'])
        stp = Stp(port)
        stp.close()
        self.assertEqual(stp.answers[-1], (0x80, 0, 0, 0, 0, b''))
        port.sync()
        self.assertEqual(port.at('AT+SMOD?'), b'\r\n4\r\nOK\r\n')
        self.upload(port, DUP).close()
        board.wait(report='success')

    def test_passthrough_that_never_started(self):
        board = self.board('--start', 'passthrough', '--lte-task', 'no')
        port = board.open(921600)
        port.write(b'AT\r')
        self.assertEqual(port.silence(QUIET), b'')
        self.assertEqual(board.status()['esp32'], 'stuck')
        port.set(115200)
        board.ask('press-reset')
        port.prompt()

    def test_ffh_behind_passthrough(self):
        board = self.board('--start', 'passthrough', '--modem', 'ffh')
        port = board.open(921600)
        port.write(b'AT\rAT\r')
        self.assertNotIn(b'OK', port.silence(QUIET))
        self.assertEqual(board.status()['modem-speed'], 115200)

    def test_crash_loop(self):
        board, port = self.direct('--modem', 'crash-loop')
        for _ in range(2):
            self.assertIn(b'\r\n^EXIT: Fatal error\r\n\r\n^EXIT: Thu Jan 01 00:00:14  1970 File: evtLog.cc@198\r\n',
                          port.until(b'+SYSSTART\r\n'))
        port.write(b'AT\r')
        self.assertNotIn(b'OK', port.silence(QUIET))
        board.ask('power-cycle')
        board.wait(modem='off')
        board.wait(modem='crash-loop')

    def test_told_to_go_to_ffh_it_stays(self):
        """Row 3."""
        board, port = self.direct('--fault', 'ignore@AT+SMSWBOOT=0,1')
        port.sync()
        port.at('ATE0')
        self.assertEqual(port.at('AT+SMSWBOOT=0,1'), b'\r\nOK\r\n')
        self.assertEqual(port.silence(QUIET), b'')
        self.assertEqual(port.at('AT+SMOD?'), b'\r\n2\r\nOK\r\n')
        self.assertEqual(board.status()['modem-resets'], 0)
        port.at('AT+SMSWBOOT=0,1')
        board.wait(modem='ffh')

    def test_factory_boot_rom(self):
        """The modem refuses NB-IoT directly and takes it after a new boot ROM."""
        board, port = self.direct('--modem-version', '5.1.1.0-33080', '--bootloader0', '33080', '--modem', 'recovery')
        port.sync()
        self.upload(port, DUP).close()
        board.wait(modem='recovery', report='failure[upgrade,33] Boot ROM too old')
        port.sync()
        self.upload(port, make_dup(size=100000, only=('bootrom',))).close()
        board.wait(modem='recovery', report='success', bootloader0=38638)
        port.sync()
        port.at('AT+SMSWBOOT=0,1')
        board.wait(modem='ffh')
        port.set(115200)
        port.sync()
        port.write(b'AT+IPR=921600\r')
        port.until(b'OK\r\n')
        port.set(921600)
        self.upload(port, embedded_updater(size=100000), 'AT+STP').close()
        board.wait(modem='mtools')
        port.sync()
        self.upload(port, DUP).close()
        board.wait(modem='mtools', report='success')
        port.sync()
        self.boots(board, port, '6.0.0.0-37781')

    def test_factory_takes_cat_m1(self):
        board, port = self.direct('--modem-version', '5.1.1.0-33080', '--bootloader0', '33080', '--modem', 'recovery')
        port.sync()
        self.upload(port, make_dup('5.1.1.0', 41065, 80000)).close()
        board.wait(modem='recovery', report='success')

    def test_bootrom_by_fff(self):
        board, port = self.direct('--modem-version', '5.1.1.0-41065', '--bootloader0', '33080')
        port.sync()
        self.upload(port, make_dup(size=100000, only=('bootrom',)), 'AT+SMSTPU').close()
        board.wait(report='available')
        port.at('AT+SMUPGRADE')
        port.until(b'+SYSSTART\r\n')
        status = board.wait(report='success', bootloader0=38638)
        self.assertEqual(status['version'], '5.1.1.0-41065')


class TwoSteps(BoardCase):
    """Release 48829."""

    def first(self, version, *options):
        board, port = self.direct('--modem-version', version, *options)
        port.sync()
        self.upload(port, STEP_1, 'AT+SMSTPU').close()
        board.wait(report='available')
        self.assertIn(b'OK\r\n', port.at('AT+SMUPGRADE'))
        return board, port

    def second(self, board, port):
        port.sync()
        port.at('AT+SMSWBOOT=3,1')
        board.wait(modem='recovery')
        port.sync()
        self.upload(port, STEP_2).close()

    def test_both(self):
        board, port = self.first('5.1.1.0-41065')
        port.until(b'+SYSSTART\r\n')
        self.assertEqual(board.wait(report='success')['version'], '5.1.1.0-39529')
        self.second(board, port)
        board.wait(modem='recovery', report='success')
        port.sync()
        port.at('AT+SMSWBOOT=1,1')
        port.until(b'+SYSSTART\r\n')
        self.assertEqual(board.status()['version'], '5.2.1.0-48829')
        port.sync()
        self.assertIn(b'UE5.2.0.3\r\nLR5.2.1.0-48829\r\n', port.at('ATI1'))

    def test_first_from_elsewhere_kills(self):
        board, _ = self.first('5.1.1.0-38638')
        board.wait(modem='dead')
        board.ask('power-cycle')
        self.assertEqual(board.status()['modem'], 'dead')

    def test_second_alone(self):
        board, port = self.direct('--modem-version', '5.1.1.0-41065')
        self.second(board, port)
        board.wait(modem='recovery', report='failure[upgrade,33] First step missing')

    def test_power_between_kills_by_fault_only(self):
        for options, end in (((), 'application'), (('--fault', 'brick@power-cut'), 'dead')):
            board, port = self.first('5.1.1.0-41065', *options)
            port.until(b'+SYSSTART\r\n')
            board.ask('power-cycle')
            board.wait(modem=end)


class Images(Case):
    def test_sizes(self):
        for size in (60000, 416448, 1000001):
            for version, build in (('6.0.0.0', 41019), ('5.1.1.0', 41065)):
                self.assertEqual(len(make_dup(version, build, size)), size)
            self.assertEqual(len(make_first_step(size=size)), size)

    def test_bootrom_package_is_that_of_the_whole_file(self):
        package = make_dup(size=100000, only=('bootrom',))
        self.assertTrue(DUP.startswith(package))

    def test_command(self):
        script = MAKE_DUP
        done = subprocess.run([sys.executable, script, '/dev/stdout', '--first-step', '--version', '5.2.1.0', '--build', '48829',
                               '--size', '60000'], stdout=subprocess.PIPE, check=True, timeout=20)
        self.assertEqual(done.stdout, STEP_1)


if __name__ == '__main__':
    unittest.main()
