#!/usr/bin/env python3
"""Makes a .dup with valid checksums and random contents.

    make-dup.py OUT [--version 6.0.0.0] [--build 37781] [--size 300000] [--family nb-iot|cat-m1] [--pack]
                    [--only bootrom,updater,fff,fs] [--diff-from BUILD] [--first-step] [--updater FILE] [--seed TEXT]

    full CAT-M1        --version 5.1.1.0 --build 41065
    boot ROM package   --only bootrom             the one that stands in the full file of the same arguments
    diff               --version 5.1.1.0 --build 39529 --diff-from 38638
    48829, both files  --version 5.2.1.0 --build 48829 --first-step; the same without --first-step

The same arguments always give the same bytes. Also to be imported (importlib, because of the dash): make_dup (),
make_first_step (), make_updater (), embedded_updater (), package (), fletcher32 ().
"""
import argparse
import array
import hashlib
import itertools
import struct
import sys

PARTS = ('bootrom', 'updater', 'fff', 'fs')
MACHINE_NDS32 = 167
PACK_NAME = 'Packed dup files'
PACKAGE_FRAME = 18 + 1 + 4  # header, the NUL of the description, checksum
SLIM_FRAME = 48
INDEX = 16
FIRST_STEP_SIZE = 416448  # of the real one


def fletcher32(data):
    """16-bit words read big-endian, both sums from 0xffff with end-around carry."""
    words = array.array('H', data + b'\0' * (len(data) % 2))
    if sys.byteorder == 'little':
        words.byteswap()
    s1 = 0xffff + sum(words)
    s2 = 0xffff * (len(words) + 1) + sum(itertools.accumulate(words))
    return ((s2 - 1) % 0xffff + 1) << 16 | ((s1 - 1) % 0xffff + 1)


def noise(seed, size):
    return hashlib.shake_256(seed.encode()).digest(size) if size > 0 else b''


def package(magic, description, payload):
    name = description.encode() + b'\0'
    data = struct.pack('<4sIIHHH', magic, 3, len(payload), 1, 4, len(name)) + name + payload
    return data + struct.pack('<I', fletcher32(data))


def slim(kind, image):
    """An image in its header: kind, `FFF!` header, image, Fletcher-32 over header and image."""
    head = struct.pack('<4sI I 4I I HHHH', b'FFF!', 0, 1, 0, 0, 0, 0, len(image), 0, 0, 1, 4)
    return struct.pack('<I', kind) + head + image + struct.pack('<I', fletcher32(head + image))


def elf(body):
    """Big-endian ELF32 for NDS32: one segment, one section, the section headers at the very end."""
    at = 52 + 32
    end = at + len(body)
    head = struct.pack('>4sBBBB8xHHIIIIIHHHHHH', b'\x7fELF', 1, 2, 1, 0, 2, MACHINE_NDS32, 1, 0x1000, 52, end, 0, 52, 32,
                       1, 40, 2, 0)
    program = struct.pack('>8I', 1, at, 0, 0, len(body), len(body), 7, 1)
    sections = bytes(40) + struct.pack('>10I', 0, 1, 6, 0x1000, at, len(body), 0, 0, 4, 0)
    return head + program + body + sections


def version_text(version, build):
    return '%s [%d] by robot-soft at 2018-07-05 20:21:02' % (version, build)


def with_text(data, text):
    """@data with @text written over its middle."""
    text = text.encode() + b'\n\0'
    at = len(data) // 2
    return data[:at] + text + data[at + len(text):] if len(data) > 2 * len(text) else data + text


def make_updater(version='6.0.0.0', build=37781, size=20000, seed='sqns'):
    return elf(with_text(noise('%s updater %d' % (seed, build), max(size - 164, 256)), version_text(version, build)))


def frames(parts, indexed, pack):
    """The bytes around the bodies of @parts."""
    inner = {'bootrom': 4, 'fs': 4, 'updater': SLIM_FRAME + INDEX * indexed, 'fff': SLIM_FRAME + INDEX * indexed}
    return (sum(PACKAGE_FRAME + len(part + ' upgrade package') + inner[part] for part in parts)
            + (PACKAGE_FRAME + len(PACK_NAME)) * pack)


