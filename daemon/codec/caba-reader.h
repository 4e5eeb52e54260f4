/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a .dup: read with bounds, summed up, and complained of. Pure. */
#pragma once

#include "common/error.h"

#define SQNS_CABA_MAGIC_SIZE 4u
#define SQNS_CABA_CHECKSUM_SIZE 4u

/* A part of the file at @data that is read field by field; offsets are the file's. Reads return FALSE at the part's
 * end. */
typedef struct {
  const guint8 *data;
  guint64 at;
  guint64 end;
} SqnsCabaReader;

gboolean sqns_caba_skip (SqnsCabaReader *reader, guint64 len);
gboolean sqns_caba_read_le16 (SqnsCabaReader *reader, guint16 *value);
gboolean sqns_caba_read_le32 (SqnsCabaReader *reader, guint32 *value);

/* The magic of four letters at the beginning of @size bytes. */
gboolean sqns_caba_has_magic (const guint8 *data, guint64 size, const char *magic);

/* The file's checksum: big-endian words, odd byte padded, sums from 0xFFFF, (s2 << 16) | s1. */
guint32 sqns_caba_fletcher32 (const guint8 *data, gsize len);

/* Sets SQNS_ERROR_INVALID_FIRMWARE; FALSE, to be returned. */
#define sqns_caba_bad(error, ...) sqns_refuse (error, SQNS_ERROR_INVALID_FIRMWARE, __VA_ARGS__)
/* Adds what is odd but not wrong. */
void sqns_caba_warn (GPtrArray *warnings, const char *format, ...) G_GNUC_PRINTF (2, 3);
