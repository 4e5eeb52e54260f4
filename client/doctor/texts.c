/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of the findings. */
#include "client/doctor/texts.h"

#include <string.h>

/* While a modem may be writing, no text may mention cutting its power; a test reads them all. */

#define HOST SQNS_SUBJECT_HOST
#define USB SQNS_SUBJECT_USB
#define BOARD SQNS_SUBJECT_BOARD
#define MODEM SQNS_SUBJECT_MODEM
#define OK SQNS_LEVEL_OK
#define NOTE SQNS_LEVEL_NOTE
#define PROBLEM SQNS_LEVEL_PROBLEM

static const SqnsFindingText findings[] = {
  [SQNS_FINDING_DAEMON_RUNS] = { HOST, OK, "daemon-runs", "The daemon sqnsd runs (version {version}).", "" },
  [SQNS_FINDING_NO_DAEMON]
  = { HOST, PROBLEM, "no-daemon", "There is no daemon to talk to: {error}.",
      "Start it with 'systemctl start sqnsd', or name its bus with --bus or --session. Without it, board and modem "
      "cannot be asked." },
  [SQNS_FINDING_BUS_DENIED] = { HOST, PROBLEM, "bus-denied", "You may not talk to the daemon: {error}.",
                                "Run this as root, or ask the administrator to allow you the bus." },
  [SQNS_FINDING_OTHER_HOST]
  = { HOST, NOTE, "other-host",
      "The board is on {host}: that machine's ports, programs and USB cannot be looked at from here.",
      "Run 'sqnsctl doctor' on {host} itself to have them checked." },
  [SQNS_FINDING_MM_ABSENT] = { HOST, OK, "modem-manager-absent", "ModemManager does not run.", "" },
  [SQNS_FINDING_MM_IGNORES_PORT]
  = { HOST, OK, "modem-manager-ignores", "ModemManager runs, and leaves {port} alone.", "" },
  [SQNS_FINDING_MM_MAY_PROBE]
  = { HOST, PROBLEM, "modem-manager",
      "ModemManager runs, and nothing tells it to leave {port} alone: it may send its own commands there, even in the "
      "middle of an upgrade.",
      "Install the rule 60-sqnsd.rules of sqnsd and plug the board in again, or stop ModemManager: 'systemctl stop "
      "ModemManager'." }, /* row 26 */
  [SQNS_FINDING_PORT_MISSING]
  = { HOST, PROBLEM, "port-missing", "There is no port {port}.",
      "Look at 'sqnsctl list' for the boards that are there; the number changes when a board is plugged in again, "
      "the links in /dev/serial/by-id do not." },
  [SQNS_FINDING_PORT_FREE] = { HOST, OK, "port-free", "No program has {port} open.", "" },
  [SQNS_FINDING_PORT_NOT_SEEN]
  = { HOST, OK, "port-not-seen",
      "None of your programs has {port} open (those of other users can be seen by root only).", "" },
  [SQNS_FINDING_PORT_OF_DAEMON] = { HOST, OK, "port-of-daemon", "The daemon is using {port} just now.", "" },
  [SQNS_FINDING_PORT_OWNED]
  = { HOST, PROBLEM, "port-owned", "{port} is in use by {owner}.", "Close that program, then run this again." },
  [SQNS_FINDING_ACCESS] = { HOST, OK, "access", "You may open {port} yourself.", "" },
  [SQNS_FINDING_ACCESS_NOT_NEEDED]
  = { HOST, OK, "access-not-needed",
      "You may not open {port} yourself (its group is {group}), and need not: the daemon does.", "" },
  [SQNS_FINDING_ACCESS_DENIED]
  = { HOST, PROBLEM, "access-denied",
      "You may not open {port}: it belongs to the group {group}, and you are not in it.",
      "'sudo adduser $USER {group}', then log out and in again. With the system's daemon running this is not needed." },
  [SQNS_FINDING_ACCESS_NEXT_LOGIN]
  = { HOST, PROBLEM, "access-next-login",
      "You may not open {port} yet: you were put into the group {group} after you had logged in.",
      "Log out and in again." },
  [SQNS_FINDING_DRIVER] = { HOST, OK, "driver", "{port} is driven by {driver}.", "" },
  [SQNS_FINDING_DRIVER_OTHER]
  = { HOST, NOTE, "driver-other", "{port} is driven by {driver}: no Pycom board that is known needs that.",
      "Check that this is the right port; a USB serial adapter wired to a board by hand works all the same." },
  [SQNS_FINDING_LATENCY] = { HOST, OK, "latency", "The USB chip of {port} passes bytes on after {ms} ms.", "" },
  [SQNS_FINDING_LATENCY_SLOW]
  = { HOST, NOTE, "latency-slow",
      "The USB chip of {port} holds bytes back for {ms} ms. The daemon asks the driver for 1 ms while it uses the "
      "port; other programs stay slow.",
      "Nothing needs to be done for sqnsd. For other programs: 'echo 1 | sudo tee "
      "/sys/bus/usb-serial/devices/{tty}/latency_timer'." },
  [SQNS_FINDING_USB_NONE]
  = { USB, NOTE, "usb-none", "No USB device with a board's ids is plugged in.",
      "Plug the board in with a cable that carries data, not only power. A board on another serial adapter is named by "
      "its tty." },
  [SQNS_FINDING_USB_BOARD] = { USB, OK, "usb-board", "{name} ({ids}) at USB {place}, as {port}.", "" },
  [SQNS_FINDING_USB_BOOTLOADER]
  = { USB, PROBLEM, "usb-bootloader",
      "{name} ({ids}) at USB {place} is in its USB boot loader and has no port. For eight seconds after plugging in "
      "that is normal.",
      "Run this again in ten seconds. If it is still so, or the device comes and goes, the firmware of the board's USB "
      "controller (its PIC, not the modem) is damaged: load the file for exactly this board with dfu-util in those "
      "eight seconds." }, /* row 28 */
  [SQNS_FINDING_USB_NO_TTY]
  = { USB, PROBLEM, "usb-no-port", "{name} ({ids}) is at USB {place}, but has no port: no driver has taken it.",
      "Load the driver, 'sudo modprobe ftdi_sio' for 0403 and 'sudo modprobe cdc_acm' for 04d8, or plug the board in "
      "again; 'journalctl -k' tells why it failed." },
  [SQNS_FINDING_USB_FRESH]
  = { USB, NOTE, "usb-fresh", "{name} at USB {place} was plugged in {seconds} seconds ago.",
      "If you did not plug it in just now, it came back by itself: its supply is too weak. Use a shorter cable, "
      "another USB port or a powered hub." },
  [SQNS_FINDING_USB_CAME_BACK]
  = { USB, PROBLEM, "usb-came-back",
      "{name} at USB {place} went away and came back while this was running, as when its supply breaks down.",
      "Use a shorter cable, another USB port or a powered hub, or feed the board from a battery; do not start an "
      "upgrade before that." }, /* row 27 */
  [SQNS_FINDING_BOARD_ANSWERS]
  = { BOARD, OK, "board-answers", "The {board} answers; its MicroPython firmware is {firmware}.", "" },
  [SQNS_FINDING_BOARD_KNOWN]
  = { BOARD, OK, "board-known", "It is a {board}; its MicroPython firmware was {firmware} when last asked.", "" },
  [SQNS_FINDING_BOARD_NOT_ASKED] = { BOARD, NOTE, "board-not-asked", "The board itself has not been asked yet.",
                                     "'sqnsctl doctor {port}' asks it, which interrupts a program that runs on it." },
  [SQNS_FINDING_BOARD_SILENT]
  = { BOARD, PROBLEM, "board-silent",
      "The board's MicroPython prompt did not answer: a program keeps it, it sits in passthrough, it has no power, "
      "or this is not its port.",
      "Press the board's reset button, which leaves the modem as it is, and run this again. If that does not help, "
      "start the board in safe boot (connect P12 to 3V3 while it is reset)." },
  [SQNS_FINDING_BOARD_UNSEEN]
  = { BOARD, OK, "board-unseen", "The modem was reached without the board's prompt (link: {link}).", "" },
  [SQNS_FINDING_BOARD_NEEDS_HAND]
  = { BOARD, PROBLEM, "board-needs-hand",
      "The board needs a person: a program on it, or a passthrough that nothing comes through, yields to nothing "
      "that can be sent.",
      "Press the board's reset button, which leaves the modem as it is, and run this again. If a program of its own "
      "comes back each time, start it in safe boot (connect P12 to 3V3 while it is reset)." },
  [SQNS_FINDING_MODEM_NOT_FOUND] = { MODEM, PROBLEM, "modem-not-found", "The daemon does not find this modem: {error}.",
                                     "Look at 'sqnsctl list', and at what stands above about USB." },
  [SQNS_FINDING_MODEM_NOT_ASKED]
  = { MODEM, NOTE, "modem-not-asked", "The modem was not asked now: {error}.",
      "Wait until that has ended, then run this again; what follows is what was last known." },
  [SQNS_FINDING_MODEM_FAILED]
  = { MODEM, PROBLEM, "modem-failed", "Asking the modem failed: {error}.",
      "Run this again; if it fails alike, the daemon's log has the details ('journalctl -u sqnsd')." },
  [SQNS_FINDING_MODEM_PORT_LOCKED] = { MODEM, PROBLEM, "modem-port-locked", "The modem could not be asked: {error}.",
                                       "Close that program, then run this again." },
  [SQNS_FINDING_MODEM_DENIED]
  = { MODEM, PROBLEM, "modem-denied", "You are not allowed to have the modem asked: {error}.",
      "Run this as root, or ask the administrator for the right to do it." },
  [SQNS_FINDING_MODEM_LOST]
  = { MODEM, PROBLEM, "modem-lost", "The board went away while it was asked: {error}.",
      "Check the cable and what stands above about USB, plug the board in, and run this again." },
  [SQNS_FINDING_MODEM_DEAD]
  = { MODEM, PROBLEM, "modem-dead", "What does not answer is the modem itself, at no speed: {error}.",
      "If an upgrade was interrupted before, leave the board's power on for fifteen minutes: the modem may still be "
      "writing. Then take the power away for ten seconds and give it back (the reset button does not reset the "
      "modem), and run 'sqnsctl doctor {port}' again. If it says so still, try another cable and supply once; a "
      "modem that stays silent after that is not known to come back." }, /* rows 14 and 16 */
  [SQNS_FINDING_MODEM_NOT_REACHED]
  = { MODEM, PROBLEM, "modem-not-reached",
      "The modem could not be reached, which says nothing about the modem itself: {error}.",
      "See to the board first. If an upgrade was interrupted before, leave the power on for fifteen minutes." },
  [SQNS_FINDING_MODEM_STRANGE]
  = { MODEM, PROBLEM, "modem-strange", "The modem answers, but does not say what state it is in.",
      "Leave the power on and run this again in a minute; if it stays so, keep the daemon's log." },
  [SQNS_FINDING_POWER_SAFE] = { MODEM, OK, "power-safe", "Power: may be cut now.", "" },
  [SQNS_FINDING_POWER_KEEP] = { MODEM, NOTE, "power-keep", "Power: must stay on, the modem is being changed.",
                                "Leave the board's power on until this says otherwise." },
  [SQNS_FINDING_POWER_UNSURE]
  = { MODEM, NOTE, "power-unsure", "Power: whether it may be cut is not known.",
      "Leave it on until the modem has said what it does, or for fifteen minutes after the last upgrade." },
  [SQNS_FINDING_VERSION] = { MODEM, OK, "version", "Its firmware is {version} ({family}).", "" },
  [SQNS_FINDING_VERSION_MISSING]
  = { MODEM, NOTE, "version-missing", "It does not say which firmware it runs.",
      "Run this again: some modems refuse the question once and answer it the next time." },
  [SQNS_FINDING_HALF_UPGRADED]
  = { MODEM, NOTE, "half-upgraded",
      "Its firmware is {version}, but a boot loader of {loader} is installed: an earlier upgrade perhaps did not take.",
      "If the newer firmware is wanted, run the upgrade to it again." }, /* S#228 */
  [SQNS_FINDING_FACTORY_BOOT_ROM]
  = { MODEM, NOTE, "factory-boot-rom",
      "It still has the factory's boot ROM (33080): an upgrade replaces that first, or goes by way of 41065.",
      "Nothing needs to be done: 'sqnsctl upgrade' finds the way, or says which file is needed first." },
  [SQNS_FINDING_LAST_ERROR] = { MODEM, NOTE, "last-error", "What went wrong last: {error}.",
                                "'sqnsctl jobs' and 'sqnsctl job ID' tell more, where it was a job." },
  [SQNS_FINDING_JOB] = { MODEM, NOTE, "job", "Job {job} is at work on it: {message}.",
                         "Let it finish: 'sqnsctl wait {job}'. The modem is not asked while a job runs." },
  [SQNS_FINDING_BLOCKED]
  = { MODEM, NOTE, "blocked", "No upgrade would start now: {error}.", "See to that first; then upgrades start." },
  [SQNS_FINDING_JOB_NEEDS_HAND]
  = { MODEM, PROBLEM, "job-needs-hand", "Job {job} waits for a person at the board.", "At the board: {message}." },
  [SQNS_FINDING_JOB_INTERRUPTED] = { MODEM, NOTE, "job-interrupted", "Job {job} is interrupted: {message}.",
                                     "It goes on by itself when the board is plugged in and free." },
  [SQNS_FINDING_JOB_STRANDED]
  = { MODEM, NOTE, "job-stranded", "Job {job} is interrupted, and does not go on by itself: {message}.",
      "When the board is there, 'sqnsctl resume {job}' goes on with it from the state that the modem is in." },
};
G_STATIC_ASSERT (G_N_ELEMENTS (findings) == SQNS_N_FINDINGS);

