/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sealed files in memory, which nobody can change any more, their maker included. */
#pragma once

#include <gio/gio.h>

/* A new, empty memfd that can be sealed; -1 with FAILED. @name shows in /proc only. */
int sqns_memfile_new (const char *name, GError **error);

/* Appends all of @data. Errors: FAILED, with errno kept. */
gboolean sqns_memfile_write (int fd, const void *data, gsize len, GError **error);

/* Seals content, size and seals. Errors: FAILED, with errno kept. */
gboolean sqns_memfile_seal (int fd, GError **error);

/* Whether @fd is a file in memory whose content and size are sealed. */
gboolean sqns_memfile_is_sealed (int fd);

/* Maps a sealed @fd of @size bytes (not 0) read-only. The mapping lives as long as the bytes, independent of @fd. */
GBytes *sqns_memfile_map (int fd, gsize size, GError **error);

/* A sealed memfd with @data, positioned at its start; -1 with FAILED. */
int sqns_memfile_from_data (const char *name, const void *data, gsize len, GError **error);
