/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small synthetic firmware files. */
#include "firmware-builder.h"

#include "caba-builder.h"
#include "common/memfile.h"

#include <glib/gstdio.h>

int
sqns_test_firmware_open (const char *name, guint build, guint flags)
{
  g_autofree char *version = g_strdup_printf ("6.0.0.0 [%u] by x", build);
  g_autoptr (GBytes) dup = sqns_test_dup_new (version, 1000, flags);
  g_autoptr (GError) error = NULL;
  int fd = sqns_memfile_from_data (name, g_bytes_get_data (dup, NULL), g_bytes_get_size (dup), &error);
  g_assert_no_error (error);
  return fd;
}

SqnsFirmware *
sqns_test_firmware_new (const char *name, guint build, guint flags)
{
  g_autoptr (GError) error = NULL;
  int fd = sqns_test_firmware_open (name, build, flags);
  SqnsFirmware *firmware = sqns_firmware_load (fd, NULL, SQNS_FIRMWARE_DUP, NULL, NULL, &error);
  g_close (fd, NULL);
  g_assert_no_error (error);
  return firmware;
}
