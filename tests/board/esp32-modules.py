# pycom, os, time, sys and the other modules; what programs may import. Continues esp32-hardware.py.


# ---- pycom -----------------------------------------------------------------------------------------------------------

def kept(key, default):
    """A setting that survives a reset. Without an argument it returns the value, with one it sets it."""
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
    'time', sleep=lambda s: HUB.nap(s), sleep_ms=lambda ms: HUB.nap(ms / 1e3), sleep_us=lambda us: HUB.nap(us / 1e6),
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
    if HUB.mode in ('running', 'deaf'):
        HUB.set_mode('running' if char == CTRL_C else 'deaf')


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
