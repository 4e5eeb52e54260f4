"""The MicroPython of one virtual ESP32: REPL, raw REPL, and stand-ins for the modules of a Pycom board.

Runs as a child of sqns-board: argv = file descriptor of a stream socket, configuration as JSON. Frames on the socket
are type (1), length (u32 little-endian), payload; child.h lists them. One thread does everything: each stand-in that
waits serves the socket meanwhile, and SIGIO does so in code that never waits, so that Ctrl-C arrives there too.

UART0's buffer belongs to sqns-board (it counts and loses bytes); here 'f' and 'g' frames tell what was read.
"""
import ast
import builtins
import errno
import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import sys
import time
import types

FD = int(sys.argv[1])
CFG = json.loads(sys.argv[2])
KEEP = dict(CFG['keep'])
SCALE = CFG['time_scale']
PACED = CFG['paced']

# A paced REPL takes this many bytes a second out of its buffer: less than 115200 baud bring in one go, more than
# they bring in pieces of 256 bytes with 10 ms between, which is what tools do and what works on real boards.
REPL_RATE = 9000
REPL_CHUNK = 64
# Calls of any() in a row that found nothing: from here on they cost time, or a polling loop would eat a processor.
IDLE_POLLS = 20
IDLE_WAIT = 0.001
CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E, CTRL_F = range(1, 7)


class Stop(BaseException):
    """The process ends: a reset, or mirror mode."""


# ---- the socket ------------------------------------------------------------------------------------------------------

class Hub:
    def __init__(self):
        self.sock = socket.socket(fileno=FD)
        self.sock.setblocking(False)
        if PACED:
            # Little may wait here, or Ctrl-C would come long after what it interrupts.
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.buf = bytearray()
        self.rx = [bytearray(), bytearray()]
        self.freed = [0, 0]
        self.reply = None
        self.depth = 0
        self.running = False
        self.attached = True      # os.dupterm: the REPL is on UART0
        self.interrupt_char = CTRL_C
        self.interrupted = False
        self.mode = ''

    def send(self, kind, data=b''):
        if isinstance(data, str):
            data = data.encode()
        frame = kind.encode() + struct.pack('<I', len(data)) + bytes(data)
        self.depth += 1
        try:
            while frame:
                try:
                    n = self.sock.send(frame)
                    frame = frame[n:]
                except (BlockingIOError, InterruptedError):
                    select.select([self.sock], [self.sock], [], 1)
                    self._read()
                except OSError:
                    os._exit(0)
        finally:
            self.depth -= 1
        self._raise()

    def _read(self):
        while True:
            try:
                data = self.sock.recv(65536)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                os._exit(0)
            if not data:
                os._exit(0)
            self.buf += data
        at = 0
        while len(self.buf) - at >= 5:
            kind = self.buf[at]
            n = struct.unpack_from('<I', self.buf, at + 1)[0]
            if len(self.buf) - at < 5 + n:
                break
            self._frame(chr(kind), bytes(self.buf[at + 5:at + 5 + n]))
            at += 5 + n
        del self.buf[:at]

    def _frame(self, kind, data):
        if kind == 'H':
            if self.running and self.attached:
                data = self._controls(data)
            self.rx[0] += data
        elif kind == 'M':
            self.rx[1] += data
        elif kind == 'C':
            if self.running and self.attached and self.interrupt_char == CTRL_C:
                self.interrupted = True
        elif kind == 'R':
            self.reply = data.decode()

    def _controls(self, data):
        """What the receive interrupt takes out while a program runs."""
        if self.interrupt_char == CTRL_C and CTRL_C in data:
            self.interrupted = True
            n = data.count(CTRL_C)
            data = data.replace(b'\x03', b'')
            self.freed[0] += n
        if CFG['ctrl_f_any'] and CTRL_F in data:
            self.depth = 0
            self.send('X', 'reset-safe')
            os._exit(0)
        return data

    def _raise(self):
        if self.interrupted and self.depth == 0:
            self.interrupted = False
            if self.running:
                raise KeyboardInterrupt
        return None

    def service(self, timeout=0.0, ready=None):
        """Reads what has come; waits for it at most @timeout seconds (None: for ever).

        @ready tells that the caller has what it waits for: SIGIO may have read it just before this call.
        """
        self.depth += 1
        try:
            self._read()
            done = self.interrupted or (ready is not None and ready())
            if not done and (timeout is None or timeout > 0):
                self._flush_freed()
                try:
                    select.select([self.sock], [], [], timeout)
                except InterruptedError:
                    pass
                self._read()
        finally:
            self.depth -= 1
        self._raise()

    def take(self, port, n):
        rx = self.rx[port]
        data = bytes(rx[:n])
        del rx[:len(data)]
        self.freed[port] += len(data)
        if self.freed[port] >= 256 or not rx:
            self._flush_freed()
        return data

    def _flush_freed(self):
        for port in (0, 1):
            n, self.freed[port] = self.freed[port], 0
            if n:
                self.send('fg'[port], struct.pack('<I', n))

    def sleep(self, seconds):
        end = time.monotonic() + seconds
        self.service(0)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return
            self.service(left)

    def query(self, text):
        self.reply = None
        self.send('Q', text)
        while self.reply is None:
            self.service(None, lambda: self.reply is not None)
        return self.reply

    def set_mode(self, mode):
        if mode != self.mode:
            self.mode = mode
            self.send('S', mode)

    def on_sigio(self, *_):
        if self.depth == 0 and self.running:
            self.service(0)

    def end(self, action):
        self.depth = 0
        self.running = False
        self.send('X', action)
        while True:
            self.service(None)


