/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes an STP upload: the input is a list of events, one byte each, some with data. */
#include "codec/stp-session.h"

#include "fuzz.h"

#include <string.h>

#define IMAGE_SIZE 40000u

typedef struct {
  SqnsStpSession *session;
  GByteArray *line;
  gsize done;
  guint retries;
  guint troubles; /* since the last accepted bytes */
  SqnsStpVerdict verdict;
} Upload;

static void
check (Upload *upload, SqnsStpVerdict verdict)
{
  const gsize done = sqns_stp_session_bytes_done (upload->session);
  const guint retries = sqns_stp_session_retries (upload->session);

  g_assert (done >= upload->done && done <= IMAGE_SIZE);
  g_assert (retries - upload->retries == (verdict == SQNS_STP_RESEND ? 1 : 0));
  upload->troubles = done > upload->done ? 0 : upload->troubles + (retries - upload->retries);
  g_assert (upload->troubles < 300); /* it ends */
  g_assert (verdict != SQNS_STP_DONE || done == IMAGE_SIZE);
  g_assert ((sqns_stp_session_failure (upload->session) != NULL) == (verdict == SQNS_STP_FAILED));
  upload->done = done;
  upload->retries = retries;
  upload->verdict = verdict;
}

static void
receive (Upload *upload)
{
  const guint len = upload->line->len;
  g_autofree guint8 *copy = g_memdup2 (upload->line->data, len);
  gsize consumed;

  check (upload, sqns_stp_session_receive (upload->session, copy, len, &consumed));
  g_assert (consumed <= len);
  if (consumed > 0)
    g_byte_array_remove_range (upload->line, 0, (guint)consumed);
}

/* An answer to the current request that is valid except for @how. */
static void
answer (Upload *upload, guint8 how, guint8 value)
{
  guint8 out[20] = "tsaf";
  gsize len;
  const guint8 *request = sqns_stp_session_request (upload->session, &len);
  const SqnsStpOperation operation = sqns_stp_session_operation (upload->session);

  if (request == NULL)
    return;
  while (*request == 0xff && len > SQNS_STP_HEADER_SIZE)
    {
      request++;
      len--;
    }
  memcpy (out + 4, request + 4, 8);
  out[4] |= how & 1 ? 0x40 : 0x80;
  out[6] = 0;
  out[7] = operation == SQNS_STP_OPEN_SESSION ? 4 : operation == SQNS_STP_TRANSFER_BLOCK ? 2 : 0;
  if (how & 2)
    out[4] = value;
  if (how & 4)
    out[7] = value;
  if (how & 8)
    out[11] -= value;
  if (operation == SQNS_STP_OPEN_SESSION)
    memcpy (out + 16, (guint8[]){ !(how & 16), how & 32 ? value : 1, how & 64 ? value : 0x20, 0 }, 4);
  else if (how & 16)
    out[how & 32 ? 17 : 16] = value;
  g_byte_array_append (upload->line, out, SQNS_STP_HEADER_SIZE + MIN (out[7], 4));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const guint8 image[IMAGE_SIZE];
  Upload upload = { 0 };

  if (size < 2)
    return 0;
  upload.session = sqns_stp_session_new (image, IMAGE_SIZE, SQNS_STP_DATA_CABA, data[0] * 64u, data[1] * 64u);
  upload.line = g_byte_array_new ();
  for (gsize at = 2; at < size; at++)
    {
      const guint8 what = data[at], more = at + 1 < size ? data[at + 1] : 0;
      gsize len;

      switch (what % 8)
        {
        case 0:
          check (&upload, sqns_stp_session_timed_out (upload.session));
          break;
        case 1: /* raw bytes */
          len = MIN (size - at - 1, what / 8u);
          g_byte_array_append (upload.line, data + at + 1, (guint)len);
          at += len;
          receive (&upload);
          break;
        case 2: /* an odd answer */
          answer (&upload, more, at + 2 < size ? data[at + 2] : 0);
          at += 2;
          receive (&upload);
          break;
        case 3: /* no more than queued */
          answer (&upload, 0, 0);
          break;
        default:
          answer (&upload, 0, 0);
          receive (&upload);
          break;
        }
      g_assert ((sqns_stp_session_request (upload.session, &len) == NULL)
                == (upload.verdict == SQNS_STP_DONE || upload.verdict == SQNS_STP_FAILED));
      g_assert (len <= SQNS_STP_MAX_FLIGHT);
      g_assert (sqns_stp_session_block (upload.session) <= SQNS_STP_MAX_FLIGHT - SQNS_STP_HEADER_SIZE);
    }
  g_byte_array_unref (upload.line);
  sqns_stp_session_free (upload.session);
  return 0;
}
