/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The findings of 'sqnsctl doctor': id, subject, level, code, text, advice, exit code. texts.h and texts.c include it,
 * each with its own FINDING(). Holes: {port} is a tty's path or "MODEM"; the callers fill the others. While a modem may
 * be writing, no text may mention cutting its power; a test reads them all. */
FINDING (DAEMON_RUNS, { HOST, OK, "daemon-runs", "The daemon sqnsd runs (version {version}).", "" })
FINDING (
    NO_DAEMON,
    { HOST, PROBLEM, "no-daemon", "There is no daemon to talk to: {error}.",
      "Start it with 'systemctl start sqnsd', or name its bus with --bus or --session. Without it, board and modem "
      "cannot be asked.",
      SQNS_EXIT_NO_DAEMON })
FINDING (BUS_DENIED,
         { HOST, PROBLEM, "bus-denied", "You may not talk to the daemon: {error}.",
           "Run this as root, or ask the administrator to allow you the bus.", SQNS_EXIT_NOT_ALLOWED })
FINDING (OTHER_HOST,
         { HOST, NOTE, "other-host",
           "The board is on {host}: that machine's ports, programs and USB cannot be looked at from here.",
           "Run 'sqnsctl doctor' on {host} itself to have them checked." })
FINDING (MM_ABSENT, { HOST, OK, "modem-manager-absent", "ModemManager does not run.", "" })
FINDING (MM_IGNORES_PORT, { HOST, OK, "modem-manager-ignores", "ModemManager runs, and leaves {port} alone.", "" })
FINDING (
    MM_MAY_PROBE,
    { HOST, PROBLEM, "modem-manager",
      "ModemManager runs, and nothing tells it to leave {port} alone: it may send its own commands there, even in the "
      "middle of an upgrade.",
      "Install the rule 60-sqnsd.rules of sqnsd and plug the board in again, or stop ModemManager: 'systemctl stop "
      "ModemManager'." }) /* row 26 */
FINDING (PORT_MISSING,
         { HOST, PROBLEM, "port-missing", "There is no port {port}.",
           "Look at 'sqnsctl list' for the boards that are there; the number changes when a board is plugged in again, "
           "the links in /dev/serial/by-id do not.",
           SQNS_EXIT_UNKNOWN })
FINDING (PORT_FREE, { HOST, OK, "port-free", "No program has {port} open.", "" })
FINDING (PORT_NOT_SEEN,
         { HOST, OK, "port-not-seen",
           "None of your programs has {port} open (those of other users can be seen by root only).", "" })
FINDING (PORT_OF_DAEMON, { HOST, OK, "port-of-daemon", "The daemon is using {port} just now.", "" })
FINDING (PORT_OWNED,
         { HOST, PROBLEM, "port-owned", "{port} is in use by {owner}.", "Close that program, then run this again." })
FINDING (ACCESS, { HOST, OK, "access", "You may open {port} yourself.", "" })
FINDING (ACCESS_NOT_NEEDED,
         { HOST, OK, "access-not-needed",
           "You may not open {port} yourself (its group is {group}), and need not: the daemon does.", "" })
FINDING (
    ACCESS_DENIED,
    { HOST, PROBLEM, "access-denied",
      "You may not open {port}: it belongs to the group {group}, and you are not in it.",
      "'sudo adduser $USER {group}', then log out and in again. With the system's daemon running this is not needed." })
FINDING (ACCESS_NEXT_LOGIN,
         { HOST, PROBLEM, "access-next-login",
           "You may not open {port} yet: you were put into the group {group} after you had logged in.",
           "Log out and in again." })
FINDING (DRIVER, { HOST, OK, "driver", "{port} is driven by {driver}.", "" })
FINDING (DRIVER_OTHER,
         { HOST, NOTE, "driver-other", "{port} is driven by {driver}: no Pycom board that is known needs that.",
           "Check that this is the right port; a USB serial adapter wired to a board by hand works all the same." })
FINDING (LATENCY, { HOST, OK, "latency", "The USB chip of {port} passes bytes on after {ms} ms.", "" })
FINDING (LATENCY_SLOW,
         { HOST, NOTE, "latency-slow",
           "The USB chip of {port} holds bytes back for {ms} ms. The daemon asks the driver for 1 ms while it uses the "
           "port; other programs stay slow.",
           "Nothing needs to be done for sqnsd. For other programs: 'echo 1 | sudo tee "
           "/sys/bus/usb-serial/devices/{tty}/latency_timer'." })