HUB = Hub()


def out(text):
    if HUB.attached:
        HUB.send('h', text.encode('utf-8', 'replace') if isinstance(text, str) else text)


def out_cooked(text):
    out(text.replace('\n', '\r\n') if isinstance(text, str) else text.replace(b'\n', b'\r\n'))


# ---- machine ---------------------------------------------------------------------------------------------------------

MODEM_PINS = ('P5', 'P98', 'P7', 'P99') if CFG['board'] == 'gpy' else ('P20', 'P18', 'P19', 'P17')


class Pin:
    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_UP, PULL_DOWN = 2, 1

    def __init__(self, id, mode=1, pull=None, **kw):
        self.name = id if isinstance(id, str) else getattr(id, 'name', str(id))
        self._value = 0

    def init(self, *args, **kw):
        pass

    def value(self, *args):
        if args:
            self._value = args[0]
        return self._value

    __call__ = value

    def id(self):
        return self.name

    def hold(self, *args):
        return False


class UART:
    EVEN, ODD, RX_ANY = 0, 1, 2
    open_ports = {}

    def __init__(self, bus=0, baudrate=9600, bits=8, parity=None, stop=1, **kw):
        self.bus = bus
        if bus not in (0, 1, 2):
            raise ValueError('invalid argument(s) value')
        self.polls = 0
        self.init(baudrate, bits, parity, stop, **kw)

    def init(self, baudrate=9600, bits=8, parity=None, stop=1, timeout_chars=2, pins=None, rx_buffer_size=None,
             **kw):
        if kw:
            raise TypeError('extra keyword arguments given')
        self.baudrate = baudrate
        self.timeout = max(timeout_chars * 10.0 / baudrate, 0.001)
        self.dead = False
        letter = {None: 'N', 0: 'E', 1: 'O'}[parity]
        ring = rx_buffer_size or CFG['uart_ring']
        UART.open_ports[self.bus] = self
        if self.bus == 0:
            HUB.send('0', '%d %d %s %d %d' % (baudrate, bits, letter, stop, ring))
        elif self.bus == 1:
            names = tuple(p if isinstance(p, str) else getattr(p, 'name', '') for p in pins or ())
            HUB.send('1', '%d %d %s %d %d' % (baudrate, bits, letter, stop, names == MODEM_PINS))

    def deinit(self):
        self.dead = True
        if self.bus == 1 and UART.open_ports.get(1) is self:
            HUB.rx[1].clear()
            HUB.send('1', '')
            UART.open_ports.pop(1, None)

    def _check(self):
        if self.dead:
            raise OSError(errno.EPERM)

    def _have(self):
        return len(HUB.rx[self.bus]) if self.bus < 2 else 0

    def any(self):
        self._check()
        HUB.service(0)
        n = self._have()
        if n:
            self.polls = 0
            return n
        self.polls += 1
        if self.polls > IDLE_POLLS:
            HUB.service(IDLE_WAIT, self._have)
            n = self._have()
        return n

    def _wait(self, n):
        """Until n bytes are there, or none has come for the time of timeout_chars characters."""
        HUB.service(0)
        have = self._have()
        while have < n:
            HUB.service(self.timeout, lambda: self._have() > have)
            if self._have() == have:
                break
            have = self._have()
        return have

    def read(self, n=None):
        self._check()
        if n == 0:
            return b''
        self.polls = 0
        if not self._wait(1 if n is None else n):
            return None
        if n is None:
            data = HUB.take(self.bus, self._have())
            while self._wait(1):
                data += HUB.take(self.bus, self._have())
            return data
        return HUB.take(self.bus, n)

    def readall(self):
        return self.read()

    def readinto(self, buf, n=None):
        data = self.read(len(buf) if n is None else min(n, len(buf)))
        if data is None:
            return None
        buf[:len(data)] = data
        return len(data)

    def readline(self):
        self._check()
        line = b''
        while self._wait(1):
            line += HUB.take(self.bus, 1)
            if line.endswith(b'\n'):
                break
        return line or None

    def write(self, data):
        self._check()
        if isinstance(data, str):
            data = data.encode()
        data = bytes(data)
        if self.bus < 2:
            HUB.send('hm'[self.bus], data)
        HUB.service(0)
        return len(data)

    def wait_tx_done(self, timeout_ms=0):
        return True

    def sendbreak(self, *args):
        pass

    def irq(self, *args, **kw):
        pass


class WDT:
    def __init__(self, id=0, timeout=5000):
        self.timeout = timeout
        self.feed()

    def init(self, timeout):
        self.timeout = timeout
        self.feed()

    def feed(self):
        HUB.send('X', 'wdt %d' % self.timeout)


