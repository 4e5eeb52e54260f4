#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the seeds of fuzz-stp, fuzz-stp-session and fuzz-caba: tests/fuzz/stp-caba-corpus.py [DIR]."""

import binascii
import pathlib
import struct
import sys

BOOTROM, UPDATER, FFF, FS = (f"{name} upgrade package" for name in ("bootrom", "updater", "fff", "fs"))
VERSION = b"6.0.0.0 [37781] by robot-soft at 2018-08-24 12:00:00"
ELF = b"\x7fELF\1\2\1" + bytes(11) + b"\0\xa7" + bytes(40)
# With one loaded segment, as the boot ROM requires.
UPDATER_ELF = b"\x7fELF\1\2\1" + bytes(9) + b"\0\2\0\xa7" + struct.pack(">IIIIIHHHHHH", 1, 4096, 52, 0, 0, 52, 32, 1, 40, 0, 0)
UPDATER_ELF += struct.pack(">8I", 1, 84, 4096, 4096, 60, 60, 7, 1) + b"Z" * 60


def response(operation, session, transaction, payload=b"", crc=False):
    payload_crc = binascii.crc_hqx(payload, 0) if crc else 0
    fields = (b"tsaf", operation, session, len(payload), transaction)
    header_crc = binascii.crc_hqx(struct.pack(">4sBBHIHH", *fields, 0, payload_crc), 0) if crc else 0
    return struct.pack(">4sBBHIHH", *fields, header_crc, payload_crc) + payload


def dialogue(crc):
    return b"".join((
        response(0x80, 0, 0, b"", crc),
        response(0x81, 1, 1, b"\x01\x01\x20\x00", crc),
        response(0x82, 1, 2, b"", crc),
        response(0x83, 1, 3, b"\x00\x10", crc),
        response(0x42, 1, 4, b"", crc),
        response(0x7F, 0, 0, b"", crc),
    ))


def fletcher32(data):
    s1 = s2 = 0xFFFF
    for word, in struct.iter_unpack(">H", data + bytes(len(data) % 2)):
        s1 = (s1 + word - 1) % 65535 + 1
        s2 = (s2 + s1 - 1) % 65535 + 1
    return s2 << 16 | s1


def package(magic, description, payload):
    text = description.encode() + b"\0"
    body = struct.pack("<4sIIHHH", magic, 3, len(payload), 1, 4, len(text)) + text + payload
    return body + struct.pack("<I", fletcher32(body))


def image(kind, content):
    body = b"FFF!" + struct.pack("<7I4H", 0, 1, 0, 0, 0, 0, len(content), 0, 0, 1, 4) + content
    return struct.pack("<I", kind) + body + struct.pack("<I", fletcher32(body))


def indexed(front, elf):
    return b"IELF" + struct.pack("<III", 16 + len(front), len(elf), 0xFFFFFFFF) + front + elf


def packages(index):
    wrap = indexed if index else lambda front, elf: elf + front
    return (
        package(b"UPGR", BOOTROM, b"toob" + bytes(12)),
        package(b"UPGR", UPDATER, image(8, wrap(b"", ELF))),
        package(b"UPGR", FFF, image(2, wrap(b"\0" + VERSION + b"\0", ELF))),
        package(b"UPGR", FS, b"\3\0\0\0" + bytes(9)),
    )


SEEDS = {
    "stp": {
        "plain": dialogue(False),
        "crc": dialogue(True),
        "noise": b"\r\nOK\r\ntsa" + dialogue(False)[:50] + b"\xfe\xfd" + dialogue(True)[3:],
        "zeros": bytes(40),
        "long": b"tsaf\x80\0\xff\xff" + bytes(30),
    },
    # fuzz-stp-session.c defines the bytes: 4 = a valid answer, 0 = a deadline, 1 = raw bytes, 2 = an odd answer.
    "stp-session": {
        "good": b"\0\0" + b"\4" * 40,
        "small": b"\2\2" + b"\4" * 700,
        "deadlines": b"\0\0" + b"\4\4" + b"\0" * 10 + b"\4\0\4\0\4\4\0\0\0\4\4\4\4",
        "silent": b"\0\0" + b"\0" * 9,
        "refusals": b"\0\0\4\4" + b"\2\1\0" * 3 + b"\4\4" + b"\2\2\x7f" * 3 + b"\4\4",
        "residues": b"\0\0\4\4" + b"\4\2\x10\1" * 6 + b"\4\2\x10\4" * 3,
        "open": b"\0\0\4" + b"\2\x10\0" + b"\4" + b"\2\x20\0" + b"\2\x20\2" + b"\4" * 6,
        "raw": b"\0\0" + bytes([16 * 8 + 1]) + dialogue(False)[:16] + bytes([20 * 8 + 1]) + dialogue(False)[16:36],
        "queued": b"\0\0" + b"\3\3\4" * 20,
        "barren": b"\1\1" + b"\4" * 5 + b"\2\x30\x40\4" * 40,
    },
    "caba": {
        "plain": b"".join(packages(False)),
        "indexed": b"".join(packages(True)),
        "packed": package(b"PACK", "Packed dup files", b"".join(packages(True))),
        "bootrom": package(b"UPGR", BOOTROM, b"toob" + bytes(120)),
        "diff": package(b"DIFF", "diff upgrade package", bytes(range(100))),
        "packed-diff": package(b"PACK", "Packed dup files", package(b"DIFF", "diff", bytes(80))),
        "nested": package(b"PACK", "a", package(b"PACK", "b", package(b"UPGR", "c", bytes(90)))),
        "by-content": package(b"UPGR", "x", image(8, ELF)) + package(b"UPGR", "y", image(2, VERSION)),
        "vector": bytes.fromhex("5550475203000000000000000100040002004100a2e70844"),
        "elf": ELF,
        "page": b"<!DOCTYPE html><html><head><title>Login</title>",
        "updater": package(b"UPGR", UPDATER, image(8, indexed(b"", UPDATER_ELF))),
        "cut-index": package(b"UPGR", BOOTROM, b"toob" + bytes(12))
        + package(b"UPGR", UPDATER, image(8, b"IELF\x10\0\0\0" + bytes(3))),
        "many": package(b"UPGR", "thing", bytes(16)) * 66,
        "erased": b"\xff" * 150,
    },
}


def main():
    base = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus"
    for target, seeds in SEEDS.items():
        (base / target).mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (base / target / name).write_bytes(data)


main()
