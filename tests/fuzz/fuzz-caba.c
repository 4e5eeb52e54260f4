/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the .dup parser: with the input as it is, and with corrected checksums, to reach the code behind them. */
#include "codec/caba-reader.h"
#include "codec/caba.h"

#include "fuzz.h"

#include <string.h>

static guint32
get_le32 (const guint8 *p)
{
  return p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 | (guint32)p[3] << 24;
}

static void
put_checksum (guint8 *p, const guint8 *data, gsize len)
{
  const guint32 sum = sqns_caba_fletcher32 (data, len);

  for (guint i = 0; i < 4; i++)
    p[i] = (guint8)(sum >> (8 * i));
}

/* Corrects the checksums of all complete packages, inner ones first. */
static void
repair (guint8 *data, gsize size, guint depth)
{
  while (size >= 18)
    {
      const gsize begin = 18 + (data[16] | (gsize)data[17] << 8);
      const gsize payload_size = get_le32 (data + 8);
      guint8 *payload = data + begin;

      if (begin + payload_size + 4 > size)
        return;
      if (memcmp (data, "PACK", 4) == 0 && depth == 0)
        repair (payload, payload_size, depth + 1);
      else if (payload_size >= 48 && get_le32 (payload + 32) == payload_size - 48)
        put_checksum (payload + payload_size - 4, payload + 4, payload_size - 8);
      put_checksum (payload + payload_size, data, begin + payload_size);
      data += begin + payload_size + 4;
      size -= begin + payload_size + 4;
    }
}

static void
check_text (const char *text)
{
  g_assert (text == NULL || g_utf8_validate (text, -1, NULL));
}

static void
check (const SqnsCaba *caba, gsize size)
{
  guint64 end = 0;

  g_assert (caba->packages->len > 0 && caba->packages->len <= 64);
  for (guint i = 0; i < caba->packages->len; i++)
    {
      const SqnsPackage *package = g_ptr_array_index (caba->packages, i);

      g_assert (package->offset >= end && package->size <= size && package->offset <= size - package->size);
      g_assert (package->payload_offset > package->offset);
      g_assert (package->payload_offset + package->payload_size + 4 == package->offset + package->size);
      end = package->offset + package->size;
      check_text (package->description);
    }
  g_assert (end == (caba->packed ? size - 4 : size));
  g_assert (caba->updater_size <= size && caba->updater_offset <= size - caba->updater_size);
  g_assert (caba->complete == (!caba->diff && caba->missing == NULL));
  g_assert (caba->warnings->len < 400);
  for (guint i = 0; i < caba->warnings->len; i++)
    check_text (g_ptr_array_index (caba->warnings, i));
  check_text (caba->version_text);
  check_text (caba->missing);
}

static void
parse (const guint8 *data, gsize size, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsCaba) caba = sqns_caba_parse (data, size, name, &error);

  g_assert ((caba == NULL) == (error != NULL));
  if (caba != NULL)
    check (caba, size);
  else
    {
      g_assert (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE));
      check_text (error->message);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree guint8 *dup = g_memdup2 (data, size);
  g_autofree char *name = g_strndup (size > 0 ? (const char *)data : "", MIN (size, 40));

  parse (data, size, name);
  repair (dup, size, 0);
  parse (dup, size, "upgdiff_38638-to-39529.dup");
  parse (dup, size, NULL);
  return 0;
}
