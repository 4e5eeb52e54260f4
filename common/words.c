/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts for people that say what is wrong and what to do next. */
#include "common/words.h"

#include <string.h>

/* While a modem may be writing, no text may speak of taking its power away; a test reads them all. */

#define HOST(name, level, code, text, advice)                                                                          \
  {                                                                                                                    \
    SQNS_FINDING_##name, SQNS_SUBJECT_HOST, SQNS_LEVEL_##level, code, text, advice                                     \
  }
#define USB(name, level, code, text, advice)                                                                           \
  {                                                                                                                    \
    SQNS_FINDING_##name, SQNS_SUBJECT_USB, SQNS_LEVEL_##level, code, text, advice                                      \
  }
#define BOARD(name, level, code, text, advice)                                                                         \
  {                                                                                                                    \
    SQNS_FINDING_##name, SQNS_SUBJECT_BOARD, SQNS_LEVEL_##level, code, text, advice                                    \
  }
#define MODEM(name, level, code, text, advice)                                                                         \
  {                                                                                                                    \
    SQNS_FINDING_##name, SQNS_SUBJECT_MODEM, SQNS_LEVEL_##level, code, text, advice                                    \
  }

static const SqnsFindingWords findings[] = {
  HOST (DAEMON_RUNS, OK, "daemon-runs", "The daemon sqnsd runs (version {version}).", ""),
  HOST (NO_DAEMON,
        PROBLEM,
        "no-daemon",
        "There is no daemon to talk to: {error}.",
        "Start it with 'systemctl start sqnsd', or name its bus with --bus or --session. Without it, board and modem "
        "cannot be asked."),
  HOST (BUS_DENIED,
        PROBLEM,
        "bus-denied",
        "You may not talk to the daemon: {error}.",
        "Run this as root, or ask the administrator to allow you the bus."),
  HOST (OTHER_HOST,
        NOTE,
        "other-host",
        "The board is on {host}: that machine's ports, programs and USB cannot be looked at from here.",
        "Run 'sqnsctl doctor' on {host} itself to have them checked."),
  HOST (MM_ABSENT, OK, "modem-manager-absent", "ModemManager does not run.", ""),
  HOST (MM_IGNORES_PORT, OK, "modem-manager-ignores", "ModemManager runs, and leaves {port} alone.", ""),
  HOST (
      MM_MAY_PROBE,
      PROBLEM,
      "modem-manager", /* row 26 */
      "ModemManager runs, and nothing tells it to leave {port} alone: it may send its own commands there, even in the "
      "middle of an upgrade.",
      "Install the rule 60-sqnsd.rules of sqnsd and plug the board in again, or stop ModemManager: 'systemctl stop "
      "ModemManager'."),
  HOST (PORT_MISSING,
        PROBLEM,
        "port-missing",
        "There is no port {port}.",
        "Look at 'sqnsctl list' for the boards that are there; the number changes when a board is plugged in again, "
        "the links in /dev/serial/by-id do not."),
  HOST (PORT_FREE, OK, "port-free", "No program has {port} open.", ""),
  HOST (PORT_NOT_SEEN,
        OK,
        "port-not-seen",
        "None of your programs has {port} open (those of other users can be seen by root only).",
        ""),
  HOST (PORT_OF_DAEMON, OK, "port-of-daemon", "The daemon is using {port} just now.", ""),
  HOST (PORT_OWNED, PROBLEM, "port-owned", "{port} is in use by {owner}.", "Close that program, then run this again."),
  HOST (ACCESS, OK, "access", "You may open {port} yourself.", ""),
  HOST (ACCESS_NOT_NEEDED,
        OK,
        "access-not-needed",
        "You may not open {port} yourself (its group is {group}), and need not: the daemon does.",
        ""),
  HOST (
      ACCESS_DENIED,
      PROBLEM,
      "access-denied",
      "You may not open {port}: it belongs to the group {group}, and you are not in it.",
      "'sudo adduser $USER {group}', then log out and in again. With the system's daemon running this is not needed."),
  HOST (ACCESS_NEXT_LOGIN,
        PROBLEM,
        "access-next-login",
        "You may not open {port} yet: you were put into the group {group} after you had logged in.",
        "Log out and in again."),
  HOST (DRIVER, OK, "driver", "{port} is driven by {driver}.", ""),
  HOST (DRIVER_OTHER,
        NOTE,
        "driver-other",
        "{port} is driven by {driver}: no Pycom board that is known needs that.",
        "Check that this is the right port; a USB serial adapter wired to a board by hand works all the same."),
  HOST (LATENCY, OK, "latency", "The USB chip of {port} passes bytes on after {ms} ms.", ""),
  HOST (LATENCY_SLOW,
        NOTE,
        "latency-slow",
        "The USB chip of {port} holds bytes back for {ms} ms. The daemon asks the driver for 1 ms while it uses the "
        "port; other programs stay slow.",
        "Nothing needs to be done for sqnsd. For other programs: 'echo 1 | sudo tee "
        "/sys/bus/usb-serial/devices/{tty}/latency_timer'."),

  USB (
      USB_NONE,
      NOTE,
      "usb-none",
      "No USB device with a board's ids is plugged in.",
      "Plug the board in with a cable that carries data, not only power. A board on another serial adapter is named by "
      "its tty."),
  USB (USB_BOARD, OK, "usb-board", "{name} ({ids}) at USB {place}, as {port}.", ""),
  USB (
      USB_BOOTLOADER,
      PROBLEM,
      "usb-bootloader", /* row 28 */
      "{name} ({ids}) at USB {place} is in its USB boot loader and has no port. For eight seconds after plugging in "
      "that is normal.",
      "Run this again in ten seconds. If it is still so, or the device comes and goes, the firmware of the board's USB "
      "controller (its PIC, not the modem) is damaged: load the file for exactly this board with dfu-util in those "
      "eight seconds."),
  USB (USB_NO_TTY,
       PROBLEM,
       "usb-no-port",
       "{name} ({ids}) is at USB {place}, but has no port: no driver has taken it.",
       "Load the driver, 'sudo modprobe ftdi_sio' for 0403 and 'sudo modprobe cdc_acm' for 04d8, or plug the board in "
       "again; 'journalctl -k' tells why it failed."),
  USB (USB_FRESH,
       NOTE,
       "usb-fresh",
       "{name} at USB {place} was plugged in {seconds} seconds ago.",
       "If you did not plug it in just now, it came back by itself: its supply is too weak. Use a shorter cable, "
       "another USB port or a powered hub."),
  USB (USB_CAME_BACK,
       PROBLEM,
       "usb-came-back", /* row 27 */
       "{name} at USB {place} went away and came back while this was running, as when its supply breaks down.",
       "Use a shorter cable, another USB port or a powered hub, or feed the board from a battery; do not start an "
       "upgrade before that."),

  BOARD (BOARD_ANSWERS, OK, "board-answers", "The {board} answers; its MicroPython firmware is {firmware}.", ""),
  BOARD (BOARD_KNOWN,
         OK,
         "board-known",
         "It is a {board}; its MicroPython firmware was {firmware} when last asked.",
         ""),
  BOARD (BOARD_NOT_ASKED,
         NOTE,
         "board-not-asked",
         "The board itself has not been asked yet.",
         "'sqnsctl doctor {port}' asks it, which interrupts a program that runs on it."),
  BOARD (BOARD_SILENT,
         PROBLEM,
         "board-silent",
         "The board's MicroPython prompt did not answer: a program keeps it, it sits in passthrough, it has no power, "
         "or this is not its port.",
         "Press the board's reset button, which leaves the modem as it is, and run this again. If that does not help, "
         "start the board in safe boot (connect P12 to 3V3 while it is reset)."),
  BOARD (BOARD_UNSEEN, OK, "board-unseen", "The modem was reached without the board's prompt (link: {link}).", ""),
  BOARD (BOARD_NEEDS_HAND,
         PROBLEM,
         "board-needs-hand",
         "The board needs a person: a program on it, or a passthrough that nothing comes through, yields to nothing "
         "that can be sent.",
         "Press the board's reset button, which leaves the modem as it is, and run this again. If a program of its own "
         "comes back each time, start it in safe boot (connect P12 to 3V3 while it is reset)."),

  MODEM (MODEM_NOT_FOUND,
         PROBLEM,
         "modem-not-found",
         "The daemon does not find this modem: {error}.",
         "Look at 'sqnsctl list', and at what stands above about USB."),
  MODEM (MODEM_NOT_ASKED,
         NOTE,
         "modem-not-asked",
         "The modem was not asked now: {error}.",
         "Wait until that has ended, then run this again; what follows is what was last known."),
  MODEM (MODEM_FAILED,
         PROBLEM,
         "modem-failed",
         "Asking the modem failed: {error}.",
         "Run this again; if it fails alike, the daemon's log has the details ('journalctl -u sqnsd')."),
  MODEM (MODEM_PORT_LOCKED,
         PROBLEM,
         "modem-port-locked",
         "The modem could not be asked: {error}.",
         "Close that program, then run this again."),
  MODEM (MODEM_DENIED,
         PROBLEM,
         "modem-denied",
         "You are not allowed to have the modem asked: {error}.",
         "Run this as root, or ask the administrator for the right to do it."),
  MODEM (MODEM_LOST,
         PROBLEM,
         "modem-lost",
         "The board went away while it was asked: {error}.",
         "Check the cable and what stands above about USB, plug the board in, and run this again."),
  MODEM (MODEM_DEAD,
         PROBLEM,
         "modem-dead", /* rows 14 and 16 */
         "What does not answer is the modem itself, at no speed: {error}.",
         "If an upgrade was interrupted before, leave the board's power on for fifteen minutes: the modem may still be "
         "writing. Then take the power away for ten seconds and give it back (the reset button does not reset the "
         "modem), and run 'sqnsctl doctor {port}' again. If it says so still, try another cable and supply once; a "
         "modem that stays silent after that is not known to come back."),
  MODEM (MODEM_NOT_REACHED,
         PROBLEM,
         "modem-not-reached",
         "The modem could not be reached, which says nothing about the modem itself: {error}.",
         "See to the board first. If an upgrade was interrupted before, leave the power on for fifteen minutes."),
  MODEM (MODEM_STRANGE,
         PROBLEM,
         "modem-strange",
         "The modem answers, but does not say what state it is in.",
         "Leave the power on and run this again in a minute; if it stays so, keep the daemon's log."),
  MODEM (POWER_SAFE, OK, "power-safe", "Power: may be cut now.", ""),
  MODEM (POWER_KEEP,
         NOTE,
         "power-keep",
         "Power: must stay on, the modem is being changed.",
         "Leave the board's power on until this says otherwise."),
  MODEM (POWER_UNSURE,
         NOTE,
         "power-unsure",
         "Power: whether it may be cut is not known.",
         "Leave it on until the modem has said what it does, or for fifteen minutes after the last upgrade."),
  MODEM (VERSION, OK, "version", "Its firmware is {version} ({family}).", ""),
  MODEM (VERSION_MISSING,
         NOTE,
         "version-missing",
         "It does not say which firmware it runs.",
         "Run this again: some modems refuse the question once and answer it the next time."),
  MODEM (
      HALF_UPGRADED,
      NOTE,
      "half-upgraded", /* S#228 */
      "Its firmware is {version}, but a boot loader of {loader} is installed: an earlier upgrade perhaps did not take.",
      "If the newer firmware is wanted, run the upgrade to it again."),
  MODEM (FACTORY_BOOT_ROM,
         NOTE,
         "factory-boot-rom",
         "It still has the factory's boot ROM (33080): an upgrade replaces that first, or goes by way of 41065.",
         "Nothing needs to be done: 'sqnsctl upgrade' finds the way, or says which file is needed first."),
  MODEM (LAST_ERROR,
         NOTE,
         "last-error",
         "What went wrong last: {error}.",
         "'sqnsctl jobs' and 'sqnsctl job ID' tell more, where it was a job."),
  MODEM (JOB,
         NOTE,
         "job",
         "Job {job} is at work on it: {message}.",
         "Let it finish: 'sqnsctl wait {job}'. The modem is not asked while a job runs."),
  MODEM (BLOCKED, NOTE, "blocked", "No upgrade would start now: {error}.", "See to that first; then upgrades start."),
  MODEM (JOB_NEEDS_HAND,
         PROBLEM,
         "job-needs-hand",
         "Job {job} waits for a person at the board.",
         "At the board: {message}."),
  MODEM (JOB_INTERRUPTED,
         NOTE,
         "job-interrupted",
         "Job {job} is interrupted: {message}.",
         "It goes on by itself when the board is plugged in and free."),
  MODEM (JOB_STRANDED,
         NOTE,
         "job-stranded",
         "Job {job} is interrupted, and does not go on by itself: {message}.",
         "When the board is there, 'sqnsctl resume {job}' goes on with it from the state that the modem is in."),
};
G_STATIC_ASSERT (G_N_ELEMENTS (findings) == SQNS_N_FINDINGS);

