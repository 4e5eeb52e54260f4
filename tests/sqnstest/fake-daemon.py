#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon's D-Bus face without a daemon behind it: what it says is what a test tells it to.

    fake-daemon.py DIRECTORY_OF_XML BUS_ADDRESS

Orders come as lines of JSON on stdin, {"do": NAME, ...}; each is answered by {"done": NAME} on stdout when the bus has it.
Every method call is reported there as {"call": METHOD, "path": ..., "args": [...], "interactive": ..., "files": [sha256]}.

    modem  id, props                  a modem object
    job    uuid, modem, props         a job object
    set    path, props                properties change
    finish path, state, error, message, props, order
                                      the end of a job: "Completed" before the properties (order "signal-first"), after
                                      them, without them being told at all ("signal-only"), or as the last word of a
                                      daemon that leaves the bus then ("last-words")
    fail   method, error, message,    the next calls of that method fail, or as many as times says; without error:
           times                      no more
    hold   method                     the next call of that method is not answered until
    release                           lets it be
    console answers                   {command: answer} for OpenConsole; null closes the stream
    log    text                       for GetLog
    remove path                       the object goes
    drop                              leaves the bus without a word
"""
import fcntl
import hashlib
import json
import os
import socket
import sys

import gi

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

NAME = 'org.sqnsd1'
F_GET_SEALS = 1034  # linux/fcntl.h
SEALED = 2 | 4 | 8  # against shrinking, growing and writing
ROOT = '/org/sqnsd1'
MANAGER_XML = """<node><interface name="org.freedesktop.DBus.ObjectManager">
  <method name="GetManagedObjects"><arg type="a{oa{sa{sv}}}" direction="out"/></method>
  <signal name="InterfacesAdded"><arg type="o"/><arg type="a{sa{sv}}"/></signal>
  <signal name="InterfacesRemoved"><arg type="o"/><arg type="as"/></signal>
