/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounds-checked reads, checksum and messages of the .dup parser. */
#include "codec/caba-reader.h"

#include <string.h>

gboolean
sqns_caba_skip (SqnsCabaReader *reader, guint64 len)
{
  if (reader->end - reader->at < len)
    return FALSE;
  reader->at += len;
  return TRUE;
}

gboolean
sqns_caba_read_le16 (SqnsCabaReader *reader, guint16 *value)
{
  const guint8 *p = reader->data + reader->at;

  if (!sqns_caba_skip (reader, 2))
    return FALSE;
  *value = (guint16)(p[1] << 8 | p[0]);
  return TRUE;
}

gboolean
sqns_caba_read_le32 (SqnsCabaReader *reader, guint32 *value)
{
  guint16 low, high;

  if (!sqns_caba_read_le16 (reader, &low) || !sqns_caba_read_le16 (reader, &high))
    return FALSE;
  *value = (guint32)high << 16 | low;
  return TRUE;
}

gboolean
sqns_caba_has_magic (const guint8 *data, guint64 size, const char *magic)
{
  return size >= SQNS_CABA_MAGIC_SIZE && memcmp (data, magic, SQNS_CABA_MAGIC_SIZE) == 0;
}

static guint32
fold (guint64 sum)
{
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return (guint32)sum;
}

/* Folding keeps a sum's value modulo 65535 and never makes a positive one 0, so it can wait until the sums get near the
 * end of their 64 bits: with n words, s2 stays below n^2 * 65536. */
guint32
sqns_caba_fletcher32 (const guint8 *data, gsize len)
{
  const gsize fold_every = (gsize)1 << 21; /* bytes */
  guint64 s1 = 0xffff, s2 = 0xffff;

  while (len > 1)
    {
      gsize piece = MIN (len, fold_every) & ~(gsize)1;

      len -= piece;
      for (; piece >= 8; piece -= 8, data += 8)
        {
          guint64 v, a, b, c, d;

          memcpy (&v, data, sizeof v);
          v = GUINT64_FROM_BE (v);
          a = v >> 48;
          b = v >> 32 & 0xffff;
          c = v >> 16 & 0xffff;
          d = v & 0xffff;
          s2 += 4 * s1 + 4 * a + 3 * b + 2 * c + d;
          s1 += a + b + c + d;
        }
      for (; piece >= 2; piece -= 2, data += 2)
        {
          s1 += (guint64)data[0] << 8 | data[1];
          s2 += s1;
        }
      s1 = fold (s1);
      s2 = fold (s2);
    }
  if (len == 1)
    {
      s1 += (guint64)data[0] << 8;
      s2 += s1;
    }
  return fold (s2) << 16 | fold (s1);
}

void
sqns_caba_warn (GPtrArray *warnings, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (warnings, g_strdup_vprintf (format, args));
  va_end (args);
}
