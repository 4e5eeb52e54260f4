/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as output of a REPL, as a script and as a release. */
#include "codec/repl.h"

#include "fuzz.h"

#include <string.h>

static void
check_result (const guint8 *data, gsize size)
{
  g_auto (SqnsReplResult) result = { 0 };
  SqnsReplState state = sqns_repl_parse_result (data, size, &result);
  g_autofree char *value = NULL;

  g_assert_cmpint (state == SQNS_REPL_COMPLETE, ==, result.output != NULL);
  g_assert_cmpint (state == SQNS_REPL_COMPLETE, ==, result.errors != NULL);
  if (state == SQNS_REPL_BROKEN)
    g_assert_false (sqns_repl_accepted (data, size));
  if (state != SQNS_REPL_COMPLETE)
    return;

  g_assert_true (sqns_repl_accepted (data, size));
  g_assert_true (g_utf8_validate (result.output, -1, NULL));
  g_assert_true (g_utf8_validate (result.errors, -1, NULL));
  g_assert_true (g_str_has_suffix (result.errors, sqns_repl_error_line (result.errors)));
  value = sqns_repl_value (result.output, "mode");
  if (value != NULL)
    {
      g_autofree char *line = g_strdup_printf ("sqns mode=%s", value);

      g_assert_nonnull (strstr (result.output, line));
    }
}

static void
check_script (const char *text)
{
  static const char *const substitutions[] = { "BAUD", "921600", "", "@BAUD@", "PIN", "'P20'", NULL };
  g_autofree char *plain = sqns_repl_prepare (text, NULL);
  g_autofree char *again = sqns_repl_prepare (plain, NULL);
  g_autofree char *filled = sqns_repl_prepare (text, substitutions);

  g_assert_cmpuint (strlen (plain), <=, strlen (text) + 1);
  g_assert_cmpstr (plain, ==, again);
  g_assert_true (*plain == '\0' || (g_str_has_suffix (plain, "\n") && *plain != '\n'));
  g_assert_null (strstr (plain, "\n\n"));
  g_assert_cmpint (*filled == '\0', ==, *plain == '\0');
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  SqnsPrompt prompt = sqns_repl_prompt (data, size);

  g_assert_cmpint (prompt, <=, SQNS_PROMPT_RAW);
  if (prompt != SQNS_PROMPT_NONE)
    g_assert_true (size > 0 && strchr (" >", data[size - 1]) != NULL);
  check_result (data, size);
  check_script (text);
  g_assert_cmpuint (sqns_board_firmware_rank (text), <, G_GUINT64_CONSTANT (1) << 53);
  return 0;
}
