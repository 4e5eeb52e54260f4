/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* User texts that several files need. */
#include "base/messages.h"

const char *
sqns_press_reset_message (void)
{
  return "press the reset button on the board (on the module itself, not its power: the modem may be writing its "
         "flash)";
}

/* Longer than the longest erase on record (protocol.md §3). */
#define LONGEST_ERASE_S 330

char *
sqns_silence_message (gboolean may_erase, guint silent_s)
{
  g_autofree char *clock = g_strdup_printf ("%u:%02u", silent_s / 60, silent_s % 60);
  if (may_erase && silent_s < LONGEST_ERASE_S)
    return g_strdup_printf ("erasing flash; this pause is normal, up to 5 min (%s so far)", clock);
  return g_strdup_printf ("no answer from the modem for %s; waiting, then sending again", clock);
}

const char *
sqns_brown_out_message (void)
{
  return "the board keeps disconnecting and reconnecting, as with too weak a power supply: use a shorter cable, "
         "another USB port or a powered hub";
}
