/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of the findings. */
#include "client/doctor/texts.h"

#include <string.h>

#define HOST SQNS_SUBJECT_HOST
#define USB SQNS_SUBJECT_USB
#define BOARD SQNS_SUBJECT_BOARD
#define MODEM SQNS_SUBJECT_MODEM
#define OK SQNS_LEVEL_OK
#define NOTE SQNS_LEVEL_NOTE
#define PROBLEM SQNS_LEVEL_PROBLEM

#define FINDING(id, ...) [SQNS_FINDING_##id] = __VA_ARGS__,
static const SqnsFindingText findings[] = {
#include "client/doctor/findings.h"
};
#undef FINDING

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
      "power the updater is gone and is loaded again by that.",
      SQNS_EXIT_RECOVERY },
  [SQNS_MODEM_RECOVERY]
  = { MODEM, PROBLEM, NULL,
      "The modem is in recovery and waits for a firmware file: an upgrade has begun and not ended. In its own words "
      "RECOVERY (AT+SMOD? 4); older tools call this 'upgrade mode'.",
      "Run 'sqnsctl upgrade {port} FILE.dup' with a full firmware file: it goes on from there.", SQNS_EXIT_RECOVERY },
  [SQNS_MODEM_UPDATER]
  = { MODEM, PROBLEM, NULL, "The modem is applying an upgrade by itself: in its own words UPDATER (AT+SMOD? 3).",
      "Leave the power on, wait up to fifteen minutes, and run this again.", SQNS_EXIT_RECOVERY },
  [SQNS_MODEM_FFH]
  = { MODEM, PROBLEM, NULL,
      "The modem is in its boot loader and waits for an updater: in its own words FFH (AT+SMOD? 0). Older tools, "
      "forums and the board's own modem_state call this 'recovery mode'.",
      "Run 'sqnsctl recover {port} FILE.dup' with a full firmware file: the updater is taken out of that file.",
      SQNS_EXIT_RECOVERY },
  [SQNS_MODEM_SILENT]
  = { MODEM, PROBLEM, NULL, "The modem did not answer when it was last asked.",
      "If an upgrade was interrupted before, leave the power on for fifteen minutes; then run 'sqnsctl doctor "
      "{port}', which finds out more.",
      SQNS_EXIT_UNKNOWN },
  [SQNS_MODEM_UPGRADING]
  = { MODEM, NOTE, NULL, "A job is at work on the modem.", "Let it finish: see 'sqnsctl jobs'." },
  [SQNS_MODEM_GONE]
  = { MODEM, PROBLEM, NULL, "The board is not plugged in.",
      "Plug it in. If it is plugged in, see what stands above about USB; try another cable and another USB port.",
      SQNS_EXIT_UNKNOWN },
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

char *
sqns_text_fill (const char *text, const char *const *values)
{
  GString *out = g_string_new (NULL);
  while (*text != '\0')
    {
      const char *end = *text == '{' ? strchr (text, '}') : NULL;
      const char *value = NULL;
      for (gsize i = 0; end != NULL && value == NULL && values[i] != NULL; i += 2)
        if (strlen (values[i]) == (gsize)(end - text - 1) && g_str_has_prefix (text + 1, values[i]))
          value = values[i + 1];
      if (value != NULL)
        g_string_append (out, value);
      else
        g_string_append_c (out, *text);
      text = value != NULL ? end + 1 : text + 1;
    }
  return g_string_free (out, FALSE);
}