class Alarm:
    def __init__(self, handler=None, s=0, *, ms=0, us=0, arg=None, periodic=False):
        pass

    def callback(self, handler, arg=None):
        pass

    def cancel(self):
        pass


class Chrono:
    def __init__(self):
        self.t0 = None
        self.sum = 0.0

    def start(self):
        self.t0 = time.monotonic()

    def stop(self):
        self.sum, self.t0 = self.read(), None

    def reset(self):
        self.sum = 0.0

    def read(self):
        return self.sum + (time.monotonic() - self.t0 if self.t0 is not None else 0.0)

    def read_ms(self):
        return self.read() * 1e3

    def read_us(self):
        return self.read() * 1e6


class RTC:
    def now(self):
        return (1970, 1, 1, 0, 0, 14, 0, None)

    def init(self, *args):
        pass


def unique_id():
    return b'\x24\x0a\xc4\x00\x00\x01'


def module(name, **names):
    mod = types.ModuleType(name)
    for key, value in names.items():
        setattr(mod, key, value)
    return mod


def soft_reset():
    raise SystemExit


machine = module(
    'machine', UART=UART, Pin=Pin, WDT=WDT, RTC=RTC, unique_id=unique_id, freq=lambda *a: 160000000,
    Timer=module('Timer', Alarm=Alarm, Chrono=Chrono, sleep_us=lambda us: HUB.sleep(us / 1e6)),
    reset=lambda: HUB.end('reset'), soft_reset=soft_reset, deepsleep=lambda *a: HUB.end('reset'),
    reset_cause=lambda: 0, wake_reason=lambda: (0, []), idle=lambda: HUB.service(IDLE_WAIT), info=lambda *a: None,
    disable_irq=lambda: 0, enable_irq=lambda *a: None, temperature=lambda: 100, rng=lambda: 0x123456,
    PWRON_RESET=0, HARD_RESET=1, WDT_RESET=2, DEEPSLEEP_RESET=3, SOFT_RESET=4, BROWN_OUT_RESET=5)


# ---- network ---------------------------------------------------------------------------------------------------------

def modem_at(baud, seconds, command):
    """A dialogue of the board's own LTE driver with the modem."""
    return HUB.query('at %d %d %s' % (baud, max(int(seconds * 1000 * SCALE), 60), command))


def lte_state():
    """'application', 'recovery', or None when nothing answers: what the driver finds out in some 6 seconds."""
    for attempt in range(3):
        if 'OK' in modem_at(921600, 0.6, 'AT'):
            return 'application' if '\n2\r' in modem_at(921600, 0.6, 'AT+SMOD?') else 'recovery'
        modem_at(921600, 1.2, '+++')
    for attempt in range(2):
        if 'OK' in modem_at(115200, 0.4, 'AT'):
            return 'recovery'
    return None


class LTE:
    CAT_M1, NB_IOT = 0, 1
    IP, IPV4V6 = 'IP', 'IPV4V6'
    EVENT_COVERAGE_LOSS, EVENT_BREAK = 1, 2

    def __init__(self, id=0, *, carrier=None, cid=1, mode=None, debug=None):
        # The task is there before the driver can fail: row 2b's way out.
        HUB.send('X', 'lte-task')
        state = lte_state()
        if state == 'application':
            modem_at(921600, 0.6, 'ATE0')
            HUB.send('X', 'lte-own')
            return
        if not CFG['tells_modem_state']:
            raise OSError("Couldn't connect to Modem!")
        if state == 'recovery':
            raise OSError("Couldn't connect to Modem! (modem_state=recovery). Perform a modem firmware update.")
        raise OSError("Couldn't connect to Modem! (modem_state=disconnected)")

    def init(self, **kw):
        HUB.send('X', 'lte-own')

    def deinit(self, detach=True, dettach=True, reset=False):
        HUB.send('X', 'lte-free')

    def send_at_cmd(self, cmd='AT', timeout=5000, delay=0):
        return modem_at(921600, 5, cmd)

    def _digits(self, cmd):
        found = re.search(r'\d{10,}', modem_at(921600, 2, cmd))
        return found.group() if found else None

    def imei(self):
        return self._digits('AT+CGSN')

    def iccid(self):
        return self._digits('AT+SQNCCID?')

    def attach(self, **kw):
        modem_at(921600, 2, 'AT+CFUN=1')

    def isattached(self):
        return False

    def isconnected(self):
        return False

    def connect(self, **kw):
        raise OSError('PPP connection failed')

    def disconnect(self):
        pass

    def dettach(self, **kw):
        modem_at(921600, 2, 'AT+CFUN=4')

    detach = dettach

    def reset(self):
        modem_at(921600, 2, 'AT^RESET')
        HUB.sleep(2 * SCALE)

    def factory_reset(self):
        modem_at(921600, 2, 'AT&F')
        self.reset()

    def reconnect_uart(self):
        HUB.send('X', 'lte-free')

    def pppsuspend(self):
        pass

    def pppresume(self):
        pass

    def ue_coverage(self):
        return False

    def time(self):
        return None