#define STATE(name, level, code, power, text, advice)                                                                  \
  {                                                                                                                    \
    { SQNS_MODEM_##name, SQNS_SUBJECT_MODEM, SQNS_LEVEL_##level, code, text, advice }, SQNS_POWER_##power              \
  }

/* The modem's own words are those of AT+SMOD? (protocol.md §2), the others those of field-failures.md §2.1. */
static const SqnsStateWords states[] = {
  STATE (UNKNOWN,
         NOTE,
         "unknown",
         UNSURE,
         "What state the modem is in is not known: it has not been asked.",
         "'sqnsctl doctor {port}' asks it, which interrupts a program that runs on the board."),
  STATE (PROBING, NOTE, "probing", UNSURE, "The daemon is asking the modem just now.", "Run this again in a minute."),
  STATE (APPLICATION,
         OK,
         "application",
         SAFE,
         "The modem runs its normal firmware: application, in its own words FFF (AT+SMOD? 2).",
         ""),
  STATE (
      MTOOLS,
      PROBLEM,
      "mtools",
      SAFE,
      "An updater runs in the modem instead of its firmware, and waits for a firmware file: mTools, also 'updater.elf "
      "is loaded' (AT+SMOD? 1).",
      "Run 'sqnsctl recover {port} FILE.dup', or upgrade, with a full firmware file: it goes on from there. Without "
      "power the updater is gone and is loaded again by that."),
  STATE (RECOVERY,
         PROBLEM,
         "recovery",
         SAFE,
         "The modem is in recovery and waits for a firmware file: an upgrade has begun and not ended. In its own words "
         "RECOVERY (AT+SMOD? 4); older tools call this 'upgrade mode'.",
         "Run 'sqnsctl upgrade {port} FILE.dup' with a full firmware file: it goes on from there."),
  STATE (UPDATER,
         PROBLEM,
         "updater",
         KEEP,
         "The modem is applying an upgrade by itself: in its own words UPDATER (AT+SMOD? 3).",
         "Leave the power on, wait up to fifteen minutes, and run this again."),
  STATE (FFH,
         PROBLEM,
         "ffh",
         SAFE,
         "The modem is in its boot loader and waits for an updater: in its own words FFH (AT+SMOD? 0). Older tools, "
         "forums and the board's own modem_state call this 'recovery mode'.",
         "Run 'sqnsctl recover {port} FILE.dup' with a full firmware file: the updater is taken out of that file."),
  STATE (SILENT,
         PROBLEM,
         "silent",
         UNSURE,
         "The modem did not answer when it was last asked.",
         "If an upgrade was interrupted before, leave the power on for fifteen minutes; then run 'sqnsctl doctor "
         "{port}', which finds out more."),
  STATE (UPGRADING, NOTE, "upgrading", UNSURE, "A job is at work on the modem.", "Let it finish: see 'sqnsctl jobs'."),
  STATE (GONE,
         PROBLEM,
         "gone",
         UNSURE,
         "The board is not plugged in.",
         "Plug it in. If it is plugged in, see what stands above about USB; try another cable and another USB port."),
};
G_STATIC_ASSERT (G_N_ELEMENTS (states) == SQNS_N_MODEM_STATES);

#define NOTE(name, subject, level, code, text, advice)                                                                 \
  {                                                                                                                    \
    SQNS_BOARD_##name, SQNS_SUBJECT_##subject, SQNS_LEVEL_##level, code, text, advice                                  \
  }

static const SqnsFindingWords notes[] = {
  NOTE (PASSTHROUGH, BOARD, OK, "passthrough", "Its firmware has a passthrough to the modem.", ""),
  NOTE (
      NEEDS_LTE_TASK,
      BOARD,
      NOTE,
      "needs-lte-task", /* row 2b */
      "The passthrough of this firmware (1.20.2.r2 and later) stays silent unless the board's LTE task runs.",
      "Nothing needs to be done for sqnsd, which starts that task or goes round it. Other tools need an LTE() before."),
  NOTE (
      LTE_ON_BOOT,
      BOARD,
      NOTE,
      "lte-on-boot",
      "The board takes its modem for itself at each boot (LTE on boot).",
      "Nothing needs to be done for sqnsd. To have it off: 'pycom.lte_modem_en_on_boot(False)' at the board's prompt."),
  NOTE (NO_LTE,
        BOARD,
        PROBLEM,
        "no-lte", /* row 20 */
        "The board's firmware knows no LTE modem: it is older than 1.11.0, or this is another kind of board.",
        "Check that it is a FiPy, GPy or G01, and bring its firmware up to date with Pycom's updater."),
  NOTE (MAIN,
        BOARD,
        NOTE,
        "main-program", /* row 29 */
        "The board has a program of its own (main.py), which runs at each boot.",
        "Nothing needs to be done as long as it leaves the modem alone while an upgrade runs; an empty main.py is the "
        "surest way."),
  NOTE (PROGRAM,
        BOARD,
        NOTE,
        "program-interrupted",
        "A program ran on the board and was interrupted.",
        "Press the board's reset button to have it run again."),
  NOTE (SAFE_BOOT,
        BOARD,
        NOTE,
        "safe-boot",
        "The board had to be restarted in safe boot, because its program did not yield.",
        "Press the board's reset button to have its program run again; before an upgrade, empty its main.py."),
  NOTE (OWNS_MODEM,
        BOARD,
        PROBLEM,
        "owns-modem", /* row 29 */
        "The board's own program uses the modem: only after a safe boot did the modem answer.",
        "Empty main.py before an upgrade, and put it back afterwards."),
  NOTE (MODEM_HEARD,
        MODEM,
        PROBLEM,
        "modem-heard", /* rows 16 and 30 */
        "The modem's line was heard, but it brings no answers: zeros, as from a modem without power, or what a modem "
        "says that crashes and starts again.",
        "Check the board's power supply. No button helps against that."),
  NOTE (CRASHES,
        BOARD,
        PROBLEM,
        "firmware-crashes", /* row 37 */
        "The board's own firmware crashed and started again when it was asked what it is, as old releases do.",
        "Update the board's firmware with Pycom's updater; the modem has its own."),
  NOTE (ANSWERS, BOARD, OK, "answers", "The board's MicroPython prompt answers.", ""),
  NOTE (COMES_AND_GOES,
        USB,
        PROBLEM,
        "comes-and-goes",
        "The board has come and gone several times within a minute, as when its supply breaks down.",
        "Use a shorter cable, another USB port or a powered hub, or feed the board from a battery; do not start an "
        "upgrade before that."),
};
G_STATIC_ASSERT (G_N_ELEMENTS (notes) == SQNS_N_BOARD_FLAGS);

static const char *const level_names[] = { "ok", "note", "problem" };
G_STATIC_ASSERT (G_N_ELEMENTS (level_names) == SQNS_LEVEL_PROBLEM + 1);
static const char *const subject_names[] = { "host", "usb", "board", "modem" };
G_STATIC_ASSERT (G_N_ELEMENTS (subject_names) == SQNS_N_SUBJECTS);

const char *
sqns_hand_words (void)
{
  return "press the reset button on the board (on the module itself, not its power: the modem may be writing its "
         "flash)";
}

/* Longer than the longest erase that was ever seen (protocol.md §3): what was normal before is not any more. */
#define LONGEST_ERASE_S 330

char *
sqns_silence_words (gboolean may_erase, guint silent_s)
{
  g_autofree char *clock = g_strdup_printf ("%u:%02u", silent_s / 60, silent_s % 60);
  if (may_erase && silent_s < LONGEST_ERASE_S)
    return g_strdup_printf ("erasing flash; this pause is normal, up to 5 min (%s so far)", clock);
  return g_strdup_printf ("no answer from the modem for %s; waiting, then sending again", clock);
}

const char *
sqns_brown_out_words (void)
{
  return "the board has come and gone several times within a minute, as when its supply breaks down: use a shorter "
         "cable, another USB port or a powered hub";
}

const char *
sqns_level_name (SqnsLevel level)
{
  return level_names[level];
}

const char *
sqns_subject_name (SqnsSubject subject)
{
  return subject_names[subject];
}

const SqnsFindingWords *
sqns_finding_words (SqnsFindingId id)
{
  return &findings[id];
}

const SqnsStateWords *
sqns_state_words (SqnsModemState state)
{
  return &states[state];
}

const SqnsFindingWords *
sqns_note_words (SqnsBoardFlags flag)
{
  return &notes[g_bit_nth_lsf (flag, -1)];
}

/* The value of the hole that begins at @hole; *@end gets what is behind it. NULL: no hole, or no value for it. */
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
sqns_words_fill_valist (const char *text, va_list values)
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
sqns_words_fill (const char *text, ...)
{
  va_list values;
  va_start (values, text);
  char *filled = sqns_words_fill_valist (text, values);
  va_end (values);
  return filled;
}
