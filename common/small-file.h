/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a few bytes of a file in a folder that others may write to. */
#pragma once

#include <sys/stat.h>

#include <glib.h>

/* Reads at most @size - 1 bytes of the regular file @name in @folder (AT_FDCWD: anywhere) and ends them with a NUL.
 * What is no regular file (a FIFO, a link, a folder), or, below a @folder, is on another file system, is not opened,
 * for that could take for ever. @st: of the file, nullable. Returns the bytes read, -1 with @errno set. */
gssize sqns_small_file_read (int folder, const char *name, char *text, gsize size, struct stat *st);