def modem_upgrade_mode():
    out('Going into MIRROR mode...\r\n')
    HUB.end('passthrough')


if CFG['has_upgrade_mode']:
    LTE.modem_upgrade_mode = staticmethod(modem_upgrade_mode)


class WLAN:
    STA, AP, STA_AP = 1, 2, 3

    def __init__(self, *args, **kw):
        self._mode = kw.get('mode', 2)

    def init(self, *args, **kw):
        pass

    def deinit(self):
        pass

    def mode(self, *args):
        return self._mode

    def isconnected(self):
        return False

    def ifconfig(self, *args, **kw):
        return ('192.168.4.1', '255.255.255.0', '192.168.4.1', '192.168.4.1')

    def mac(self):
        return unique_id()


class Bluetooth:
    def __init__(self, *args, **kw):
        pass

    def init(self, *args, **kw):
        pass

    def deinit(self):
        pass


class Server:
    def __init__(self, *args, **kw):
        pass

    def deinit(self):
        pass

    def isrunning(self):
        return True


network = module('network', WLAN=WLAN, Bluetooth=Bluetooth, Server=Server)
if CFG['has_lte']:
    network.LTE = LTE


# ---- pycom -----------------------------------------------------------------------------------------------------------

def kept(key, default):
    """A setting that survives a reset: called without an argument it tells, with one it sets."""
    def call(value=None):
        if value is None:
            text = KEEP.get(key)
            return default if text is None else text in ('True', '1') if isinstance(default, bool) else int(text)
        KEEP[key] = str(bool(value) if isinstance(default, bool) else int(value))
        HUB.send('N', '%s=%s' % (key, KEEP[key]))
        return None
    return call


def nvs_set(key, value):
    KEEP['nvs.' + key] = repr(value)
    HUB.send('N', 'nvs.%s=%r' % (key, value))


def nvs_get(key, *default):
    text = KEEP.get('nvs.' + key)
    if text is not None:
        return ast.literal_eval(text)
    if default:
        return default[0]
    raise ValueError('No matching object for the provided key')


def nvs_erase(key):
    KEEP.pop('nvs.' + key, None)


pycom = module(
    'pycom', heartbeat=lambda *a: None, rgbled=lambda *a: None, heartbeat_on_boot=kept('heartbeat_on_boot', True),
    lte_modem_en_on_boot=kept('lte_modem_en_on_boot', False), wdt_on_boot=kept('wdt_on_boot', False),
    wdt_on_boot_timeout=kept('wdt_on_boot_timeout', 5000), wifi_on_boot=kept('wifi_on_boot', True),
    pybytes_on_boot=kept('pybytes_on_boot', False), smart_config_on_boot=kept('smart_config_on_boot', False),
    nvs_set=nvs_set, nvs_get=nvs_get, nvs_erase=nvs_erase, get_free_heap=lambda: (67000, 2500000),
    bootmgr=lambda *a, **kw: [0, 'FAT', 'False', 0])
for missing in () if CFG['has_lte'] else ('lte_modem_en_on_boot',):
    delattr(pycom, missing)


# ---- os --------------------------------------------------------------------------------------------------------------

FILES = {'/flash/boot.py': b'# boot.py\r\n', '/flash/main.py': b'# main.py\r\n'}


def path_of(name):
    return name if name.startswith('/') else '/flash/' + name


class File:
    def __init__(self, name, mode):
        self.name, self.text = path_of(name), 'b' not in mode
        self.writes = any(c in mode for c in 'wa+')
        if 'r' in mode and self.name not in FILES:
            raise OSError(errno.ENOENT, 'ENOENT')
        self.data = bytearray(FILES.get(self.name, b'') if 'w' not in mode else b'')
        self.at = len(self.data) if 'a' in mode else 0

    def read(self, n=-1):
        end = len(self.data) if n is None or n < 0 else self.at + n
        data = bytes(self.data[self.at:end])
        self.at += len(data)
        return data.decode() if self.text else data

    def readline(self):
        end = self.data.find(b'\n', self.at)
        return self.read(len(self.data) - self.at if end < 0 else end + 1 - self.at)

    def __iter__(self):
        return iter(self.readline, '' if self.text else b'')

    def readinto(self, buf):
        data = self.data[self.at:self.at + len(buf)]
        buf[:len(data)] = data
        self.at += len(data)
        return len(data)

    def write(self, data):
        data = data.encode() if isinstance(data, str) else bytes(data)
        self.data[self.at:self.at + len(data)] = data
        self.at += len(data)
        return len(data)

    def seek(self, at, whence=0):
        self.at = at + (0, self.at, len(self.data))[whence]
        return self.at

    def tell(self):
        return self.at

    def flush(self):
        pass

    def close(self):
        if self.writes:
            FILES[self.name] = bytes(self.data)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def dupterm(*args):
    port = UART.open_ports.get(0)
    if not args:
        return port if HUB.attached else None
    HUB.service(0)
    HUB.attached = args[0] is not None
    if HUB.running:
        HUB.set_mode('running' if HUB.attached else 'relay')
    return None


