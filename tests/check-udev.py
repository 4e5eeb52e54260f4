#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays the udev rules for the boards that they are for, and compares their ids with those of the enumerator.

usage: check-udev.py RULES TTY_FACTS_C
"""
import re
import sys

TOKEN = re.compile(r'\s*([A-Z]+)(?:\{([^}]*)\})?\s*(==|!=|\+=|=)\s*"([^"]*)"\s*(?:,|$)')
MATCHES = {"ACTION", "SUBSYSTEM", "SUBSYSTEMS", "ENV", "ATTRS"}
PYCOM = {("04d8", p) for p in ("f013", "f012", "ef38", "ef98", "ed14")}
FTDI = ("0403", "6015")


def parse(path):
    """A list of rules, each a list of (key, attribute, operator, value); a line that is no rule is an error."""
    rules = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        rule, at = [], 0
        while at < len(line):
            token = TOKEN.match(line, at)
            if not token:
                raise SyntaxError(f"{path}:{number}: not a udev rule: {line[at:]}")
            rule.append(token.groups())
            at = token.end()
        rules.append(rule)
    return rules


def glob(pattern, text):
    return any(re.fullmatch(re.escape(one).replace(r"\?", ".").replace(r"\*", ".*"), text) for one in pattern.split("|"))


def matches(key, attribute, operator, value, device):
    """One match of a rule; ATTRS and SUBSYSTEMS look at the USB device only, which is enough for these rules."""
    have = {
        "ACTION": device["action"],
        "SUBSYSTEM": device["subsystem"],
        "SUBSYSTEMS": device["bus"],
        "ENV": device["env"].get(attribute, ""),
        "ATTRS": device["attrs"].get(attribute, ""),
    }[key]
    return glob(value, have) == (operator == "==")


def play(rules, device):
    """The properties that the device has after the rules."""
    at = 0
    while at < len(rules):
        jump, hit = None, True
        for key, attribute, operator, value in rules[at]:
            if key in ("LABEL",):
                continue
            if key == "GOTO":
                jump = value
            elif operator in ("==", "!="):
                if key not in MATCHES:
                    raise SyntaxError(f"cannot match {key}")
                hit = hit and matches(key, attribute, operator, value, device)
            elif key == "ENV" and operator == "+=":
                if hit:
                    device["env"][attribute] = (device["env"].get(attribute, "") + " " + value).strip()
            elif key == "ENV":
                if hit:
                    device["env"][attribute] = value
            elif key == "TAG" and operator == "+=":
                if hit:
                    device["env"]["TAGS"] = device["env"].get("TAGS", ":") + value + ":"
            else:
                raise SyntaxError(f"cannot set {key}")
        at += 1
        if hit and jump:
            at = next(n for n, rule in enumerate(rules) if ("LABEL", None, "=", jump) in rule)
    return device["env"]


def device(subsystem, ids, action="add", bus="usb"):
    env = {"DEVTYPE": "usb_device"} if subsystem == "usb" else {}
    return {"subsystem": subsystem, "action": action, "bus": bus, "env": env,
            "attrs": {"idVendor": ids[0], "idProduct": ids[1]}}


def ids_of_code(path):
    text = open(path, encoding="utf-8").read()
    vendors = dict(re.findall(r"#define (VENDOR_\w+) 0x([0-9a-f]{4})", text))
    return {(vendors[v], p) for v, p in re.findall(r"\{ (VENDOR_\w+), 0x([0-9a-f]{4}) \}", text)}


def main():
    rules = parse(sys.argv[1])
    failures = []

    def expect(what, env, key, value):
        if env.get(key) != value:
            failures.append(f"{what}: {key} is {env.get(key)}, should be {value}")

    boards = PYCOM | {FTDI}
    if ids_of_code(sys.argv[2]) != boards:
        failures.append(f"ids of the enumerator are {sorted(ids_of_code(sys.argv[2]))}, should be {sorted(boards)}")
    for ids in sorted(boards):
        for action in ("add", "change"):
            tty = play(rules, device("tty", ids, action))
            expect(f"tty of {ids}, {action}", tty, "ID_SQNSD_CANDIDATE", "1")
            expect(f"tty of {ids}, {action}", tty, "ID_MM_DEVICE_IGNORE", "1")
            expect(f"tty of {ids}, {action}", tty, "SYSTEMD_WANTS", "sqnsd.service")
            expect(f"tty of {ids}, {action}", tty, "TAGS", ":systemd:")  # systemd looks at no other device
            usb = play(rules, device("usb", ids, action))
            expect(f"USB device {ids}, {action}", usb, "ID_SQNSD_CANDIDATE", None)
            expect(f"USB device {ids}, {action}", usb, "ID_MM_DEVICE_IGNORE", "1")
            expect(f"USB device {ids}, {action}", usb, "SYSTEMD_WANTS", None)
    strangers = [
        ("another vendor", device("tty", ("2e8a", "f013"))),
        ("a boot loader", device("usb", ("04d8", "ef99"))),
        ("another FTDI", device("tty", ("0403", "6001"))),
        ("a port on no USB", device("tty", ("04d8", "f013"), bus="pnp")),
        ("something else on a board", device("net", ("04d8", "f013"))),
        ("a board that goes", device("tty", ("04d8", "f013"), "remove")),
    ]
    for what, stranger in strangers:
        env = play(rules, stranger)
        expect(what, env, "ID_SQNSD_CANDIDATE", None)
        expect(what, env, "ID_MM_DEVICE_IGNORE", None)
        expect(what, env, "SYSTEMD_WANTS", None)
    print("\n".join(failures) or f"{len(boards)} ids, {len(strangers)} strangers: ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
