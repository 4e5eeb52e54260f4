/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of AT replies: modes, reports, versions, kinds of noise, lines for a transcript. */
#include "codec/at.h"

#include <string.h>

#define BYTES(string) (const guint8 *)string, sizeof string - 1

static void
parse (const char *command, const char *text, SqnsAtReply *reply)
{
  sqns_at_parse (command, (const guint8 *)text, strlen (text), reply);
}

typedef struct {
  const char *text;
  SqnsMode mode;
} ModeRow;

static void
test_smod (void)
{
  static const ModeRow rows[] = {
    { "\r\n2\r\nOK\r\n", SQNS_MODE_FFF },
    { "0\r\nOK\r\n", SQNS_MODE_FFH },
    { "\r\n1\r\nOK\r\n", SQNS_MODE_MTOOLS },
    { "\r\n3\r\nOK\r\n", SQNS_MODE_UPDATER },
    { "\r\n4\r\nOK\r\n", SQNS_MODE_RECOVERY },
    { "\r\n+CPSMS: 1\r\n\r\n4\r\n+CEREG: 2\r\nOK\r\n", SQNS_MODE_RECOVERY },
    { "\r\n5\r\nOK\r\n", SQNS_MODE_UNKNOWN },
    { "\r\n9\r\nOK\r\n", SQNS_MODE_UNKNOWN },
    { "\r\n22\r\nOK\r\n", SQNS_MODE_UNKNOWN },
    { "\r\n2x\r\nOK\r\n", SQNS_MODE_UNKNOWN },
    { "\r\n2\r\n4\r\nOK\r\n", SQNS_MODE_UNKNOWN },
    { "\r\n2\r\nERROR\r\n", SQNS_MODE_UNKNOWN },
    { "\r\n2\r\n", SQNS_MODE_UNKNOWN },
    { "\r\nOK\r\n", SQNS_MODE_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (SqnsAtReply) reply = { 0 };

      parse ("AT+SMOD?", rows[i].text, &reply);
      g_assert_cmpint (sqns_at_smod (&reply), ==, rows[i].mode);
    }
}

static void
test_smswboot (void)
{
  static const ModeRow rows[] = {
    { "\r\n+SMSWBOOT: FFF\r\nOK\r\n", SQNS_MODE_FFF },
    { "\r\nFFH\r\nOK\r\n", SQNS_MODE_FFH },
    { "\r\nboot mode is RECOVERY now\r\n\r\nOK\r\n", SQNS_MODE_RECOVERY },
    { "\r\n+SMSWBOOT: UPDATER\r\nOK\r\n", SQNS_MODE_UPDATER },
    { "\r\n+SMSWBOOT: ECOPAGING\r\nOK\r\n", SQNS_MODE_UNKNOWN },
    { "\r\n+SMSWBOOT: mode[,reboot]\r\nmode: 0=FFH, 1=FFF, 2=UPDATER, 3=RECOVERY\r\nOK\r\n", SQNS_MODE_UNKNOWN },
    { "\r\n+SMSWBOOT: FFF\r\nERROR\r\n", SQNS_MODE_UNKNOWN },
    { "\r\nOK\r\n", SQNS_MODE_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (SqnsAtReply) reply = { 0 };

      parse ("AT+SMSWBOOT?", rows[i].text, &reply);
      g_assert_cmpint (sqns_at_smswboot (&reply), ==, rows[i].mode);
    }
}

static void
test_mode_names (void)
{
  g_assert_cmpstr (sqns_mode_name (SQNS_MODE_UNKNOWN), ==, "unknown");
  g_assert_cmpstr (sqns_mode_name (SQNS_MODE_FFH), ==, "ffh");
  g_assert_cmpstr (sqns_mode_name (SQNS_MODE_MTOOLS), ==, "mtools");
  g_assert_cmpstr (sqns_mode_name (SQNS_MODE_FFF), ==, "application");
  g_assert_cmpstr (sqns_mode_name (SQNS_MODE_UPDATER), ==, "updater");
  g_assert_cmpstr (sqns_mode_name (SQNS_MODE_RECOVERY), ==, "recovery");
}

static void
test_smupgrade (void)
{
  static const struct {
    const char *text;
    SqnsReport report;
    const char *reason;
  } rows[] = {
    { "\r\n+SMUPGRADE: success\r\nOK\r\n", SQNS_REPORT_SUCCESS, NULL },
    { "\r\n+SMUPGRADE: No report\r\n\r\nOK\r\n", SQNS_REPORT_NONE, NULL },
    { "\r\n+SMUPGRADE: init\r\nOK\r\n", SQNS_REPORT_INIT, NULL },
    { "\r\n+SMUPGRADE: available\r\nOK\r\n", SQNS_REPORT_AVAILABLE, NULL },
    { "\r\n+SMUPGRADE: on-going\r\nOK\r\n", SQNS_REPORT_ON_GOING, NULL },
    { "\r\n+SMUPGRADE: downloading\r\nOK\r\n", SQNS_REPORT_DOWNLOADING, NULL },
    { "+SMUPGRADE:success\r\nOK\r\n", SQNS_REPORT_SUCCESS, NULL },
    { "\r\n+SMUPGRADE: on-going\r\n+SMUPGRADE: success\r\nOK\r\n", SQNS_REPORT_SUCCESS, NULL },
    { "\r\n+SMUPGRADE: failure\r\nOK\r\n", SQNS_REPORT_FAILURE, "failure" },
    /* field-failures.md §1 row 12 */
    { "\r\n+SMUPGRADE: failure[diffUpgrade,239] Patch didn't apply!\r\nOK\r\n", SQNS_REPORT_FAILURE,
      "failure[diffUpgrade,239] Patch didn't apply!" },
    { "\r\n+SMUPGRADE: unsuccessful\r\nOK\r\n", SQNS_REPORT_FAILURE, "unsuccessful" },
    { "\r\n+SMUPGRADE: successor\r\nOK\r\n", SQNS_REPORT_FAILURE, "successor" },
    { "\r\n+SMUPGRADE: initial checks failed\r\nOK\r\n", SQNS_REPORT_FAILURE, "initial checks failed" },
    /* field-failures.md §1 row 24: cut */
    { "\r\n+SMUPGRADE:\r\nOK\r\n", SQNS_REPORT_UNKNOWN, NULL },
    { "\r\n+SMUPGRADE: \r\nOK\r\n", SQNS_REPORT_UNKNOWN, NULL },
    { "\r\nOK\r\n", SQNS_REPORT_UNKNOWN, NULL },
    { "\r\nERROR\r\n", SQNS_REPORT_UNKNOWN, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (SqnsAtReply) reply = { 0 };
      g_autofree char *reason = NULL;

      parse ("AT+SMUPGRADE?", rows[i].text, &reply);
      g_assert_cmpint (sqns_at_smupgrade (&reply, &reason), ==, rows[i].report);
      g_assert_cmpstr (reason, ==, rows[i].reason);
      g_assert_cmpint (sqns_at_smupgrade (&reply, NULL), ==, rows[i].report);
    }
}

static void
test_ati1 (void)
{
  static const struct {
    const char *text;
    const char *version;
    const char *ue;
  } rows[] = {
    { "\r\nUE5.0.0.0d\r\nLR5.1.1.0-39529\r\n\r\nOK\r\n", "5.1.1.0-39529", "5.0.0.0d" },
    { "ATI1\r\r\nUE:5.0.0.0d;att:5.1.0.0d\r\nLR5.1.1.0-41065\r\nOK\r\n", "5.1.1.0-41065", "5.0.0.0d" },
    { "\r\nLR6.0.0.0-37781\r\nOK\r\n", "6.0.0.0-37781", NULL },
    { "\r\n+CEREG: 2\r\nUE5.4.0.2\r\n+CPSMS: 1\r\nLR5.4.1.0-50523\r\n\r\nOK\r\n", "5.4.1.0-50523", "5.4.0.2" },
    { "\r\nUE6.0.0.0-ER9\r\nLR6.0.0.0-ER9-36571\r\n\r\nOK\r\n", "6.0.0.0-ER9-36571", "6.0.0.0-ER9" },
    /* ATI has no LR line */
    { "\r\nSEQUANS Communications\r\nVZM20Q\r\nUE6.0.0.0\r\n\r\nOK\r\n", "", NULL },
    { "\r\nUE5.0.0.0d\r\nLR?\r\n\r\nOK\r\n", "", NULL },
    { "\r\nERROR\r\n", "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (SqnsAtReply) reply = { 0 };
      g_autofree char *ue = NULL;
      g_autofree char *text = NULL;
      SqnsVersion version = { { 9, 9, 9, 9 }, 9 };

      parse ("ATI1", rows[i].text, &reply);
      g_assert_cmpint (sqns_at_ati1 (&reply, &version, &ue), ==, *rows[i].version != '\0');
      text = sqns_version_format (&version);
      g_assert_cmpstr (text, ==, rows[i].version);
      g_assert_cmpstr (ue, ==, rows[i].ue);
      g_assert_cmpint (sqns_at_ati1 (&reply, &version, NULL), ==, *rows[i].version != '\0');
    }
}

static void
assert_version (const SqnsVersion *version, const char *expected)
{
  g_autofree char *text = sqns_version_format (version);

  g_assert_cmpstr (text, ==, expected);
}

/* field-failures.md §2.3, the block in full */
static void
test_showver (void)
{
  static const char text[] = "AT!=\"showver\"\r\r\nSYSTEM VERSION\r\n==============\r\n  FIRMWARE VERSION\r\n"
                             "    Bootloader0  : 5.1.1.0 [33080]\r\n    Bootloader1  : 5.1.1.0 [38638]\r\n"
                             "    Bootloader2* : 5.1.1.0 [38639]\r\n    NV Info      : 1.1,0,0\r\n"
                             "    Software     : 5.1.1.0 [38638] by robot-soft at 2018-08-20 09:51:46\r\n"
                             "    UE           : 5.0.0.0d\r\n  COMPONENTS\r\n    ZSP0         : 1.0.99-13604\r\n"
                             "    ZSP1         : 1.0.99-12341\r\n\r\nOK\r\n";
  g_auto (SqnsAtReply) reply = { 0 };
  SqnsShowver showver;

  parse ("AT!=\"showver\"", text, &reply);
  g_assert_cmpint (reply.final, ==, SQNS_AT_OK);
  g_assert_true (sqns_at_showver (&reply, &showver));
  assert_version (&showver.software, "5.1.1.0-38638");
  assert_version (&showver.bootloader[0], "5.1.1.0-33080");
  assert_version (&showver.bootloader[1], "5.1.1.0-38638");
  assert_version (&showver.bootloader[2], "5.1.1.0-38639");
  g_assert_cmpint (showver.active, ==, 2);
  g_assert_cmpstr (showver.ue, ==, "5.0.0.0d");
}

static void
test_showver_other (void)
{
  g_auto (SqnsAtReply) reply = { 0 };
  SqnsShowver showver;

  /* 33988, without brackets */
  parse ("AT!=\"showver\"", "    Bootloader1* : BUILD5.1.1.0-33988 by robot-soft at 2017-12-11 15:06:33\r\nOK\r\n",
         &reply);
  g_assert_true (sqns_at_showver (&reply, &showver));
  assert_version (&showver.bootloader[1], "5.1.1.0-33988");
  assert_version (&showver.software, "");
  g_assert_cmpint (showver.active, ==, 1);
  g_assert_cmpstr (showver.ue, ==, "");

  /* an engineering release (field-failures.md row 33) */
  parse ("AT!=\"showver\"",
         "\r\nSYSTEM VERSION\r\n==============\r\n  FIRMWARE VERSION\r\n    Bootloader0  : 6.0.0.0-ER7 [35351]\r\n"
         "    Software     : 6.0.0.0-ER7 [35351] by robot-soft at 2018-01-01\r\n    UE           : "
         "6.0.0.0-ER7\r\n\r\nOK\r\n",
         &reply);
  g_assert_true (sqns_at_showver (&reply, &showver));
  assert_version (&showver.software, "6.0.0.0-ER7-35351");
  assert_version (&showver.bootloader[0], "6.0.0.0-ER7-35351");
  g_assert_cmpint (sqns_version_family (&showver.software), ==, SQNS_FAMILY_NB_IOT);
  g_assert_cmpstr (showver.ue, ==, "6.0.0.0-ER7");

  /* as delivered with 33080 (field-failures.md row 41) */
  parse ("AT!=\"showver\"",
         "    Bootloader0* : 5.1.1.0 [33080]\r\n    Bootloader1  : NA\r\n    Bootloader2  : NA\r\n"
         "    Software     : 5.1.1.0 [33080] by robot-soft at 2017-10-17 18:06:30\r\n    UE           : "
         "Unknown\r\n\r\nOK\r\n",
         &reply);
  g_assert_true (sqns_at_showver (&reply, &showver));
  assert_version (&showver.software, "5.1.1.0-33080");
  assert_version (&showver.bootloader[0], "5.1.1.0-33080");
  assert_version (&showver.bootloader[1], "");
  assert_version (&showver.bootloader[2], "");
  g_assert_cmpint (showver.active, ==, 0);
  g_assert_cmpstr (showver.ue, ==, "");

  /* builds that print only the number; no loader is starred */
  parse ("AT!=\"showver\"", "Bootloader0 : [33080]\r\nSoftware : [41065]\r\nOK\r\n", &reply);
  g_assert_true (sqns_at_showver (&reply, &showver));
  assert_version (&showver.software, "[41065]");
  assert_version (&showver.bootloader[0], "[33080]");
  g_assert_cmpint (showver.active, ==, -1);

  /* similar lines */
  parse ("AT!=\"showver\"",
         "Bootloader3 : [33080]\r\nBootloader : [1]\r\nBootloader10 : [33080]\r\nSoftware\r\nUE : 5\r\nOK\r\n", &reply);
  g_assert_false (sqns_at_showver (&reply, &showver));
  parse ("AT!=\"showver\"", "\r\nERROR\r\n", &reply);
  g_assert_false (sqns_at_showver (&reply, &showver));

  /* a UE text that does not fit is truncated */
  parse ("AT!=\"showver\"", "Software : [41065]\r\nUE : 0123456789012345678901234567890123456789\r\nOK\r\n", &reply);
  g_assert_true (sqns_at_showver (&reply, &showver));
  g_assert_cmpstr (showver.ue, ==, "0123456789012345678901234567890");
}

static void
test_find_line (void)
{
  static const char text[] = "\0\xfe\r\n+SHUTDOWN\r\n\0\0+SYSSTART\r\nAT\r\n";
  const guint8 *data = (const guint8 *)text;
  gsize end = 99;

  g_assert_true (sqns_at_find_line (data, sizeof text - 1, "+SYSSTART", &end));
  g_assert_cmpuint (end, ==, sizeof text - 1 - 4);
  g_assert_true (sqns_at_find_line (data, sizeof text - 1, "+SHUT", NULL));
  g_assert_true (sqns_at_find_line (data, end, "+SYSSTART", NULL));
  end = 99;
  for (gsize len = 0; len < sizeof text - 1 - 4; len++)
    g_assert_false (sqns_at_find_line (data, len, "+SYSSTART", &end));
  g_assert_false (sqns_at_find_line (BYTES ("x+SYSSTART\r\n"), "+SYSSTART", &end));
  g_assert_cmpuint (end, ==, 99);
}

static void
test_classify (void)
{
  g_assert_cmpint (sqns_at_classify (NULL, 0), ==, SQNS_NOISE_NONE);
  g_assert_cmpint (sqns_at_classify (BYTES ("\r\nOK\r\n")), ==, SQNS_NOISE_TEXT);
  g_assert_cmpint (sqns_at_classify (BYTES ("\xfe\r\nERROR\r\n")), ==, SQNS_NOISE_TEXT);
  g_assert_cmpint (sqns_at_classify (BYTES ("\0\0\0\0\0\0\0\0OK\r\n")), ==, SQNS_NOISE_TEXT);
  /* field-failures.md §2.2 */
  g_assert_cmpint (sqns_at_classify (BYTES ("\xfe\xfd\xfe\xfe\xfe\xfe\xfe\xfe\xfe")), ==, SQNS_NOISE_GARBAGE);
  g_assert_cmpint (sqns_at_classify (BYTES ("\xfe")), ==, SQNS_NOISE_GARBAGE);
  g_assert_cmpint (sqns_at_classify (BYTES ("\xfe\xfdO\xfeK\xfe\xfd\xfe")), ==, SQNS_NOISE_GARBAGE);
  g_assert_cmpint (sqns_at_classify (BYTES ("\x80\0\0\0")), ==, SQNS_NOISE_GARBAGE);
  /* field-failures.md §1 row 16 */
  g_assert_cmpint (sqns_at_classify (BYTES ("\0")), ==, SQNS_NOISE_ZEROS);
  g_assert_cmpint (sqns_at_classify (BYTES ("\0\0")), ==, SQNS_NOISE_ZEROS);
  g_assert_cmpint (sqns_at_classify (BYTES ("\xfe\0\0\0")), ==, SQNS_NOISE_ZEROS);
}

static void
test_printable (void)
{
  static const struct {
    const char *text;
    gsize len;
    const char *printable;
    const char *personal;
  } rows[] = {
    { "", 0, "", "" },
    { "\r\nOK\r\n", 6, "\\x0d\\x0aOK\\x0d\\x0a", "\\x0d\\x0aOK\\x0d\\x0a" },
    { "a\0\x7f\xfe\\", 5, "a\\x00\\x7f\\xfe\\\\", "a\\x00\\x7f\\xfe\\\\" },
    { "1234567890123", 13, "1234567890123", "1234567890123" },
    { "12345678901234", 14, "<private>", "12345678901234" },
    { "IMEI 004400152020001!", 21, "IMEI <private>!", "IMEI 004400152020001!" },
    { "1234567890123456789012", 22, "<private>", "1234567890123456789012" },
    { "+SQNCCID: \"8944000000000000012F\",\"\"", 35, "+SQNCCID: \"<private>F\",\"\"",
      "+SQNCCID: \"8944000000000000012F\",\"\"" },
    { "\"89440000000000000123\"", 22, "\"<private>\"", "\"89440000000000000123\"" },
    { "+CPSMS: 1,,,\"10000110\",\"00011110\"", 33, "+CPSMS: 1,,,\"10000110\",\"00011110\"",
      "+CPSMS: 1,,,\"10000110\",\"00011110\"" },
    { "12345678901234 1 12345678901234", 31, "<private> 1 <private>", "12345678901234 1 12345678901234" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const guint8 *data = (const guint8 *)rows[i].text;
      g_autofree char *printable = sqns_at_printable (data, rows[i].len, FALSE);
      g_autofree char *personal = sqns_at_printable (data, rows[i].len, TRUE);

      g_assert_cmpstr (printable, ==, rows[i].printable);
      g_assert_cmpstr (personal, ==, rows[i].personal);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/at/smod", test_smod);
  g_test_add_func ("/at/smswboot", test_smswboot);
  g_test_add_func ("/at/mode-names", test_mode_names);
  g_test_add_func ("/at/smupgrade", test_smupgrade);
  g_test_add_func ("/at/ati1", test_ati1);
  g_test_add_func ("/at/showver", test_showver);
  g_test_add_func ("/at/showver-other", test_showver_other);
  g_test_add_func ("/at/find-line", test_find_line);
  g_test_add_func ("/at/classify", test_classify);
  g_test_add_func ("/at/printable", test_printable);
  return g_test_run ();
}
