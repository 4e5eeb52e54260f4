# SPDX-License-Identifier: LGPL-2.1-or-later
"""The random plan of a run, made from its seed alone: the board, the state of its modem, the link, the file, the faults."""
import random

NB = ('6.0.0.0', 37781)
NB_OLD = '6.0.0.0-35351'
CAT = ('5.1.1.0', 41065)
TWO_STEPS = ('5.2.1.0', 48829)
FAMILY = {'allow_family_change': True}
FACTORY = ('--modem-version=5.1.1.0-33080', '--bootloader0=33080')
SIZES = (20000, 60000, 60000, 150000)

# name, weight, options of the board, target, options of the job, whether the modem is writing when it is found
STATES = (
    ('application', 6, (), NB, {}, False),
    ('cat-m1', 2, ('--modem-version=5.1.1.0-39529',), CAT, {}, False),
    ('family', 2, ('--modem-version=5.1.1.0-41065',), NB, FAMILY, False),
    ('downgrade', 1, ('--modem-version=6.0.0.0-41019',), NB, {'allow_downgrade': True}, False),
    ('reinstall', 1, ('--modem-version=6.0.0.0-37781',), NB, {'allow_reinstall': True}, False),
    ('factory', 3, FACTORY, CAT, {}, False),
    ('factory-family', 1, FACTORY, NB, FAMILY, False),
    ('recovery', 3, ('--modem=recovery',), NB, {}, False),
    ('recovery-115200', 1, ('--modem=recovery', '--recovery-baud=115200'), NB, {}, False),
    ('mtools', 2, ('--modem=mtools',), NB, {}, False),
    ('ffh', 3, ('--modem=ffh',), NB, {}, False),
    ('updater', 1, ('--modem=updater',), NB, {}, True),
    ('stp', 2, ('--modem=stp',), NB, {}, False),
    ('ppp', 1, ('--modem=ppp',), NB, {}, False),
    ('asleep', 1, ('--modem=asleep',), NB, {}, False),
    ('finished', 1, ('--modem=finished',), NB, {}, False),
    ('two-steps', 1, ('--modem-version=5.1.1.0-41065',), TWO_STEPS, {}, False),
)
# name, weight, options of the board, options of the job
WAYS = (
    ('native', 4, (), {}),
    ('relay', 3, (), {'link': 'relay'}),
    ('bare', 3, ('--start=direct',), {}),
    ('direct', 2, ('--start=direct',), {'link': 'direct'}),
    ('passthrough', 1, ('--start=passthrough', '--lte-task=yes'), {}),
    ('passthrough-silent', 1, ('--start=passthrough', '--lte-task=no'), {}),
)
# what differs from board to board: (weight of "as usual", choices)
VARIETY = (
    (4, ('--board=gpy', '--board=g01')),
    (4, ('--board-firmware=1.18.1.r1', '--board-firmware=1.20.0.rc13', '--board-firmware=1.18.0.r1')),
    # not --usb=pic: at 115200 it takes what is sent for commands of 5 data bits, which a pty does not have
    (5, ('--old-smswboot',)),
    (5, ('--noise',)),
    (6, ('--stp-version=2',)),
    (6, ('--stp-crc',)),
    (6, ('--no-close-reply',)),
    (6, ('--no-repeat-detection',)),
    (8, ('--clean-start',)),
    (8, ('--main-program=prints', '--main-program=floods', '--main-program=grabs-modem')),
)

COMMANDS = ('AT', 'ATE0', 'ATI1', 'AT!', 'AT^RESET', 'AT+SMOD', 'AT+SMSWBOOT', 'AT+SMSWBOOT=', 'AT+SMSWBOOT?', 'AT+SMSTPU',
            'AT+STP', 'AT+SMUPGRADE', 'AT+IPR', 'AT+BIND', 'AT+SMLOG', 'AT+SQNSUPGRADENTF', 'AT+SQNWL', 'AT+CFUN',
            'AT+CPSMS', 'at')
AT_FAULTS = ('error', 'cme', 'silence', 'garbage', 'late', 'duplicate', 'drop-bytes', 'corrupt', 'noise', 'crlf')
IGNORABLE = ('AT+SMSWBOOT', 'AT^RESET', 'AT+SMSTPU', 'AT+CFUN', 'AT+IPR')
STP_PLACES = ('stp', 'stp.reset', 'stp.open', 'stp.data-type', 'stp.announce', 'stp.block', 'stp.block', 'stp.close')
STP_FAULTS = ('silence', 'garbage', 'late', 'duplicate', 'drop-bytes', 'corrupt', 'refuse', 'confused', 'wrong-id')
LINK_PLACES = ('link.boot', 'link.repl', 'link.raw', 'link.relay', 'link.passthrough', 'link.data')
LINK_FAULTS = ('silence', 'garbage', 'drop-bytes', 'noise', 'error')
EVENTS = ('unplug', 'unplug', 'esp32-reset', 'esp32-reset', 'modem-reset', 'modem-reset', 'power-cut', 'power-cut', 'hang',
          'zeros', 'ppp')
