#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the code to the layers of CONTRIBUTING.md: includes point down only, no two files need each other, and no header
is private to some files. Text that the client prints goes through one file, which cleans it.

usage: check-layers.py SOURCE_ROOT | --self-test
"""
import itertools
import os
import re
import sys
import tempfile

# layer → the layers whose headers it may include, besides its own
PURE = {"common", "codec"}
BELOW = {
    "common": set(),
    "codec": {"common"},
    "base": PURE,
    "plan": PURE | {"base"},
    "gate": {"common"},
    "serial": PURE | {"base"},
    "at": PURE | {"base", "serial"},
    "board": PURE | {"base", "serial"},
    "link": PURE | {"base", "serial", "at", "board"},
    "modem": PURE | {"base", "serial", "at", "board", "link"},
    "upgrade": PURE | {"base", "plan", "serial", "at", "board", "link", "modem"},
    "firmware": PURE,
    "device": PURE | {"base", "serial", "board", "link", "modem"},
    "job": PURE | {"base", "plan", "serial", "link", "modem", "upgrade", "firmware", "device"},
    "enumerator": {"common", "base"},
    "manager": PURE | {"base", "plan", "firmware", "device", "job"},
    "bus": PURE | {"base", "plan", "gate", "firmware", "device", "job", "manager"},
    "main": PURE | {"base", "gate", "enumerator", "manager", "bus"},
    # the client's layers: a folder each, and main.c with the table of commands
    "client/ui": PURE,
    "client/core": PURE | {"client/ui"},
    "client/firmware": PURE | {"client/ui", "client/core"},
    "client/modem": PURE | {"client/ui", "client/core"},
    "client/job": PURE | {"client/ui", "client/core", "client/modem"},
    "client/doctor": PURE | {"client/ui", "client/core", "client/modem", "client/job"},
    "client/notify": PURE | {"client/ui", "client/core", "client/modem", "client/job"},
    "client/commands": PURE | {"client/ui", "client/core", "client/firmware", "client/modem", "client/job",
                               "client/doctor", "client/notify"},
    "client": PURE | {"client/ui", "client/core", "client/commands"},
    # the virtual board is not written on the daemon's code, so that one bug cannot hide in both
    "board-program": set(),
}
NO_IO = {"codec", "plan"}
CLIENT = {layer for layer in BELOW if layer.split("/")[0] == "client"}
NOT_DAEMON = {"common", "main", "board-program"} | CLIENT
# The pure layers: no I/O, no GObject. common/error.h brings the GError domain, whose type lives in GLib.
IMPURE_HEADER = re.compile(r"^(gio/|glib-object\.h|gobject/|sys/|fcntl\.h|unistd\.h|termios\.h|poll\.h)")
IMPURE_WORD = re.compile(
    r"\b(G_DECLARE_\w+|G_DEFINE_(?:FINAL_|ABSTRACT_)?TYPE\w*|GObject\w*|GTask|GCancellable|GAsync\w+|GFile|G\w*Stream"
    r"|GMain\w+|GSource|GDBus\w+)\b")
# What the client prints goes through client/ui/output.c, which cleans it. Files that print what is clean already, or has
# to be raw, are named.
PRINTS = re.compile(r"\b(g_print|g_printerr|v?f?printf|v?dprintf|f?puts|f?putc|putchar|fwrite|perror|fputs_unlocked"
                    r"|putc_unlocked|g_(?:error|warning|message|critical|info|debug))\s*\(")
UNCLEAN = re.compile(r"\b(sqns_out_screen|sqns_err_screen|sqns_out_bytes)\s*\(")
PRINTER = "client/ui/output.c"
MAY_BE_UNCLEAN = {"client/ui/bars.c": "sqns_err_screen", "client/commands/doctor.c": "sqns_out_screen",
                  "client/ui/json.c": "sqns_out_bytes", "client/commands/console.c": "sqns_out_bytes"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)
# A function's name stands at the beginning of its line, its type on the line above.
DEFINITION = re.compile(r"^(?!static\b)\w[^\n]*\n([a-z]\w+) \(", re.M)
WORD = re.compile(r"\b[a-z]\w+\b")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", re.S)


def layer_of(path):
    """The layer of a file of the daemon or the client, or of a header as an include names it."""
    top, *folders = path.split("/")[:-1]
    if top == "daemon":
        return folders[0] if folders else "main"
    return f"client/{folders[0]}" if top == "client" and folders else top


def sources(root):
    """(layer, path relative to @root) of each C file of both programs and of the virtual board."""
    for top, layer in (("common", "common"), ("daemon", None), ("client", None), ("tests/board", "board-program")):
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    path = os.path.relpath(os.path.join(folder, name), root)
                    yield layer or layer_of(path), path


def generated_headers(root):
    """Names of the headers that gdbus-codegen makes, as the build files name them."""
    names = set()
    for folder, _, files in itertools.chain.from_iterable(os.walk(os.path.join(root, top)) for top in ("common", "daemon")):
        if "meson.build" in files:
            text = open(os.path.join(folder, "meson.build"), encoding="utf-8").read()
            names |= {name + ".h" for name in re.findall(r"gdbus_codegen\s*\(\s*'([^']+)'", text)}
    return names


def check(root):
    problems = []
    generated = generated_headers(root)
    layers = set(BELOW) - NOT_DAEMON
    # headers that a compiler would also find without the layer's name, which is what hides an upward include
    plain = {os.path.basename(path) for layer, path in sources(root) if layer in layers and path.endswith(".h")}
    for layer, path in sources(root):
        if layer not in BELOW:
            problems.append(f"{path}: a layer that tests/check-layers.py does not know")
            continue
        text = open(os.path.join(root, path), encoding="utf-8").read()
        for kind, header in INCLUDE.findall(text):
            target = layer_of(header) if "/" in header else None
            if kind == '"' and target in set(BELOW) and target != layer and target not in BELOW[layer]:
                problems.append(f"{path}: {layer} may not include {header}")
            if layer not in NOT_DAEMON and kind == '"' and header in plain:
                problems.append(f'{path}: "{header}" wants its layer before it')
            if header.startswith("gudev/") and layer != "enumerator":
                problems.append(f"{path}: only the enumerator may include {header}")
            if os.path.basename(header) in generated and layer not in {"bus"} | CLIENT:
                problems.append(f"{path}: only the bus and the client may include generated {header}")
            if layer in NO_IO and IMPURE_HEADER.match(header):
                problems.append(f"{path}: {layer} is pure, it may not include {header}")
        if layer in CLIENT and path != PRINTER and path.endswith(".c"):
            code = COMMENT.sub(" ", text)
            for word in sorted(set(PRINTS.findall(code))):
                problems.append(f"{path}: only {PRINTER} may use {word}")
            for word in sorted(set(UNCLEAN.findall(code)) - {MAY_BE_UNCLEAN.get(path)}):
                problems.append(f"{path}: {word} is not for it")
        if layer in NO_IO:
            for word in sorted(set(IMPURE_WORD.findall(COMMENT.sub(" ", text)))):
                problems.append(f"{path}: {layer} is pure, it may not use {word}")
        if path.endswith("-private.h"):
            problems.append(f"{path}: a private header means that there are two nouns")
    return problems + [f"{', '.join(circle)}: need each other" for circle in circles(root)]


def room(path):
    """A .c file and its header are one."""
    return path.rsplit(".", 1)[0]


def program(path):
    """The virtual board has names of its own, which may be those of another program."""
    return path.startswith("tests/board/")


def needs(root):
    """room → the rooms that it includes or whose functions it calls."""
    texts = {path: COMMENT.sub(" ", open(os.path.join(root, path), encoding="utf-8").read()) for _, path in sources(root)}
    headers, home = {}, {}
    for path, text in texts.items():
        if path.endswith(".c"):
            for name in DEFINITION.findall(text):
                home.setdefault((program(path), name), room(path))
        else:
            headers[path.removeprefix("daemon/")] = room(path)
    graph = {room(path): set() for path in texts}
    for path, text in texts.items():
        raw = open(os.path.join(root, path), encoding="utf-8").read()
        for kind, header in INCLUDE.findall(raw):
            if kind == '"':
                near = os.path.join(os.path.dirname(path), header)
                target = headers.get(header) or (room(near) if near in texts else None)
                graph[room(path)] |= {target} if target else set()
        if path.endswith(".c"):
            words = {(program(path), name) for name in WORD.findall(text)}
            graph[room(path)] |= {home[word] for word in words & set(home)}
    return {name: targets - {name} for name, targets in graph.items()}


def circles(root):
    """Sets of rooms that need each other, each as a sorted tuple."""
    graph = needs(root)

    def reach(start):
        seen, todo = set(), [start]
        while todo:
            for target in graph.get(todo.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen

    reached = {name: reach(name) for name in graph}
    return sorted({tuple(sorted(other for other in graph if other in reached[name] and name in reached[other]))
                   for name in graph if name in reached[name]})


PLANTED = {
    "common/power.c": '#include "base/log.h"\n',
    "daemon/base/log.c": '#include "plan/plan.h"\n',
    "daemon/codec/at.c": '#include <gio/gio.h>\n',
    "daemon/codec/stp.c": '/* a GTask in a comment is none */\nstatic GCancellable *cancellable;\n',
    "daemon/plan/plan.c": "static GFile *file;\n",
    "daemon/serial/port.c": '#include "link/link.h"\n',
    "daemon/link/link.c": '#include "job/job.h"\n',
    "daemon/device/device.c": '#include <gudev/gudev.h>\n',
    "daemon/job/job.c": '#include "enumerator/enumerator.h"\n',
    "daemon/job/run-private.h": "",
    "daemon/enumerator/enumerator.c": '#include "device/device.h"\n',
    "daemon/manager/manager.c": '#include "bus/bus-names.h"\n',
    "daemon/manager/queue.c": '#include "sqns-generated.h"\n',
    "daemon/gadget/gadget.c": "",
    "daemon/serial/port.h": "",
    "daemon/at/wake.c": '#include "port.h"\n',
    "client/core/ctl.c": '#include "link/link.h"\n',
    "client/commands/list.c": 'g_print ("%s", name);\n',
    "client/ui/table.c": 'sqns_out_screen (text);\n',
    "client/ui/bar.c": '#include "client/core/ctl.h"\n',
    "client/job/report.c": '#include "client/main.h"\n',
    "client/ui/json.c": 'sqns_err_screen (text);\n',
    "tests/board/modem.c": '#include "codec/stp.h"\n',
    "tests/board/one.c": "int\none_go (void)\n{\n  return two_go ();\n}\n",
    "tests/board/two.c": "int\ntwo_go (void)\n{\n  return one_go ();\n}\n",
    # a circle is told once, with its first file
    "daemon/base/alpha.c": "void\nsqns_alpha (void)\n{\n  sqns_beta ();\n}\n",
    "daemon/base/beta.c": '#include "base/alpha.h"\nvoid\nsqns_beta (void)\n{\n}\n',
    "daemon/base/alpha.h": "void sqns_alpha (void);\n",
}
SILENT = {"daemon/serial/port.h", "daemon/base/beta.c", "daemon/base/alpha.h", "daemon/base/alpha.c", "tests/board/one.c",
          "tests/board/two.c"}
HARMLESS = {
    "common/error.c": '#include "common/error.h"\n#include <gio/gio.h>\n',
    "daemon/codec/caba.c": '#include "codec/caba.h"\n#include "common/error.h"\n#include <string.h>\nchar *s = "GTask";\n',
    "daemon/enumerator/enumerator.c": '#include "base/board-facts.h"\n#include <gudev/gudev.h>\n',
    "daemon/bus/bus.c": '#include "sqns-generated.h"\n#include "manager/manager.h"\n',
    "daemon/bus/meson.build": "generated = gnome.gdbus_codegen('sqns-generated', sources: xml)\n",
    "daemon/manager/rules-file.c": '#include "rules-resource.h"\n',
    "daemon/main.c": '#include "bus/bus.h"\n',
    "tests/board/stp-slave.c": '#include "checksum.h"\n',
    "client/commands/show.c": '#include "codec/caba.h"\n#include "client/core/ctl.h"\ng_strdup_printf ("printf (");\n',
    "client/ui/output.c": 'g_print ("%s", clean);\n',
    "client/ui/bars.c": 'sqns_err_screen (line);\n',
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
        expected = sorted(["daemon/base/alpha, daemon/base/beta", "tests/board/one, tests/board/two",
                           *(path for path in PLANTED if path not in SILENT)])
        assert by_file == expected, "\n".join(found)
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
