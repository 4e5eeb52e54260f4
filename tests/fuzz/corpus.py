#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The corpus of a fuzz target: named cases are files in corpus/TARGET; those from a fuzzer, named by their hash, are in
corpus/TARGET.zip.

usage: corpus.py unpack TARGET FOLDER     copies all inputs into FOLDER
       corpus.py pack TARGET FOLDER       makes the archive of the inputs in FOLDER that are named by their hash
       corpus.py replay TARGET PROGRAM    runs PROGRAM with a folder of all inputs
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
HASH = re.compile(r"[0-9a-f]{40}")


def targets():
    return sorted(path.name for path in CORPUS.iterdir() if path.is_dir())


def unpack(target, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for path in (CORPUS / target).iterdir():
        shutil.copyfile(path, folder / path.name)
    archive = CORPUS / f"{target}.zip"
    if archive.exists():
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)


def pack(target, folder):
    """The same inputs give the same bytes: sorted, with one fixed time, not compressed (git does that)."""
    paths = sorted(path for path in folder.iterdir() if HASH.fullmatch(path.name))
    if not paths:
        return
    with zipfile.ZipFile(CORPUS / f"{target}.zip", "w") as packed:
        for path in paths:
            packed.writestr(zipfile.ZipInfo(path.name), path.read_bytes())


def replay(target, program):
    with tempfile.TemporaryDirectory(prefix="sqns-fuzz-") as folder:
        unpack(target, pathlib.Path(folder))
        return subprocess.run([program, folder], check=False).returncode


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("unpack", "pack", "replay"):
        raise SystemExit(__doc__)
    command, target, where = sys.argv[1:]
    if command == "replay":
        code = replay(target, where)
        return code if code >= 0 else 128 - code  # a signal, as in a shell
    (unpack if command == "unpack" else pack)(target, pathlib.Path(where))
    return 0


if __name__ == "__main__":
    sys.exit(main())
