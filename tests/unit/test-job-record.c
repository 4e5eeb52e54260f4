/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of jobs: writing and reading gives the same record; anything else is refused. */
#include "job/job-record.h"

#include <string.h>

static SqnsJobRecord *
make_record (void)
{
  SqnsJobRecord *record = sqns_job_record_new ();
  char **const texts[] = { &record->uuid,
                           &record->device,
                           &record->devnode,
                           &record->request.files[SQNS_JOB_FIRMWARE].name,
                           &record->request.files[SQNS_JOB_FIRMWARE].sha256,
                           &record->request.label,
                           &record->message,
                           &record->error_name };
  static const char *const values[] = { "0dd1c2a4-5f5e-4b9c-8e2f-0a1b2c3d4e5f",
                                        "04d8:ef98-Py343434",
                                        "/dev/ttyACM0",
                                        "NB1-37781.dup",
                                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                                        " bench = 7\\ \n\r[x] ",
                                        "the modem waits",
                                        "org.sqnsd1.Error.NeedsRecovery" };
  G_STATIC_ASSERT (G_N_ELEMENTS (texts) == G_N_ELEMENTS (values));
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_free (*texts[i]);
      *texts[i] = g_strdup (values[i]);
    }
  record->state = SQNS_JOB_INTERRUPTED;
  record->vendor = 0x04d8;
  record->port_link = SQNS_LINK_RELAY;
  record->request.options.method = SQNS_METHOD_FFF;
  record->request.options.force = TRUE;
  record->request.priority = G_MININT;
  record->request.not_after = G_MAXINT64;
  record->request.creator_uid = G_MAXUINT;
  record->phase = SQNS_PHASE_RELEASE;
  record->progress = 1000000;
  record->request.expect_version.build = 41065;
  record->version_before = (SqnsVersion){ { 6, 0, 0, 0 }, 35351 };
  record->checkpoint.done.first_step_done = TRUE;
  record->checkpoint.done.uploads = 3;
  record->checkpoint.bootloader0 = (SqnsVersion){ { 5, 1, 1, 0 }, 38638 };
  record->checkpoint.written = TRUE;
  return record;
}

static void
test_round_trip (void)
{
  g_autoptr (SqnsJobRecord) record = make_record ();
  g_autofree char *text = sqns_job_record_format (record);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsJobRecord) again = sqns_job_record_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  g_autofree char *text_again = sqns_job_record_format (again);

  g_assert_cmpstr (text_again, ==, text);
  g_assert_cmpstr (again->uuid, ==, record->uuid);
  g_assert_cmpint (again->state, ==, SQNS_JOB_INTERRUPTED);
  g_assert_cmpstr (again->request.label, ==, record->request.label);
  g_assert_cmpint (again->port_link, ==, SQNS_LINK_RELAY);
  g_assert_cmpint (again->request.options.method, ==, SQNS_METHOD_FFF);
  g_assert_true (again->request.options.force);
  g_assert_false (again->request.options.recover);
  g_assert_cmpint (again->request.priority, ==, G_MININT);
  g_assert_cmpint (again->request.not_after, ==, G_MAXINT64);
  g_assert_cmpuint (again->request.creator_uid, ==, G_MAXUINT);
  g_assert_cmpint (again->phase, ==, SQNS_PHASE_RELEASE);
  g_assert_cmpuint (again->request.expect_version.build, ==, 41065);
  g_assert_true (sqns_version_equal (&again->version_before, &record->version_before));
  g_assert_true (again->checkpoint.done.first_step_done);
  g_assert_false (again->checkpoint.done.file_taken);
  g_assert_cmpuint (again->checkpoint.done.uploads, ==, 3);
  g_assert_true (sqns_version_equal (&again->checkpoint.bootloader0, &record->checkpoint.bootloader0));
  g_assert_true (again->checkpoint.written);
}

/* Foreign text, such as the name of a firmware or a message, survives writing and reading. */
static void
test_any_text (void)
{
  g_autoptr (SqnsJobRecord) record = make_record ();
  g_autofree char *backslashes = g_strnfill (20000, '\\');
  g_free (record->message);
  record->message = g_strdup (backslashes);
  g_free (record->request.files[SQNS_JOB_UPDATER].name);
  record->request.files[SQNS_JOB_UPDATER].name = g_strdup ("\xff\xfe caf\xc3\xa9");
  g_autofree char *text = sqns_job_record_format (record);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsJobRecord) again = sqns_job_record_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (backslashes, again->message));
  g_assert_cmpuint (strlen (again->message), >, 4000);
  g_assert_true (g_str_has_suffix (again->request.files[SQNS_JOB_UPDATER].name, "caf\xc3\xa9"));
}

