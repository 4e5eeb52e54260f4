/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads small regular files without trusting what is at their path. */
#pragma once

#include <glib.h>

typedef enum {
  SQNS_PLAIN_FILE_NO_LINKS, /* a symbolic link is refused */
  SQNS_PLAIN_FILE_LINKS,    /* an administrator's file: links are followed, and /dev/null is an empty file */
} SqnsPlainFileLinks;

/* The content of a regular file of at most @max bytes, NUL-terminated; caller frees. Never waits for a writer, and
 * opens nothing but regular files. Errors: FAILED (not a regular file, longer than @max), G_FILE_ERROR with the path
 * (all others). @len: nullable. */
char *sqns_plain_file_read (const char *path, gsize max, SqnsPlainFileLinks links, gsize *len, GError **error);

/* Whether @path itself, not what it links to, is a regular file. */
gboolean sqns_plain_file_is_regular (const char *path);
