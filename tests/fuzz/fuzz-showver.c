/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any lines as a complete answer to the commands with answers in lines: showver, ATI1, the report, the modes and the
 * private numbers. Other text on the line does not change the result. */
#include "codec/at.h"
#include "codec/identity.h"

#include "fuzz.h"

#include <string.h>

#define OTHERS "\r\n+CEREG: 2,1\r\n+SYSSTART\r\n"

/* The results of all readers of an answer. */
typedef struct {
  gboolean has_showver;
  gboolean has_ati1;
  SqnsShowver showver;
  SqnsVersion version;
  char *ue;
  SqnsReport report;
  char *reason;
  SqnsMode mode;
  SqnsMode next_mode;
  SqnsIdentity identity;
} Reading;

static void
reading_clear (Reading *reading)
{
  g_free (reading->ue);
  g_free (reading->reason);
  g_free (reading->identity.imei);
  g_free (reading->identity.iccid);
  g_free (reading->identity.imsi);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

/* A version survives writing and reading, as it goes into records. */
static void
check_version (const SqnsVersion *version)
{
  g_autofree char *text = sqns_version_format (version);
  SqnsVersion again;

  g_assert_cmpint (sqns_version_known (version), ==, *text != '\0');
  g_assert_cmpint (sqns_version_parse (text, -1, &again), ==, *text != '\0');
  g_assert_cmpmem (&again, sizeof again, version, sizeof *version);
}

static void
check_number (const char *number, gsize min, gsize max)
{
  if (number == NULL)
    return;
  g_assert_true (strlen (number) >= min && strlen (number) <= max);
  g_assert_cmpuint (strspn (number, "0123456789"), ==, strlen (number));
}

/* Does a line contain @text? */
static gboolean
told (const SqnsAtReply *reply, const char *text)
{
  for (guint i = 0; i < reply->lines->len; i++)
    if (strstr (g_ptr_array_index (reply->lines, i), text) != NULL)
      return TRUE;
  return FALSE;
}

static void
check_showver (const SqnsAtReply *reply, const Reading *reading)
{
  const SqnsShowver *showver = &reading->showver;

  g_assert_true (memchr (showver->ue, '\0', sizeof showver->ue) != NULL && strpbrk (showver->ue, "; \t") == NULL);
  g_assert_true (showver->active >= -1 && showver->active < SQNS_N_BOOTLOADERS);
  g_assert_true (*showver->ue == '\0' || told (reply, showver->ue));
  check_version (&showver->software);
  for (int i = 0; i < SQNS_N_BOOTLOADERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("Bootloader%d%s", i, i == showver->active ? "*" : "");

      check_version (&showver->bootloader[i]);
      if (sqns_version_known (&showver->bootloader[i]) || i == showver->active)
        g_assert_true (reading->has_showver && told (reply, name));
    }
  if (sqns_version_known (&showver->software))
    g_assert_true (reading->has_showver && told (reply, "Software"));
}

static void
read_all (const SqnsAtReply *reply, Reading *reading)
{
  reading->has_showver = sqns_at_showver (reply, &reading->showver);
  check_showver (reply, reading);
  reading->has_ati1 = sqns_at_ati1 (reply, &reading->version, &reading->ue);
  check_version (&reading->version);
  g_assert_cmpint (reading->has_ati1, ==, sqns_version_known (&reading->version));
  g_assert_true (reading->ue == NULL || (reading->has_ati1 && told (reply, reading->ue)));
  reading->report = sqns_at_smupgrade (reply, &reading->reason);
  g_assert_true (reading->reason == NULL || (*reading->reason != '\0' && told (reply, reading->reason)));
  g_assert_cmpint (reading->reason != NULL, ==, reading->report == SQNS_REPORT_FAILURE);
  reading->mode = sqns_at_smod (reply);
  reading->next_mode = sqns_at_smswboot (reply);
  reading->identity.imei = sqns_identity_imei (reply);
  reading->identity.iccid = sqns_identity_iccid (reply);
  reading->identity.imsi = sqns_identity_imsi (reply);
  check_number (reading->identity.imei, 14, 16);
  check_number (reading->identity.iccid, 18, 20);
  check_number (reading->identity.imsi, 6, 15);
  g_assert_true (reading->identity.imei == NULL || sqns_identity_is_imei (reading->identity.imei));
}

static void
check_same (const Reading *a, const Reading *b)
{
  g_assert_cmpint (a->has_showver, ==, b->has_showver);
  g_assert_cmpmem (&a->showver, sizeof a->showver, &b->showver, sizeof b->showver);
  g_assert_cmpint (a->has_ati1, ==, b->has_ati1);
  g_assert_cmpmem (&a->version, sizeof a->version, &b->version, sizeof b->version);
  g_assert_cmpstr (a->ue, ==, b->ue);
  g_assert_cmpint (a->report, ==, b->report);
  g_assert_cmpstr (a->reason, ==, b->reason);
  g_assert_cmpint (a->mode, ==, b->mode);
  g_assert_cmpint (a->next_mode, ==, b->next_mode);
  g_assert_cmpstr (a->identity.imei, ==, b->identity.imei);
  g_assert_cmpstr (a->identity.iccid, ==, b->identity.iccid);
  g_assert_cmpstr (a->identity.imsi, ==, b->identity.imsi);
}

/* Two numbers: one of them answers another command. */
static void
check_second_mode (const char *text)
{
  g_autofree char *answer = g_strdup_printf ("\r\n%s\r\n4\r\nOK\r\n", text);
  g_auto (SqnsAtReply) reply = { 0 };

  sqns_at_parse ("AT+SMOD?", (const guint8 *)answer, strlen (answer), &reply);
  g_assert_cmpint (sqns_at_smod (&reply), ==, SQNS_MODE_UNKNOWN);
}

/* @first is the plain answer to @command. An echo and unsolicited lines around it do not change the result. */
static void
check_disturbed (const char *command, const char *text, const Reading *first)
{
  g_autofree char *noisy = g_strdup_printf ("%s\r\r\n%s%s%sOK\r\n", command, OTHERS, text, OTHERS);
  g_auto (SqnsAtReply) reply = { 0 };
  g_auto (Reading) reading = { 0 };

  g_assert_cmpint (sqns_at_parse (command, (const guint8 *)noisy, strlen (noisy), &reply), ==, SQNS_AT_OK);
  read_all (&reply, &reading);
  check_same (&reading, first);
}

static void
check_answer (const char *command, const char *text)
{
  g_autofree char *answer = g_strdup_printf ("\r\n%s\r\nOK\r\n", text);
  g_auto (SqnsAtReply) reply = { 0 };
  g_auto (Reading) reading = { 0 };

  sqns_at_parse (command, (const guint8 *)answer, strlen (answer), &reply);
  read_all (&reply, &reading);
  /* a final line in the text ends it earlier */
  if (reply.final != SQNS_AT_OK || reply.consumed != strlen (answer))
    return;
  check_disturbed (command, text, &reading);
  if (reading.mode != SQNS_MODE_UNKNOWN)
    check_second_mode (text);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const char *const commands[]
      = { "AT!=\"showver\"", "ATI1", "AT+SMUPGRADE?", "AT+SMOD?", "AT+SMSWBOOT?", "AT+CGSN", "AT+SQNCCID?", "AT+CIMI" };
  g_autofree char *text = NULL;

  if (size == 0 || size > SQNS_AT_MAX_REPLY / 2)
    return 0;
  text = g_strndup ((const char *)data + 1, size - 1);
  check_answer (commands[data[0] % G_N_ELEMENTS (commands)], text);
  return 0;
}
