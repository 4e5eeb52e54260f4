/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as a version: a parsed version survives writing and reading. */
#include "common/version.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  SqnsVersion version, again;
  gboolean found = sqns_version_parse ((const char *)data, (gssize)size, &version);
  g_autofree char *text = sqns_version_format (&version);

  g_assert_cmpint (found, ==, sqns_version_known (&version));
  g_assert_cmpint (found, ==, *text != '\0');
  g_assert_cmpint (found, ==, sqns_version_equal (&version, &version));
  g_assert_cmpint (found, ==, sqns_version_parse (text, -1, &again));
  g_assert_cmpmem (&version, sizeof version, &again, sizeof again);
  g_assert_nonnull (sqns_family_name (sqns_version_family (&version)));
  return 0;
}
