"""The fork server: loads python3 and the program of esp32.py once, and forks a process for each board's MicroPython.

argv is the descriptor of a packet socket to sqns-board. The server sends b'l' once everything is loaded. A packet to it is b'f',
a number (u32 in native byte order) and the configuration, with the board's own socket; or b'k' and the number of a process
to kill. A process that has ended keeps its id until then, so that no other process can be killed instead.
"""
import array
import ast
import ctypes
import gc
import os
import signal
import socket
import struct
import sys
import traceback

PROGRAM = '/proc/self/fd/3'
PACKET_MAX = 65536
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def load():
    """The compiled program, its modules imported."""
    with open(PROGRAM, encoding='utf-8') as file:
        tree = ast.parse(file.read(), PROGRAM)
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                __import__(alias.name)
    return compile(tree, PROGRAM, 'exec')


def run(code, fd, config):
    try:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        sys.argv = [PROGRAM, str(fd), config]
        exec(code, {'__name__': '__main__', '__file__': PROGRAM, '__builtins__': __builtins__})
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(1)


def main():
    code = load()
    server = socket.socket(fileno=int(sys.argv[1]))
    processes = {}
    gc.freeze()
    server.send(b'l')
    while True:
        fds = array.array('i', [-1])
        packet, more, _, _ = server.recvmsg(PACKET_MAX, socket.CMSG_SPACE(fds.itemsize))
        if not packet:
            return
        number = struct.unpack_from('=I', packet, 1)[0]
        if packet[:1] == b'k':
            pid = processes.pop(number, None)  # None: forked by an earlier server
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            continue
        fds.frombytes(more[0][2])
        fd = fds[-1]
        pid = os.fork()
        if pid == 0:
            server.close()
            run(code, fd, packet[5:].decode())
        os.close(fd)
        processes[number] = pid


main()
