#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A fact has one home: looks for a type, an enum, a table of names or a dictionary that the programs have twice.

usage: check-homes.py SOURCE_ROOT | --self-test
"""
import itertools
import os
import re
import sys
import tempfile

TOPS = ("common", "daemon", "client")  # the virtual board has its own of everything, so that one bug cannot hide in both
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\\n])*")', re.S)
TYPE = re.compile(r"^typedef (?:enum|struct)[^;{]*\{[^}]*\} (Sqns\w+);", re.M | re.S)
ENUM = re.compile(r"^typedef enum \{([^}]*)\}", re.M)
MEMBER = re.compile(r"^\s*([A-Z]\w*)", re.M)
STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')
ARRAY = re.compile(r"\w\[\w*\]\s*= \{(.*?)\};", re.S)
# what a table of an enum's names consists of: strings, or pairs of a string and a value
ONLY_NAMES = re.compile(r'(?:\s*(?:\[\w+\] = )?(?:"[\w-]*"|NULL|\{ "[\w-]*", [A-Z]\w* \}|\{ [A-Z]\w*, "[\w-]*" \})\s*,?)+\s*$')
FUNCTION = re.compile(r"^\{\n(.*?)^\}", re.M | re.S)
RETURN = re.compile(r'\breturn "([a-zA-Z0-9-]+)";')
KEY = re.compile(r'\b\w*(?:insert|add|put|set_member)\w* \([^"();]*(?:"\{sv\}", )?"([a-z][a-z0-9-]+)", ')


def alike(a, b):
    """Whether two sets of words tell the same: three of them at least, and more than half of all."""
    return len(a & b) >= 3 and 2 * len(a & b) > len(a | b)


def facts(path, text):
    """(kind, name or None, words) of what @text is a home of."""
    code = COMMENT.sub(lambda match: match.group(1) or " ", text)
    for match in TYPE.finditer(code):
        yield "type", match.group(1), frozenset()
    for match in ENUM.finditer(code):
        members = MEMBER.findall(match.group(1).replace(",", "\n"))
        prefix = os.path.commonprefix(members) if len(members) > 1 else ""
        yield "enum", prefix, frozenset(member[len(prefix):] for member in members)
    if not path.endswith(".c"):
        return
    for match in ARRAY.finditer(code):
        if ONLY_NAMES.match(match.group(1)):
            yield "names", None, frozenset(STRING.findall(match.group(1)))
    for match in FUNCTION.finditer(code):
        yield "names", None, frozenset(RETURN.findall(match.group(1)))
        yield "dictionary", None, frozenset(KEY.findall(match.group(1)))


def check(root):
    found = []
    for top in TOPS:
        for folder, _, names in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    path = os.path.relpath(os.path.join(folder, name), root)
                    text = open(os.path.join(root, path), encoding="utf-8").read()
                    found += [(path, *fact) for fact in facts(path, text) if fact[0] == "type" or len(fact[2]) >= 3]
    problems = []
    for (a, kind, name, words), (b, other, other_name, others) in itertools.combinations(found, 2):
        if kind != other:
            continue
        if kind == "type":
            if name == other_name:
                problems.append(f"{a}, {b}: both define {name}")
        elif alike(words, others):
            problems.append(f"{a}, {b}: the same {kind}: {', '.join(sorted(words & others))}")
    return problems


PLANTED = {
    "common/types.h": "typedef enum {\n  SQNS_JOB_QUEUED,\n  SQNS_JOB_RUNNING, /* now */\n  SQNS_JOB_FAILED,\n} SqnsJobState;\n"
                      "typedef struct {\n  char *name;\n} SqnsBoard;\n",
    "common/types.c": 'const char *const names[] = { "queued", "running", [SQNS_JOB_FAILED] = "failed", NULL };\n',
    "client/job.h": "typedef enum {\n  S_UNKNOWN,\n  S_QUEUED,\n  S_RUNNING,\n  S_FAILED,\n} SqnsState;\n",
    "client/board.h": "typedef struct {\n  int fd;\n} SqnsBoard;\n",
    "client/job.c": 'static const struct {\n  const char *name;\n} table[] = {\n  { "queued", STATE_QUEUED },\n'
                    '  { "running", STATE_RUNNING },\n  { "failed", STATE_FAILED },\n};\n',
    "daemon/bus/job.c": 'const char *\nname (int i)\n{\n  if (i)\n    return "queued";\n  return i ? "running" : "x";\n'
                        '  return "running";\n  return "failed";\n}\n',
    "daemon/bus/info.c": 'void\ninfo (void)\n{\n  put (&dict, "size", "t", 1);\n  put (&dict, "version", "s", v);\n'
                         '  put (&dict, "sha256", "s", h);\n}\n',
    "client/report.c": 'void\nreport (void)\n{\n  g_variant_dict_insert (&dict, "sha256", "s", h);\n'
                       '  g_variant_builder_add (&dict, "{sv}", "size", s);\n  json_object_set_member (o, "version", v);\n}\n',
}
FOUND = [
    "common/types.c, client/job.c: the same names",
    "common/types.c, daemon/bus/job.c: the same names",
    "common/types.h, client/board.h: both define SqnsBoard",
    "common/types.h, client/job.h: the same enum",
    "daemon/bus/info.c, client/report.c: the same dictionary",
    "daemon/bus/job.c, client/job.c: the same names",
]
HARMLESS = {
    # other words, fewer than three, part of a longer table, a sentence, a comment
    "daemon/a.c": 'static const char *const names[] = { "poll", "mode", "reset", "speed" };\n',
    "daemon/b.c": 'static const char *const names[] = { "poll", "mode", "pause" };\n',
    "daemon/c.c": '/* names[] = { "poll", "mode", "reset", "speed" }; */\n'
                  'static const char *const t[] = { "poll mode reset" };\n',
    "daemon/d.c": 'static const Row rows[] = { { "poll", read_it, 1, "a" }, { "mode", read_it, 2, "b" } };\n',
    "daemon/a.h": "typedef enum {\n  A_POLL,\n  A_MODE,\n  A_RESET,\n} SqnsA;\n",
    "daemon/b.h": "typedef enum {\n  B_POLL,\n  B_OTHER,\n  B_RESET,\n} SqnsB;\n",
}


def write(root, files):
    for path, text in files.items():
        os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)


def self_test():
    """What is planted twice is found, and only that."""
    with tempfile.TemporaryDirectory() as root:
        write(root, HARMLESS)
        found = check(root)
        assert found == [], found
        write(root, PLANTED)
        found = sorted(re.sub(r"(the same \w+):.*", r"\1", problem) for problem in check(root))
        assert found == FOUND, "\n".join(found)
    print(f"{len(FOUND)} second homes found, {len(HARMLESS)} other files let through")


def main():
    if sys.argv[1] == "--self-test":
        self_test()
        return 0
    problems = check(sys.argv[1])
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
