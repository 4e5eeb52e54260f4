/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AT replies, byte for byte as they were seen (protocol.md §2, field-failures.md §2.3). */
#include "codec/at.h"

#include <string.h>

typedef struct {
  const char *name;
  const char *command;
  const char *bytes;
  gsize len; /* 0: strlen */
  SqnsAtFinal final;
  const char *lines;       /* joined by | */
  const char *unsolicited; /* joined by | */
  gsize consumed;          /* 0: all, when final */
} Row;

#define BYTES(string) string, sizeof string - 1

static const Row rows[] = {
  /* field-failures.md §2.3, row by row */
  { "at-first", "AT", "\r\nERROR\r\n", 0, SQNS_AT_ERROR, "", "", 0 },
  { "at", "AT", "\r\nOK\r\n", 0, SQNS_AT_OK, "", "", 0 },
  { "at-ffh-first", "AT", "ERROR\r\n", 0, SQNS_AT_ERROR, "", "", 0 },
  { "at-ffh", "AT", "OK\r\n", 0, SQNS_AT_OK, "", "", 0 },
  { "smod-fff", "AT+SMOD?", "\r\n2\r\nOK\r\n", 0, SQNS_AT_OK, "2", "", 0 },
  { "smod-ffh", "AT+SMOD?", "0\r\nOK\r\n", 0, SQNS_AT_OK, "0", "", 0 },
  { "bind", "AT+BIND=AT", "\r\nOK\r\n", 0, SQNS_AT_OK, "", "", 0 },
  { "smlog", "AT+SMLOG?", "\r\n+SMLOG: LOG_INHERIT\r\nOK\r\n", 0, SQNS_AT_OK, "+SMLOG: LOG_INHERIT", "", 0 },
  { "crashdump", "AT+FSRDFILE=\"/fs/crashdump\"", "\r\n\r\nERROR\r\n", 0, SQNS_AT_ERROR, "", "", 0 },
  { "ntf", "AT+SQNSUPGRADENTF=\"started\"", "\r\nOK\r\n", 0, SQNS_AT_OK, "", "", 0 },
  { "sqnwl", "AT+SQNWL=\"sqndcc\",2", "\r\nERROR\r\n", 0, SQNS_AT_ERROR, "", "", 0 },
  { "cfun", "AT+CFUN?", "\r\n+CFUN: 0\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "+CFUN: 0", "", 0 },
  { "cereg", "AT+CEREG?", "\r\n+CEREG: 1,0\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "+CEREG: 1,0", "", 0 },
  /* out of step: the first final line ends it, and two more follow */
  { "out-of-step", "ATE0", "\r\n+CPSMS: 1,,,\"10000110\",\"00011110\"\r\n\r\nOK\r\n\r\nOK\r\n\r\nERROR\r\n", 0,
    SQNS_AT_OK, "", "+CPSMS: 1,,,\"10000110\",\"00011110\"", 43 },
  { "ati", "ATI", "\r\nSEQUANS Communications\r\nVZM20Q\r\nUE6.0.0.0\r\n\r\nOK\r\n", 0, SQNS_AT_OK,
    "SEQUANS Communications|VZM20Q|UE6.0.0.0", "", 0 },
  { "ati1", "ATI1", "\r\nUE5.0.0.0d\r\nLR5.1.1.0-39529\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "UE5.0.0.0d|LR5.1.1.0-39529", "",
    0 },
  { "cgsn", "AT+CGSN", "\r\n004400152020001\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "004400152020001", "", 0 },
  { "smstpu", "AT+SMSTPU=\"ON_THE_FLY\"", "\r\nOK\r\n", 0, SQNS_AT_OK, "", "", 0 },
  { "stp", "AT+STP", "OK\r\n", 0, SQNS_AT_OK, "", "", 0 },
  /* protocol.md §2 */
  { "cme", "AT+CIMI", "\r\n+CME ERROR: SIM not inserted\r\n", 0, SQNS_AT_CME_ERROR, "", "", 0 },
  { "cms", "AT+CMGF=1", "\r\n+CMS ERROR: 305\r\n", 0, SQNS_AT_CME_ERROR, "", "", 0 },
  { "reset", "AT^RESET", "\r\nOK\r\n\r\n+SHUTDOWN\r\n", 0, SQNS_AT_OK, "", "", 6 },
  { "report", "AT+SMUPGRADE?", "\r\n+SMUPGRADE: on-going\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "+SMUPGRADE: on-going", "", 0 },
  /* echo */
  { "echo", "AT+SMOD?", "AT+SMOD?\r\r\n2\r\nOK\r\n", 0, SQNS_AT_OK, "2", "", 0 },
  { "echo-lf", "AT", "AT\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "", "", 0 },
  { "echo-leftover", "AT+SMOD?", "+++AT+SMOD?\r\r\n2\r\nOK\r\n", 0, SQNS_AT_OK, "2", "", 0 },
  { "echo-urc", "AT+SMOD?", "\r\n+CEREG: 2\r\nAT+SMOD?\r\r\n2\r\nOK\r\n", 0, SQNS_AT_OK, "2", "+CEREG: 2", 0 },
  { "clac-no-echo", "AT+CLAC", "\r\nAT+CEREG\r\nAT+CLAC\r\n+CFUN\r\n\r\nOK\r\n", 0, SQNS_AT_OK,
    "AT+CEREG|AT+CLAC|+CFUN", "", 0 },
  /* line ends */
  { "crcrlf", "AT+SMOD?", "\r\r\n2\r\r\nOK\r\r\n", 0, SQNS_AT_OK, "2", "", 0 },
  { "lf", "AT+SMOD?", "\n2\nOK\n", 0, SQNS_AT_OK, "2", "", 0 },
  { "cr-then-byte", "AT+SMOD?", "2\rOK\rX", 0, SQNS_AT_OK, "2", "", 5 },
  { "blank-ends", "AT", "\r\nOK \r\n", 0, SQNS_AT_OK, "", "", 0 },
  /* unsolicited lines anywhere */
  { "urc-before", "AT+SMOD?", "\r\n+CEREG: 5,\"0001\"\r\n\r\n2\r\nOK\r\n", 0, SQNS_AT_OK, "2", "+CEREG: 5,\"0001\"",
    0 },
  { "urc-after", "AT+SMOD?", "\r\n2\r\n+CPSMS: 1\r\nOK\r\n", 0, SQNS_AT_OK, "2", "+CPSMS: 1", 0 },
  { "urc-sysstart", "AT", "\r\n+SYSSTART\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "", "+SYSSTART", 0 },
  { "urc-shutdown", "AT^RESET", "\r\n+SHUTDOWN\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "", "+SHUTDOWN", 0 },
  { "urc-exit", "AT+SMOD?", "^EXIT: Fatal error\r\n+SYSSTART\r\n2\r\nOK\r\n", 0, SQNS_AT_OK, "2",
    "^EXIT: Fatal error|+SYSSTART", 0 },
  { "urc-sqns", "AT", "+SQNSSHDN\r\n+SQNSUPGRADENTF: \"x\"\r\nOK\r\n", 0, SQNS_AT_OK, "",
    "+SQNSSHDN|+SQNSUPGRADENTF: \"x\"", 0 },
  { "urc-carrier", "AT", "\r\nNO CARRIER\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "", "NO CARRIER", 0 },
  { "own-ccid", "AT+SQNCCID?", "\r\n+SQNCCID: \"1\"\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "+SQNCCID: \"1\"", "", 0 },
  { "own-lower", "at+cereg?", "\r\n+CEREG: 1,0\r\n\r\nOK\r\n", 0, SQNS_AT_OK, "+CEREG: 1,0", "", 0 },
  { "own-two", "AT+CFUN?;+CEREG?", "+CFUN: 1\r\n+CEREG: 2\r\n+CE: 3\r\nOK\r\n", 0, SQNS_AT_OK, "+CFUN: 1|+CEREG: 2",
    "+CE: 3", 0 },
  /* garbage */
  { "nul-line", "AT+SMOD?", BYTES ("\0\0\r\n2\r\nOK\r\n"), SQNS_AT_OK, "2", "", 0 },
  { "nul-glued", "AT", BYTES ("\0\0\0OK\r\n"), SQNS_AT_OK, "", "", 0 },
  { "nul-behind", "AT", BYTES ("OK\0\0\r\n"), SQNS_AT_OK, "", "", 0 },
  { "baud-glued", "AT+SMOD?",
    BYTES ("\xfe\xfd\xfe\xfe"
           "0\r\nOK\r\n"),
    SQNS_AT_OK, "0", "", 0 },
  { "inside", "ATI",
    BYTES ("a\0b\xff"
           "c\td\r\nOK\r\n"),
    SQNS_AT_OK, "a?b?c\td", "", 0 },
  { "word-glued", "AT", "~OK\r\nOK\r\n", 0, SQNS_AT_OK, "~OK", "", 0 },
  { "error-in-word", "ATI", "NO ERROR HERE\r\nERRORS\r\nTERROR\r\nOK\r\n", 0, SQNS_AT_OK, "NO ERROR HERE|ERRORS|TERROR",
    "", 0 },
  { "ok-in-word", "ATI", "OKAY\r\nNOT OK\r\n OK\r\nERROR\r\n", 0, SQNS_AT_ERROR, "OKAY|NOT OK| OK", "", 0 },
  /* incomplete */
  { "none", "AT", "", 0, SQNS_AT_PENDING, "", "", 0 },
  { "no-end", "AT", "\r\nOK", 0, SQNS_AT_PENDING, "", "", 0 },
  { "half-end", "AT", "\r\nOK\r", 0, SQNS_AT_PENDING, "", "", 0 },
  { "no-final", "AT+SMOD?", "\r\n2\r\n", 0, SQNS_AT_PENDING, "2", "", 0 },
  { "cut-cme", "AT+CIMI", "\r\n+CME ERROR: SIM", 0, SQNS_AT_PENDING, "", "", 0 },
};

static gsize
row_len (const Row *row)
{
  return row->len > 0 ? row->len : strlen (row->bytes);
}

static char *
joined (GPtrArray *lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "|" : "", (char *)g_ptr_array_index (lines, i));
  return g_string_free (text, FALSE);
}

static void
assert_reply (const Row *row, const SqnsAtReply *reply, gsize in_front)
{
  g_autofree char *lines = joined (reply->lines);
  g_autofree char *unsolicited = joined (reply->unsolicited);
  gsize consumed = row->consumed > 0 ? row->consumed : row_len (row);

  g_assert_cmpint (reply->final, ==, row->final);
  g_assert_cmpstr (lines, ==, row->lines);
  g_assert_cmpstr (unsolicited, ==, row->unsolicited);
  g_assert_cmpuint (reply->consumed, ==, row->final == SQNS_AT_PENDING ? 0 : consumed + in_front);
  g_assert_cmpint (reply->error_text != NULL, ==, row->final == SQNS_AT_CME_ERROR);
}

static void
test_whole (gconstpointer data)
{
  const Row *row = data;
  g_auto (SqnsAtReply) reply = { 0 };

  g_assert_cmpint (sqns_at_parse (row->command, (const guint8 *)row->bytes, row_len (row), &reply), ==, row->final);
  assert_reply (row, &reply, 0);
  sqns_at_reply_clear (&reply);
  g_assert_null (reply.lines);
}

/* Byte by byte: pending until the end of the final line, and then the same result. */
static void
test_streamed (gconstpointer data)
{
  const Row *row = data;
  gsize len = row_len (row);
  gsize consumed = row->consumed > 0 ? row->consumed : len;
  g_auto (SqnsAtReply) reply = { 0 };

  for (gsize have = 0; have <= len; have++)
    {
      g_autofree guint8 *exact = g_malloc (MAX (have, 1));
      SqnsAtFinal final;

      memcpy (exact, row->bytes, have);
      final = sqns_at_parse (row->command, exact, have, &reply);
      if (have < consumed || row->final == SQNS_AT_PENDING)
        g_assert_cmpint (final, ==, SQNS_AT_PENDING);
      else if (have > consumed || row->bytes[consumed - 1] == '\n')
        assert_reply (row, &reply, 0);
      g_assert_cmpuint (reply.consumed, <=, have);
    }
}

/* The same after an echo, a line of zeros, or noise of another speed. */
static void
test_in_front (gconstpointer data)
{
  const Row *row = data;
  g_autofree char *echo = g_strdup_printf ("%s\r", row->command);
  const struct {
    const char *bytes;
    gsize len;
  } fronts[] = {
    { echo, strlen (echo) }, { BYTES ("\0\0\0\r\n") }, { BYTES ("\xfe\xfd\xfe\xfe\r\r\n") }, { BYTES ("\r\n\n\r\r") }
  };

  for (guint i = 0; i < G_N_ELEMENTS (fronts); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_auto (SqnsAtReply) reply = { 0 };

      g_byte_array_append (bytes, (const guint8 *)fronts[i].bytes, (guint)fronts[i].len);
      g_byte_array_append (bytes, (const guint8 *)row->bytes, (guint)row_len (row));
      sqns_at_parse (row->command, bytes->data, bytes->len, &reply);
      assert_reply (row, &reply, fronts[i].len);
    }
}

/* Bytes after the final line are left for the next reader. */
static void
test_behind (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_auto (SqnsAtReply) reply = { 0 };

  if (row->final == SQNS_AT_PENDING)
    return;
  g_byte_array_append (bytes, (const guint8 *)row->bytes, (guint)row_len (row));
  g_byte_array_append (bytes, (const guint8 *)"\r\nERROR\r\n4\r\nOK\r\n", 16);
  sqns_at_parse (row->command, bytes->data, bytes->len, &reply);
  assert_reply (row, &reply, 0);
}

static SqnsAtFinal
parse (const char *command, const char *text, SqnsAtReply *reply)
{
  return sqns_at_parse (command, (const guint8 *)text, strlen (text), reply);
}

static void
test_cme_text (void)
{
  g_auto (SqnsAtReply) reply = { 0 };

  g_assert_cmpint (parse ("AT+CIMI", "\r\n+CME ERROR: SIM not inserted\r\n", &reply), ==, SQNS_AT_CME_ERROR);
  g_assert_cmpstr (reply.error_text, ==, "+CME ERROR: SIM not inserted");
  /* the next parse clears the reply */
  g_assert_cmpint (parse ("AT", "OK\r\n", &reply), ==, SQNS_AT_OK);
  g_assert_null (reply.error_text);
}

static void
test_out_of_step (void)
{
  static const char text[] = "\r\n+CPSMS: 1,,,\"10000110\",\"00011110\"\r\n\r\nOK\r\n\r\nOK\r\n\r\nERROR\r\n";
  static const SqnsAtFinal finals[] = { SQNS_AT_OK, SQNS_AT_OK, SQNS_AT_ERROR };
  g_auto (SqnsAtReply) reply = { 0 };
  gsize at = 0;

  for (guint i = 0; i < G_N_ELEMENTS (finals); i++)
    {
      g_assert_cmpint (parse ("ATE0", text + at, &reply), ==, finals[i]);
      at += reply.consumed;
    }
  g_assert_cmpuint (at, ==, strlen (text));
}

static void
test_too_long (void)
{
  g_autofree char *line = g_strnfill (SQNS_AT_MAX_REPLY, 'x');
  g_autofree char *text = g_strconcat (line, "\r\nOK\r\n", NULL);
  g_auto (SqnsAtReply) reply = { 0 };

  g_assert_cmpint (parse ("AT", text, &reply), ==, SQNS_AT_PENDING);
  g_assert_cmpint (parse ("AT", text + 6, &reply), ==, SQNS_AT_OK);
}

static void
add_rows (const char *name, GTestDataFunc func)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/at/%s/%s", name, rows[i].name);

      g_test_add_data_func (path, &rows[i], func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_rows ("whole", test_whole);
  add_rows ("streamed", test_streamed);
  add_rows ("in-front", test_in_front);
  add_rows ("behind", test_behind);
  g_test_add_func ("/at/cme-text", test_cme_text);
  g_test_add_func ("/at/out-of-step", test_out_of_step);
  g_test_add_func ("/at/too-long", test_too_long);
  return g_test_run ();
}