FINDING (
    USB_NONE,
    { USB, NOTE, "usb-none", "No USB device with a board's ids is plugged in.",
      "Plug the board in with a cable that carries data, not only power. A board on another serial adapter is named by "
      "its tty." })
FINDING (USB_BOARD, { USB, OK, "usb-board", "{name} ({ids}) at USB {place}, as {port}.", "" })
FINDING (
    USB_BOOTLOADER,
    { USB, PROBLEM, "usb-bootloader",
      "{name} ({ids}) at USB {place} is in its USB boot loader and has no port. For eight seconds after plugging in "
      "that is normal.",
      "Run this again in ten seconds. If it is still so, or the device comes and goes, the firmware of the board's USB "
      "controller (its PIC, not the modem) is damaged: load the file for exactly this board with dfu-util in those "
      "eight seconds." }) /* row 28 */
FINDING (
    USB_NO_TTY,
    { USB, PROBLEM, "usb-no-port", "{name} ({ids}) is at USB {place}, but has no port: no driver has taken it.",
      "Load the driver, 'sudo modprobe ftdi_sio' for 0403 and 'sudo modprobe cdc_acm' for 04d8, or plug the board in "
      "again; 'journalctl -k' tells why it failed." })
FINDING (USB_FRESH,
         { USB, NOTE, "usb-fresh", "{name} at USB {place} was plugged in {seconds} seconds ago.",
           "If you did not plug it in just now, it came back by itself: its supply is too weak. Use a shorter cable, "
           "another USB port or a powered hub." })
FINDING (USB_CAME_BACK,
         { USB, PROBLEM, "usb-came-back",
           "{name} at USB {place} went away and came back while this was running, as when its supply breaks down.",
           "Use a shorter cable, another USB port or a powered hub, or feed the board from a battery; do not start an "
           "upgrade before that." }) /* row 27 */
FINDING (BOARD_ANSWERS,
         { BOARD, OK, "board-answers", "The {board} answers; its MicroPython firmware is {firmware}.", "" })
FINDING (BOARD_KNOWN,
         { BOARD, OK, "board-known", "It is a {board}; its MicroPython firmware was {firmware} when last asked.", "" })
FINDING (BOARD_NOT_ASKED,
         { BOARD, NOTE, "board-not-asked", "The board itself has not been asked yet.",
           "'sqnsctl doctor {port}' asks it, which interrupts a program that runs on it." })
FINDING (
    BOARD_SILENT,
    { BOARD, PROBLEM, "board-silent",
      "The board's MicroPython prompt did not answer: a program keeps it, it sits in passthrough, it has no power, "
      "or this is not its port.",
      "Press the board's reset button, which leaves the modem as it is, and run this again. If that does not help, "
      "start the board in safe boot (connect P12 to 3V3 while it is reset).",
      SQNS_EXIT_UNKNOWN })
FINDING (BOARD_UNSEEN,
         { BOARD, OK, "board-unseen", "The modem was reached without the board's prompt (link: {link}).", "" })
FINDING (
    BOARD_NEEDS_HAND,
    { BOARD, PROBLEM, "board-needs-hand",
      "The board needs a person: a program on it, or a passthrough that nothing comes through, yields to nothing "
      "that can be sent.",
      "Press the board's reset button, which leaves the modem as it is, and run this again. If a program of its own "
      "comes back each time, start it in safe boot (connect P12 to 3V3 while it is reset).",
      SQNS_EXIT_USER_ACTION })
FINDING (MODEM_NOT_FOUND,
         { MODEM, PROBLEM, "modem-not-found", "The daemon does not find this modem: {error}.",
           "Look at 'sqnsctl list', and at what stands above about USB.", SQNS_EXIT_NOT_FOUND })
FINDING (MODEM_NOT_ASKED,
         { MODEM, NOTE, "modem-not-asked", "The modem was not asked now: {error}.",
           "Wait until that has ended, then run this again; what follows is what was last known." })
FINDING (MODEM_FAILED,
         { MODEM, PROBLEM, "modem-failed", "Asking the modem failed: {error}.",
           "Run this again; if it fails alike, the daemon's log has the details ('journalctl -u sqnsd')." })
