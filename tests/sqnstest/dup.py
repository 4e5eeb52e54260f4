# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firmware files: synthetic ones, made by the virtual board's make-dup.py, and a real one if there is any."""
import glob
import importlib.util
import os
import zipfile

from sqnstest import SOURCE

MAKE_DUP = os.path.join(SOURCE, 'tests', 'board', 'make-dup.py')


def load_maker():
    spec = importlib.util.spec_from_file_location('make_dup', MAKE_DUP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = load_maker()
make_dup, make_first_step, embedded_updater = MAKER.make_dup, MAKER.make_first_step, MAKER.embedded_updater


def real_firmware(folder):
    """The .dup in the folder SQNS_TEST_FIRMWARE, or in a zip there (unpacked into @folder); None without that folder."""
    where = os.environ.get('SQNS_TEST_FIRMWARE')
    if where is None:
        return None
    for name in sorted(glob.glob(os.path.join(where, '*.dup'))):
        return name
    for name in sorted(glob.glob(os.path.join(where, '*.zip'))):
        with zipfile.ZipFile(name) as archive:
            for member in archive.namelist():
                if member.endswith('.dup'):
                    return archive.extract(member, folder)
    raise SystemExit('SQNS_TEST_FIRMWARE=%s: no .dup and no .zip with one' % where)