def make_parts(version, build, size, family, seed, pack=None):
    indexed = family == 'nb-iot'
    pack = not indexed if pack is None else pack
    sizes = {'bootrom': max(size // 96, 256), 'updater': max(size // 17, 1024), 'fs': max(size // 76, 128)}
    sizes['fff'] = max(size - sum(sizes.values()) - frames(PARTS, indexed, pack), 2048)
    body = {part: noise('%s %s %s %d' % (seed, part, version, build), sizes[part]) for part in PARTS}
    updater = make_updater(version, build, sizes['updater'], seed)
    core = elf(body['fff'][:len(body['fff']) // 8])
    rest = with_text(body['fff'][len(core):], version_text(version, build))
    if indexed:
        updater_image = struct.pack('<4sIII', b'IELF', 16, len(updater), 0xffffffff) + updater
        fff_image = struct.pack('<4sIII', b'IELF', 16 + len(rest), len(core), 0xffffffff) + rest + core
    else:
        updater_image, fff_image = updater, core + rest
    return {
        'bootrom': b'toob' + with_text(body['bootrom'], "5.1.1.0 [38638]'"),
        'updater': slim(8, updater_image),
        'fff': slim(2, fff_image),
        'fs': struct.pack('<I', 3) + body['fs'],
    }, updater


def make_diff(version, build, base, size, seed):
    """A guess, as no real one is known: the magic DIFF, and the version texts of base and target in the payload."""
    base_version = '5.1.1.0' if version.startswith('5') else version
    text = '%s\0%s\0' % (version_text(base_version, base), version_text(version, build))
    payload = slim(2, text.encode() + noise('%s diff %d %d' % (seed, base, build), max(size - 300, 64)))
    return package(b'DIFF', 'fff upgrade package', payload)


def make_dup(version='6.0.0.0', build=37781, size=300000, family=None, pack=None, only=PARTS, diff_from=None,
             seed='sqns'):
    """The bytes of the .dup."""
    family = family or ('cat-m1' if version.startswith('5') else 'nb-iot')
    pack = family == 'cat-m1' and len(only) > 1 if pack is None else pack
    if diff_from is not None:
        data = make_diff(version, build, diff_from, size, seed)
    else:
        parts, _ = make_parts(version, build, size, family, seed, pack if len(only) > 1 else None)
        data = b''.join(package(b'UPGR', part + ' upgrade package', parts[part]) for part in PARTS if part in only)
    return package(b'PACK', PACK_NAME, data) if pack else data


def make_first_step(version='5.2.1.0', build=48829, size=FIRST_STEP_SIZE, seed='sqns'):
    """The first of the two files of 48829. A guess, as no real one is known: its size suggests boot ROM and updater without
    an application."""
    bootrom = b'toob' + with_text(noise('%s first bootrom %d' % (seed, build), max(size // 8, 256)), "5.1.1.0 [38638]'")
    around = frames(('bootrom', 'updater'), False, True)
    updater = slim(8, make_updater(version, build, size - (len(bootrom) - 4) - around, seed + ' first'))
    return package(b'PACK', PACK_NAME, package(b'UPGR', 'bootrom upgrade package', bootrom)
                   + package(b'UPGR', 'updater upgrade package', updater))


def embedded_updater(version='6.0.0.0', build=37781, size=300000, family=None, seed='sqns'):
    """The ELF in the updater package of the same make_dup ()."""
    family = family or ('cat-m1' if version.startswith('5') else 'nb-iot')
    return make_parts(version, build, size, family, seed)[1]


def main():
    parser = argparse.ArgumentParser(description='Make a synthetic .dup file.')
    parser.add_argument('out')
    parser.add_argument('--version', default='6.0.0.0')
    parser.add_argument('--build', type=int, default=37781)
    parser.add_argument('--size', type=int, default=300000,
                        help='of the whole file, out of which --only cuts packages; of a diff about')
    parser.add_argument('--family', choices=('nb-iot', 'cat-m1'), help='default: by the version')
    parser.add_argument('--pack', action='store_true', default=None, help='in a PACK container (CAT-M1: always)')
    parser.add_argument('--only', default=','.join(PARTS), help='packages, comma-separated')
    parser.add_argument('--diff-from', type=int, metavar='BUILD')
    parser.add_argument('--first-step', action='store_true', help='the first of two files (48829)')
    parser.add_argument('--updater', metavar='FILE', help='write the updater ELF here as well')
    parser.add_argument('--seed', default='sqns')
    args = parser.parse_args()
    only = args.only.split(',')
    if not set(only) <= set(PARTS):
        parser.error('--only takes ' + ','.join(PARTS))
    if args.first_step:
        data = make_first_step(args.version, args.build, args.size, args.seed)
    else:
        data = make_dup(args.version, args.build, args.size, args.family, args.pack, only, args.diff_from, args.seed)
    with open(args.out, 'wb') as file:
        file.write(data)
    if args.updater:
        with open(args.updater, 'wb') as file:
            file.write(embedded_updater(args.version, args.build, args.size, args.family, args.seed))


if __name__ == '__main__':
    main()
