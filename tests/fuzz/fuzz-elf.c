/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as an updater: valid, or an error message. A valid one contains all that its headers name. */
#include "codec/elf.h"

#include "fuzz.h"

static guint64
be32 (const uint8_t *p)
{
  return (guint64)p[0] << 24 | (guint64)p[1] << 16 | (guint64)p[2] << 8 | p[3];
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  gboolean right = sqns_elf_check_updater (data, size, &error);

  g_assert_cmpint (right, ==, error == NULL);
  if (right)
    {
      guint each = (guint)data[42] << 8 | data[43], count = (guint)data[44] << 8 | data[45];

      g_assert_cmpuint (size, <=, SQNS_UPDATER_MAX_SIZE);
      for (guint i = 0; i < count; i++)
        {
          const uint8_t *header = data + be32 (data + 28) + (gsize)each * i;

          g_assert_cmpuint (be32 (header + 4) + be32 (header + 16), <=, size);
        }
    }
  else
    {
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_INVALID_FIRMWARE);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  return 0;
}
