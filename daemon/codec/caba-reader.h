/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounds-checked reads, checksum and messages of the .dup parser. Pure. */
#pragma once

#include "common/error.h"

#define SQNS_CABA_MAGIC_SIZE 4u
#define SQNS_CABA_CHECKSUM_SIZE 4u

/* A part of the file at @data, read field by field; @at and @end are offsets in the file. Reads return FALSE at the
 * end of the part. */
typedef struct {
  const guint8 *data;
  guint64 at;
  guint64 end;
} SqnsCabaReader;

gboolean sqns_caba_skip (SqnsCabaReader *reader, guint64 len);
gboolean sqns_caba_read_le16 (SqnsCabaReader *reader, guint16 *value);
gboolean sqns_caba_read_le32 (SqnsCabaReader *reader, guint32 *value);

/* Whether the @size bytes at @data begin with the four letters @magic. */
gboolean sqns_caba_has_magic (const guint8 *data, guint64 size, const char *magic);

/* The checksum of .dup files: big-endian words, an odd byte padded, sums from 0xFFFF, (s2 << 16) | s1. */
guint32 sqns_caba_fletcher32 (const guint8 *data, gsize len);

/* Sets INVALID_FIRMWARE. Returns FALSE. */
#define sqns_caba_bad(error, ...) sqns_refuse (error, SQNS_ERROR_INVALID_FIRMWARE, __VA_ARGS__)
/* Adds a warning: unusual, but not wrong. */
void sqns_caba_warn (GPtrArray *warnings, const char *format, ...) G_GNUC_PRINTF (2, 3);
