# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coroutines on GLib's main loop: hundreds of runs wait in one thread."""
import signal
import time

from gi.repository import GLib


class Later:
    """A result that comes later; only the first one counts."""

    def __init__(self):
        self.done = False
        self.value = None
        self.error = None
        self.wakes = []

    def set(self, value=None, error=None):
        if self.done:
            return
        self.done, self.value, self.error = True, value, error
        for wake in self.wakes:
            GLib.idle_add(lambda wake=wake: wake() and False, priority=GLib.PRIORITY_DEFAULT)
        self.wakes = []

    def __await__(self):
        if not self.done:
            yield self
        if self.error is not None:
            raise self.error
        return self.value


def spawn(coroutine):
    """Starts a coroutine; returns the Later of its end."""
    end = Later()

    def step():
        try:
            awaited = coroutine.send(None)
        except StopIteration as stop:
            end.set(stop.value)
        except Exception as error:  # pylint: disable=broad-except
            end.set(error=error)
        else:
            awaited.wakes.append(step)
        return False
    GLib.idle_add(step, priority=GLib.PRIORITY_DEFAULT)
    return end


async def pause(ms):
    await until(Later(), ms)


async def until(later, ms):
    """Whether @later comes within @ms."""
    if later.done:
        return True
    either, waiting = Later(), [True]

    def over():
        waiting.clear()
        either.set()
    later.wakes.append(either.set)
    timer = GLib.timeout_add(max(int(ms), 1), over)
    await either
    if waiting:
        GLib.source_remove(timer)
    if not later.done:
        later.wakes.remove(either.set)
    return later.done


async def wait_for(condition, what, deadline_s, every_ms=50):
    end = time.monotonic() + deadline_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError('deadline: ' + what)
        await pause(every_ms)


def run(coroutine):
    """Runs a coroutine until it ends or Ctrl-C is pressed; its result."""
    loop = GLib.MainLoop()
    end = spawn(coroutine)
    end.wakes.append(loop.quit)
    source = GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGINT, loop.quit)
    if not end.done:
        loop.run()
    if not end.done:
        raise KeyboardInterrupt
    GLib.source_remove(source)
    if end.error is not None:
        raise end.error
    return end.value
