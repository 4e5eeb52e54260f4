/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the record of a job: one that is written to the same record again, or an error in words. */
#include "model/job-record.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsJobRecord) record = sqns_job_record_parse ((const char *)data, size, &error);

  g_assert_cmpint (record == NULL, ==, error != NULL);
  if (record == NULL)
    {
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  g_autofree char *text = sqns_job_record_format (record);
  g_autoptr (SqnsJobRecord) again = sqns_job_record_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  g_autofree char *text_again = sqns_job_record_format (again);
  g_assert_cmpstr (text_again, ==, text);
  return 0;
}
