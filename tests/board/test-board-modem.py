#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the virtual board's modem: dialogues, uploads, faults, pace.

Expected bytes are those of protocol.md and field-failures.md. SQNS_BOARD is the program.
"""
import struct
import sys
import threading
import time
import unittest

from sqnstest.board_case import DUP, QUIET, BoardCase
from sqnstest.dup import embedded_updater, make_dup
from sqnstest.serial import Port, Refused, Stp, Timeout

sys.dont_write_bytecode = True


class Modem(BoardCase):
    def test_dialogues(self):
        _, port = self.direct('--modem-version', '5.1.1.0-33080')
        for command, answer in (
                ('AT', b'AT\r\r\nERROR\r\n'),
                ('AT', b'AT\r\r\nOK\r\n'),
                ('AT+BIND=AT', b'AT+BIND=AT\r\r\nOK\r\n'),
                ('ATE0', b'ATE0\r\r\nOK\r\n'),
                ('AT+SMOD?', b'\r\n2\r\nOK\r\n'),
                ('AT+BMOD?', b'\r\nFFF\r\nOK\r\n'),
                ('AT+SMLOG?', b'\r\n+SMLOG: LOG_INHERIT\r\nOK\r\n'),
                ('AT+FSRDFILE="/fs/crashdump"', b'\r\n\r\nERROR\r\n'),
                ('AT+SQNSUPGRADENTF="started"', b'\r\nOK\r\n'),
                ('AT+SQNWL="sqndcc",2', b'\r\nERROR\r\n'),
                ('AT+CFUN=0', b'\r\nOK\r\n'),
                ('AT+CFUN?', b'\r\n+CFUN: 0\r\n\r\nOK\r\n'),
                ('AT+CEREG?', b'\r\n+CEREG: 1,0\r\n\r\nOK\r\n'),
                ('ATI1', b'\r\nUE5.0.0.0d\r\nLR5.1.1.0-33080\r\n\r\nOK\r\n'),
                ('AT+SMSWBOOT?', b'\r\n+SMSWBOOT: FFF\r\nOK\r\n'),
                ('AT+SMUPGRADE?', b'\r\n+SMUPGRADE: No report\r\nOK\r\n'),
                ('AT+STP', b'\r\nERROR\r\n'),
                ('AT+SMUPGRADE', b'\r\nERROR\r\n')):
            self.assertEqual(port.at(command), answer, command)
        report = port.at('AT!="showver"')
        self.assertIn(b'    Software     : 5.1.1.0 [33080] by robot-soft at ', report)
        self.assertIn(b'    Bootloader1* : 5.1.1.0 [33080]\r\n', report)

    def test_recovery_knows_less(self):
        _, port = self.direct('--modem', 'recovery')
        port.sync()
        self.assertEqual(port.at('AT+CGSN'), b'\r\nERROR\r\n')
        self.assertEqual(port.at('AT+SMOD?'), b'\r\n4\r\nOK\r\n')
        self.assertEqual(port.at('AT+SMSTPU'), b'\r\nERROR\r\n')

    def test_old_smswboot(self):
        board, port = self.direct('--old-smswboot')
        port.sync()
        port.at('ATE0')
        self.assertEqual(port.at('AT+SMSWBOOT=3,1'), b'\r\nERROR\r\n')
        self.assertEqual(port.at('AT+SMSWBOOT=3,0'), b'\r\nOK\r\n')
        self.assertEqual(port.at('AT^RESET'), b'\r\nOK\r\n')
        self.assertEqual(port.until(b'+SHUTDOWN\r\n'), b'\r\n+SHUTDOWN\r\n')
        board.wait(modem='recovery')
        self.assertEqual(port.silence(0.05), b'')

    def test_states_without_answer(self):
        for state in ('dead', 'hung'):
            _, port = self.direct('--modem', state)
            port.write(b'AT\r')
            self.assertEqual(port.silence(QUIET), b'')
        _, port = self.direct('--modem', 'zeros')
        port.write(b'AT\r')
        self.assertEqual(port.exactly(1), b'\0')

    def test_data_mode(self):
        board, port = self.direct('--modem', 'ppp')
        port.write(b'AT\r+++')
        self.assertEqual(port.silence(1.3), b'')
        port.write(b'+++')
        self.assertEqual(port.until(b'OK\r\n'), b'\r\nOK\r\n')
        board.wait(modem='application')

    def test_data_mode_elsewhere(self):
        """+++ restores the state before data mode."""
        board, port = self.direct('--modem', 'recovery', '--fault', 'ppp@AT+SMUPGRADE?')
        port.sync()
        port.write(b'AT+SMUPGRADE?\r')
        board.wait(modem='ppp')
        self.assertEqual(port.silence(1.3), b'')
        port.write(b'+++')
        self.assertEqual(port.until(b'OK\r\n'), b'\r\nOK\r\n')
        board.wait(modem='recovery')

    def test_data_mode_changes_no_setting(self):
        board, port = self.direct()
        port.sync()
        port.at('ATE0')
        port.at('AT+CFUN=4')
        port.write(b'ATD*99***1#\r')
        board.wait(modem='ppp')
        port.silence(1.3)
        port.write(b'+++')
        self.assertEqual(port.until(b'OK\r\n'), b'\r\nOK\r\n')
        self.assertEqual(port.at('AT'), b'\r\nOK\r\n')
        self.assertEqual(port.at('AT+CFUN?'), b'\r\n+CFUN: 4\r\n\r\nOK\r\n')

    def test_one_ue_version(self):
        for version, ue in (('5.1.1.0-33988', b'UE5.0.0.0c'), ('5.2.1.0-48829', b'UE5.2.0.3'), ('5.4.1.0-50523', b'UE5.4.0.2'),
                            ('6.0.0.0-37781', b'UE6.0.0.0'), ('5.1.1.0-41065', b'UE5.0.0.0d')):
            _, port = self.direct('--modem-version', version)
            port.sync()
            for command in ('ATI', 'ATI1'):
                self.assertIn(ue + b'\r\n', port.at(command), (version, command))

    def test_interrupted_while_it_applies(self):
        board, _ = self.direct('--modem', 'updater', '--fault', 'modem-reset@apply=30%')
        board.wait(modem='recovery')
        self.assertRegex(board.status()['report'], '^failure')

    def test_wrong_speed(self):
        """An ERROR, read at 115200 baud, gives the bytes of a real log."""
        board, port = self.direct(baud=115200)
        board.ask('power-cycle')
        self.assertTrue(port.exactly(9).startswith(b'\xfe\xfd\xfe\xfe\xfe'))

    def test_asleep(self):
        _, port = self.direct('--modem', 'asleep')
        port.sync()

    def test_noise(self):
        _, port = self.direct('--fault', 'noise@ATE0', '--clean-start')
        self.assertEqual(port.at('ATE0'), b'ATE0\r\r\n+CPSMS: 1,,,"10000110","00011110"\r\n\r\nOK\r\n')


class Upgrade(BoardCase):
    def test_whole(self):
        for dup, version in ((DUP, '6.0.0.0-37781'),
                             (make_dup('5.1.1.0', 41065, 80000), '5.1.1.0-41065')):
            board, port = self.direct()
            port.sync()
            port.at('ATE0')
            port.at('AT+SMSWBOOT=3,1')
            board.wait(modem='recovery')
            port.sync()
            stp = self.upload(port, dup)
            self.assertEqual((stp.version, stp.max_transfer), (1, 8192))
            self.assertFalse(board.status()['application-valid'])
            stp.close()
            self.assertEqual(stp.answers[-1], (0x80, 0, 0, 0, 0, b''))
            board.wait(modem='recovery', dup='ok')
            port.sync()
            self.assertEqual(port.at('AT+SMUPGRADE?'), b'\r\n+SMUPGRADE: success\r\nOK\r\n')
            self.assertEqual(port.at('AT+SMSWBOOT?'), b'\r\n+SMSWBOOT: RECOVERY\r\nOK\r\n')
            port.at('AT+SMSWBOOT=1,1')
            port.until(b'+SYSSTART\r\n')
            self.assertEqual(board.status()['version'], version)

    def test_blocks_of_2016_and_32(self):
        board, port = self.direct('--modem', 'recovery')
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        for at in range(0, len(DUP), 2048):
            stp.block(DUP[at:at + 2016])
            if at + 2016 < len(DUP):
                stp.block(DUP[at + 2016:at + 2048])
        stp.close()
        board.wait(report='success')

    def test_damaged(self):
        for damaged in (DUP[:-1], DUP[:5000] + b'\0' + DUP[5001:], DUP + b'x', DUP[2000:],
                        make_dup(size=50000, only=('fff', 'fs'))):
            board, port = self.direct('--modem', 'recovery')
            port.sync()
            self.upload(port, damaged).close()
            status = board.wait(modem='recovery', writing=False, stp=False)
            self.assertRegex(status['report'], r'^failure\[dup,22\]')
            port.sync()
            resets = board.status()['modem-resets']
            port.at('AT+SMSWBOOT=1,1')
            # A half-written application does not boot.
            board.wait(modem_resets=resets + 1)
            board.wait(modem='application' if status['application-valid'] else 'recovery')

    def test_interrupted(self):
        board, port = self.direct('--modem', 'recovery')
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        stp.send(DUP, stop_at=60000)
        port.write(b'AT\r')
        self.assertEqual(port.silence(QUIET), b'')
        port.silence(0.6)
        stp.close()
        board.wait(modem='recovery', writing=False, report='failure[dup,22] incomplete')
        port.sync()
        self.upload(port, DUP).close()
        board.wait(report='success')

    def test_power_cut(self):
        board, port = self.direct('--modem', 'recovery')
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        stp.send(DUP, stop_at=60000)
        self.assertTrue(board.status()['writing'])
        board.ask('power-cycle')
        board.wait(modem='recovery', modem_resets=1)
        port.sync()
        self.upload(port, DUP).close()
        board.wait(report='success')

    def test_power_cut_kills_by_fault_only(self):
        board, port = self.direct('--modem', 'recovery', '--fault', 'brick@power-cut')
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        stp.send(DUP, stop_at=60000)
        board.ask('power-cycle')
        board.wait(modem='dead')

    def test_repeat(self):
        board, port = self.direct('--modem', 'recovery', '--fault', 'silence@stp.block=3')
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        at = stp.send(DUP, stop_at=3 * 8176)
        data = DUP[at:at + 8176]
        stp.request(2, 1, stp.transaction, len(data).to_bytes(2, 'big'))
        stp.transaction += 1
        with self.assertRaises(Timeout):
            stp.request(3, 1, stp.transaction, data, timeout=0.2)
        self.assertEqual(stp.request(3, 1, stp.transaction, data), b'\0\0')
        stp.transaction += 1
        stp.send(DUP[at + 8176:])
        stp.close()
        board.wait(report='success')

    def test_repeat_that_is_none(self):
        """Without repeat detection the modem takes the block twice, and its checksum fails (protocol.md, 4)."""
        board, port = self.direct('--modem', 'recovery', '--no-repeat-detection')
        port.sync()
        stp = self.upload(port, DUP[:30000])
        stp.request(2, 1, stp.transaction, struct.pack('>H', 100))
        for _ in range(2):
            self.assertEqual(stp.request(3, 1, stp.transaction + 1, DUP[30000:30100]), b'\0\0')
        stp.transaction += 2
        stp.send(DUP[30100:])
        stp.close()
        self.assertRegex(board.wait(modem='recovery', writing=False, stp=False)['report'], '^failure')

    def test_residue_and_refusals(self):
        board, port = self.direct('--modem', 'recovery', '--fault', 'residue@stp.block:77x5', '--fault',
                                  'refuse@stp.block=8', '--fault', 'confused@stp.announce=9')
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        at = 0
        refused = 0
        while at < len(DUP):
            try:
                at += stp.block(DUP[at:at + 8176])
            except Refused:
                refused += 1
        stp.close()
        self.assertEqual(refused, 2)
        board.wait(report='success')

    def test_crc(self):
        _, port = self.direct('--modem', 'recovery')
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        good = stp.message(2, 1, 2, b'\0\x10')
        port.write(good[:-1] + b'\x11')
        self.assertEqual(stp.answer()[0], 0x42)
        port.write(good[:12] + b'\0\0' + good[14:])
        self.assertEqual(stp.answer()[0], 0x7f)
        port.write(b'noise' + good)
        self.assertEqual(stp.answer()[0], 0x82)

    def test_ffh(self):
        board, port = self.direct('--modem', 'ffh', baud=115200)
        self.assertEqual(port.at('AT'), b'ERROR\r\n')
        self.assertEqual(port.at('AT'), b'OK\r\n')
        port.write(b'AT+IPR=921600\n')
        self.assertEqual(port.until(b'OK\r\n'), b'OK\r\n')
        port.set(921600)
        self.assertEqual(port.at('AT+SMOD?'), b'0\r\nOK\r\n')
        stp = self.upload(port, embedded_updater(size=100000), 'AT+STP')
        self.assertEqual(stp.max_transfer, 2048)
        stp.close()
        board.wait(modem='mtools')
        port.sync()
        self.assertEqual(port.at('AT+SMOD?'), b'\r\n1\r\nOK\r\n')
        self.upload(port, DUP).close()
        board.wait(modem='mtools', report='success')
        port.sync()
        port.at('AT+SMSWBOOT=1,1')
        port.until(b'+SYSSTART\r\n')

    def test_ffh_wants_a_whole_elf(self):
        board, port = self.direct('--modem', 'ffh', baud=115200)
        port.sync()
        self.upload(port, embedded_updater(size=100000)[:-10], 'AT+STP').close()
        board.wait(modem_resets=1)
        board.wait(modem='ffh')

    def test_fff_method(self):
        board, port = self.direct('--modem-version', '6.0.0.0-37781')
        port.sync()
        self.upload(port, make_dup(build=40343, diff_from=37781, size=20000), 'AT+SMSTPU').close()
        board.wait(report='available')
        self.assertIn(b'OK\r\n', port.at('AT+SMUPGRADE'))
        port.until(b'+SYSSTART\r\n')
        self.assertEqual(board.wait(report='success')['version'], '6.0.0.0-40343')

    def test_wrong_base(self):
        board, port = self.direct('--modem-version', '5.1.1.0-46470')
        port.sync()
        self.upload(port, make_dup('5.1.1.0', 41065, diff_from=33080, size=20000), 'AT+SMSTPU').close()
        port.at('AT+SMUPGRADE')
        port.until(b'+SYSSTART\r\n')
        self.assertEqual(board.status()['report'], "failure[diffUpgrade,239] Patch didn't apply!")
        self.assertEqual(board.status()['version'], '5.1.1.0-46470')

    def test_bootrom(self):
        board, port = self.direct('--modem', 'recovery', '--bootloader0', '33080')
        port.sync()
        self.upload(port, make_dup(size=100000, only=('bootrom',))).close()
        board.wait(report='success', modem='recovery', bootloader0=38638)
        port.sync()
        port.at('AT+SMSWBOOT=0,1')
        board.wait(modem='ffh')

    def test_48829_step_1_kills(self):
        step = make_dup('5.2.1.0', 48829, 60000, only=('updater',))
        for base, end in (('5.1.1.0-41065', 'recovery'), ('5.1.1.0-39529', 'dead')):
            board, port = self.direct('--modem-version', base, '--modem', 'recovery')
            port.sync()
            self.upload(port, step).close()
            board.wait(modem=end, writing=False, stp=False)

    def test_read_only_file_system(self):
        board, port = self.direct('--read-only-fs')
        port.sync()
        port.at('AT+SMSTPU')
        stp = Stp(port)
        stp.open()
        stp.request(2, 1, 2, b'\x10\0')
        with self.assertRaises(Timeout):
            stp.request(3, 1, 3, bytes(4096), timeout=QUIET)


class Faults(BoardCase):
    def test_answers(self):
        board, port = self.direct('--clean-start')
        port.at('ATE0')
        for spec, answer in (('error@AT', b'\r\nERROR\r\n'), ('cme@AT', b'\r\n+CME ERROR: operation not allowed\r\n'),
                             ('late@AT:50', b'\r\nOK\r\n'), ('crlf@AT', b'\r\n\r\nOK\r\n')):
            self.assertEqual(board.ask('fault ' + spec), 'ok')
            self.assertEqual(port.at('AT'), answer, spec)
            port.silence(0.05)
        board.ask('fault silence@ATx2')
        port.write(b'AT\rAT\rAT\r')
        self.assertEqual(port.silence(QUIET), b'\r\nOK\r\n')
        board.ask('fault duplicate@AT')
        port.write(b'AT\r')
        self.assertEqual(port.silence(QUIET), b'\r\nOK\r\n\r\nOK\r\n')
        board.ask('fault garbage@AT:4')
        port.write(b'AT\r')
        self.assertEqual(port.silence(QUIET), b'\xfe\xfd\xfe\xfe')
        self.assertTrue(board.ask('fault nonsense').startswith('error '))
        board.ask('fault error@atx0')
        self.assertEqual(port.at('ATI1'), b'\r\nERROR\r\n')
        board.ask('clear-faults')
        self.assertIn(b'OK', port.at('ATI1'))

    def test_events(self):
        for spec, want in (('hang', {'modem': 'hung'}), ('zeros', {'modem': 'zeros'}), ('brick', {'modem': 'dead'}),
                           ('modem-reset', {'modem_resets': 1}), ('power-cut', {'modem_resets': 1}),
                           ('unplug', {'plugged': False}), ('ppp', {'modem': 'ppp'})):
            board, port = self.direct('--modem', 'recovery', '--fault', spec + '@stp.block=2')
            port.sync()
            port.at('AT+SMSTPU="ON_THE_FLY"')
            stp = Stp(port)
            stp.open()
            stp.send(DUP, stop_at=2 * 8176)
            stp.request(2, 1, stp.transaction, b'\x04\0')
            port.write(stp.message(3, 1, stp.transaction + 1, DUP[:1024]))
            board.wait(**want)

    def test_percent(self):
        board, port = self.direct('--modem', 'recovery', '--fault', 'hang@stp.block=50%', '--dup-size', str(len(DUP)))
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        with self.assertRaises(Timeout):
            while True:
                at = board.status()['stp-bytes']
                data = DUP[at:at + 4096]
                stp.request(2, 1, stp.transaction, len(data).to_bytes(2, 'big'))
                stp.transaction += 1
                stp.request(3, 1, stp.transaction, data, timeout=0.2)
                stp.transaction += 1
        self.assertGreaterEqual(at, len(DUP) // 2)
        self.assertLess(at, len(DUP) // 2 + 8192)

    def test_esp32_reset_in_passthrough(self):
        board = self.board('--start', 'passthrough', '--modem', 'recovery', '--fault', 'esp32-reset@AT+SMSTPU')
        port = board.open(921600)
        port.sync()
        port.write(b'AT+SMSTPU="ON_THE_FLY"\r')
        board.wait(esp32='repl')
        self.assertTrue(board.status()['stp'])

    def test_apply(self):
        board, port = self.direct('--modem', 'recovery', '--fault', 'error@apply')
        port.sync()
        self.upload(port, DUP).close()
        board.wait(report='failure[upgrade,17] Flash write error', modem='recovery')


class Pace(BoardCase):
    def test_rate(self):
        board = self.board('--pace', '--start', 'passthrough', '--modem', 'recovery')
        port = board.open(921600)
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        start = time.monotonic()
        stp.send(DUP)
        self.assertGreater(time.monotonic() - start, len(DUP) / 92160)

    def test_idle_line_earns_nothing(self):
        board = self.board('--pace', '--usb-latency', '5', '--start', 'passthrough', '--modem', 'recovery', scale='0')
        port = board.open(921600)
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        stp.max_transfer = 1016
        start = time.monotonic()
        stp.send(DUP[:20000])
        took = time.monotonic() - start
        wire = (20000 + 20 * (18 + 16 + 16 + 18)) / 92160
        # the delay of the last run before the first block, at most 20 ms, is given back
        self.assertGreater(took, wire + 20 * 2 * 0.005 - 0.02)

    def test_many_lines_at_once(self):
        """Many lines share ticks: none is faster than its baud rate, none waits for the end of another."""
        board = self.board('--count', '24', '--pace', '--start', 'passthrough', '--modem', 'recovery', '--clean-start')
        wire = 40000 / 92160
        times = []

        def upload(port):
            stp = Stp(port)
            stp.open()
            start = time.monotonic()
            stp.send(DUP[:40000])
            times.append((start, time.monotonic()))

        ports = [Port(path, 921600) for path in board.ports]
        board.opened.extend(ports)
        for port in ports:
            port.at('AT+SMSTPU="ON_THE_FLY"')
        threads = [threading.Thread(target=upload, args=(port,)) for port in ports]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(times), 24)
        self.assertGreater(min(end - start for start, end in times), wire)
        self.assertLess(max(start for start, _ in times), min(end for _, end in times))

    def test_usb_latency(self):
        board, port = self.direct('--clean-start', '--usb-latency', '100')
        start = time.monotonic()
        port.at('AT')
        self.assertGreater(time.monotonic() - start, 0.09)


if __name__ == '__main__':
    unittest.main()
