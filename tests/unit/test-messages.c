/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages of an upload that makes no progress. */
#include "base/messages.h"

static void
test_silence (void)
{
  static const struct {
    gboolean may_erase;
    guint silent_s;
    const char *message;
  } rows[] = {
    { TRUE, 5, "erasing flash; this pause is normal, up to 5 min (0:05 so far)" },
    { TRUE, 329, "erasing flash; this pause is normal, up to 5 min (5:29 so far)" },
    { TRUE, 330, "no answer from the modem for 5:30; waiting, then sending again" },
    { FALSE, 65, "no answer from the modem for 1:05; waiting, then sending again" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *message = sqns_silence_message (rows[i].may_erase, rows[i].silent_s);
      g_assert_cmpstr (message, ==, rows[i].message);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/messages/silence", test_silence);
  return g_test_run ();
}
