# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the Python tests share. Meson puts the folder above it into PYTHONPATH; by hand, tests/run does.

case        the base class of all test cases, and the few that add a daemon to it
bus         a private message bus and connections to it
daemon      a folder, a bus, and the daemons on it
client      sqnsctl as a child process, on pipes or on a terminal; its exit codes
board       a process of the virtual board
board_case  tests of the virtual board itself
serial      the host's end of a serial port: raw REPL, AT, STP
dup         firmware files
jobs        jobs and their records on disk
hotplug     boards that udev reports
field       the rows of the field report
fake_daemon the D-Bus face of a daemon without a daemon behind it
dead_files  files that never answer
process     what the kernel knows about a process
folders     folders and programs that other users can reach
deadlines   the one deadline, and waiting until it
"""
import os

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
