#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the includes to the layers of CONTRIBUTING.md: they point down only. Text that the client prints goes through
one file, which cleans it.

usage: check-layers.py SOURCE_ROOT | --self-test
"""
import os
import re
import sys
import tempfile

# layer → the layers whose headers it may include, besides its own
BELOW = {
    "base": [],
    "codec": ["base"],
    "gate": ["base"],
    "port": ["base", "codec"],
    "procedure": ["base", "codec", "port"],
    "model": ["base", "codec", "port", "procedure"],
    "enumerator": ["base", "codec", "port", "procedure"],
    "manager": ["base", "codec", "port", "procedure", "model", "enumerator"],
    "bus": ["base", "codec", "gate", "port", "procedure", "model", "enumerator", "manager"],
    "main": ["base", "codec", "gate", "port", "procedure", "model", "enumerator", "manager", "bus"],
    "client": ["base", "codec"],
    # the virtual board is not written on the daemon's code, so that one bug cannot hide in both
    "board": [],
}
NOT_DAEMON = {"main", "client", "board"}
# single headers that a layer may include from one that it may not
EXCEPTIONS = {("enumerator", "model/board-facts.h")}
# The pure layer: no I/O, no GObject. base/error.h brings the GError domain, whose type lives in GLib.
IMPURE_HEADER = re.compile(r"^(gio/|glib-object\.h|gobject/|sys/|fcntl\.h|unistd\.h|termios\.h|poll\.h)")
IMPURE_WORD = re.compile(
    r"\b(G_DECLARE_\w+|G_DEFINE_(?:FINAL_|ABSTRACT_)?TYPE\w*|GObject\w*|GTask|GCancellable|GAsync\w+|GFile|G\w*Stream"
    r"|GMain\w+|GSource|GDBus\w+|GVariant\w*)\b")
# What the client prints goes through client/output.c, which cleans it. Those who know that theirs is clean already, or
# has to be raw, are named.
PRINTS = re.compile(r"\b(g_print|g_printerr|v?f?printf|v?dprintf|f?puts|f?putc|putchar|fwrite|perror|fputs_unlocked"
                    r"|putc_unlocked|g_(?:error|warning|message|critical|info|debug))\s*\(")
UNCLEAN = re.compile(r"\b(sqns_out_screen|sqns_err_screen|sqns_out_bytes)\s*\(")
PRINTER = "client/output.c"
MAY_BE_UNCLEAN = {"client/bar.c": "sqns_err_screen", "client/doctor-report.c": "sqns_out_screen",
                  "client/json.c": "sqns_out_bytes", "client/cmd-console.c": "sqns_out_bytes"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", re.S)


def sources(root):
    """(layer, path relative to @root) of each C file of the daemon, the client and the virtual board."""
    for top, layer in (("daemon", None), ("client", "client"), ("tests/board", "board")):
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    path = os.path.relpath(os.path.join(folder, name), root)
                    parts = path.split(os.sep)
                    yield layer or (parts[1] if len(parts) > 2 else "main"), path


def generated_headers(root):
    """Names of the headers that gdbus-codegen makes, as the build files name them."""
    names = set()
    for folder, _, files in os.walk(root):
        if "meson.build" in files and os.path.basename(folder) != "subprojects":
            text = open(os.path.join(folder, "meson.build"), encoding="utf-8").read()
            names |= {name + ".h" for name in re.findall(r"gdbus_codegen\s*\(\s*'([^']+)'", text)}
    return names


def check(root):
    problems = []
    generated = generated_headers(os.path.join(root, "daemon"))
    layers = set(BELOW) - NOT_DAEMON
    # headers that a compiler would also find without the layer's name, which is what hides an upward include
    plain = {os.path.basename(path) for layer, path in sources(root) if layer in layers and path.endswith(".h")}
    for layer, path in sources(root):
        if layer not in BELOW:
            problems.append(f"{path}: a layer that tests/check-layers.py does not know")
            continue
        text = open(os.path.join(root, path), encoding="utf-8").read()
        for kind, header in INCLUDE.findall(text):
            target = header.split("/")[0] if "/" in header else None
            if kind == '"' and target in layers and target != layer and target not in BELOW[layer] \
                    and (layer, header) not in EXCEPTIONS:
                problems.append(f"{path}: {layer} may not include {header}")
            if layer not in NOT_DAEMON and kind == '"' and header in plain:
                problems.append(f'{path}: "{header}" wants its layer before it')
            if header.startswith("gudev/") and layer != "enumerator":
                problems.append(f"{path}: only the enumerator may include {header}")
            if os.path.basename(header) in generated and layer not in ("bus", "client"):
                problems.append(f"{path}: only the bus may include generated {header}")
            if layer == "codec" and IMPURE_HEADER.match(header):
                problems.append(f"{path}: the codec is pure, it may not include {header}")
        if layer == "client" and path != PRINTER and path.endswith(".c"):
            code = COMMENT.sub(" ", text)
            for word in sorted(set(PRINTS.findall(code))):
                problems.append(f"{path}: only {PRINTER} may use {word}")
            for word in sorted(set(UNCLEAN.findall(code)) - {MAY_BE_UNCLEAN.get(path)}):
                problems.append(f"{path}: {word} is not for it")
        if layer == "codec":
            for word in sorted(set(IMPURE_WORD.findall(COMMENT.sub(" ", text)))):
                problems.append(f"{path}: the codec is pure, it may not use {word}")
    return problems


PLANTED = {
    "daemon/base/log.c": '#include "codec/at.h"\n',
    "daemon/codec/at.c": '#include <gio/gio.h>\n',
    "daemon/codec/stp.c": '/* a GTask in a comment is none */\nstatic GCancellable *cancellable;\n',
    "daemon/port/port.c": '#include "procedure/link.h"\n',
    "daemon/procedure/link.c": '#include "model/job.h"\n',
    "daemon/model/device.c": '#include <gudev/gudev.h>\n',
    "daemon/model/job.c": '#include "enumerator/enumerator.h"\n',
    "daemon/enumerator/enumerator.c": '#include "model/device.h"\n',
    "daemon/manager/manager.c": '#include "bus/bus-names.h"\n',
    "daemon/manager/queue.c": '#include "sqns-generated.h"\n',
    "daemon/gadget/gadget.c": "",
    "daemon/port/port.h": "",
    "daemon/procedure/wake.c": '#include "port.h"\n',
    "client/ctl.c": '#include "procedure/link.h"\n',
    "client/list.c": 'g_print ("%s", name);\n',
    "client/table.c": 'sqns_out_screen (text);\n',
    "client/json.c": 'sqns_err_screen (text);\n',
    "tests/board/modem.c": '#include "codec/stp.h"\n',
}
HARMLESS = {
    "daemon/base/error.c": '#include "base/error.h"\n#include <gio/gio.h>\n',
    "daemon/codec/caba.c": '#include "codec/caba.h"\n#include "base/error.h"\n#include <string.h>\nchar *s = "GTask";\n',
    "daemon/enumerator/tty-facts.c": '#include "model/board-facts.h"\n#include <gudev/gudev.h>\n',
    "daemon/bus/bus.c": '#include "sqns-generated.h"\n#include "manager/manager.h"\n',
    "daemon/bus/meson.build": "generated = gnome.gdbus_codegen('sqns-generated', sources: xml)\n",
    "daemon/manager/rules-file.c": '#include "rules-resource.h"\n',
    "daemon/main.c": '#include "bus/bus.h"\n',
    "tests/board/stp-slave.c": '#include "checksum.h"\n',
    "client/show.c": '#include "codec/caba.h"\n#include "ctl.h"\ng_strdup_printf ("printf (");\n',
    "client/output.c": 'g_print ("%s", clean);\n',
    "client/bar.c": 'sqns_err_screen (line);\n',
}


def write(root, files):
    for path, text in files.items():
        os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)


def self_test():
    """Each planted violation is found, in its file and alone; what is allowed is let through."""
    with tempfile.TemporaryDirectory() as root:
        write(root, HARMLESS)
        found = check(root)
        assert found == [], found
        write(root, PLANTED)
        found = check(root)
        by_file = sorted(problem.split(":")[0] for problem in found)
        assert by_file == sorted(path for path, text in PLANTED.items() if text or "gadget" in path), "\n".join(found)
    print(f"{len(by_file)} planted violations found, {len(HARMLESS)} allowed files let through")


def main():
    if sys.argv[1] == "--self-test":
        self_test()
        return 0
    count = len(list(sources(sys.argv[1])))
    problems = check(sys.argv[1])
    print("\n".join(problems) or f"{count} files: includes point down")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
