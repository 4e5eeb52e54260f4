#!/usr/bin/env python3
"""Tests of the virtual board itself, by a client of their own (sqnstest/serial.py): its command line, its REPL, the ways through
it to the modem.

Expected bytes are those of protocol.md and field-failures.md. SQNS_BOARD is the program.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

from sqnstest.board_case import DUP, QUIET, BoardCase
from sqnstest.serial import Port, Stp, Timeout

sys.dont_write_bytecode = True

PINS = "('P20', 'P18', 'P19', 'P17')"

RELAY = """
import os, time, machine
host = machine.UART(0, %d)
os.dupterm(None)
modem = machine.UART(1, baudrate=%d, pins=%s, timeout_chars=2)
host.write('ready')
while True:
    n = host.any()
    if n:
        modem.write(host.read(n))
    m = modem.any()
    if m:
        host.write(modem.read(m))
    if not n and not m:
        time.sleep_ms(1)
"""


def descendants(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as children:
        found = [int(child) for child in children.read().split()]
    return found + [below for child in found for below in descendants(child)]


PROGRAM = os.environ['SQNS_BOARD']


class Options(BoardCase):
    def fails(self, *options):
        done = subprocess.run([PROGRAM] + list(options), stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        self.assertEqual(done.returncode, 2, options)

    def test_usage(self):
        self.fails('--fault', 'nonsense')
        self.fails('--fault', 'error@AT+NOSUCH')
        self.fails('--fault', 'error@stp.nowhere')
        self.fails('--modem', 'happy')
        self.fails('--board', 'wipy')
        self.fails('--no-such-option')
        self.fails('stray')
        for option in ('--stp-max=10', '--stp-max=99999', '--recovery-baud=-5', '--board-firmware=junk', '--count=0'):
            self.fails(option)

    def test_help_and_version(self):
        text = subprocess.run([PROGRAM, '--help'], capture_output=True, text=True, timeout=20).stdout
        for word in ('esp32-reset', 'stp.block', 'AT+SMSWBOOT', '--time-scale', 'power-cycle'):
            self.assertIn(word, text)
        self.assertRegex(subprocess.run([PROGRAM, '--version'], capture_output=True, text=True, timeout=20).stdout,
                         r'^sqns-board [0-9.]+\n$')

    def test_ends(self):
        with tempfile.TemporaryDirectory() as where:
            status = os.path.join(where, 'status')
            process = subprocess.Popen([PROGRAM, '--exit-with-stdin', '--status-on-exit', status, '--count', '2'],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            process.stdout.readline()
            process.communicate(timeout=20)
            self.assertEqual(process.returncode, 0)
            with open(status) as file:
                lines = [json.loads(line) for line in file]
            self.assertEqual([line['modem'] for line in lines], ['application'] * 2)

    def test_hang_up_ends_it_cleanly(self):
        board = self.board('--link', os.path.join('/tmp', 'sqns-test-hup-%d' % os.getpid()))
        board.process.send_signal(signal.SIGHUP)
        self.assertEqual(board.process.wait(20), 0)
        self.assertFalse(os.path.lexists(board.control))
        self.assertFalse(os.path.lexists('/tmp/sqns-test-hup-%d' % os.getpid()))

    def test_link_nowhere(self):
        done = subprocess.run([PROGRAM, '--link', '/nowhere/at/all'], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        self.assertEqual(done.returncode, 1)

    def test_link_and_many(self):
        link = os.path.join('/tmp', 'sqns-test-%d-%%d' % os.getpid())
        board = self.board('--count', '3', '--start', 'direct', '--link', link)
        self.assertEqual(len(set(board.ports)), 3)
        for i in range(3):
            self.assertEqual(os.readlink(link % i), board.ports[i])
            port = Port(link % i, 921600)
            port.sync()
            self.assertIn((b'354344040000014', b'354344040000022', b'354344040000030')[i], port.at('AT+CGSN'))
            port.close()


class Repl(BoardCase):
    def test_friendly(self):
        port = self.board('--clean-start').open()
        port.prompt()
        port.write(b'1 + 1\r')
        self.assertEqual(port.until(b'>>> '), b'1 + 1\r\n2\r\n>>> ')
        port.write(b'if 1:\r')
        self.assertEqual(port.until(b'...     '), b'if 1:\r\n...     ')
        port.write(b"print('x')\r\r")
        self.assertTrue(port.until(b'x\r\n>>> '))
        port.write(b'\x02')
        self.assertIn(b'FiPy with ESP32\r\nType "help()" for more information.\r\n', port.until(b'>>> '))

    def test_paste(self):
        port = self.board().open()
        port.prompt()
        port.write(b'\x05')
        port.until(b'=== ')
        port.write(b'for i in (1, 2):\r    print(i * 11)\r\x04')
        self.assertIn(b'11\r\n22\r\n', port.until(b'22\r\n>>> '))

    def test_raw(self):
        port = self.board().open()
        port.prompt()
        self.assertTrue(port.enter_raw().endswith(b'\r\n>>> \r\n>>> raw REPL; CTRL-B to exit\r\n>'))
        self.assertEqual(port.run('print("a")\nprint("b")'), ('a\r\nb\r\n', ''))
        port.write(b'1/0\x04')
        self.assertEqual(port.until(b'\x04>'), b'OK\x04Traceback (most recent call last):\r\n  File "<stdin>", line 1, in '
                                               b'<module>\r\nZeroDivisionError: division by zero\r\n\x04>')
        self.assertEqual(port.run('import os\nprint(os.uname().sysname, os.uname().machine)')[0],
                         'FiPy FiPy with ESP32\r\n')
        port.write(b'\x02')
        port.until(b'>>> ')

    def test_old_python(self):
        port = self.board().open()
        port.prompt()
        port.enter_raw()
        for code in ('print(f"x")', '(y := 1)', 'x: int = 1', 'def f(a, /):\n  pass', '{**{}}', 'import subprocess'):
            stdout, stderr = port.run(code)
            self.assertEqual(stdout, '')
            self.assertRegex(stderr, 'SyntaxError: invalid syntax|ImportError: no module named')
        self.assertIn('MemoryError', port.run('#' * 21000)[1])
        self.assertEqual(port.run('import uos, utime, ustruct, ubinascii, ujson, uhashlib, uselect, gc, micropython'),
                         ('', ''))

    def test_interrupt(self):
        port = self.board().open()
        port.prompt()
        port.enter_raw()
        for code in ('while True: pass', 'import time\ntime.sleep(100)'):
            port.write(code.encode() + b'\x04')
            port.until(b'OK')
            port.write(b'\x03')
            self.assertTrue(port.until(b'\x04>').endswith(b'KeyboardInterrupt: \r\n\x04>'))

    def test_soft_reset(self):
        port = self.board().open()
        port.prompt()
        port.write(b'x = 1\r')
        port.until(b'>>> ')
        port.write(b'\x04')
        self.assertIn(b'soft reboot', port.until(b'>>> '))
        port.write(b'x\r')
        self.assertIn(b"NameError: name 'x' is not defined", port.until(b'>>> '))

    def test_safe_boot(self):
        board = self.board('--main-program', 'prints')
        port = board.open()
        port.until(b'measurement 1\r\n')
        port.write(b'\x03')
        port.until(b'>>> ')
        port.write(b'\x06')
        port.until(b'Type "help()" for more information.\r\n>>> ')
        self.assertEqual(board.status()['esp32-resets'], 1)
        self.assertEqual(port.silence(QUIET), b'')

    def test_ctrl_f_needs_idle(self):
        board = self.board('--main-program', 'ignores-ctrl-c', '--boot-time', '50')
        port = board.open()
        port.until(b'main.py runs\r\n')
        port.write(b'\x03\x03\x06\x01')
        self.assertEqual(port.silence(QUIET), b'')
        self.assertEqual(board.status()['esp32-resets'], 0)
        board.ask('press-reset')
        board.wait(esp32_resets=1)

    def test_watchdog(self):
        board = self.board('--main-program', 'wdt', '--boot-time', '50')
        port = board.open()
        port.until(b'main.py runs\r\n')
        port.write(b'\x03')
        port.until(b'>>> ')
        board.wait(esp32_resets=1)

    def test_settings_survive_reset(self):
        board = self.board()
        port = board.open()
        port.prompt()
        self.assertFalse(board.status()['lte-task'])
        port.enter_raw()
        port.run('import pycom\npycom.lte_modem_en_on_boot(True)')
        board.ask('press-reset')
        port.until(b'>>> ')
        self.assertTrue(board.status()['lte-task'])

    def test_paced_lines_in_one_go(self):
        board = self.board('--pace')
        port = board.open()
        port.prompt()
        port.write(b"'o' + 'ne'\r't' + 'wo'\r")
        port.until(b"'one'\r\n")
        port.until(b"'two'\r\n")
        self.assertEqual(board.status()['esp32-resets'], 0)

    def run_paced(self, send):
        """Sends a script longer than the buffers by @send (board, port, script). Nothing is lost."""
        board = self.board('--pace')
        port = board.open()
        port.prompt()
        port.enter_raw()
        send(board, port, b'x = 1\n' * 500 + b'print(6 * 7)\n\x04')
        port.until(b'OK42\r\n')
        self.assertEqual(board.status()['overruns'], 0)

    def test_paced_script_in_pieces(self):
        """256 bytes every 10 ms, as common tools send them; this is faster than the line."""
        def send(_board, port, script):
            for at in range(0, len(script), 256):
                port.write(script[at:at + 256])
                port.silence(0.01)
        self.run_paced(send)

    def test_interpreter_that_starts_slowly(self):
        """The fork server starts before the board, so its start is not part of the boot time. Without an ESP32 there is none."""
        for start, wanted in (('repl', True), ('passthrough', True), ('direct', False)):
            with tempfile.TemporaryDirectory() as folder:
                python, mark = os.path.join(folder, 'python'), os.path.join(folder, 'started')
                with open(python, 'w', encoding='utf-8') as out:
                    out.write('#!/bin/sh\nsleep 1\ntouch "%s"\nexec python3 "$@"\n' % mark)
                os.chmod(python, 0o755)
                self.board('--start', start, '--python', python)
                self.assertEqual(os.path.exists(mark), wanted, start)

    def test_paced_script_on_a_busy_machine(self):
        """The REPL keeps up with its line even if this computer runs its stand-in late."""
        def send(board, port, script):
            interpreters = descendants(board.process.pid)
            self.assertNotEqual(interpreters, [])
            for pid in interpreters:
                os.kill(pid, signal.SIGSTOP)
            try:
                port.write(script)
                port.silence(2 * len(script) * 10 / 115200)
            finally:
                for pid in interpreters:
                    os.kill(pid, signal.SIGCONT)
        self.run_paced(send)

    def test_paced_program_that_reads_nothing(self):
        board = self.board('--pace')
        port = board.open()
        port.prompt()
        port.enter_raw()
        port.write(b'import time\nprint("runs")\ntime.sleep(60)\n\x04')
        port.until(b'runs')
        port.write(b'x = 1\n' * 1000)
        while board.status()['overruns'] == 0:
            port.silence(0.02)

    def test_idle_loop_keeps_time(self):
        """A loop of short sleeps takes the right time, and notices a byte at once."""
        port = self.board().open()
        port.prompt()
        port.enter_raw()
        loop = ('import time\nfrom machine import UART\nimport os\nos.dupterm(None)\nu = UART(0, baudrate=115200)\n'
                'before = time.ticks_ms()\nfor i in range(%d):\n  if u.any():\n    break\n  time.sleep_ms(1)\n'
                'passed = time.ticks_diff(time.ticks_ms(), before)\nos.dupterm(u)\nprint(i, passed)\n')
        turns, passed = map(int, port.run(loop % 500)[0].split())
        self.assertEqual(turns, 499)
        self.assertGreaterEqual(passed, 450)
        port.write((loop % 100000).encode() + b'\x04')
        port.silence(0.3)
        port.write(b'x')
        turns, passed = map(int, port.until(b'\r\n').split(b'OK')[-1].split())
        self.assertLess(turns, passed + 50)
        self.assertLess(turns, 99999)


class Link(BoardCase):
    def test_old_firmware(self):
        port = self.board('--board-firmware', '1.10.2.b1').open()
        port.prompt()
        port.enter_raw()
        self.assertIn('ImportError: cannot import name LTE\r\n', port.run('from network import LTE')[1])
        port = self.board('--board-firmware', '1.18.0.r1').open()
        port.prompt()
        port.enter_raw()
        self.assertIn("AttributeError: type object 'LTE' has no attribute 'modem_upgrade_mode'\r\n",
                      port.run('from network import LTE\nLTE.modem_upgrade_mode()')[1])

    def passthrough(self, port, before=''):
        port.prompt()
        port.enter_raw()
        port.write(('from network import LTE\n%s\nLTE.modem_upgrade_mode()' % before).encode() + b'\x04')
        port.until(b'Going into MIRROR mode...\r\n')
        port.set(921600)

    def test_row_2b(self):
        board = self.board('--clean-start')
        port = board.open()
        self.passthrough(port)
        board.wait(esp32='stuck')
        port.write(b'AT\r')
        self.assertEqual(port.silence(QUIET), b'')
        port.set(115200)
        board.ask('press-reset')
        port.until(b'>>> ')
        self.passthrough(port, 'LTE()')
        board.wait(esp32='passthrough')
        port.sync()

    def test_failed_lte_makes_the_task(self):
        board = self.board('--modem', 'dead')
        port = board.open()
        self.passthrough(port, "try:\n  LTE()\nexcept OSError as e:\n  print(e)\n")
        board.wait(esp32='passthrough')

    def test_older_firmware_passes_at_once(self):
        board = self.board('--board-firmware', '1.20.0.rc13')
        port = board.open()
        self.passthrough(port)
        port.sync()
        self.assertEqual(port.at('AT+SMOD?'), b'AT+SMOD?\r\r\n2\r\nOK\r\n')

    def test_lte_finds_a_modem_with_bytes_on_the_line(self):
        port = self.board().open()
        port.prompt()
        port.enter_raw()
        self.assertEqual(port.run('from network import LTE\nprint(LTE().imei())'), ('354344040000014\r\n', ''))
        port = self.board('--modem', 'recovery').open()
        port.prompt()
        port.enter_raw()
        self.assertIn('(modem_state=recovery)', port.run('from network import LTE\nLTE()')[1])

    def test_lte_errors(self):
        for modem, text in (('dead', '(modem_state=disconnected)'),
                            ('ffh', '(modem_state=recovery). Perform a modem firmware update.')):
            port = self.board('--modem', modem).open()
            port.prompt()
            port.enter_raw()
            self.assertIn("OSError: Couldn't connect to Modem! " + text,
                          port.run('from network import LTE\nLTE()')[1])

    def test_uart(self):
        port = self.board('--clean-start').open()
        port.prompt()
        port.enter_raw()
        ask = "import machine\nu = machine.UART(1, baudrate=%d, pins=%s)\nu.write('AT\\r')\nprint(u.read())\n"
        self.assertEqual(port.run(ask % (921600, PINS)), ("b'AT\\r\\r\\nOK\\r\\n'\r\n", ''))
        self.assertEqual(port.run(ask % (921600, "('P5', 'P98', 'P7', 'P99')")), ('None\r\n', ''))
        self.assertRegex(port.run(ask % (115200, PINS))[0], r"None|\\xfe")

    def test_relay(self):
        board = self.board()
        port = board.open()
        port.prompt()
        port.enter_raw()
        port.write((RELAY % (921600, 921600, PINS)).encode() + b'\x04')
        board.wait(esp32='relay')
        port.set(921600)
        port.silence(0.05)
        port.sync()
        port.at('AT+SMSWBOOT=3,1')
        board.wait(modem='recovery')
        port.sync()
        stp = self.upload(port, DUP)
        stp.close()
        board.wait(report='success', modem='recovery')
        self.assertEqual(board.status()['overruns'], 0)

    def test_relay_to_ffh(self):
        board = self.board('--modem', 'ffh')
        port = board.open()
        port.prompt()
        port.enter_raw()
        port.write((RELAY % (115200, 115200, PINS)).encode() + b'\x04')
        port.until(b'ready')
        self.assertEqual(port.at('AT'), b'ERROR\r\n')
        self.assertEqual(port.at('AT'), b'OK\r\n')
        self.assertEqual(port.at('AT+SMOD?'), b'0\r\nOK\r\n')

    def test_reset_leaves_the_modem(self):
        board = self.board('--start', 'passthrough')
        port = board.open(921600)
        port.sync()
        port.at('ATE0')
        port.set(115200)
        board.ask('press-reset')
        port.until(b'>>> ')
        self.assertEqual(board.status()['modem-resets'], 0)

    def test_wrong_speed(self):
        board, port = self.direct('--clean-start', baud=115200)
        port.write(b'AT\r')
        board.ask('fault noise@at')
        self.assertNotIn(b'OK', port.silence(QUIET))
        port.set(921600)
        port.sync()
        port.write(b'ATI')
        port.silence(0.05)
        port.set(115200)
        port.write(b'\r')
        self.assertGreater(board.status()['garbled'], 0)
        board = self.board()
        port = board.open(921600)
        board.ask('press-reset')
        board.wait(esp32='repl')
        self.assertEqual(port.silence(QUIET)[:1], b'\xfe')

    def test_reopen(self):
        board = self.board('--clean-start', '--start', 'direct')
        for _ in range(5):
            port = board.open(921600)
            self.assertIn(b'OK\r\n', port.at('AT'))
            port.close()

    def test_unplug(self):
        board, port = self.direct()
        port.sync()
        board.ask('unplug')
        with self.assertRaises((EOFError, OSError)):
            port.silence(5)
        answer = board.ask('plug')
        self.assertTrue(answer.startswith('ok /dev/pts/'))
        board.port = answer[3:]
        board.open(921600).sync()

    def test_overrun(self):
        board = self.board('--start', 'passthrough', '--modem', 'recovery', '--erase-time', '50')
        port = board.open(921600)
        port.sync()
        port.at('AT+SMSTPU="ON_THE_FLY"')
        stp = Stp(port)
        stp.open()
        at = 0
        with self.assertRaises(Timeout):  # up to the pause for erasing the flash
            while True:
                data = DUP[at:at + 2000]
                stp.request(2, 1, stp.transaction, len(data).to_bytes(2, 'big'))
                stp.transaction += 1
                stp.request(3, 1, stp.transaction, data, timeout=0.2)
                stp.transaction += 1
                at += len(data)
        port.write(bytes(9000))
        board.wait(overruns=9000 - 8192)

    def test_pic(self):
        board = self.board('--usb', 'pic', '--start', 'passthrough')
        port = board.open(115200)
        port.write(b'\x12')
        self.assertEqual(port.exactly(2), b'\x98\xef')
        port.write(b'\x02\x0e\x01\xdf\x00\x00')
        port.exactly(1)
        self.assertEqual(board.status()['esp32'], 'off')
        port.write(b'\x02\x0e\x01\xff\x20\x00')
        port.exactly(1)
        board.wait(esp32='repl')
        port.prompt()
        board.ask('data-bits 5')
        port.write(b'\x10')
        self.assertEqual(port.exactly(2), b'\x03\0')
        board.ask('data-bits 8')
        port.prompt()

    def test_pic_half_a_request(self):
        """Data bits are not visible, so bytes may look like the start of a request; another speed shows that they are not."""
        board = self.board('--usb', 'pic', '--start', 'passthrough')
        port = board.open(115200)
        port.write(b'\x12\x02')
        self.assertEqual(port.exactly(2), b'\x98\xef')
        port.set(921600)
        port.sync()
        board.ask('press-reset')
        board.wait(esp32='repl')
        port.set(115200)
        port.write(b'\x03\x02')
        port.until(b'>>> ', timeout=5)


if __name__ == '__main__':
    unittest.main()
