/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the reply to each kind of command. */
#include "codec/at.h"

#include "fuzz.h"

#include <string.h>

static const char *const commands[] = { "AT", "AT+SMOD?", "AT+SMUPGRADE?", "AT+SMSWBOOT?", "ATI1", "AT!=\"showver\"" };

static gsize
text_size (const GPtrArray *lines)
{
  gsize size = 0;

  for (guint i = 0; i < lines->len; i++)
    {
      const char *line = g_ptr_array_index (lines, i);

      g_assert_cmpstr (line, !=, "");
      g_assert_true (g_str_is_ascii (line));
      g_assert_null (strpbrk (line, "\r\n"));
      size += strlen (line) + 1;
    }
  return size;
}

static void
read_reply (const SqnsAtReply *reply)
{
  g_autofree char *reason = NULL;
  g_autofree char *ue = NULL;
  SqnsVersion version;
  SqnsShowver showver;

  g_assert_nonnull (sqns_mode_name (sqns_at_smod (reply)));
  g_assert_nonnull (sqns_mode_name (sqns_at_smswboot (reply)));
  g_assert_cmpint (sqns_at_smupgrade (reply, &reason) == SQNS_REPORT_FAILURE, ==, reason != NULL);
  if (!sqns_at_ati1 (reply, &version, &ue))
    {
      g_assert_false (sqns_version_known (&version));
      g_assert_null (ue);
    }
  if (!sqns_at_showver (reply, &showver))
    g_assert_cmpint (showver.active, ==, -1);
  g_assert_nonnull (memchr (showver.ue, '\0', sizeof showver.ue));
}

/* A final reply stays final, with the same result, whatever follows it. Without its last byte it is not final. */
static void
check_prefixes (const char *command, const guint8 *data, const SqnsAtReply *reply)
{
  g_auto (SqnsAtReply) again = { 0 };

  g_assert_cmpint (sqns_at_parse (command, data, reply->consumed - 1, &again), ==, SQNS_AT_PENDING);
  g_assert_cmpuint (again.consumed, ==, 0);
  if (data[reply->consumed - 1] != '\n')
    return;
  g_assert_cmpint (sqns_at_parse (command, data, reply->consumed, &again), ==, reply->final);
  g_assert_cmpuint (again.consumed, ==, reply->consumed);
  g_assert_cmpuint (again.lines->len, ==, reply->lines->len);
  g_assert_cmpuint (again.unsolicited->len, ==, reply->unsolicited->len);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *printable = sqns_at_printable (data, size, FALSE);
  g_autofree char *personal = sqns_at_printable (data, size, TRUE);
  gsize end = 0, digits = 0;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_auto (SqnsAtReply) reply = { 0 };

      sqns_at_parse (commands[i], data, size, &reply);
      g_assert_cmpint (reply.final == SQNS_AT_PENDING, ==, reply.consumed == 0);
      g_assert_cmpint (reply.final == SQNS_AT_CME_ERROR, ==, reply.error_text != NULL);
      g_assert_cmpuint (reply.consumed, <=, size);
      g_assert_cmpuint (text_size (reply.lines) + text_size (reply.unsolicited), <=, size);
      if (reply.final != SQNS_AT_PENDING)
        check_prefixes (commands[i], data, &reply);
      read_reply (&reply);
    }

  if (sqns_at_find_line (data, size, "+SYSSTART", &end))
    g_assert_cmpuint (end, >, strlen ("+SYSSTART"));
  g_assert_cmpuint (end, <=, size);
  g_assert_cmpint (sqns_at_classify (data, size) == SQNS_NOISE_NONE, ==, size == 0);

  g_assert_cmpuint (strlen (personal), >=, size);
  g_assert_true (g_str_is_ascii (personal) && g_str_is_ascii (printable));
  for (gsize i = 0; printable[i] != '\0'; i++)
    {
      digits = g_ascii_isdigit (printable[i]) ? digits + 1 : 0;
      /* up to two digits of an escape precede a run of up to 13 */
      g_assert_cmpuint (digits, <, 16);
    }
  return 0;
}
