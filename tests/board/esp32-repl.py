# Running code in old Python, and the REPL. The last part of the program.


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
    """The input of the REPL, at the rate at which it can read."""

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
        """Leaves the rest to the program that starts now."""
        if self.chunk:
            HUB.rx[0][:0] = self.chunk
            HUB.freed[0] -= len(self.chunk)
            self.chunk = b''


COMPOUND = ('if', 'while', 'for', 'try', 'with', 'def', 'class', '@', 'async')


def goes_on(text):
    """Does MicroPython's REPL wait for another line?"""
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
            source = file.read()
        FILES['/flash/main.py'] = source.encode()
        return source
    return PROGRAMS.get(CFG['main_program'])


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGIO, HUB.on_sigio)
    fcntl.fcntl(FD, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(FD, fcntl.F_SETFL, fcntl.fcntl(FD, fcntl.F_GETFL) | os.O_ASYNC)
    Repl().loop()


main()