/* The modem's own terms are those of AT+SMOD? (protocol.md §2), the others are from field-failures.md §2.1. */
static const SqnsFindingText states[] = {
  [SQNS_MODEM_UNKNOWN] = { MODEM, NOTE, NULL, "What state the modem is in is not known: it has not been asked.",
                           "'sqnsctl doctor {port}' asks it, which interrupts a program that runs on the board." },
  [SQNS_MODEM_PROBING]
  = { MODEM, NOTE, NULL, "The daemon is asking the modem just now.", "Run this again in a minute." },
  [SQNS_MODEM_APPLICATION]
  = { MODEM, OK, NULL, "The modem runs its normal firmware: application, in its own words FFF (AT+SMOD? 2).", "" },
  [SQNS_MODEM_MTOOLS]
  = { MODEM, PROBLEM, NULL,
      "An updater runs in the modem instead of its firmware, and waits for a firmware file: mTools, also 'updater.elf "
      "is loaded' (AT+SMOD? 1).",
      "Run 'sqnsctl recover {port} FILE.dup', or upgrade, with a full firmware file: it goes on from there. Without "
      "power the updater is gone and is loaded again by that." },
  [SQNS_MODEM_RECOVERY]
  = { MODEM, PROBLEM, NULL,
      "The modem is in recovery and waits for a firmware file: an upgrade has begun and not ended. In its own words "
      "RECOVERY (AT+SMOD? 4); older tools call this 'upgrade mode'.",
      "Run 'sqnsctl upgrade {port} FILE.dup' with a full firmware file: it goes on from there." },
  [SQNS_MODEM_UPDATER]
  = { MODEM, PROBLEM, NULL, "The modem is applying an upgrade by itself: in its own words UPDATER (AT+SMOD? 3).",
      "Leave the power on, wait up to fifteen minutes, and run this again." },
  [SQNS_MODEM_FFH]
  = { MODEM, PROBLEM, NULL,
      "The modem is in its boot loader and waits for an updater: in its own words FFH (AT+SMOD? 0). Older tools, "
      "forums and the board's own modem_state call this 'recovery mode'.",
      "Run 'sqnsctl recover {port} FILE.dup' with a full firmware file: the updater is taken out of that file." },
  [SQNS_MODEM_SILENT]
  = { MODEM, PROBLEM, NULL, "The modem did not answer when it was last asked.",
      "If an upgrade was interrupted before, leave the power on for fifteen minutes; then run 'sqnsctl doctor "
      "{port}', which finds out more." },
  [SQNS_MODEM_UPGRADING]
  = { MODEM, NOTE, NULL, "A job is at work on the modem.", "Let it finish: see 'sqnsctl jobs'." },
  [SQNS_MODEM_GONE]
  = { MODEM, PROBLEM, NULL, "The board is not plugged in.",
      "Plug it in. If it is plugged in, see what stands above about USB; try another cable and another USB port." },
};
G_STATIC_ASSERT (G_N_ELEMENTS (states) == SQNS_N_MODEM_STATES);

