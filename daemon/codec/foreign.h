/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that people hand over by mistake, called by their name. Pure. */
#pragma once

#include <glib.h>

/* What the file at @data begins as: "a zip archive"; NULL: nothing that is known. @hint: what is to be done with it,
 * ": unpack it first", or "". Text counts as far as its beginning shows. */
const char *sqns_foreign_name (const guint8 *data, guint64 size, const char **hint);
