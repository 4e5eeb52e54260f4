/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recognizes files that users pass by mistake. Pure. */
#pragma once

#include <glib.h>

/* What the file at @data is: "a zip archive"; NULL: unknown. @hint: "; unpack it first" or "". Text is recognized by
 * the beginning of the file. */
const char *sqns_foreign_name (const guint8 *data, guint64 size, const char **hint);