</interface></node>"""
EMPTY = {'s': '', 'o': '/', 'b': False, 'd': 0.0, 'as': [], 'a{ss}': {}, 'a(sst)': []}


class FakeDaemon:
    def __init__(self, xml_dir, address):
        self.interfaces = {}
        for name in ('Manager', 'Modem', 'Job'):
            with open(os.path.join(xml_dir, 'org.sqnsd1.%s.xml' % name), encoding='utf-8') as xml:
                self.interfaces[name] = Gio.DBusNodeInfo.new_for_xml(xml.read()).interfaces[0]
        self.bus = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None,
            None)
        self.bus.set_exit_on_close(True)
        self.objects = {}  # path → (kind, {property: GLib.Variant}, registration)
        self.failures = {}
        self.held_method = None
        self.held = []
        self.answers = {}
        self.log = ''
        self.consoles = []
        self.made = 0
        self.register(ROOT, 'Manager', {'Version': '0.1.0', 'MaxConcurrent': 4, 'RunningJobs': 2})
        info = Gio.DBusNodeInfo.new_for_xml(MANAGER_XML).interfaces[0]
        self.bus.register_object(ROOT, info, self.on_managed_objects, None, None)
        Gio.bus_own_name_on_connection(self.bus, NAME, Gio.BusNameOwnerFlags.NONE, self.on_named, None)

    def say(self, **message):
        print(json.dumps(message), flush=True)

    def on_named(self, bus, name):
        self.say(ready=True)

    # --- objects ---

    def variant(self, kind, name, value):
        info = self.interfaces[kind].lookup_property(name)
        return GLib.Variant(info.signature, value)

    def register(self, path, kind, props):
        values = {info.name: GLib.Variant(info.signature, EMPTY.get(info.signature, 0))
                  for info in self.interfaces[kind].properties}
        values.update({name: self.variant(kind, name, value) for name, value in props.items()})
        number = self.bus.register_object(path, self.interfaces[kind], self.on_call,
                                          lambda c, s, p, i, name: self.objects[p][1][name], None)
        self.objects[path] = (kind, values, number)
        if path != ROOT:
            self.emit(ROOT, 'org.freedesktop.DBus.ObjectManager', 'InterfacesAdded',
                      GLib.Variant('(oa{sa{sv}})', (path, {'org.sqnsd1.' + kind: values})))

    def emit(self, path, interface, signal, args):
        self.bus.emit_signal(None, path, interface, signal, args)

    def change(self, path, props, tell=True):
        kind, values, _ = self.objects[path]
        changed = {name: self.variant(kind, name, value) for name, value in props.items()}
        values.update(changed)
        if tell and changed:
            self.emit(path, 'org.freedesktop.DBus.Properties', 'PropertiesChanged',
                      GLib.Variant('(sa{sv}as)', ('org.sqnsd1.' + kind, changed, [])))

    def add_job(self, uuid, modem, props):
        path = ROOT + '/job/' + uuid.replace('-', '_')
        self.register(path, 'Job', {'Uuid': uuid, 'Kind': 'upgrade', 'Modem': modem, 'State': 'queued', 'Safe': True,
                                    'CreatedAt': 1700000000000000 + len(self.objects), **props})
        return path

    def new_job(self, modem, options):
        self.made += 1
        return self.add_job('%08x-0000-4000-8000-000000000000' % self.made, modem,
                            {'Label': options.get('label', ''), 'NotBefore': options.get('not-before', 0)})

    # --- calls ---

    def on_managed_objects(self, bus, sender, path, interface, method, params, invocation):
        managed = {path: {'org.sqnsd1.' + kind: values} for path, (kind, values, _) in self.objects.items() if path != ROOT}
        invocation.return_value(GLib.Variant('(a{oa{sa{sv}}})', (managed,)))

    def on_call(self, bus, sender, path, interface, method, params, invocation):
        message = invocation.get_message()
        fds = message.get_unix_fd_list()
        files = []
        for i in range(fds.get_length() if fds else 0):
            fd = fds.get(i)
            # a file in memory that nobody can change any more: a real daemon takes it at once
            sealed = fcntl.fcntl(fd, F_GET_SEALS) & SEALED == SEALED
            files.append(hashlib.sha256(os.pread(fd, 1 << 27, 0)).hexdigest() if sealed else 'not sealed')
            os.close(fd)
        args = params.unpack()
        self.say(call=method, path=path, args=args, files=files,
                 interactive=bool(message.get_flags() & Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION))
        if method in self.failures:
            error, message, times = self.failures[method]
            if times == 1:
                del self.failures[method]
            else:
                self.failures[method] = (error, message, times - 1)
            invocation.return_dbus_error(error, message)
        elif method == self.held_method:
            self.held.append((method, path, args, invocation))
        else:
            self.answer(method, path, args, invocation)

    def answer(self, method, path, args, invocation):
        if method == 'Upgrade':
            invocation.return_value(GLib.Variant('(o)', (self.new_job(path, args[1]),)))
        elif method == 'UpgradeMany':
            invocation.return_value(GLib.Variant('(ao)', ([self.new_job(modem, args[2]) for modem in args[0]],)))
        elif method == 'AddPort':
            modem = ROOT + '/modem/added%d' % len(self.objects)
            self.register(modem, 'Modem', {'Id': 'added', 'DevNode': args[0], 'Present': True, 'State': 'unknown'})
            invocation.return_value(GLib.Variant('(o)', (modem,)))
        elif method == 'OpenConsole':
            self.return_file(invocation, self.open_console())
        elif method == 'Identify':
            invocation.return_value(GLib.Variant('(a{sv})', ({},)))
        elif method == 'GetLog':
            fd = os.memfd_create('log')
            os.write(fd, self.log.encode())
            self.return_file(invocation, fd)
        elif method == 'SetDraining':
            self.change(ROOT, {'Draining': args[0]})
            invocation.return_value(None)
        else:
            invocation.return_value(None)

    def return_file(self, invocation, fd):
        fds = Gio.UnixFDList.new()
        fds.append(fd)
        os.close(fd)
        invocation.return_value_with_unix_fd_list(GLib.Variant('(h)', (0,)), fds)

    def open_console(self):
        ours, theirs = socket.socketpair()
        self.consoles.append(ours)
        GLib.io_add_watch(ours.fileno(), GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, self.on_console,
                          ours, bytearray())
        return theirs.detach()

    def on_console(self, fd, condition, ours, got):
        data = ours.recv(4096)
        got += data
        while b'\r' in got:
            line, _, rest = bytes(got).partition(b'\r')
            got[:] = rest
            self.say(console=line.decode())
            answer = self.answers.get(line.decode(), '')
            if answer is None:
                data = b''
            else:
                ours.sendall(answer.encode('latin-1'))
        if not data:
            ours.close()
        return bool(data)

    # --- orders ---

    def finish(self, path, state, error='', message='', props=None, order='props-first'):
        values = {'State': state, 'ErrorName': error, **(props or {})}
        if error:
            values['ErrorMessage'] = message
        if order == 'props-first':
            self.change(path, values)
        args = GLib.Variant('(bss)', (state == 'succeeded', error, message))
        self.emit(path, 'org.sqnsd1.Job', 'Completed', args)
        if order == 'signal-first':
            self.change(path, values)
        elif order == 'signal-only':
            self.change(path, {k: v for k, v in values.items() if k not in ('State', 'ErrorName', 'ErrorMessage')}, False)
        elif order == 'last-words':
            self.bus.flush_sync(None)
            os._exit(0)

    def obey(self, order):
        what = order.pop('do')
        if what == 'modem':
            self.register(ROOT + '/modem/' + order['id'].replace('-', '_'), 'Modem',
                          {'Id': order['id'], 'Present': True, 'State': 'unknown', **order.get('props', {})})
        elif what == 'job':
            self.add_job(order['uuid'], ROOT + '/modem/' + order['modem'], order.get('props', {}))
        elif what == 'set':
            self.change(order['path'], order['props'])
        elif what == 'finish':
            self.finish(**order)
        elif what == 'fail':
            self.failures.pop(order['method'], None)
            if order.get('error'):
                self.failures[order['method']] = (order['error'], order['message'], order.get('times', 0))
        elif what == 'hold':
            self.held_method = order['method']
        elif what == 'release':
            self.held_method = None
            for held in self.held:
                self.answer(*held)
            self.held = []
        elif what == 'console':
            self.answers = order['answers']
        elif what == 'log':
            self.log = order['text']
        elif what == 'remove':
            kind, _, number = self.objects.pop(order['path'])
            self.bus.unregister_object(number)
            self.emit(ROOT, 'org.freedesktop.DBus.ObjectManager', 'InterfacesRemoved',
                      GLib.Variant('(oas)', (order['path'], ['org.sqnsd1.' + kind])))
        elif what == 'drop':
            os._exit(0)
        else:
            raise ValueError(what)
        self.bus.flush_sync(None)
        self.say(done=what)

    def on_order(self, channel, condition):
        line = sys.stdin.readline()
        if not line:
            self.loop.quit()
            return False
        self.obey(json.loads(line))
        return True

    def run(self):
        self.loop = GLib.MainLoop()
        # A pipe without a reader behind it must not keep it alive; started by the bus it has none at all.
        if not os.isatty(0) and os.readlink('/proc/self/fd/0') != '/dev/null':
            GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, self.on_order)
        self.loop.run()


if __name__ == '__main__':
    FakeDaemon(sys.argv[1], sys.argv[2]).run()
