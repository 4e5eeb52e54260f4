/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session connected to a modem, for tests. */
#include "stp-upload.h"

#include <string.h>

#define MAX_ROUNDS 200000u

void
stp_upload_start (
    StpUpload *upload, StpModem *modem, gsize size, SqnsStpDataType type, guint first_block, guint max_block)
{
  *upload = (StpUpload){ .modem = modem, .image = g_byte_array_new () };
  g_byte_array_set_size (upload->image, (guint)size);
  for (gsize i = 0; i < size; i++)
    upload->image->data[i] = (guint8)(i * 7 + i / 251 + (i >> 13));
  upload->session = sqns_stp_session_new (upload->image->data, size, type, first_block, max_block);
}

void
stp_upload_clear (StpUpload *upload)
{
  g_clear_pointer (&upload->session, sqns_stp_session_free);
  g_clear_pointer (&upload->image, g_byte_array_unref);
}
/* Feeds the modem's answers, in pieces of any size, until there is a verdict. */
static SqnsStpVerdict
upload_listen (StpUpload *upload)
{
  GByteArray *line = upload->modem->answer;
  SqnsStpVerdict verdict = SQNS_STP_MORE;
  guint offered = 0;

  while (verdict == SQNS_STP_MORE && offered < line->len)
    {
      g_autofree guint8 *copy = NULL;
      gsize consumed;

      offered = (guint)g_rand_int_range (upload->modem->rand, (gint32)offered, (gint32)line->len) + 1;
      copy = g_memdup2 (line->data, offered);
      verdict = sqns_stp_session_receive (upload->session, copy, offered, &consumed);
      g_assert_cmpuint (consumed, <=, offered);
      if (consumed > 0)
        g_byte_array_remove_range (line, 0, (guint)consumed);
      offered -= (guint)consumed;
    }
  return verdict;
}

/* Handles one request and its answer. */
static SqnsStpVerdict
upload_step (StpUpload *upload)
{
  const gsize before = sqns_stp_session_bytes_done (upload->session);
  const SqnsStpOperation operation = sqns_stp_session_operation (upload->session);
  SqnsStpVerdict verdict;
  gsize len;
  const guint8 *request = sqns_stp_session_request (upload->session, &len);

  g_assert_nonnull (request);
  g_assert_cmpuint (len, <=, SQNS_STP_MAX_FLIGHT);
  g_assert_cmpuint (++upload->rounds, <, MAX_ROUNDS);
  upload->in_a_row++;
  if (operation == SQNS_STP_TRANSFER_BLOCK)
    {
      g_assert_cmpuint (len, ==, SQNS_STP_HEADER_SIZE + sqns_stp_session_block (upload->session));
      upload->most_bytes = MAX (upload->most_bytes, sqns_stp_session_block (upload->session));
    }
  stp_modem_send (upload->modem, request, len);
  upload->seconds += ((double)(len + upload->modem->answer->len)) / 92160 + upload->latency;

  verdict = upload_listen (upload);
  if (verdict == SQNS_STP_MORE)
    {
      stp_modem_quiet (upload->modem);
      verdict = sqns_stp_session_timed_out (upload->session);
    }
  else if (verdict == SQNS_STP_RESEND)
    stp_modem_quiet (upload->modem);
  else
    upload->in_a_row = 0;

  g_assert_cmpuint (upload->in_a_row, <=, 32);
  g_assert_cmpuint (sqns_stp_session_bytes_done (upload->session), >=, before);
  g_assert_cmpuint (sqns_stp_session_bytes_done (upload->session), <=, upload->image->len);
  g_assert_cmpint (sqns_stp_session_failure (upload->session) != NULL, ==, verdict == SQNS_STP_FAILED);
  return verdict;
}

SqnsStpVerdict
stp_upload_run (StpUpload *upload)
{
  SqnsStpVerdict verdict;
  gsize len, consumed;

  do
    verdict = upload_step (upload);
  while (verdict == SQNS_STP_SEND || verdict == SQNS_STP_RESEND);

  g_assert_null (sqns_stp_session_request (upload->session, &len));
  g_assert_cmpuint (len, ==, 0);
  g_assert_cmpint (sqns_stp_session_receive (upload->session, (const guint8 *)"noise", 5, &consumed), ==, verdict);
  g_assert_cmpuint (consumed, ==, 5);
  g_assert_cmpint (sqns_stp_session_timed_out (upload->session), ==, verdict);
  return verdict;
}

void
stp_upload_succeeds (StpUpload *upload)
{
  const SqnsStpVerdict verdict = stp_upload_run (upload);

  g_assert_cmpstr (sqns_stp_session_failure (upload->session), ==, NULL);
  g_assert_cmpint (verdict, ==, SQNS_STP_DONE);
  g_assert_cmpuint (sqns_stp_session_bytes_done (upload->session), ==, upload->image->len);
  g_assert_cmpmem (upload->modem->taken->data, upload->modem->taken->len, upload->image->data, upload->image->len);
}

void
stp_upload_fails (StpUpload *upload, const char *words)
{
  g_assert_cmpint (stp_upload_run (upload), ==, SQNS_STP_FAILED);
  if (strstr (sqns_stp_session_failure (upload->session), words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", sqns_stp_session_failure (upload->session), words);
}
