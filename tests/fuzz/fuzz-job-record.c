/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the record of a job: a record that survives writing, or an error message. Any bytes as a text in a job:
 * a record that can be read. */
#include "job/job-record.h"

#include "fuzz.h"

#include <string.h>

#define MAX_MESSAGE 512u /* bytes of an error message */
#define KEPT_TEXT 4000u  /* at least this many bytes of a text are kept */

static void
check_refusal (const GError *error)
{
  g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (strlen (error->message), <=, MAX_MESSAGE);
}

/* Writing and reading @record gives the same text. */
static SqnsJobRecord *
check_again (const SqnsJobRecord *record)
{
  g_autofree char *text = sqns_job_record_format (record);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsJobRecord) again = sqns_job_record_parse (text, strlen (text), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (text), <=, SQNS_JOB_RECORD_MAX);
  g_autofree char *text_again = sqns_job_record_format (again);
  g_assert_cmpstr (text_again, ==, text);
  return g_steal_pointer (&again);
}

/* Labels, error messages and reasons of modems are foreign text. */
static void
check_text (const guint8 *data, gsize size)
{
  const guint times = size < 200 && size % 8 == 5 ? 1700 : 1; /* too long, too */
  g_autofree char *piece = g_strndup ((const char *)data, MIN (size, 20000));
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (SqnsJobRecord) record = sqns_job_record_new ();

  for (guint n = times; n > 0 && text->len < 5000; n--)
    g_string_append (text, piece);
  g_autofree char *valid = g_utf8_make_valid (text->str, -1);
  if (*valid == '\f' || *valid == '\v') /* a key file cannot hold them there */
    *valid = ' ';
  sqns_job_record_set (&record->uuid, "082a6295-3472-420b-8f5f-1a9875372a3d");
  sqns_job_record_set (&record->device, "board");
  sqns_job_record_set (&record->devnode, "/dev/tty");
  sqns_job_record_set (&record->request.files[SQNS_JOB_FIRMWARE].sha256,
                       "c3bc08fb7f497c03cd0af60c7e273d1360565838c6925f68a8c4dae1d8ce469f");
  sqns_job_record_set (&record->request.label, text->str);
  sqns_job_record_set (&record->error_message, text->str);
  g_autoptr (SqnsJobRecord) again = check_again (record);
  g_assert_cmpstr (again->request.label, ==, again->error_message);
  g_assert_true (g_str_has_prefix (valid, again->request.label));
  g_assert_cmpuint (strlen (again->request.label), >=, MIN (strlen (valid), KEPT_TEXT));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsJobRecord) record = sqns_job_record_parse ((const char *)data, size, &error);

  g_assert_cmpint (record == NULL, ==, error != NULL);
  if (record != NULL)
    {
      g_autoptr (SqnsJobRecord) again = check_again (record);

      g_assert_cmpstr (again->request.label, ==, record->request.label);
    }
  else
    check_refusal (error);
  check_text (data, size);
  return 0;
}
