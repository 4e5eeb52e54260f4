/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IMEI, ICCID and IMSI in replies. */
#include "codec/identity.h"

#include <string.h>

typedef char *(*Finder) (const SqnsAtReply *reply);

static void
test_numbers (void)
{
  static const struct {
    Finder find;
    const char *command;
    const char *reply;
    const char *number;
  } rows[] = {
    { sqns_identity_imei, "AT+CGSN", "\r\n354344040000009\r\n\r\nOK\r\n", "354344040000009" },
    { sqns_identity_imei, "AT+CGSN", "AT+CGSN\r\r\n+CGSN: \"354344040000009\"\r\n\r\nOK\r\n", "354344040000009" },
    { sqns_identity_imei, "AT+CGSN", "\r\n+CEREG: 1,1,\"0001\",\"00000001\",7\r\n\r\n354344040000009\r\n\r\nOK\r\n",
      "354344040000009" },
    { sqns_identity_imei, "AT+CGSN", "\r\nERROR\r\n", NULL },
    { sqns_identity_imei, "AT+CGSN", "\r\n354344040000009\r\nERROR\r\n", NULL },
    { sqns_identity_imei, "AT+CGSN", "\r\nOK\r\n", NULL },
    { sqns_identity_imei, "AT+CGSN", "\r\n12345678\r\n\r\nOK\r\n", NULL },
    { sqns_identity_imei, "AT+CGSN", "\r\n35434404000000935434404000000\r\n\r\nOK\r\n", NULL },
    { sqns_identity_imei, "AT+CGSN", "\r\nx354344040000009\r\n\r\nOK\r\n", NULL },
    { sqns_identity_imei, "AT+CGSN", "\r\n+CGSN:354344040000006\r\n\r\nOK\r\n", "354344040000006" },
    { sqns_identity_imei, "AT+CGSN", "\r\n \"354344040000006\" \r\n\r\nOK\r\n", "354344040000006" },
    { sqns_identity_imei, "AT+CGSN", "\r\nIMEI: 354344040000006\r\n\r\nOK\r\n", "354344040000006" },
    { sqns_identity_imei, "AT+CGSN", "\r\n35-434404-000000-6\r\n\r\nOK\r\n", "354344040000006" },
    { sqns_identity_imei, "AT+CGSN", "\r\nIMEI: 35 434404 000000 6\r\n\r\nOK\r\n", "354344040000006" },
    { sqns_identity_imei, "AT+CGSN", "\r\n3543440400 0006\r\n\r\nOK\r\n", NULL }, /* a damaged digit */
    { sqns_identity_imei, "AT+CGSN", "\r\n35434404 0000006x\r\n\r\nOK\r\n", NULL },
    { sqns_identity_imei, "AT+CGSN", "\r\n35-434404-000000-6-354344\r\n\r\nOK\r\n", NULL },
    { sqns_identity_imei, "AT+CGSN", "\r\n35434404,0000006\r\n\r\nOK\r\n", NULL },
    { sqns_identity_iccid, "AT+SQNCCID?", "\r\n+SQNCCID: 89490200001234567890\r\n\r\nOK\r\n", "89490200001234567890" },
    { sqns_identity_iccid, "AT+SQNCCID?", "\r\n+SQNCCID: \"8949020000123456789F\",\"\"\r\n\r\nOK\r\n",
      "8949020000123456789" },
    { sqns_identity_iccid, "AT+CCID", "\r\n+CCID: 894902000012345678\r\n\r\nOK\r\n", "894902000012345678" },
    { sqns_identity_iccid, "AT+CCID", "\r\n+SQNCCID: 894902000012345678\r\n\r\nOK\r\n", "894902000012345678" },
    { sqns_identity_iccid, "AT+CCID", "\r\n+CEREG: 894902000012345678\r\n\r\nOK\r\n", NULL },
    { sqns_identity_iccid, "AT+CCID", "\r\n+CME ERROR: 10\r\n", NULL },
    { sqns_identity_iccid, "AT+CCID", "\r\n354344040000009\r\n\r\nOK\r\n", NULL },
    { sqns_identity_imsi, "AT+CIMI", "\r\n262011234567890\r\n\r\nOK\r\n", "262011234567890" },
    { sqns_identity_imsi, "AT+CIMI", "\r\n89490200001234567890\r\n\r\nOK\r\n", NULL },
    { sqns_identity_imsi, "AT+CIMI", "\r\n+CME ERROR: SIM not inserted\r\n", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (SqnsAtReply) reply = { 0 };
      sqns_at_parse (rows[i].command, (const guint8 *)rows[i].reply, strlen (rows[i].reply), &reply);
      g_autofree char *number = rows[i].find (&reply);
      g_test_message ("row %zu", i);
      g_assert_cmpstr (number, ==, rows[i].number);
    }
}

static void
test_same_imei (void)
{
  static const struct {
    const char *a, *b;
    gboolean same;
  } rows[] = {
    { "354344040000009", "354344040000009", TRUE },
    { "354344040000009", "354344040000008", FALSE }, /* another check digit: mistyped */
    { "35434404000000", "354344040000009", TRUE },   /* without it */
    { "3543440400000001", "354344040000009", TRUE }, /* the IMEISV */
    { "3543440400000101", "354344040000009", FALSE },
    { "354344040000009", "", FALSE },
    { "", "", FALSE },
    { "ttyUSB0", "ttyUSB0", FALSE },
    { "35434404000000a", "35434404000000a", FALSE },
    { "35434404000000935", "35434404000000935", FALSE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %zu", i);
      g_assert_cmpint (sqns_identity_same_imei (rows[i].a, rows[i].b), ==, rows[i].same);
      g_assert_cmpint (sqns_identity_same_imei (rows[i].b, rows[i].a), ==, rows[i].same);
    }
}

static void
test_sound (void)
{
  static const struct {
    const char *imei;
    gboolean sound;
  } rows[] = {
    { "354344040000006", TRUE },   { "490154203237518", TRUE }, /* 3GPP's own example */
    { "354344040000009", FALSE },  { "354344040000016", FALSE },
    { "354344000000006", FALSE },  { "254344040000006", FALSE },
    { "35434404000000", FALSE }, /* no check digit is valid */
    { "3543440400000001", FALSE }, { "", FALSE },
    { "35434404000000a", FALSE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %zu", i);
      g_assert_cmpint (sqns_identity_is_sound_imei (rows[i].imei), ==, rows[i].sound);
    }
}

/* Damage to any one digit is detected. */
static void
test_any_digit (void)
{
  for (guint i = 0; i < 15; i++)
    for (char digit = '0'; digit <= '9'; digit++)
      {
        char imei[] = "354344040000006";
        gboolean same = imei[i] == digit;
        imei[i] = digit;
        g_assert_cmpint (sqns_identity_is_sound_imei (imei), ==, same);
      }
}

#define A "354344040000006"
#define B "354344040000014"
#define X "354344040000009" /* invalid check digit */
#define Y "354344040000001"

static void
test_poll (void)
{
  static const struct {
    const char *answers[SQNS_IMEI_ASKS]; /* "": without a number */
    const char *agreed;
  } rows[] = {
    { { A, A }, A },
    { { X, A, A }, A },
    { { A, X, A }, A },
    { { A, "", A }, A },
    { { "", A, X, A }, A },
    { { A, B, B }, B },
    { { X, X, A, A }, A },
    { { X, X, X }, X },
    { { X, Y, X, Y, X }, X },
    { { "", "" }, NULL },
    { { A, "", "" }, NULL },
    { { X, Y, X, Y, A, B }, NULL },
    { { "35434404000000", "35434404000000", "35434404000000" }, "35434404000000" },
    /* the first digit is lost each time */
    { { A, "54344040000006", "54344040000006", A }, A },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      SqnsImeiPoll poll = { 0 };
      SqnsImeiResult result = SQNS_IMEI_ASK_AGAIN;
      const char *agreed = NULL;
      g_test_message ("row %zu", i);
      for (guint n = 0; n < SQNS_IMEI_ASKS && rows[i].answers[n] != NULL; n++)
        {
          g_assert_cmpint (result, ==, SQNS_IMEI_ASK_AGAIN);
          result = sqns_imei_poll (&poll, *rows[i].answers[n] != '\0' ? rows[i].answers[n] : NULL, &agreed);
        }
      g_assert_cmpint (result, ==, rows[i].agreed != NULL ? SQNS_IMEI_AGREED : SQNS_IMEI_NOT_TOLD);
      g_assert_cmpstr (agreed, ==, rows[i].agreed);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/numbers", test_numbers);
  g_test_add_func ("/identity/same-imei", test_same_imei);
  g_test_add_func ("/identity/sound", test_sound);
  g_test_add_func ("/identity/any-digit", test_any_digit);
  g_test_add_func ("/identity/poll", test_poll);
  return g_test_run ();
}
