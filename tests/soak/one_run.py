# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run: a board, its job, their faults, and the checks at the end."""
import json
import os
import re

from sqnstest.board import FAST, Board
from sqnstest.bus import ROOT, GLib
from sqnstest.field import CUTS_POWER
from sqnstest.jobs import ENDED

from random_plan import TWO_STEPS
from loop import Later, pause, spawn, until
from world import Refused

TICK_MS = 400
HANDS = 30
MISSED_HANDS = 5  # resumes in which the user action came too late
SETTLE_S = 30
STEP_S = 30
# states of a modem with a fault after the job's last exchange with it
STRUCK_LATER = ('ppp', 'booting', 'off', 'hung', 'zeros', 'dead')
SILENT = ('hung', 'zeros')  # until a power cycle, which the advice suggests
DATA_MODE_SPEED = 921600  # a modem in data mode at another speed stays silent
NOT_KNOWN = ('unknown', 'silent', 'gone')
WAITS = ('recovery', 'mtools', 'ffh', 'application', 'updater')
LOST_ERRORS = ('Timeout', 'DeviceLost', 'NeedsHand', 'Protocol', 'Cancelled', 'WrongState')
TIMES = re.compile(r', \d+:\d\d so far|silent for \d+:\d\d')
NO_OBJECT = ('org.freedesktop.DBus.Error.UnknownObject', 'org.freedesktop.DBus.Error.UnknownMethod')
FIRST_LOOKS = 20  # while a fault in the board's first second unplugs and replugs its port
PROBED = ('prepare', 'bootrom', 'updater', 'transfer', 'apply', 'reboot', 'confirm', 'release')


class Violation(Exception):
    """A rule is broken."""


