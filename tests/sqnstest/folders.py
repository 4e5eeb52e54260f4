# SPDX-License-Identifier: LGPL-2.1-or-later
"""Folders and programs for tests that act as other users. A checkout, its build and TMPDIR may be closed to others (mode 700,
as below /root; umask 077)."""
import atexit
import os
import re
import shutil
import stat
import tempfile

os.umask(0o022)  # a test closes explicitly what it wants closed
PLAIN = r'[\w/.+-]{1,60}'  # of the parent folder; the name of a socket may have 107 bytes
copies = {}


def others_may_enter(folder):
    folder = os.path.realpath(folder)
    while True:
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return False
        if folder == '/':
            return True
        folder = os.path.dirname(folder)


def temporary_folder(prefix):
    """A new folder with a short and plain name, since bus addresses and commands contain it. Others may enter it, if the machine
    has any such place."""
    usual = tempfile.gettempdir()
    good = [place for place in (usual, '/tmp', '/var/tmp')
            if os.access(place, os.W_OK | os.X_OK) and re.fullmatch(PLAIN, place) and others_may_enter(place)]
    folder = tempfile.mkdtemp(prefix=prefix, dir=(good or [usual])[0])
    os.chmod(folder, 0o755)
    return folder


def program_for_others(path):
    """A copy of the program @path that other users may run; it is removed when this process ends."""
    if path not in copies:
        folder = temporary_folder('sqns-program-')
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        copies[path] = shutil.copyfile(path, os.path.join(folder, os.path.basename(path)))
        os.chmod(copies[path], 0o755)
    return copies[path]
