# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private message bus, and connections to it that hear every signal of the daemon."""
import os
import subprocess
import time

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

from sqnstest.deadlines import DEADLINE_S, wait_for  # noqa: E402

NAME = 'org.sqnsd1'
ROOT = '/org/sqnsd1'
ERROR = 'org.sqnsd1.Error.'
DBUS_ERROR = 'org.freedesktop.DBus.Error.'
DBUS = ('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus')
# like a session bus, but open to other users: the daemon must turn them away itself
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    {rules}
  </policy>
</busconfig>
"""


class Bus:
    """A dbus-daemon whose socket and services are in @folder."""

    def __init__(self, folder, rules='', name='bus'):
        self.services = os.path.join(folder, name + '-services')
        os.makedirs(self.services)
        path = os.path.join(folder, name)
        self.address = 'unix:path=' + path
        config = path + '.conf'
        with open(config, 'w', encoding='utf-8') as out:
            out.write(CONFIG.format(socket=path, services=self.services, rules=rules))
        self.process = subprocess.Popen(['dbus-daemon', '--config-file=' + config, '--nofork', '--print-address'],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process.stdout.readline()
        os.chmod(path, 0o777)

    def service(self, name, command):
        """Makes @name a service that the bus starts by @command, from its start or the next reload() on."""
        with open(os.path.join(self.services, name + '.service'), 'w', encoding='utf-8') as out:
            out.write('[D-BUS Service]\nName=%s\nExec=%s\n' % (name, command))

    def reload(self):
        bus = connect(self.address)
        bus.call_sync(*DBUS, 'ReloadConfig', None, None, Gio.DBusCallFlags.NONE, -1, None)
        bus.close_sync(None)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


class Signal:
    def __init__(self, path, interface, name, args):
        self.path, self.interface, self.name, self.args = path, interface, name, args
        self.time = time.monotonic()


def connect(address):
    return Gio.DBusConnection.new_for_address_sync(
        address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)


def error_name(error):
    return Gio.DBusError.get_remote_error(error)


def option_types(**options):
    """a{sv} from label='x', not_before=5: the types of the interface."""
    types = {'speed': 'u', 'block_size': 'u', 'not_before': 't', 'not_after': 't', 'priority': 'i'}
    result = {}
    for key, value in options.items():
        kind = types.get(key) or ('b' if isinstance(value, bool) else 's')
        result[key.replace('_', '-')] = GLib.Variant(kind, value)
    return result


class Connection:
    """A connection of its own to the bus; calls the daemon by path, interface and method."""

    def __init__(self, address):
        self.bus = connect(address)
        self.signals = []
        self.bus.signal_subscribe(NAME, None, None, None, None, Gio.DBusSignalFlags.NONE, self.on_signal)

    def on_signal(self, _bus, _sender, path, interface, name, params):
        self.signals.append(Signal(path, interface, name, params.unpack()))

    def begin(self, path, method, signature=None, args=(), files=(), interactive=False):
        """Sends a call with descriptors, or files by their paths; the list that will hold finish()."""
        interface, method = method.rsplit('.', 1)
        fds = Gio.UnixFDList.new()
        for file in files:
            if isinstance(file, int):
                fds.append(file)
            else:
                with open(file, 'rb') as opened:
                    fds.append(opened.fileno())
        flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else Gio.DBusCallFlags.NONE
        answer = []
        self.bus.call_with_unix_fd_list(
            NAME, path, interface if '.' in interface else 'org.sqnsd1.' + interface, method,
            GLib.Variant(signature, args) if signature else None, None, flags, int(DEADLINE_S * 1000), fds, None,
            lambda bus, result: answer.append(self.finish(result)))
        return answer

    def call(self, path, method, *arguments, **options):
        """The reply's values; with descriptors in it: (values, [fd])."""
        answer = self.begin(path, method, *arguments, **options)
        wait_for(lambda: answer, 'the reply to ' + method)
        if isinstance(answer[0], GLib.Error):
            raise answer[0]
        return answer[0]

    def finish(self, result):
        try:
            reply, fds = self.bus.call_with_unix_fd_list_finish(result)
        except GLib.Error as error:
            return error
        values = reply.unpack()
        return (values, fds.steal_fds()) if fds is not None and fds.get_length() > 0 else values

    def owner_pid(self):
        """The process that owns the daemon's name; a killed one may own it for a moment."""
        try:
            return self.bus.call_sync(*DBUS, 'GetConnectionUnixProcessID', GLib.Variant('(s)', (NAME,)), None,
                                      Gio.DBusCallFlags.NONE, -1, None).unpack()[0]
        except GLib.Error:
            return None

    def is_owned(self):
        return self.bus.call_sync(*DBUS, 'NameHasOwner', GLib.Variant('(s)', (NAME,)), None, Gio.DBusCallFlags.NONE, -1,
                                  None).unpack()[0]

    def properties(self, path, interface):
        return self.call(path, 'org.freedesktop.DBus.Properties.GetAll', '(s)', ('org.sqnsd1.' + interface,))[0]

    def objects(self):
        return self.call(ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects')[0]

    def add_port(self, port, **options):
        return self.call(ROOT, 'Manager.AddPort', '(sa{sv})', (port, option_types(**options)))[0]

    def upgrade(self, modem, path, **options):
        fd = os.open(path, os.O_RDONLY)
        try:
            return self.call(modem, 'Modem.Upgrade', '(ha{sv})', (0, option_types(**options)), [fd])[0]
        finally:
            os.close(fd)

    def wait_state(self, job, *states):
        return wait_for(lambda: self.job_if(job, states), '%s to be %s' % (job, ' or '.join(states)))

    def job_if(self, job, states):
        now = self.properties(job, 'Job')
        return now if now['State'] in states else None

    def wait_signal(self, name, path=None):
        return wait_for(lambda: [s for s in self.signals if s.name == name and path in (None, s.path)], name)[0]

    def close(self):
        self.bus.close_sync(None)
