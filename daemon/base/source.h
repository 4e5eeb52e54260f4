/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small things about GSource that GLib leaves to its users. */
#pragma once

#include <glib.h>

/* Destroys and releases *@source if there is one, and forgets it. */
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