# kinds of faults and their weights
KINDS = (('at', 24), ('stp', 22), ('link', 12), ('event', 20), ('apply', 4), ('cancel', 6), ('term', 4), ('kill', 6),
         ('brick', 1))
DAEMON_ENDS = ('term', 'kill')
PHASES = ('link', 'probe', 'prepare', 'bootrom', 'updater', 'transfer', 'transfer', 'apply', 'reboot', 'confirm')


def pick(rng, rows):
    return rng.choices(rows, [row[1] for row in rows])[0]


class RandomPlan:
    """Number @run of @seed."""

    def __init__(self, seed, run, faults=True):
        self.run = run
        rng = random.Random('%s/%d' % (seed, run))
        self.state, _, board, self.target, job, self.found_writing = pick(rng, STATES)
        self.way, _, way_board, way_job = pick(rng, WAYS)
        self.board = [*board, *way_board]
        for usual, choices in VARIETY:
            if rng.random() * (usual + 1) >= usual:
                self.board.append(rng.choice(choices))
        if self.state.startswith('factory') and '--old-smswboot' in self.board:
            self.board.remove('--old-smswboot')  # its 5 s are not scaled, and FFH then has less
        self.job = {**job, **way_job}
        self.recover = self.state in ('ffh', 'recovery', 'mtools', 'updater', 'finished') and rng.random() < 0.4
        self.size = rng.choice(SIZES)
        if rng.random() < 0.3:
            self.job['block_size'] = rng.choice((512, 1024, 2000, 4096))
        self.control = rng.random() < 0.5  # may run on the control daemon
        self.faults = []
        self.acts = []
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4)) if faults else 0):
            self.add(rng)
        if any(act[0] in DAEMON_ENDS for act in self.acts):
            self.control = False

    def add(self, rng):
        kind = pick(rng, KINDS)[0]
        if kind in ('cancel', 'term', 'kill'):
            self.acts.append((kind, *self.moment(rng)))
        elif kind == 'brick':
            place = rng.choice(('apply', 'stp.block=%d%%' % rng.randrange(100), 'AT^RESET', 'reboot', 'AT+SMOD', 'power-cut'))
            self.faults.append('brick@' + place)
            if place == 'power-cut':
                self.faults.append('power-cut@stp.block=%d%%:300' % rng.randrange(100))
        else:
            self.faults.append(getattr(self, 'fault_' + kind)(rng))

    def moment(self, rng):
        """The moment of an act: a phase, or a share of the image."""
        if rng.random() < 0.6:
            return 'phase', rng.choice(PHASES)
        return 'progress', round(rng.random(), 2)

    def counted(self, rng, fault):
        if rng.random() < 0.85:
            return fault
        return fault + rng.choice(('x2', 'x3', 'x5', 'x*'))

    def with_argument(self, rng, name, place):
        argument = {
            'garbage': lambda: rng.choice((1, 5, 16, 200)),
            'late': lambda: rng.choice((100, 400, 1500, 3000, 6000)),
            'drop-bytes': lambda: rng.choice((1, 2, 5, 9, 30)),
            'residue': lambda: rng.choice((1, 100, 500)),
            'unplug': lambda: rng.choice((0, 50, 300, 1500)),
            'power-cut': lambda: rng.choice((50, 300, 1500)),
        }.get(name)
        return '%s@%s%s' % (name, place, ':%d' % argument() if argument else '')

    def fault_at(self, rng):
        if rng.random() < 0.06:
            return 'ignore@%s%s' % (rng.choice(IGNORABLE), rng.choice(('', '', 'x2')))
        return self.counted(rng, self.with_argument(rng, rng.choice(AT_FAULTS), rng.choice(COMMANDS)))

    def stp_place(self, rng):
        place = rng.choice(STP_PLACES)
        if place in ('stp.announce', 'stp.block') and rng.random() < 0.8:
            place += '=%d%%' % rng.choice((0, 1, 6, 8, 25, 50, 75, 98, 99, rng.randrange(100)))
        return place

    def fault_stp(self, rng):
        place = self.stp_place(rng)
        names = STP_FAULTS + (('residue', 'residue') if place.startswith('stp.block') else ())
        return self.counted(rng, self.with_argument(rng, rng.choice(names), place))

    def fault_link(self, rng):
        place = rng.choice(LINK_PLACES)
        name = rng.choice(LINK_FAULTS + ('hang', 'esp32-reset', 'unplug'))
        return self.counted(rng, self.with_argument(rng, name, place))

    def fault_apply(self, rng):
        return 'error@apply' + rng.choice(('', '', 'x2', 'x*'))

    def fault_event(self, rng):
        place = rng.choice((rng.choice(COMMANDS), self.stp_place(rng), self.stp_place(rng), 'apply', 'reboot', 'link.data'))
        return self.with_argument(rng, rng.choice(EVENTS), place)

    def describe(self):
        return '%s by %s, board %s, job %s, target %s-%d of %d bytes, faults %s, acts %s' % (
            self.state, self.way, ' '.join(self.board) or '-',
            ' '.join('%s=%s' % item for item in sorted(self.job.items())) or '-',
            *self.target, self.size, ' '.join(self.faults) or '-', self.acts or '-')
