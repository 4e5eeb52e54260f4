# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel knows about a process."""
import os
import re
import threading

SAMPLE_S = 0.2
NOBODY = 65534
IMAGE = re.compile(r'memfd:(sqnsd-firmware|.*\.dup)')  # as a reader process or sqnsctl names it


def comm(pid):
    with open('/proc/%s/comm' % pid, encoding='utf-8') as file:
        return file.read().strip()


def open_files(pid):
    """The targets of a process's descriptors, without those that it closes meanwhile."""
    links = []
    for fd in os.listdir('/proc/%d/fd' % pid):
        try:
            links.append(os.readlink('/proc/%d/fd/%s' % (pid, fd)))
        except FileNotFoundError:
            pass
    return links


class Process:
    def __init__(self, pid):
        self.pid = pid

    def read(self, name):
        with open('/proc/%d/%s' % (self.pid, name), encoding='utf-8', errors='replace') as file:
            return file.read()

    def status(self, key, task=None):
        return int(re.search(r'^%s:\s+(\d+)' % key, self.read('task/%s/status' % task if task else 'status'), re.M)[1])

    def peak_kib(self):
        return self.status('VmHWM')

    def rss_kib(self):
        return self.status('VmRSS')

    def cpu_s(self):
        """Of all its threads, in user and in kernel mode."""
        fields = self.read('stat').rsplit(') ', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def wakeups(self):
        """How often each of its threads has gone to sleep, by the name of the thread."""
        return {'%s %s' % (self.read('task/%s/comm' % task).strip(), task): self.status('voluntary_ctxt_switches', task)
                for task in os.listdir('/proc/%d/task' % self.pid)}

    def count_images(self):
        """Copies of the firmware: memory files by their inode, whether mapped or only open."""
        inodes = {line.split()[4] for line in self.read('maps').splitlines() if IMAGE.search(line)}
        folder = '/proc/%d/fd' % self.pid
        for fd in os.listdir(folder):
            try:
                if IMAGE.search(os.readlink(os.path.join(folder, fd))):
                    inodes.add(str(os.stat(os.path.join(folder, fd)).st_ino))
            except FileNotFoundError:
                pass
        return len(inodes)


class ImageWatch:
    """The most copies of the firmware that a process ever had."""

    def __init__(self, process):
        self.process = process
        self.most = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopped.wait(SAMPLE_S):
            self.most = max(self.most, self.process.count_images())

    def stop(self):
        self.stopped.set()
        self.thread.join()
        return self.most