#define FLAG(name) [__builtin_ctz (SQNS_BOARD_##name)]

static const SqnsFindingText board_flags[] = {
  FLAG (PASSTHROUGH) = { BOARD, OK, NULL, "Its firmware has a passthrough to the modem.", "" },
  /* field-failures.md row 2b */
  FLAG (NEEDS_LTE_TASK)
  = { BOARD, NOTE, NULL,
      "The passthrough of this firmware (1.20.2.r2 and later) stays silent unless the board's LTE task runs.",
      "Nothing needs to be done for sqnsd, which starts that task or goes round it. Other tools need an LTE() "
      "before." },
  FLAG (LTE_ON_BOOT)
  = { BOARD, NOTE, NULL, "The board takes its modem for itself at each boot (LTE on boot).",
      "Nothing needs to be done for sqnsd. To have it off: 'pycom.lte_modem_en_on_boot(False)' at the board's "
      "prompt." },
  /* field-failures.md row 20 */
  FLAG (NO_LTE)
  = { BOARD, PROBLEM, NULL,
      "The board's firmware knows no LTE modem: it is older than 1.11.0, or this is another kind of board.",
      "Check that it is a FiPy, GPy or G01, and bring its firmware up to date with Pycom's updater." },
  /* field-failures.md row 29 */
  FLAG (MAIN)
  = { BOARD, NOTE, NULL, "The board has a program of its own (main.py), which runs at each boot.",
      "Nothing needs to be done as long as it leaves the modem alone while an upgrade runs; an empty main.py is the "
      "surest way." },
  FLAG (PROGRAM) = { BOARD, NOTE, NULL, "A program ran on the board and was interrupted.",
                     "Press the board's reset button to have it run again." },
  FLAG (SAFE_BOOT)
  = { BOARD, NOTE, NULL, "The board had to be restarted in safe boot, because its program did not yield.",
      "Press the board's reset button to have its program run again; before an upgrade, empty its main.py." },
  /* field-failures.md row 29 */
  FLAG (OWNS_MODEM)
  = { BOARD, PROBLEM, NULL, "The board's own program uses the modem: only after a safe boot did the modem answer.",
      "Empty main.py before an upgrade, and put it back afterwards." },
  /* field-failures.md rows 16 and 30 */
  FLAG (MODEM_HEARD)
  = { MODEM, PROBLEM, NULL,
      "The modem's line was heard, but it brings no answers: zeros, as from a modem without power, or what a modem "
      "says that crashes and starts again.",
      "Check the board's power supply. No button helps against that." },
  /* field-failures.md row 37 */
  FLAG (CRASHES)
  = { BOARD, PROBLEM, NULL,
      "The board's own firmware crashed and started again when it was asked what it is, as old releases do.",
      "Update the board's firmware with Pycom's updater; the modem has its own." },
  FLAG (ANSWERS) = { BOARD, OK, NULL, "The board's MicroPython prompt answers.", "" },
  FLAG (COMES_AND_GOES)
  = { USB, PROBLEM, NULL, "The board has come and gone several times within a minute, as when its supply breaks down.",
      "Use a shorter cable, another USB port or a powered hub, or feed the board from a battery; do not start an "
      "upgrade before that." },
};
#undef FLAG
G_STATIC_ASSERT (G_N_ELEMENTS (board_flags) == SQNS_N_BOARD_FLAGS);