class Run:
    def __init__(self, world, slot, plan, deadline_s):
        self.world, self.plan, self.deadline_s = world, plan, deadline_s
        self.link = os.path.join(world.folder, 'tty%d' % slot)
        self.log = os.path.join(world.folder, 'board-%d.log' % slot)
        self.board = self.modem = self.job = None
        self.props = {}
        self.poked = Later()
        self.completed = 0
        self.notes = []
        self.hands = self.missed_hands = 0
        self.lives = 1
        self.patient_until = 0
        self.acts = list(plan.acts)
        self.begun = GLib.get_monotonic_time()

    def note(self, text):
        self.notes.append('%8.2f s  %s' % ((GLib.get_monotonic_time() - self.begun) / 1e6, text))

    def status(self):
        return self.board.status()

    @property
    def target(self):
        return '%s-%d' % self.plan.target

    # --- the order ---

    def start_board(self):
        first = self.plan.target == TWO_STEPS
        self.dup = self.world.dup(self.plan.target, self.plan.size)
        self.first = self.world.dup(self.plan.target, self.plan.size, True) if first else None
        options = [*FAST, '--link=' + self.link, '--log=' + self.log, '--dup-size=%d' % os.path.getsize(self.dup),
                   *self.plan.board]
        self.board = Board(self.world.folder, *options, *('--fault=' + fault for fault in self.plan.faults))
        self.before = self.status()

    async def order(self):
        """Orders one job; its key keeps it single, however often the daemon ends meanwhile."""
        options = self.world_options()
        method = 'Modem.Recover' if self.plan.recover else 'Modem.Upgrade'
        looks = 0
        while True:
            if not self.status()['plugged']:  # a fault in its first second
                self.plug()
            looks += 1
            try:
                port = (await self.world.call_anyhow(ROOT, 'Manager.AddPort', '(sa{sv})', (self.link, {})))[0]
            except Refused as error:
                if error.name.endswith('.NotFound') and looks < FIRST_LOOKS:
                    await pause(50)
                    continue
                raise
            files = [os.open(path, os.O_RDONLY) for path in (self.dup, self.first) if path]
            try:
                await self.world.up
                self.job = (await self.world.call(port, method, '(ha{sv})', (0, options), files=files))[0]
                self.modem = port
                return
            except Refused as error:
                if error.name in NO_OBJECT \
                        or error.name.startswith('org.freedesktop.DBus.Error.N') or error.name.endswith('.Draining') \
                        or error.name.endswith('.ServiceUnknown') or error.name.endswith('.Disconnected'):
                    await pause(50)  # between two daemons
                    continue
                raise Violation('refused before it began: %s' % error) from None
            finally:
                for fd in files:
                    os.close(fd)

    def world_options(self):
        types = {'block_size': 'u'}
        options = {key.replace('_', '-'): GLib.Variant(types.get(key) or ('b' if isinstance(value, bool) else 's'), value)
                   for key, value in self.plan.job.items()}
        options['idempotency-key'] = GLib.Variant('s', 'run-%d' % self.plan.run)
        options['label'] = GLib.Variant('s', 'run %d' % self.plan.run)
        if self.first:
            options['first-step'] = GLib.Variant('h', 1)
        return options

    # --- while it runs ---

    def on_signal(self, name, args):
        if name == 'PropertiesChanged':
            self.props.update(args[1])
        elif name == 'Completed':
            self.completed += 1
        elif name == 'restarted':
            self.note('another daemon')
            self.lives += 1
            self.patient_until = self.deadline_from_now()  # the job starts over
        self.poked.set()

    async def known(self, path, interface):
        """The job's properties. A daemon that loads its jobs slowly owns its name before it exports them."""
        for _ in range(STEP_S * 20):
            try:
                return await self.world.properties(path, interface)
            except Refused as error:
                if error.name not in NO_OBJECT:
                    raise
            await pause(50)
        raise Violation('gone: %s' % path)

    def is_kept(self):
        """The job is on disk: a daemon that does not know it has not loaded it yet."""
        return os.path.basename(self.job).replace('_', '-') + '.conf' in self.world.records()

    async def look(self):
        """The job's properties, read between two reads of the board's status: what both say was true in between."""
        before, lives = self.status(), self.lives
        self.props = await self.known(self.job, 'Job')
        after = self.status()
        # a daemon that had just started may have answered in between
        asked_once = lives == self.lives and self.world.up.done
        if before['writing'] and after['writing'] and self.props['Safe'] and asked_once and not self.may_be_unknown():
            raise Violation('Safe while the modem writes')
        return after

    def may_be_unknown(self):
        """A modem that was writing before any job asked it."""
        return self.plan.found_writing and self.props['Phase'] not in PROBED

    def is_due(self, act):
        _, what, value = act
        if what == 'phase':
            return self.props.get('Phase') == value
        total = self.props.get('BytesTotal', 0)
        return total > 0 and self.props.get('BytesDone', 0) >= value * total and self.props.get('BytesDone', 0) > 0

    async def act(self):
        for act in [act for act in self.acts if self.is_due(act)]:
            self.acts.remove(act)
            self.note('%s in phase %s' % (act[0], self.props.get('Phase')))
            if act[0] == 'cancel':
                await self.cancel()
            else:
                spawn(self.world.end(act[0])).wakes.append(lambda: self.poked.set())
                await pause(1)

    async def cancel(self):
        try:
            await self.world.call(self.job, 'Job.Cancel', '(a{sv})', ({},))
        except Refused as error:
            self.note('cancel: %s' % error)

    async def help(self, status):
        """Does what the job's message asks the user to do."""
        state, message = self.props['State'], self.props['Message']
        if state == 'waiting' and 'press the reset button' in message:
            self.hands += 1
            if self.hands > HANDS:
                raise Violation('asks for a hand again and again')
            self.note('pressed reset')
            self.board.tell('press-reset')
            await pause(1000)
        elif state in ('interrupted', 'waiting') and not status['plugged']:
            self.note('plugged in')
            self.plug()

    def plug(self):
        try:
            self.board.tell('plug')
        except AssertionError as error:
            self.note(str(error))

    def deadline_from_now(self):
        return GLib.get_monotonic_time() + self.deadline_s * 1000000

    async def follow(self):
        """Waits until the job has ended; its properties."""
        last = None
        self.patient_until = self.deadline_from_now()
        while True:
            self.poked = Later()
            status = await self.look()
            now = (self.props['State'], self.props['Phase'], TIMES.sub('', self.props['Message']))
            if now != last:
                self.note('%s %s: %s  [modem %s%s, %s %s]' % (*now, status['modem'], ', writing' if status['writing'] else '',
                                                              'esp32', status['esp32']))
                last = now
            if self.props['State'] in ENDED:
                return self.props
            await self.act()
            await self.help(status)
            if GLib.get_monotonic_time() > self.patient_until:
                raise Violation('no end within %d s' % self.deadline_s)
            await until(self.poked, TICK_MS)

    # --- what must hold ---

    async def settled(self):
        """Waits until a booting modem has booted and an applying one has applied."""
        def rests():
            now = self.status()
            still = now['modem'] not in ('booting', 'off', 'updater') and not now['writing']
            return now if still or now['modem'] == 'dead' else None
        for _ in range(SETTLE_S * 20):
            now = rests()
            if now:
                return now
            await pause(50)
        return self.status()

    async def modem_state(self):
        return (await self.known(self.modem, 'Modem'))['State']

    def expect(self, holds, what):
        if not holds:
            raise Violation(what)

    def judge_success(self, now):
        self.expect(now['version'] == self.target, 'a false success: the modem runs %s' % now['version'])
        self.expect(self.props['Progress'] == 1.0 and self.props['Safe'] and self.props['ErrorName'] == '',
                    'a success that is none')
        self.expect(self.props['VersionAfter'] == self.target, 'VersionAfter is %s' % self.props['VersionAfter'])
        if now['modem'] in STRUCK_LATER:
            return 'succeeded, fault afterwards'
        self.expect(now['modem'] == 'application' and not now['writing'], 'a success, and the modem is in %s' % now['modem'])
        return 'succeeded'

    async def judge_failure(self, now):
        props, state = self.props, await self.modem_state()
        words = props['ErrorMessage'] + ' ' + props['Advice']
        self.expect(props['ErrorName'].startswith('org.sqnsd1.Error.') and props['ErrorMessage'], 'a failure without an error')
        self.expect(props['Advice'], 'a failure without advice')
        self.expect(props['Progress'] < 1.0, 'a failure at 100 %')
        self.expect(not (props['Safe'] and now['writing']) or self.may_be_unknown(), 'Safe in the end, and the modem writes')
        self.expect(props['Safe'] or not CUTS_POWER.search(words), 'advice to cut the power while Safe is false')
        if 'still runs its old firmware' in words or 'The modem runs' in words:
            self.expect(now['modem'] not in ('recovery', 'mtools', 'ffh'), 'it is said to run, and is in ' + now['modem'])
        if now['modem'] == 'dead':
            self.expect(state in NOT_KNOWN, 'the modem is dead, and is said to be in %s' % state)
            self.expect(props['ErrorName'].rpartition('.')[2] in LOST_ERRORS, 'the modem is dead, and the error is no loss')
            return 'killed, and said to be unknown'
        settled = await self.settled()
        # a modem that applies a file by itself finishes soon, and the next job asks it again
        if state in WAITS and state != 'updater' and settled['modem'] in WAITS:
            self.expect(state in (settled['modem'], now['modem']),
                        'the modem is in %s, and is said to be in %s' % (settled['modem'], state))
        return 'cancelled' if props['State'] == 'cancelled' else 'failed, resumable'

    async def judge(self):
        now = self.status()
        if self.props['State'] == 'succeeded':
            return self.judge_success(now)
        return await self.judge_failure(now)

    # --- afterwards ---

    async def cure(self):
        """Clears the faults, and does what the advice says."""
        self.acts = []
        self.board.tell('clear-faults')
        now = self.status()
        if not now['plugged']:
            self.plug()
        if now['modem'] in SILENT or now['esp32'] == 'hung' or now['modem'] == 'ppp' and now['modem-speed'] != DATA_MODE_SPEED:
            self.note('power cycle')
            self.board.tell('power-cycle')
        now = await self.settled()
        self.note('cured: modem %s, esp32 %s' % (now['modem'], now['esp32']))

    def was_not_clean(self, lives):
        """A Resume during which a daemon ended, or whose user was late: there are ten seconds for the button, and a machine that
        stalls for some of them hides the question."""
        message = self.props['ErrorMessage']
        if 'was not reset within' in message:
            self.missed_hands += 1
            return self.missed_hands <= MISSED_HANDS
        return self.lives > lives and 'giving up' in message

    async def resume(self):
        await self.cure()
        self.note('Resume')
        while True:
            try:
                await self.world.call_anyhow(self.job, 'Job.Resume', '(a{sv})', ({},))
                break
            except Refused as error:
                if error.name in NO_OBJECT:
                    await self.known(self.job, 'Job')
                    continue
                # the daemon that ended had received the call
                if error.name.endswith('.WrongState') and (await self.world.properties(self.job, 'Job'))['State'] not in ENDED:
                    break
                raise Violation('no Resume: %s' % error) from None
        lives = self.lives
        await self.follow()
        if self.was_not_clean(lives):
            await self.resume()
            return
        self.expect(self.props['State'] == 'succeeded', 'a clean Resume ended %s' % self.props['State'])
        self.judge_success(self.status())

    async def put_away(self):
        """Forgets the job and its port."""
        await self.call_away(self.job, 'Job.Forget')
        await self.call_away(ROOT, 'Manager.RemovePort', '(o)', (self.modem,))

    async def call_away(self, *call):
        for _ in range(STEP_S * 20):
            try:
                await self.world.call_anyhow(*call)
                return
            except Refused as error:
                unknown = error.name in NO_OBJECT or error.name.endswith('.NotFound')
                if unknown and not self.is_kept():
                    return
                if not unknown and not error.name.endswith('.Busy'):
                    raise Violation('cannot be put away: %s' % error) from None
                await pause(50)
        raise Violation('not put away within %d s: %s' % (STEP_S, call[1]))

    async def abandon(self):
        """Cleans up after a violation, so that it does not affect other runs."""
        try:
            if self.job is not None and self.props.get('State') not in ENDED:
                await self.cancel()
            self.board.close()
            self.board = None
            if self.job is not None:
                for _ in range(STEP_S * 5):
                    self.props = await self.world.properties(self.job, 'Job')
                    if self.props['State'] in ENDED:
                        break
                    await self.cancel()
                    await pause(200)
                await self.put_away()
        except (Refused, Violation) as error:
            self.note('left behind: %s' % error)

    async def go(self):
        """Returns the outcome, or raises Violation."""
        try:
            self.start_board()
            self.note('board: modem %s, esp32 %s' % (self.before['modem'], self.before['esp32']))
            await self.order()
            self.world.watchers[self.job] = self.on_signal
            await self.follow()
            outcome = await self.judge()
            if outcome in ('cancelled', 'failed, resumable'):
                await self.resume()
            await self.put_away()
            return outcome
        finally:
            self.world.watchers.pop(self.job, None)

    async def evidence(self):
        """All evidence of the run."""
        parts = ['run %d: %s' % (self.plan.run, self.plan.describe()), '', *self.notes, '']
        parts += ['job %s' % self.job, json.dumps(self.props, indent=1, default=str), '']
        try:
            if self.board is not None:
                parts += ['board', json.dumps(self.status(), indent=1), '']
            if self.modem is not None:
                parts += ['modem', json.dumps(await self.world.properties(self.modem, 'Modem'), indent=1, default=str), '']
            if self.job is not None:
                parts += ['log of the job', await self.world.log_of(self.job), '']
        except (Refused, OSError, AssertionError) as error:
            parts += ['(no more: %s)' % error, '']
        if os.path.exists(self.log):
            with open(self.log, encoding='utf-8', errors='replace') as log:
                parts += ['both hops', log.read()[-400000:]]
        return '\n'.join(parts)

    def close(self):
        # remove its name before its number, which another board may get at once
        for path in (self.link, self.log):
            if os.path.lexists(path):
                os.unlink(path)
        if self.board is not None:
            self.board.close()