FINDING (MODEM_PORT_LOCKED,
         { MODEM, PROBLEM, "modem-port-locked", "The modem could not be asked: {error}.",
           "Close that program, then run this again." })
FINDING (MODEM_DENIED,
         { MODEM, PROBLEM, "modem-denied", "You are not allowed to have the modem asked: {error}.",
           "Run this as root, or ask the administrator for the right to do it." })
FINDING (MODEM_LOST,
         { MODEM, PROBLEM, "modem-lost", "The board went away while it was asked: {error}.",
           "Check the cable and what stands above about USB, plug the board in, and run this again.",
           SQNS_EXIT_UNKNOWN })
FINDING (
    MODEM_DEAD,
    { MODEM, PROBLEM, "modem-dead", "What does not answer is the modem itself, at no speed: {error}.",
      "If an upgrade was interrupted before, leave the board's power on for fifteen minutes: the modem may still be "
      "writing. Then take the power away for ten seconds and give it back (the reset button does not reset the "
      "modem), and run 'sqnsctl doctor {port}' again. If it says so still, try another cable and supply once; a "
      "modem that stays silent after that is not known to come back." }) /* rows 14 and 16 */
FINDING (MODEM_NOT_REACHED,
         { MODEM, PROBLEM, "modem-not-reached",
           "The modem could not be reached, which says nothing about the modem itself: {error}.",
           "See to the board first. If an upgrade was interrupted before, leave the power on for fifteen minutes." })
FINDING (MODEM_STRANGE,
         { MODEM, PROBLEM, "modem-strange", "The modem answers, but does not say what state it is in.",
           "Leave the power on and run this again in a minute; if it stays so, keep the daemon's log.",
           SQNS_EXIT_UNKNOWN })
FINDING (POWER_SAFE, { MODEM, OK, "power-safe", "Power: may be cut now.", "" })
FINDING (POWER_KEEP,
         { MODEM, NOTE, "power-keep", "Power: must stay on, the modem is being changed.",
           "Leave the board's power on until this says otherwise." })
FINDING (POWER_UNSURE,
         { MODEM, NOTE, "power-unsure", "Power: whether it may be cut is not known.",
           "Leave it on until the modem has said what it does, or for fifteen minutes after the last upgrade." })
FINDING (VERSION, { MODEM, OK, "version", "Its firmware is {version} ({family}).", "" })
FINDING (VERSION_MISSING,
         { MODEM, NOTE, "version-missing", "It does not say which firmware it runs.",
           "Run this again: some modems refuse the question once and answer it the next time." })
FINDING (
    HALF_UPGRADED,
    { MODEM, NOTE, "half-upgraded",
      "Its firmware is {version}, but a boot loader of {loader} is installed: an earlier upgrade perhaps did not take.",
      "If the newer firmware is wanted, run the upgrade to it again." }) /* S#228 */
FINDING (FACTORY_BOOT_ROM,
         { MODEM, NOTE, "factory-boot-rom",
           "It still has the factory's boot ROM (33080): an upgrade replaces that first, or goes by way of 41065.",
           "Nothing needs to be done: 'sqnsctl upgrade' finds the way, or says which file is needed first." })
FINDING (LAST_ERROR,
         { MODEM, NOTE, "last-error", "What went wrong last: {error}.",
           "'sqnsctl jobs' and 'sqnsctl job ID' tell more, where it was a job." })
FINDING (JOB,
         { MODEM, NOTE, "job", "Job {job} is at work on it: {message}.",
           "Let it finish: 'sqnsctl wait {job}'. The modem is not asked while a job runs." })
FINDING (BLOCKED,
         { MODEM, NOTE, "blocked", "No upgrade would start now: {error}.", "See to that first; then upgrades start." })
FINDING (JOB_NEEDS_HAND,
         { MODEM, PROBLEM, "job-needs-hand", "Job {job} waits for a person at the board.", "At the board: {message}.",
           SQNS_EXIT_USER_ACTION })
FINDING (JOB_INTERRUPTED,
         { MODEM, NOTE, "job-interrupted", "Job {job} is interrupted: {message}.",
           "It goes on by itself when the board is plugged in and free." })
FINDING (JOB_STRANDED,
         { MODEM, NOTE, "job-stranded", "Job {job} is interrupted, and does not go on by itself: {message}.",
           "When the board is there, 'sqnsctl resume {job}' goes on with it from the state that the modem is in." })