def listdir(path='/flash'):
    base = path_of(path).rstrip('/') + '/'
    return [name[len(base):] for name in sorted(FILES) if name.startswith(base)] if base != '/' else ['flash']


def remove(name):
    if FILES.pop(path_of(name), None) is None:
        raise OSError(errno.ENOENT, 'ENOENT')


def file_stat(name):
    if path_of(name) not in FILES:
        raise OSError(errno.ENOENT, 'ENOENT')
    return (32768, 0, 0, 0, 0, 0, len(FILES[path_of(name)]), 0, 0, 0)


Uname = __import__('collections').namedtuple('uname', 'sysname nodename release version machine lorawan sigfox')
UNAME = Uname(CFG['sysname'], CFG['sysname'], CFG['release'], CFG['version'], CFG['sysname'] + ' with ESP32', '1.0.2',
              '1.0.1')
board_os = module('os', uname=lambda: UNAME, dupterm=dupterm, listdir=listdir, remove=remove, unlink=remove,
                  stat=file_stat, sync=lambda: None, urandom=os.urandom, getcwd=lambda: '/flash',
                  chdir=lambda path: None, mkdir=lambda path: None, ilistdir=lambda *a: iter(()), sep='/',
                  getfree=lambda path: 400, statvfs=lambda path: (4096, 4096, 1000, 900, 900, 0, 0, 0, 0, 255))


# ---- time, sys, select and the others --------------------------------------------------------------------------------

TICKS = 1 << 30