static void
refused (const char *text, gsize len, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsJobRecord) record = sqns_job_record_parse (text, len, &error);
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_assert_null (record);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" is not in: %s", words, error->message);
}

/* Truncated anywhere, it is not a record. */
static void
test_cut (void)
{
  g_autoptr (SqnsJobRecord) record = make_record ();
  g_autofree char *text = sqns_job_record_format (record);
  for (gsize len = 0; len < strlen (text); len++)
    refused (text, len, "");
}

static void
test_damage (void)
{
  static const struct {
    const char *from, *to, *words;
  } cases[] = {
    { "Version=1", "Version=2", "Version" },
    { "Uuid=0dd1c2a4", "Uuid=0DD1c2a4", "Uuid" },
    { "Uuid=0dd1c2a4", "Uuid=xdd1c2a4", "Uuid" },
    { "State=interrupted", "State=Interrupted", "State" },
    { "State=interrupted", "State=", "State" },
    { "FirmwareSha256=0", "FirmwareSha256=g", "FirmwareSha256" },
    { "FirmwareSha256=0", "FirmwareSha256=", "FirmwareSha256" },
    { "Manual=no", "Manual=maybe", "Manual" },
    { "VendorId=1240", "VendorId=65536", "VendorId" },
    { "Priority=-2147483648", "Priority=-2147483649", "Priority" },
    { "NotBefore=0", "NotBefore=-1", "NotBefore" },
    { "VersionBefore=6.0.0.0-35351", "VersionBefore=LR6.0.0.0-35351", "VersionBefore" },
    { "VersionBefore=6.0.0.0-35351", "VersionBefore=6.0.0.0", "VersionBefore" },
    { "Progress=1000000", "Progress=1000001", "Progress" },
    { "Method=fff", "Method=ffg", "Method" },
    { "Label=", "Label=\\x", "Label" },
    { "Label=", "Lable=", "Label" },
    { "Written=yes", "Written=yes\nWritten=yes", "duplicate lines" },
    { "Written=yes", "Written=yes\nWritten[de]=yes", "unknown or duplicate lines" },
    { "Written=yes", "Written=yes\nUnknown=yes", "unknown or duplicate lines" },
    { "Written=yes\n", "", "Written is missing" },
    { "[sqnsd-job]\n", "", "group" },
    { "[sqnsd-job]\n", "[sqnsd-job]\n[other]\n", "missing" },
    { "DevNode=/dev", "DevNode=dev", "board" },
    { "Device=04d8:ef98-Py343434", "Device=", "board" },
  };
  g_autoptr (SqnsJobRecord) record = make_record ();
  g_autofree char *text = sqns_job_record_format (record);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *at = strstr (text, cases[i].from);
      g_assert_nonnull (at);
      g_autofree char *damaged
          = g_strdup_printf ("%.*s%s%s", (int)(at - text), text, cases[i].to, at + strlen (cases[i].from));
      refused (damaged, strlen (damaged), cases[i].words);
    }
  refused ("", 0, "empty");
  gsize len = strlen (text);
  text[10] = '\0';
  refused (text, len, "not text");
  text[10] = '\xff';
  refused (text, strlen (text), "not text");
}

/* The record of an older daemon without the key. */
static void
test_older (void)
{
  g_autoptr (SqnsJobRecord) record = make_record ();
  g_autofree char *text = sqns_job_record_format (record);
  char *at = strstr (text, "AtOnce=");
  g_autoptr (GError) error = NULL;
  g_assert_nonnull (at);
  memmove (at, strchr (at, '\n') + 1, strlen (strchr (at, '\n')));
  g_autoptr (SqnsJobRecord) older = sqns_job_record_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  g_assert_false (older->request.at_once);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/job-record/round-trip", test_round_trip);
  g_test_add_func ("/job-record/any-text", test_any_text);
  g_test_add_func ("/job-record/cut", test_cut);
  g_test_add_func ("/job-record/damage", test_damage);
  g_test_add_func ("/job-record/older", test_older);
  return g_test_run ();
}
