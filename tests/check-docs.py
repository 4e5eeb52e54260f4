#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares what is written with what is built.

- each command and option that a program's --help tells stands in its man page, and the other way round;
- each D-Bus member is documented in data/dbus, is one that the interface promises, and is what the running daemon offers;
- each file that the documents (*.md, docs/*.md) name exists; the picture of the layers has every folder of the daemon, no other;
- CONTRIBUTING.md has at most 120 lines.

usage: check-docs.py SOURCE_ROOT --sqnsd PATH --sqnsctl PATH --board PATH
"""
import argparse
import ast
import glob
import os
import pty
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

from sqnstest.folders import temporary_folder

DEADLINE = 30  # seconds for anything that is waited for
ENTRY = re.compile(r"^\s+(?:-\w, )?(--[a-z][a-z0-9-]*)", re.M)
DOCUMENTED = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")

# The interface as it was promised to its users: name → signature of arguments in, "→", out; of a property: its type.
PROMISED = {
    "Manager": {
        "methods": {"Inspect": "ha{sv}→a{sv}", "AddPort": "sa{sv}→o", "RemovePort": "o→", "UpgradeMany": "aoha{sv}→ao",
                    "Inhibit": "ssa{sv}→h", "GetHistory": "a{sv}ut→aa{sv}", "SetDraining": "b→"},
        "properties": {"Version": "s", "MaxConcurrent": "u", "RunningJobs": "u", "QueuedJobs": "u", "Draining": "b",
                       "Inhibitors": "a(sst)"},
        "signals": {"JobFinished": "oosss"},
    },
    "Modem": {
        "methods": {"Refresh": "a{sv}→", "Identify": "a{sv}→a{sv}", "Upgrade": "ha{sv}→o", "Recover": "ha{sv}→o",
                    "Reset": "a{sv}→", "OpenConsole": "a{sv}→h"},
        "properties": {"Id": "s", "DevNode": "s", "IdPath": "s", "VendorId": "q", "ProductId": "q", "Board": "s",
                       "BoardFirmware": "s", "BoardNotes": "as", "Present": "b", "State": "s", "Link": "s",
                       "FirmwareVersion": "s", "Family": "s", "Versions": "a{ss}", "CurrentJob": "o", "Blockers": "as",
                       "LastError": "s", "LastSeen": "t"},
        "signals": {},
    },
    "Job": {
        "methods": {"Cancel": "a{sv}→", "Resume": "a{sv}→", "GetLog": "→h", "Forget": "→"},
        "properties": {"Uuid": "s", "Kind": "s", "Modem": "o", "State": "s", "Phase": "s", "Message": "s", "Progress": "d",
                       "BytesDone": "t", "BytesTotal": "t", "Rate": "t", "Retries": "u", "Safe": "b", "PointOfNoReturn": "b",
                       "QueuePosition": "u", "NotBefore": "t", "NotAfter": "t", "Priority": "i", "Label": "s",
                       "CreatedAt": "t", "StartedAt": "t", "ExpectedEnd": "t", "FinishedAt": "t", "FirmwareName": "s",
                       "FirmwareSha256": "s", "VersionBefore": "s", "VersionAfter": "s", "ErrorName": "s",
                       "ErrorMessage": "s", "Advice": "s", "CreatorUid": "u"},
        "signals": {"Completed": "bss"},
    },
}

problems = []


def complain(text):
    problems.append(text)


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LC_ALL": "C", "TERM": "dumb"}, check=False)
    if done.returncode != 0:
        complain(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


# --- man pages -------------------------------------------------------------------------------------------------------


def man_text(path):
    """The source of a man page without its markup."""
    text = open(path, encoding="utf-8").read()
    text = re.sub(r'^\.\\".*$', "", text, flags=re.M)
    return re.sub(r"\\f[BIRP]", "", text).replace("\\-", "-").replace("\\&", "")


def compare(what, helped, written, page):
    for word in sorted(helped - written):
        complain(f"{page}: {what} {word} is in --help, not in the man page")
    for word in sorted(written - helped):
        complain(f"{page}: {what} {word} is in the man page, not in --help")


def check_program(program, page):
    if not os.path.exists(page):
        complain(f"{page} is missing")
        return
    helped = set(ENTRY.findall(output(program, "--help"))) - {"--help"}
    compare("option", helped, set(DOCUMENTED.findall(man_text(page))) - {"--help"}, page)


def commands_of_help(text):
    """As the help's list names them."""
    listed = text.partition("\nCommands:\n")[2].partition("\n\n")[0]
    return {line.split()[0] for line in listed.splitlines() if re.match(r"  [a-z]", line)}


def section(page_source, name):
    found = re.search(rf'^\.SH "?{name}"?\n(.*?)(?=^\.SH |\Z)', page_source, re.M | re.S)
    return found.group(1) if found else ""


def commands_of_page(page):
    """What the section COMMANDS has as tagged paragraphs: the first word of each."""
    source = open(page, encoding="utf-8").read()
    words = re.findall(r"^\.T[PQ].*\n(?:\.[BI]+R? )?\"?(?:\\f[BI])?([a-z]+)", section(source, "COMMANDS"), re.M)
    return set(words)


def check_client(program, page):
    if not os.path.exists(page):
        complain(f"{page} is missing")
        return
    text = output(program, "--help")
    commands = commands_of_help(text)
    if not commands:
        complain(f"{program} --help tells no commands")
    compare("command", commands, commands_of_page(page), page)
    helped = set(ENTRY.findall(text))
    for command in sorted(commands):
        helped |= set(ENTRY.findall(output(program, command, "--help")))
    compare("option", helped - {"--help"}, set(DOCUMENTED.findall(man_text(page))) - {"--help"}, page)


# --- D-Bus -----------------------------------------------------------------------------------------------------------


def members(interface):
    """What an <interface> offers, in the form of PROMISED."""
    def arguments(element, direction):
        return "".join(a.get("type") for a in element.findall("arg") if a.get("direction", "in") == direction)

    return {
        "methods": {m.get("name"): f"{arguments(m, 'in')}→{arguments(m, 'out')}" for m in interface.findall("method")},
        "properties": {p.get("name"): p.get("type") for p in interface.findall("property")},
        "signals": {s.get("name"): "".join(a.get("type") for a in s.findall("arg")) for s in interface.findall("signal")},
    }


def compare_members(where, have, want):
    for kind in ("methods", "properties", "signals"):
        for name in sorted(set(have[kind]) | set(want[kind])):
            if have[kind].get(name) != want[kind].get(name):
                complain(f"{where}: {name} is {have[kind].get(name)}, should be {want[kind].get(name)}")


def check_xml(folder):
    """Each member has a comment before it that begins with its name."""
    for name, want in PROMISED.items():
        path = os.path.join(folder, f"org.sqnsd1.{name}.xml")
        text = open(path, encoding="utf-8").read()
        interface = ET.fromstring(text.encode()).find("interface")
        compare_members(path, members(interface), want)
        for kind in ("interface", "method", "property", "signal"):
            for match in re.finditer(rf'<{kind} name="([^"]+)"', text):
                before = text[: match.start()].rstrip()
                comment = before[before.rindex("<!--") + 4 : -3] if before.endswith("-->") else ""
                title, _, words = comment.partition(":")
                if title.strip() != match.group(1) or not words.strip():
                    complain(f"{path}: {match.group(1)} has no comment")


class Bus:
    """A private bus with the daemon on it."""

    def __init__(self, sqnsd, work):
        self.children = []
        self.bus = self.start(["dbus-daemon", "--session", f"--address=unix:path={work}/bus", "--nofork", "--nopidfile",
                               "--print-address"], stdout=subprocess.PIPE, text=True)
        self.address = self.bus.stdout.readline().strip()
        self.daemon = self.start([sqnsd, f"--bus={self.address}", "--no-udev", f"--state-dir={work}/state"])
        output("gdbus", "wait", f"--address={self.address}", f"--timeout={DEADLINE}", "org.sqnsd1")

    def start(self, command, **keywords):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **keywords)
        self.children.append(child)
        return child

    def introspect(self, path):
        answer = output("gdbus", "call", f"--address={self.address}", "--dest=org.sqnsd1", f"--object-path={path}",
                        "--method=org.freedesktop.DBus.Introspectable.Introspect")
        return ET.fromstring(ast.literal_eval(answer)[0])

    def first_child(self, path):
        node = self.introspect(path).find("node")
        return f"{path}/{node.get('name')}" if node is not None else None

    def stop(self):
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                complain(f"{child.args[0]} does not end")
                child.kill()
                child.wait()
        if self.daemon.returncode != 0:
            complain(f"sqnsd ended with {self.daemon.returncode}")


def check_daemon(arguments, work):
    """An object of each kind: a port that nothing is behind, and a job for it that is not due."""
    image = f"{work}/later.dup"
    output(sys.executable, f"{arguments.root}/tests/board/make-dup.py", image, "--size", "100000")
    master, slave = pty.openpty()
    bus = Bus(arguments.sqnsd, work)
    try:
        follower = bus.start([arguments.sqnsctl, "--bus", bus.address, "--json-stream", "upgrade", os.ttyname(slave), image,
                              "--not-before", "+10h"], stdout=subprocess.PIPE, text=True)
        # its first event comes when the job is there
        event = follower.stdout.readline()
        paths = {"Manager": "/org/sqnsd1", "Modem": bus.first_child("/org/sqnsd1/modem"),
                 "Job": bus.first_child("/org/sqnsd1/job")}
        for name, path in paths.items():
            if path is None:
                complain(f"the daemon has no object for {name}; sqnsctl said {event!r}")
                continue
            for interface in bus.introspect(path).findall("interface"):
                if interface.get("name") == f"org.sqnsd1.{name}":
                    compare_members(path, members(interface), PROMISED[name])
                    break
            else:
                complain(f"{path} has no interface org.sqnsd1.{name}")
    finally:
        bus.stop()
        os.close(master)
        os.close(slave)


# --- README and CONTRIBUTING -----------------------------------------------------------------------------------------


def check_paths(root):
    documents = sorted(glob.glob(os.path.join(root, "*.md")) + glob.glob(os.path.join(root, "docs", "*.md")))
    names = [os.path.relpath(path, root) for path in documents]
    for document in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "NEWS.md", "docs/architecture.md"):
        if document not in names:
            complain(f"{document} is missing")
    for path, document in zip(documents, names):
        text = open(path, encoding="utf-8").read()
        for name in sorted(set(re.findall(r"(?<![\w/.-])(?:(?:daemon|client|data|tests|scripts|man)/|\.ci/)[\w./*-]*\w", text))):
            if "NAME" not in name and not glob.glob(os.path.join(root, name)):
                complain(f"{document}: {name} does not exist")
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            if not os.path.exists(os.path.join(os.path.dirname(path), link)):
                complain(f"{document}: the link to {link} leads nowhere")
    if len(open(os.path.join(root, "CONTRIBUTING.md"), encoding="utf-8").readlines()) > 120:
        complain("CONTRIBUTING.md has more than 120 lines: is it still a guide?")


def check_picture(root):
    """docs/architecture.svg has the folders of the daemon and what stands beside them."""
    picture = open(os.path.join(root, "docs", "architecture.svg"), encoding="utf-8").read()
    drawn = set(re.findall(r'class="name">([^<]+)<', picture))
    folders = {entry.name for entry in os.scandir(os.path.join(root, "daemon")) if entry.is_dir()}
    expected = folders | {"main", "common", "client", "tests/board"}
    if drawn != expected:
        complain(f"docs/architecture.svg: missing {sorted(expected - drawn)}, too many {sorted(drawn - expected)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root")
    for name in ("sqnsd", "sqnsctl", "board"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    man = os.path.join(arguments.root, "man")

    check_program(arguments.sqnsd, f"{man}/sqnsd.8")
    check_program(arguments.board, f"{man}/sqns-board.1")
    check_client(arguments.sqnsctl, f"{man}/sqnsctl.1")
    check_xml(os.path.join(arguments.root, "data", "dbus"))
    check_paths(arguments.root)
    check_picture(arguments.root)
    work = temporary_folder("sqns-docs-")
    try:
        check_daemon(arguments, work)
    finally:
        shutil.rmtree(work)
    print("\n".join(problems) or "what is written is what is built")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
