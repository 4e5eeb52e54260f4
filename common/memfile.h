/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sealed files in memory: bytes that nobody, their maker included, can change any more. */
#pragma once

#include <gio/gio.h>

/* An empty memfd that can be sealed; -1 with FAILED. @name is for /proc only. */
int sqns_memfile_new (const char *name, GError **error);

/* Writes all of @data at the end; no size limit of its own. */
gboolean sqns_memfile_write (int fd, const void *data, gsize len, GError **error);

/* From now on neither content nor size nor seals can be changed. */
gboolean sqns_memfile_seal (int fd, GError **error);

/* Whether @fd is a file in memory whose content and size nobody can change. */
gboolean sqns_memfile_is_sealed (int fd);

/* Maps a sealed @fd of @size bytes read-only; the mapping lives as long as the bytes, independent of @fd. @size > 0. */
GBytes *sqns_memfile_map (int fd, gsize size, GError **error);

/* A sealed memfd with @data, read position at its start; -1 with FAILED. */
int sqns_memfile_from_data (const char *name, const void *data, gsize len, GError **error);
