/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a few bytes of a file in a folder that others may write to. */
#pragma once

#include <sys/stat.h>

#include <glib.h>

/* Reads at most @size - 1 bytes of the regular file @name in @folder (AT_FDCWD: anywhere) and terminates them with
 * NUL. Does not open what might block: other kinds of files, and files below a @folder that are on another file
 * system. @st: of the file, nullable. Returns the number of bytes; -1 with @errno set. */
gssize sqns_small_file_read (int folder, const char *name, char *text, gsize size, struct stat *st);
