# SPDX-License-Identifier: LGPL-2.1-or-later
"""The deadline of whatever a test waits for, and waiting in the main loop until then."""
import os
import time

from gi.repository import GLib

DEADLINE_S = float(os.environ.get('SQNS_DEADLINE', '180'))  # some commands wait for a modem that never answers


def wait_for(condition, what, deadline_s=DEADLINE_S, every_ms=50):
    """Runs the main loop until @condition returns something true, and returns that."""
    deadline = time.monotonic() + deadline_s
    tick = GLib.timeout_add(every_ms, lambda: True)
    try:
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError('deadline: ' + what)
            GLib.MainContext.default().iteration(True)
    finally:
        GLib.source_remove(tick)
