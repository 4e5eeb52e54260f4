# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hostile file system: it serves one file, and never answers some requests of the daemon's processes. Run as a program, this
module is the server (FUSE, written by hand) in a mount namespace of its own; it passes the open file over a socket."""
import ctypes
import errno
import os
import socket
import struct
import subprocess
import sys
import threading

LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, BATCH_FORGET = 1, 2, 3, 14, 15, 18, 25, 26, 42  # linux/fuse.h
NAMES = {'GETATTR': GETATTR, 'READ': READ, 'FLUSH': FLUSH}
HEADER = struct.Struct('<IIQQIIIHH')
DIRECT_IO = 1
ROOT_NODE, FILE_NODE = 1, 2
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
UNKNOWN_MODE = 0o100644


def can_be_had():
    return os.getuid() == 0 and os.access('/dev/fuse', os.R_OK | os.W_OK)


def process_name(task):
    """The name of the process that a thread belongs to."""
    try:
        with open('/proc/%d/status' % task, encoding='utf-8') as status:
            group = next(line.split()[1] for line in status if line.startswith('Tgid:'))
        with open('/proc/%s/comm' % group, encoding='utf-8') as comm:
            return comm.read().strip()
    except OSError:
        return ''


class Server:
    def __init__(self, folder, content, silent):
        self.content, self.silent = content, silent
        self.device = os.open('/dev/fuse', os.O_RDWR)
        libc = ctypes.CDLL(None, use_errno=True)
        options = 'fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other' % self.device
        for result in (libc.unshare(CLONE_NEWNS), libc.mount(b'none', b'/', None, MS_REC | MS_PRIVATE, None),
                       libc.mount(b'dead', folder.encode(), b'fuse', 0, options.encode())):
            if result != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def attributes(self, node):
        mode, size = (0o040755, 0) if node == ROOT_NODE else (UNKNOWN_MODE, len(self.content))
        return struct.pack('<QQQQQQIIIIIIIIII', node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def answer(self, opcode, node, body):
        if opcode == INIT:
            return struct.pack('<IIIIHHIIHHI28x', 7, 31, 0, 0, 16, 12, 65536, 1, 0, 0, 0)
        if opcode == LOOKUP:
            return struct.pack('<QQQQII', FILE_NODE, 0, 0, 0, 0, 0) + self.attributes(FILE_NODE)
        if opcode == GETATTR:
            return struct.pack('<QII', 0, 0, 0) + self.attributes(node)
        if opcode == OPEN:
            return struct.pack('<QII', 1, DIRECT_IO, 0)
        if opcode == READ:
            _, offset, size = struct.unpack_from('<QQI', body)
            return self.content[offset:offset + size]
        if opcode in (FLUSH, RELEASE):
            return b''
        return None

    def serve(self):
        while True:
            try:
                data = os.read(self.device, 1 << 20)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT):
                    continue
                return
            _, opcode, unique, node, _, _, task, _, _ = HEADER.unpack_from(data)
            if opcode in (FORGET, BATCH_FORGET) or opcode in self.silent and process_name(task).startswith('sqnsd'):
                continue
            body = self.answer(opcode, node, data[HEADER.size:])
            error = -errno.ENOSYS if body is None else 0
            try:
                os.write(self.device, struct.pack('<IiQ', 16 + len(body or b''), error, unique) + (body or b''))
            except OSError:
                pass  # the request was interrupted


class DeadFile:
    """fileno() is open on the file. close() ends the server and every request that waits for it."""

    def __init__(self, folder, content, *silent):
        os.makedirs(folder, exist_ok=True)
        self.peer, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), folder, *silent], stdin=theirs)
        self.peer.sendall(struct.pack('<I', len(content)) + content)
        _, fds, _, _ = socket.recv_fds(self.peer, 1, 1)
        self.fd = fds[0]

    def fileno(self):
        return self.fd

    def close(self):
        if self.fd < 0:
            return
        os.close(self.fd)  # while the server still answers
        self.fd = -1
        self.peer.close()
        self.process.wait()


def main():
    folder, silent = sys.argv[1], {NAMES[name] for name in sys.argv[2:]}
    peer = socket.socket(fileno=0)
    size, = struct.unpack('<I', peer.recv(4, socket.MSG_WAITALL))
    server = Server(folder, peer.recv(size, socket.MSG_WAITALL), silent)
    threading.Thread(target=server.serve, daemon=True).start()
    fd = os.open(os.path.join(folder, 'NB1-37781.dup'), os.O_RDONLY)
    socket.send_fds(peer, [b'x'], [fd])
    os.close(fd)  # a server that has its own file open hangs when it ends
    peer.recv(1)
    os._exit(0)


if __name__ == '__main__':
    main()
