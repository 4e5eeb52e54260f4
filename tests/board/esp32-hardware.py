# machine and network: UARTs, pins, timers, LTE. Continues esp32.py.


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
        """Reads until n bytes are there or none has arrived for the time of timeout_chars characters."""
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
    """Lets the board's LTE driver talk to the modem."""
    return HUB.query('at %d %d %s' % (baud, max(int(seconds * 1000 * SCALE), 60), command))


def lte_state():
    """'application', 'recovery', or None without an answer. The driver takes some 6 seconds for it."""
    for attempt in range(3):
        for again in range(2):  # leftover bytes on the line often spoil the first
            if 'OK' in modem_at(921600, 0.3, 'AT'):
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
        # The task exists even if the driver fails: the remedy of row 2b.
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
