/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GSource helpers that GLib lacks. */
#pragma once

#include <glib.h>

/* Destroys and unrefs *@source, if any, and clears it. */
static inline void
sqns_clear_source (GSource **source)
{
  GSource *old = g_steal_pointer (source);
  if (old != NULL)
    {
      g_source_destroy (old);
      g_source_unref (old);
    }
}
