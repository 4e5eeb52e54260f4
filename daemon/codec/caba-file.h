/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the .dup parser share: the file at hand, a bounds-checked reader, and how to complain. For caba*.c
 * only. */
#pragma once

#include "codec/caba.h"

#include <string.h>

#define SQNS_CABA_MAGIC_SIZE 4u
#define SQNS_CABA_CHECKSUM_SIZE 4u

typedef struct {
  const guint8 *data;
  guint64 size;
  const char *name; /* nullable */
  SqnsCaba *caba;   /* what is known so far; warnings go there */
} SqnsCabaFile;

/* A part of the file that is read field by field; offsets are the file's. Reads return FALSE at the part's end. */
typedef struct {
  const guint8 *data;
  guint64 at;
  guint64 end;
} SqnsCabaReader;

/* Sets SQNS_ERROR_INVALID_FIRMWARE; FALSE, to be returned. */
gboolean sqns_caba_bad (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
void sqns_caba_warn (const SqnsCabaFile *file, const char *format, ...) G_GNUC_PRINTF (2, 3);

static inline gboolean
sqns_caba_skip (SqnsCabaReader *reader, guint64 len)
{
  if (reader->end - reader->at < len)
    return FALSE;
  reader->at += len;
  return TRUE;
}

static inline gboolean
sqns_caba_read_le16 (SqnsCabaReader *reader, guint16 *value)
{
  const guint8 *p = reader->data + reader->at;

  if (!sqns_caba_skip (reader, 2))
    return FALSE;
  *value = (guint16)(p[1] << 8 | p[0]);
  return TRUE;
}

static inline gboolean
sqns_caba_read_le32 (SqnsCabaReader *reader, guint32 *value)
{
  guint16 low, high;

  if (!sqns_caba_read_le16 (reader, &low) || !sqns_caba_read_le16 (reader, &high))
    return FALSE;
  *value = (guint32)high << 16 | low;
  return TRUE;
}

static inline gboolean
sqns_caba_has_magic (const guint8 *data, guint64 size, const char *magic)
{
  return size >= SQNS_CABA_MAGIC_SIZE && memcmp (data, magic, SQNS_CABA_MAGIC_SIZE) == 0;
}

static inline gboolean
sqns_caba_is_package_magic (const guint8 *data, guint64 size)
{
  return sqns_caba_has_magic (data, size, "UPGR") || sqns_caba_has_magic (data, size, "DIFF")
         || sqns_caba_has_magic (data, size, "PACK");
}