def ticks_diff(a, b):
    return ((a - b + TICKS // 2) & (TICKS - 1)) - TICKS // 2


board_time = module(
    'time', sleep=lambda s: HUB.sleep(s), sleep_ms=lambda ms: HUB.sleep(ms / 1e3), sleep_us=lambda us: HUB.sleep(us / 1e6),
    ticks_ms=lambda: int(time.monotonic() * 1e3) & (TICKS - 1), ticks_us=lambda: int(time.monotonic() * 1e6) & (TICKS - 1),
    ticks_cpu=lambda: int(time.monotonic() * 1e6) & (TICKS - 1), ticks_diff=ticks_diff,
    ticks_add=lambda a, b: (a + b) & (TICKS - 1), time=lambda: int(time.monotonic()), gmtime=lambda *a: (1970, 1, 1, 0, 0, 14, 3, 1),
    localtime=lambda *a: (1970, 1, 1, 0, 0, 14, 3, 1), mktime=lambda t: 0, timezone=lambda *a: None)


class Stdin:
    def __init__(self, text):
        self.text = text

    def read(self, n=-1):
        data = b''
        while n < 0 or len(data) < n:
            while not HUB.rx[0]:
                HUB.service(None, lambda: HUB.rx[0])
            data += HUB.take(0, 1 if n < 0 else n - len(data))
            if n < 0 and data.endswith(b'\x04'):
                break
        return data.decode('utf-8', 'replace') if self.text else data

    def readline(self):
        line = b''
        while not line.endswith((b'\n', b'\r')):
            while not HUB.rx[0]:
                HUB.service(None, lambda: HUB.rx[0])
            line += HUB.take(0, 1)
        line = line.replace(b'\r', b'\n')
        return line.decode('utf-8', 'replace') if self.text else line

    def readinto(self, buf):
        data = self.read(len(buf))
        buf[:] = data
        return len(data)


class Stdout:
    def __init__(self, text):
        self.text = text

    def write(self, data):
        if self.text:
            out_cooked(data)
        else:
            out(bytes(data))
        return len(data)

    def flush(self):
        pass


class Poll:
    def __init__(self):
        self.things = []

    def register(self, thing, mask=1):
        self.unregister(thing)
        self.things.append((thing, mask))

    def modify(self, thing, mask):
        self.register(thing, mask)

    def unregister(self, thing):
        self.things = [t for t in self.things if t[0] is not thing]

    def _ready(self):
        found = []
        for thing, mask in self.things:
            port = thing.bus if isinstance(thing, UART) else 0
            got = (mask & 1 if port < 2 and HUB.rx[port] else 0) | (mask & 4)
            if got:
                found.append((thing, got))
        return found

    def poll(self, timeout=-1, flags=0):
        end = None if timeout is None or timeout < 0 else time.monotonic() + timeout / 1e3
        HUB.service(0)
        while not self._ready():
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return []
            HUB.service(left, self._ready)
        return self._ready()

    ipoll = poll


board_sys = module(
    'sys', stdin=Stdin(True), stdout=Stdout(True), stderr=Stdout(True), platform=CFG['sysname'], version='3.4.0',
    version_info=(3, 4, 0), byteorder='little', maxsize=(1 << 31) - 1, path=['', '/flash', '/flash/lib'], argv=[],
    implementation=types.SimpleNamespace(name='micropython', version=tuple(
        int(x) for x in re.findall(r'\d+', CFG['version'])[:3])[:3]), modules={}, exit=lambda *a: soft_reset(),
    print_exception=lambda error, *a: out_cooked(format_error(error)))
board_sys.stdin.buffer, board_sys.stdout.buffer = Stdin(False), Stdout(False)


def kbd_intr(char):
    HUB.interrupt_char = char


import binascii
import hashlib
import math
import random

real_json = json
real_re = re
board_gc = module('gc', collect=lambda: 0, mem_free=lambda: 60000, mem_alloc=lambda: 7000, enable=lambda: None,
                  disable=lambda: None, threshold=lambda *a: -1, isenabled=lambda: True)
board_micropython = module('micropython', kbd_intr=kbd_intr, const=lambda x: x, opt_level=lambda *a: 0,
                           mem_info=lambda *a: out_cooked('stack: 784 out of 11264\n'), qstr_info=lambda *a: None,
                           alloc_emergency_exception_buf=lambda n: None, heap_lock=lambda: None,
                           heap_unlock=lambda: None, schedule=lambda f, a: f(a), native=lambda f: f, viper=lambda f: f)
board_select = module('select', poll=Poll, POLLIN=1, POLLOUT=4, POLLERR=8, POLLHUP=16)


def no_thread(*args):
    raise OSError("can't create thread")


board_thread = module('_thread', start_new_thread=no_thread, get_ident=lambda: 1, stack_size=lambda *a: 4096,
                      allocate_lock=lambda: types.SimpleNamespace(acquire=lambda *a: True, release=lambda: None,
                                                                  locked=lambda: False))
MODULES = {
    'machine': machine, 'network': network, 'pycom': pycom, 'micropython': board_micropython, '_thread': board_thread,
    'os': board_os, 'uos': board_os, 'time': board_time, 'utime': board_time, 'sys': board_sys, 'usys': board_sys,
    'gc': board_gc, 'select': board_select, 'uselect': board_select, 'binascii': binascii, 'ubinascii': binascii,
    'struct': struct, 'ustruct': struct, 'json': real_json, 'ujson': real_json, 'hashlib': hashlib,
    'uhashlib': hashlib, 're': real_re, 'ure': real_re, 'math': math, 'errno': errno, 'uerrno': errno,
    'random': random, 'urandom': random, 'builtins': builtins,
    'io': module('io', StringIO=__import__('io').StringIO, BytesIO=__import__('io').BytesIO), 'uio': None,
    'collections': __import__('collections'), 'ucollections': __import__('collections'), 'array': __import__('array'),
}
MODULES['uio'] = MODULES['io']


def board_import(name, globals=None, locals=None, fromlist=(), level=0):
    mod = MODULES.get(name)
    if mod is not None:
        return mod
    source = FILES.get('/flash/%s.py' % name, FILES.get('/flash/lib/%s.py' % name))
    if source is None:
        raise ImportError("no module named '%s'" % name)
    mod = types.ModuleType(name)
    MODULES[name] = mod
    mod.__dict__['__builtins__'] = BUILTINS
    exec(compile_old(source.decode(), name + '.py', 'exec'), mod.__dict__)
    return mod


def board_print(*values, sep=' ', end='\n', file=None):
    out_cooked(sep.join(str(v) for v in values) + end)


def board_input(prompt=''):
    out_cooked(prompt)
    return board_sys.stdin.readline().rstrip('\n')


BUILTINS = dict(vars(builtins))
BUILTINS.update(__import__=board_import, print=board_print, input=board_input,
                open=lambda name, mode='r', **kw: File(name, mode))
for gone in ('breakpoint', 'aiter', 'anext', 'quit', 'license', 'credits', 'copyright'):
    BUILTINS.pop(gone, None)


# ---- running code ----------------------------------------------------------------------------------------------------

class TooNew(ast.NodeVisitor):
    """Syntax that MicroPython 1.8.6 to 1.11 does not have."""

    def __init__(self):
        self.line = None

    def visit(self, node):
        bad = type(node).__name__ in ('JoinedStr', 'NamedExpr', 'AnnAssign', 'Match', 'TryStar', 'TypeAlias')
        bad = bad or (isinstance(node, ast.arguments) and node.posonlyargs)
        bad = bad or (isinstance(node, ast.comprehension) and node.is_async)
        bad = bad or (isinstance(node, ast.Dict) and None in node.keys)
        bad = bad or (isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.MatMult))
        if bad and self.line is None:
            self.line = getattr(node, 'lineno', 1)
        self.generic_visit(node)


def compile_old(source, name, mode):
    tree = ast.parse(source, name, mode)
    check = TooNew()
    check.visit(tree)
    if check.line is not None:
        raise SyntaxError('invalid syntax', (name, check.line, 1, ''))
    return compile(tree, name, mode)


def message_of(error):
    if isinstance(error, SyntaxError):
        return 'invalid syntax'
    if isinstance(error, OSError) and error.errno is not None:
        return '[Errno %d] %s' % (error.errno, errno.errorcode.get(error.errno, ''))
    text = str(error)
    found = re.match(r"cannot import name '(\w+)'", text)
    if found:
        return 'cannot import name ' + found.group(1)
    found = re.match(r"(name '\w+') is not defined", text)
    if found:
        return found.group(1) + ' is not defined'
    return text


def format_error(error):
    lines = ['Traceback (most recent call last):']
    if isinstance(error, SyntaxError):
        lines.append('  File "<stdin>", line %d' % (error.lineno or 1))
    tb = error.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        if code.co_filename != __file__ and not code.co_filename.startswith('/'):
            lines.append('  File "%s", line %d, in %s' % (code.co_filename, tb.tb_lineno, code.co_name))
        tb = tb.tb_next
    kind = type(error).__name__
    kind = {'ModuleNotFoundError': 'ImportError', 'IndentationError': 'SyntaxError', 'TabError': 'SyntaxError',
            'FileNotFoundError': 'OSError', 'PermissionError': 'OSError', 'RecursionError': 'RuntimeError'}.get(kind, kind)
    lines.append('%s: %s' % (kind, message_of(error)))
    return '\n'.join(lines) + '\n'


class SoftReset(Exception):
    pass


class Interpreter:
    def __init__(self):
        self.fresh()

    def fresh(self):
        self.names = {'__name__': '__main__', '__builtins__': BUILTINS}

    def display(self, value):
        if value is not None:
            out_cooked(repr(value) + '\n')

    def run(self, source, mode, name='<stdin>'):
        """Returns the exception that ended it, or None."""
        sys.displayhook = self.display
        HUB.set_mode('running')
        HUB.running = True
        try:
            HUB.service(0)
            if len(source) > CFG['script_max'] and name == '<stdin>':
                raise MemoryError('memory allocation failed, allocating %d bytes' % (len(source) + 1))
            exec(compile_old(source, name, mode), self.names)
        except SystemExit:
            HUB.running = False
            raise SoftReset
        except BaseException as error:
            HUB.running = False
            return error
        finally:
            HUB.running = False
            HUB.interrupted = False
            HUB.interrupt_char = CTRL_C
        return None


# ---- the REPL --------------------------------------------------------------------------------------------------------

class Reader:
    """Bytes for the REPL, at the rate at which it can read."""

    def __init__(self):
        self.chunk = b''

    def getc(self):
        while not self.chunk:
            while not HUB.rx[0] or not HUB.attached:
                HUB.service(None, lambda: HUB.rx[0] and HUB.attached)
            self.chunk = bytes(HUB.rx[0][:REPL_CHUNK])
            if PACED:
                HUB.sleep(len(self.chunk) / REPL_RATE)
            HUB.take(0, len(self.chunk))
        c = self.chunk[0]
        self.chunk = self.chunk[1:]
        return c

    def back(self):
        """Gives the rest to the program that is started now."""
        if self.chunk:
            HUB.rx[0][:0] = self.chunk
            HUB.freed[0] -= len(self.chunk)
            self.chunk = b''


COMPOUND = ('if', 'while', 'for', 'try', 'with', 'def', 'class', '@', 'async')


def goes_on(text):
    """Does MicroPython's REPL want another line?"""
    if text.endswith('\\'):
        return True
    depth, i, quote = 0, 0, None
    while i < len(text):
        c = text[i]
        if quote is None and c in '\'"':
            quote = c * 3 if text[i:i + 3] == c * 3 else c
            i += len(quote)
            continue
        if quote is not None:
            if c == '\\':
                i += 2
                continue
            if text.startswith(quote, i):
                i += len(quote)
                quote = None
                continue
            if c == '\n' and len(quote) == 1:
                quote = None
        elif c == '#':
            while i < len(text) and text[i] != '\n':
                i += 1
            continue
        elif c in '([{':
            depth += 1
        elif c in ')]}':
            depth -= 1
        i += 1
    if depth > 0 or (quote is not None and len(quote) == 3):
        return True
    first = re.match(r'@|\w+', text)
    return bool(first and first.group() in COMPOUND and not text.endswith('\n'))


class Repl:
    def __init__(self):
        self.reader = Reader()
        self.interpreter = Interpreter()
        self.history = []

    def banner(self):
        out(CFG['banner'])

    def readline(self, prompt, start=''):
        """A line, or the number of a control key that ends it."""
        line = start
        out(prompt + start)
        escape = ''
        while True:
            c = self.reader.getc()
            if escape:
                escape += chr(c)
                if len(escape) > 2 or (len(escape) == 2 and c != 0x5b):
                    escape = ''
            elif CTRL_A <= c <= CTRL_F and line == start:
                return c
            elif c == CTRL_C:
                return c
            elif c == 13:
                out('\r\n')
                return line
            elif c == 27:
                escape = '\x1b'
            elif c in (8, 127):
                if line:
                    line = line[:-1]
                    out('\b\x1b[K')
            elif c == 9:
                if not line.strip():
                    line += '    '
                    out('    ')
            elif 32 <= c <= 126:
                line += chr(c)
                out(chr(c))

    def indent_after(self, text):
        last = text.rsplit('\n', 1)[-1]
        if not last.strip():
            return ''
        spaces = len(last) - len(last.lstrip(' '))
        return ' ' * (spaces + (4 if last.rstrip().endswith(':') else 0))

    def friendly(self):
        """One input; returns 'raw' to change mode."""
        HUB.set_mode('repl')
        text = self.readline('' if self.quiet else '>>> ')
        self.quiet = False
        if text == CTRL_A:
            return 'raw'
        if text == CTRL_B:
            out('\r\n')
            self.banner()
        elif text == CTRL_C:
            out('\r\n')
        elif text == CTRL_D:
            out('\r\n')
            raise SoftReset
        elif text == CTRL_E:
            self.paste()
        elif text == CTRL_F:
            HUB.end('reset-safe')
        elif text:
            self.statement(text)
        return None

    def statement(self, text):
        while goes_on(text):
            indent = self.indent_after(text)
            more = self.readline('... ', indent)
            if isinstance(more, int):
                if more == CTRL_D:
                    break
                out('\r\n')
                return
            if not more.strip():
                text += '\n'
                if not goes_on(text):
                    break
            else:
                text += '\n' + more
        self.execute(text + '\n', 'single')

    def execute(self, source, mode):
        self.reader.back()
        error = self.interpreter.run(source, mode)
        if error is not None:
            out_cooked(format_error(error))

    def paste(self):
        out('\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ')
        text = ''
        while True:
            c = self.reader.getc()
            if c == CTRL_C:
                out('\r\n')
                return
            if c == CTRL_D:
                out('\r\n')
                self.execute(text, 'exec')
                return
            text += '\n' if c == 13 else chr(c)
            out('\r\n=== ' if c == 13 else chr(c))

    def raw(self):
        HUB.set_mode('raw')
        out('raw REPL; CTRL-B to exit\r\n>')
        code = bytearray()
        while True:
            c = self.reader.getc()
            if c == CTRL_A:
                out('raw REPL; CTRL-B to exit\r\n>')
                code.clear()
            elif c == CTRL_B:
                out('\r\n')
                self.banner()
                return
            elif c == CTRL_C:
                code.clear()
            elif c == CTRL_D:
                out('OK')
                if not code:
                    out('\r\n')
                    self.soft_reset(banner=False)
                    out('raw REPL; CTRL-B to exit\r\n>')
                    continue
                self.run_raw(code)
                code.clear()
            else:
                code.append(c)

    def run_raw(self, code):
        self.reader.back()
        try:
            error = self.interpreter.run(code.decode('utf-8', 'replace').replace('\r\n', '\n').replace('\r', '\n'), 'exec')
        except SoftReset:
            out(b'\x04\x04')
            self.soft_reset(banner=False)
            out('raw REPL; CTRL-B to exit\r\n>')
            HUB.set_mode('raw')
            return
        out(b'\x04')
        if error is not None:
            out_cooked(format_error(error))
        out(b'\x04>')
        HUB.set_mode('raw')

    def soft_reset(self, banner=True):
        out('MPY: soft reboot\r\n' if CFG['version'].startswith('v1.11') else 'PYB: soft reboot\r\n')
        self.interpreter.fresh()
        for port in list(UART.open_ports.values()):
            if port.bus == 1:
                port.deinit()
        self.run_main()
        if banner:
            self.banner()

    def run_main(self):
        source = main_source()
        if source:
            error = self.interpreter.run(source, 'exec', 'main.py')
            if error is not None:
                out_cooked(format_error(error))

    def loop(self):
        self.quiet = True
        mode = None
        if CFG['main_file'] or CFG['main_program'] != 'none':
            self.quiet = False
            try:
                self.run_main()
            except SoftReset:
                pass
            self.banner()
        while True:
            try:
                mode = self.friendly()
                if mode == 'raw':
                    self.raw()
            except SoftReset:
                self.soft_reset()


PROGRAMS = {
    'prints': 'import time\nn = 0\nwhile True:\n    print("measurement", n)\n    n += 1\n    time.sleep_ms(200)\n',
    'ignores-ctrl-c': 'import micropython, time\nmicropython.kbd_intr(-1)\nprint("main.py runs")\nwhile True:\n'
                      '    try:\n        time.sleep_ms(100)\n    except KeyboardInterrupt:\n        pass\n',
    'floods': 'import time\nwhile True:\n    print("0123456789abcdef" * 16)\n    time.sleep_ms(1)\n',
    'grabs-modem': 'import time\nfrom machine import UART\nu = UART(1, baudrate=921600, pins=%r)\nwhile True:\n'
                   '    u.write("AT\\r\\n")\n    time.sleep_ms(500)\n    print("modem:", u.read())\n' % (MODEM_PINS,),
    'wdt': 'import time\nfrom machine import WDT\nw = WDT(timeout=2000)\nprint("main.py runs")\nwhile True:\n    w.feed()\n'
           '    time.sleep_ms(100)\n',
}


def main_source():
    if CFG['main_file']:
        with open(CFG['main_file'], encoding='utf-8') as file:
            return file.read()
    return PROGRAMS.get(CFG['main_program'])


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGIO, HUB.on_sigio)
    fcntl.fcntl(FD, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(FD, fcntl.F_SETFL, fcntl.fcntl(FD, fcntl.F_GETFL) | os.O_ASYNC)
    Repl().loop()


main()