const char *const sqns_level_names[] = { "ok", "note", "problem", NULL };
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_level_names) == SQNS_N_LEVELS + 1);
const char *const sqns_subject_names[] = { "host", "usb", "board", "modem", NULL };
G_STATIC_ASSERT (G_N_ELEMENTS (sqns_subject_names) == SQNS_N_SUBJECTS + 1);

SqnsFindingText
sqns_finding_text (SqnsFindingId id)
{
  return findings[id];
}

SqnsFindingText
sqns_modem_state_text (SqnsModemState state)
{
  SqnsFindingText text = states[state];
  text.code = sqns_modem_state_name (state);
  return text;
}

SqnsFindingText
sqns_board_flag_text (SqnsBoardFlags flag)
{
  int bit = g_bit_nth_lsf (flag, -1);
  SqnsFindingText text = board_flags[bit];
  text.code = sqns_board_flag_names[bit];
  return text;
}

/* The value for the hole at @hole, and the text after it in *@end. NULL: no hole, or no value for it. */
static const char *
value_of (const char *hole, va_list values, const char **end)
{
  const char *close = strchr (hole, '}');
  if (close == NULL)
    return NULL;
  gsize length = (gsize)(close - hole - 1);
  va_list rest;
  const char *found = NULL;

  va_copy (rest, values);
  for (const char *name; found == NULL && (name = va_arg (rest, const char *)) != NULL;)
    {
      const char *value = va_arg (rest, const char *);
      if (strlen (name) == length && strncmp (name, hole + 1, length) == 0)
        found = value;
    }
  va_end (rest);
  *end = close + 1;
  return found;
}

char *
sqns_text_fill_valist (const char *text, va_list values)
{
  GString *out = g_string_new (NULL);
  while (*text != '\0')
    {
      const char *end;
      const char *value = *text == '{' ? value_of (text, values, &end) : NULL;
      if (value != NULL)
        {
          g_string_append (out, value);
          text = end;
        }
      else
        g_string_append_c (out, *text++);
    }
  return g_string_free (out, FALSE);
}

char *
sqns_text_fill (const char *text, ...)
{
  va_list values;
  va_start (values, text);
  char *filled = sqns_text_fill_valist (text, values);
  va_end (values);
  return filled;
}
