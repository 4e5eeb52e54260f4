/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The upload's state machine against a modem of its own and a line that loses, damages and repeats. */
#include "codec/stp-session.h"

#include "stp-modem.h"

#include <string.h>

#define MAX_ROUNDS 200000u

typedef struct {
  SqnsStpSession *session;
  StpModem *modem;
  GByteArray *image;
  guint rounds;     /* requests sent */
  guint in_a_row;   /* of them, since the last one that was answered */
  guint most_bytes; /* in one block */
  double seconds;   /* on a wire of 921600 baud, with @latency per exchange */
  double latency;
} Upload;

static void
upload_start (Upload *upload, StpModem *modem, gsize size, SqnsStpDataType type, guint first_block, guint max_block)
{
  *upload = (Upload){ .modem = modem, .image = g_byte_array_new () };
  g_byte_array_set_size (upload->image, (guint)size);
  for (gsize i = 0; i < size; i++)
    upload->image->data[i] = (guint8)(i * 7 + i / 251 + (i >> 13));
  upload->session = sqns_stp_session_new (upload->image->data, size, type, first_block, max_block);
}

static void
upload_clear (Upload *upload)
{
  sqns_stp_session_free (upload->session);
  g_byte_array_unref (upload->image);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Upload, upload_clear)

/* Feeds what the modem said, in pieces of any size, until a verdict falls. */
static SqnsStpVerdict
upload_listen (Upload *upload)
{
  GByteArray *line = upload->modem->answer;
  SqnsStpVerdict verdict = SQNS_STP_MORE;
  guint offered = 0;

  while (verdict == SQNS_STP_MORE && offered < line->len)
    {
      g_autofree guint8 *copy = NULL;
      gsize consumed;

      offered = (guint)g_test_rand_int_range ((gint32)offered, (gint32)line->len) + 1;
      copy = g_memdup2 (line->data, offered);
      verdict = sqns_stp_session_receive (upload->session, copy, offered, &consumed);
      g_assert_cmpuint (consumed, <=, offered);
      if (consumed > 0)
        g_byte_array_remove_range (line, 0, (guint)consumed);
      offered -= (guint)consumed;
    }
  return verdict;
}

/* One request and what follows from it. */
static SqnsStpVerdict
upload_step (Upload *upload)
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

static SqnsStpVerdict
upload_run (Upload *upload)
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

static void
assert_uploaded (Upload *upload)
{
  const SqnsStpVerdict verdict = upload_run (upload);

  g_assert_cmpstr (sqns_stp_session_failure (upload->session), ==, NULL);
  g_assert_cmpint (verdict, ==, SQNS_STP_DONE);
  g_assert_cmpuint (sqns_stp_session_bytes_done (upload->session), ==, upload->image->len);
  g_assert_cmpmem (upload->modem->taken->data, upload->modem->taken->len, upload->image->data, upload->image->len);
}

static void
assert_failed (Upload *upload, const char *words)
{
  g_assert_cmpint (upload_run (upload), ==, SQNS_STP_FAILED);
  if (strstr (sqns_stp_session_failure (upload->session), words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", sqns_stp_session_failure (upload->session), words);
}

/* No request is sent twice, and blocks grow to what the modem takes within a few. */
static void
test_clean (void)
{
  static const struct {
    guint16 max_transfer;
    gsize size;
    guint first_block, max_block;
    guint blocks[6]; /* the first ones; 0 ends */
  } cases[] = {
    { 8192, 100000, 0, 0, { 2016, 4032, 8064, 8176, 8176 } },
    { 65535, 100000, 0, 0, { 2016, 4032, 8064, 8176, 8176 } },
    { 2048, 100000, 0, 0, { 2016, 2032, 2032 } },
    { 128, 1000, 0, 0, { 112, 112 } },
    { 8192, 100000, 8176, 0, { 8176, 8176 } },
    { 8192, 100000, 100000, 0, { 8176, 8176 } },
    { 8192, 100000, 0, 4096, { 2016, 4032, 4096, 4096 } },
    { 8192, 1000, 0, 100, { 100, 100 } },
    { 8192, 1000, 1, 0, { 112, 224, 448, 216 } },
    { 8192, 1, 0, 0, { 1 } },
    { 8192, 2016, 0, 0, { 2016 } },
    { 8192, 2017, 0, 0, { 2016, 1 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint version = 1; version <= 2; version++)
      {
        g_autoptr (StpModem) modem = stp_modem_new ();
        g_auto (Upload) upload;

        modem->max_transfer = cases[i].max_transfer;
        modem->version = (guint8)version;
        modem->gives_crc = version == 2;
        upload_start (&upload, modem, cases[i].size, SQNS_STP_DATA_CABA, cases[i].first_block, cases[i].max_block);
        assert_uploaded (&upload);

        for (guint j = 0; j < G_N_ELEMENTS (cases[i].blocks) && cases[i].blocks[j] != 0; j++)
          g_assert_cmpuint (g_array_index (modem->blocks, guint, j), ==, cases[i].blocks[j]);
        g_assert_true (modem->closed);
        g_assert_cmpuint (modem->data_type, ==, version == 2 ? 4 : 0);
        g_assert_cmpuint (modem->requests[SQNS_STP_TRANSFER_DATA_TYPE], ==, version - 1);
        g_assert_cmpuint (modem->requests[SQNS_STP_RESET], ==, 2);
        g_assert_cmpuint (modem->requests[SQNS_STP_OPEN_SESSION], ==, 1);
        g_assert_cmpuint (upload.rounds, ==, 2 + version + 2 * modem->blocks->len);
        g_assert_cmpuint (sqns_stp_session_retries (upload.session), ==, 0);
        g_assert_cmpuint (sqns_stp_session_max_transfer (upload.session), ==, cases[i].max_transfer);
      }
}

/* A whole file takes little longer than its bytes do on the wire. */
static void
test_speed (void)
{
  static const struct {
    double latency, most;
  } cases[] = { { 0.001, 1.06 }, { 0.016, 1.45 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StpModem) modem = stp_modem_new ();
      g_auto (Upload) upload;
      const gsize size = 2000000;

      upload_start (&upload, modem, size, SQNS_STP_DATA_CABA, 0, 0);
      upload.latency = cases[i].latency;
      assert_uploaded (&upload);
      g_assert_cmpfloat (upload.seconds / ((double)size / 92160), <, cases[i].most);
    }
}

/* The bytes on the wire, one by one. */
static void
test_dialogue (void)
{
  static const guint8 image[] = "0123456789";
  static const struct {
    SqnsStpOperation operation;
    const char *request;
    gsize request_size;
    const char *response;
    gsize response_size;
    SqnsStpVerdict verdict;
  } steps[] = {
    { SQNS_STP_RESET, "fast\0\0\0\0\0\0\0\0\x8a\xe3\0", 16, "tsaf\x80\0\0\0\0\0\0\0\0\0\0\0", 16, SQNS_STP_SEND },
    { SQNS_STP_OPEN_SESSION, "fast\1\1\0\0\0\0\0\1\xfb\x8e\0", 16,
      "tsaf\x81\1\0\4\0\0\0\1\0\0\0\0\1\1\x20\0", 20, SQNS_STP_SEND },
    { SQNS_STP_TRANSFER_BLOCK_CMD, "fast\2\1\0\2\0\0\0\2", 12, "tsaf\x82\1\0\0\0\0\0\2\0\0\0\0", 16, SQNS_STP_SEND },
    { SQNS_STP_TRANSFER_BLOCK, "fast\3\1\0\12\0\0\0\3", 12, "tsaf\x83\1\0\2\0\0\0\3\0\0\0\0\0\4", 18, SQNS_STP_SEND },
    { SQNS_STP_TRANSFER_BLOCK_CMD, "fast\2\1\0\2\0\0\0\4", 12, "tsaf\x42\1\0\0\0\0\0\4\0\0\0\0", 16, SQNS_STP_RESEND },
    { SQNS_STP_TRANSFER_BLOCK_CMD, "fast\2\1\0\2\0\0\0\4", 12, "tsaf\x82\1\0\0\0\0\0\4\0\0\0\0", 16, SQNS_STP_SEND },
    { SQNS_STP_TRANSFER_BLOCK, "fast\3\1\0\4\0\0\0\5", 12, "tsaf\x7f\0\0\0\0\0\0\0\0\0\0\0", 16, SQNS_STP_RESEND },
    { SQNS_STP_TRANSFER_BLOCK, "fast\3\1\0\4\0\0\0\5", 12, "tsaf\x83\1\0\2\0\0\0\5\0\0\0\0\0\0", 18, SQNS_STP_SEND },
    { SQNS_STP_RESET, "fast\0\0\0\0\0\0\0\0\x8a\xe3\0", 16, "tsaf\x80\0\0\0\0\0\0\0\0\0\0\0", 16, SQNS_STP_DONE },
  };
  g_autoptr (SqnsStpSession) session = sqns_stp_session_new (image, 10, SQNS_STP_DATA_CABA, 0, 0);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      gsize len, consumed;
      const guint8 *request;

      g_assert_cmpint (sqns_stp_session_operation (session), ==, steps[i].operation);
      request = sqns_stp_session_request (session, &len);
      g_assert_cmpuint (len, >=, steps[i].request_size);
      g_assert_cmpmem (request, steps[i].request_size, steps[i].request, steps[i].request_size);
      g_assert_cmpint (sqns_stp_session_receive (session, (const guint8 *)steps[i].response, steps[i].response_size,
                                                 &consumed),
                       ==, steps[i].verdict);
      g_assert_cmpuint (consumed, ==, steps[i].response_size);
      if (i == 3)
        {
          g_assert_cmpuint (sqns_stp_session_bytes_done (session), ==, 6);
          g_assert_cmpuint (sqns_stp_session_block (session), ==, 4);
        }
    }
  g_assert_cmpuint (sqns_stp_session_retries (session), ==, 2);
}

typedef struct {
  guint operation, first, count;
  StpFault fault;
} Faults;

static StpFault
some_faults (guint operation, guint nth, gpointer data)
{
  const Faults *faults = data;

  if (operation == faults->operation && nth >= faults->first && nth - faults->first < faults->count)
    return faults->fault;
  return STP_FAULT_NONE;
}

/* Each fault, once, twice or thrice in a row, at each operation; all ways to know a repeat, with and without CRCs. */
static void
test_each_fault (void)
{
  for (guint operation = 0; operation <= SQNS_STP_TRANSFER_DATA_TYPE; operation++)
    for (StpFault fault = STP_FAULT_LOSE_REQUEST; fault < STP_FAULT_RESIDUE; fault++)
      for (guint count = 1; count <= 3; count++)
        for (guint kind = 0; kind < 8; kind++)
          {
            const gboolean repeated = operation == SQNS_STP_TRANSFER_BLOCK || operation == SQNS_STP_TRANSFER_BLOCK_CMD;
            Faults faults = { operation, repeated ? 3 : 0, count, fault };
            g_autoptr (StpModem) modem = stp_modem_new ();
            g_auto (Upload) upload;

            modem->version = 2;
            modem->gives_crc = kind & 1;
            modem->patient = kind & 2;
            modem->repeat = kind & 4 ? STP_REPEAT_BY_ID : STP_REPEAT_BY_ID_OP;
            modem->fault = some_faults;
            modem->fault_data = &faults;
            upload_start (&upload, modem, 60000, SQNS_STP_DATA_ELF, 0, 0);
            if (operation == SQNS_STP_TRANSFER_BLOCK && count == 3 && modem->repeat == STP_REPEAT_BY_ID_OP
                && (fault == STP_FAULT_LOSE_RESPONSE || fault == STP_FAULT_CUT_RESPONSE
                    || fault == STP_FAULT_DAMAGE_RESPONSE || fault == STP_FAULT_LATE_RESPONSE))
              /* Three lost answers, and the announcement is new to this modem: nobody could know. */
              g_assert_cmpint (upload_run (&upload), ==, SQNS_STP_DONE);
            else
              assert_uploaded (&upload);
            g_assert_cmpuint (modem->data_type, ==, SQNS_STP_DATA_ELF);
          }
}

/* The closing RESET may never be answered, or be refused: the file is there all the same. */
static void
test_close (void)
{
  for (StpFault fault = STP_FAULT_NONE; fault < STP_FAULT_RESIDUE; fault++)
    {
      Faults faults = { SQNS_STP_RESET, 1, G_MAXUINT, fault };
      g_autoptr (StpModem) modem = stp_modem_new ();
      g_auto (Upload) upload;

      modem->fault = some_faults;
      modem->fault_data = &faults;
      modem->no_close_answer = fault == STP_FAULT_NONE;
      upload_start (&upload, modem, 5000, SQNS_STP_DATA_CABA, 0, 0);
      assert_uploaded (&upload);
      g_assert_cmpuint (modem->sent[SQNS_STP_RESET], <=, 4);
    }
}

/* What never gets better ends, in words. */
static void
test_endless (void)
{
  static const char *const words[] = {
    "the transfer reset", "the opening of a transfer session", "the announcement of a block", "a block of data", "the announcement of what comes",
  };

  for (guint operation = 0; operation <= SQNS_STP_TRANSFER_DATA_TYPE; operation++)
    for (StpFault fault = STP_FAULT_LOSE_REQUEST; fault < STP_FAULT_DOUBLE_RESPONSE; fault++)
      {
        Faults faults = { operation, 0, G_MAXUINT, fault };
        g_autoptr (StpModem) modem = stp_modem_new ();
        g_auto (Upload) upload;

        modem->fault = some_faults;
        modem->fault_data = &faults;
        modem->version = 2;
        upload_start (&upload, modem, 60000, SQNS_STP_DATA_CABA, 0, 0);
        if (operation == SQNS_STP_TRANSFER_BLOCK && fault >= STP_FAULT_LOSE_RESPONSE)
          {
            /* The answer to the new announcement says that the block was taken. */
            assert_uploaded (&upload);
            continue;
          }
        if (operation == SQNS_STP_TRANSFER_BLOCK)
          assert_failed (&upload, "no block of data gets through any more: 32 tries");
        else
          assert_failed (&upload, words[operation]);
        g_assert_cmpuint (upload.rounds, <, 80);
        g_assert_cmpuint (modem->taken->len, <=, 2016);
      }
}

static void
test_refused_for_ever (void)
{
  static const char *const words[] = {
    "refused the transfer reset", "refused the opening of a transfer session", "refused the announcement of a block",
    "no block of data gets through any more", "refused the announcement of what comes",
  };

  for (guint operation = 0; operation <= SQNS_STP_TRANSFER_DATA_TYPE; operation++)
    for (guint kind = 0; kind < 2; kind++)
      {
        Faults faults = { operation, 0, G_MAXUINT, kind == 0 ? STP_FAULT_REFUSE : STP_FAULT_NOT_UNDERSTOOD };
        g_autoptr (StpModem) modem = stp_modem_new ();
        g_auto (Upload) upload;

        modem->fault = some_faults;
        modem->fault_data = &faults;
        modem->version = 2;
        upload_start (&upload, modem, 60000, SQNS_STP_DATA_CABA, 0, 0);
        assert_failed (&upload, words[operation]);
        g_assert_cmpuint (upload.rounds, <, 80);
        g_assert_cmpuint (modem->taken->len, ==, 0);
      }
}

static void
test_open (void)
{
  static const struct {
    guint8 ok, version;
    guint16 max_transfer;
    const char *words; /* NULL: opens */
  } cases[] = {
    { 0, 1, 8192, "refused to open a transfer session" },
    { 1, 0, 8192, "unknown version 0" },
    { 1, 1, 127, "too narrow" },
    { 1, 1, 0, "too narrow" },
    { 1, 1, 128, NULL },
    { 255, 255, 65535, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StpModem) modem = stp_modem_new ();
      g_auto (Upload) upload;

      modem->ok = cases[i].ok;
      modem->version = cases[i].version;
      modem->max_transfer = cases[i].max_transfer;
      upload_start (&upload, modem, 500, SQNS_STP_DATA_CABA, 0, 0);
      if (cases[i].words == NULL)
        assert_uploaded (&upload);
      else
        {
          assert_failed (&upload, cases[i].words);
          g_assert_cmpuint (modem->requests[SQNS_STP_OPEN_SESSION], ==, 3);
          g_assert_cmpuint (modem->requests[SQNS_STP_RESET], ==, i == 0 ? 3 : 1);
        }
    }
}

static void
test_sizes (void)
{
  static const guint8 byte;
  const gsize sizes[] = { 0, SQNS_STP_MAX_IMAGE + 1 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (SqnsStpSession) session = sqns_stp_session_new (&byte, sizes[i], SQNS_STP_DATA_CABA, 0, 0);
      gsize len = 1;

      g_assert_null (sqns_stp_session_request (session, &len));
      g_assert_cmpuint (len, ==, 0);
      g_assert_nonnull (sqns_stp_session_failure (session));
      g_assert_cmpint (sqns_stp_session_timed_out (session), ==, SQNS_STP_FAILED);
      g_assert_cmpuint (sqns_stp_session_block (session), ==, 0);
    }
}

/* Feeds one response; it must be used up. */
static SqnsStpVerdict
feed (SqnsStpSession *session, const char *response, gsize size)
{
  gsize consumed;
  const SqnsStpVerdict verdict = sqns_stp_session_receive (session, (const guint8 *)response, size, &consumed);

  g_assert_cmpuint (consumed, ==, size);
  return verdict;
}

#define RESET_OK "tsaf\x80\0\0\0\0\0\0\0\0\0\0\0"
#define OPEN_OK "tsaf\x81\1\0\4\0\0\0\1\0\0\0\0\1\1\x20\0"
#define COMMAND_OK(n) "tsaf\x82\1\0\0\0\0\0" n "\0\0\0\0"
#define BLOCK_OK(n, residue) "tsaf\x83\1\0\2\0\0\0" n "\0\0\0\0" residue
#define FEED(session, response) feed (session, response, sizeof response - 1)

static SqnsStpSession *
opened_session (const guint8 *image, gsize size)
{
  SqnsStpSession *session = sqns_stp_session_new (image, size, SQNS_STP_DATA_CABA, 0, 0);

  g_assert_cmpint (FEED (session, RESET_OK), ==, SQNS_STP_SEND);
  g_assert_cmpint (FEED (session, OPEN_OK), ==, SQNS_STP_SEND);
  return session;
}

/* What belongs to another request, or to none, is passed over. */
static void
test_stale (void)
{
  const guint8 image[5000] = { 0 };
  g_autoptr (SqnsStpSession) session = opened_session (image, sizeof image);
  gsize len;

  g_assert_cmpint (FEED (session, RESET_OK), ==, SQNS_STP_MORE);
  g_assert_cmpint (FEED (session, OPEN_OK), ==, SQNS_STP_MORE);
  g_assert_cmpint (FEED (session, BLOCK_OK ("\2", "\0\0")), ==, SQNS_STP_MORE);
  g_assert_cmpint (FEED (session, COMMAND_OK ("\3")), ==, SQNS_STP_MORE);
  g_assert_cmpint (FEED (session, "tsaf\x82\2\0\0\0\0\0\2\0\0\0\0"), ==, SQNS_STP_MORE); /* session 2 */
  g_assert_cmpint (FEED (session, "tsaf\x42\1\0\0\0\0\0\1\0\0\0\0"), ==, SQNS_STP_MORE); /* an older refusal */
  g_assert_cmpint (FEED (session, "tsaf\x43\1\0\0\0\0\0\2\0\0\0\0"), ==, SQNS_STP_MORE);
  g_assert_cmpint (FEED (session, "tsaf\x7f\1\0\0\0\0\0\1\0\0\0\0"), ==, SQNS_STP_MORE);
  g_assert_cmpint (FEED (session, "tsaf\x82\1\0\0\0\0\0\2\1\1\0\0"), ==, SQNS_STP_MORE); /* wrong CRC */
  g_assert_cmpuint (sqns_stp_session_retries (session), ==, 0);
  g_assert_cmpint (FEED (session, COMMAND_OK ("\2")), ==, SQNS_STP_SEND);

  /* A refusal and its echoes cost one retry, until the request is sent again. */
  g_assert_cmpint (FEED (session, "tsaf\x43\1\0\0\0\0\0\3\0\0\0\0"), ==, SQNS_STP_RESEND);
  g_assert_cmpint (FEED (session, "tsaf\x43\1\0\0\0\0\0\3\0\0\0\0"), ==, SQNS_STP_MORE);
  g_assert_cmpint (FEED (session, "tsaf\x7f\0\0\0\0\0\0\0\0\0\0\0"), ==, SQNS_STP_MORE);
  g_assert_cmpuint (sqns_stp_session_retries (session), ==, 1);
  g_assert_nonnull (sqns_stp_session_request (session, &len));
  g_assert_cmpuint (len, ==, 2016 + SQNS_STP_HEADER_SIZE);
  g_assert_cmpint (FEED (session, BLOCK_OK ("\3", "\0\0")), ==, SQNS_STP_SEND);
  g_assert_cmpuint (sqns_stp_session_bytes_done (session), ==, 2016);
}

/* The pieces of two answers, a deadline between them, are not taken for one. */
static void
test_torn (void)
{
  const guint8 image[5000] = { 0 };
  g_autoptr (SqnsStpSession) session = opened_session (image, sizeof image);

  g_assert_cmpint (FEED (session, COMMAND_OK ("\2")), ==, SQNS_STP_SEND);
  /* Its last byte is lost: with the 't' of the next one it would be a residue of 116 bytes. */
  g_assert_cmpint (feed (session, BLOCK_OK ("\3", "\0"), 17), ==, SQNS_STP_MORE);
  g_assert_cmpint (sqns_stp_session_timed_out (session), ==, SQNS_STP_RESEND);
  g_assert_cmpint (FEED (session, BLOCK_OK ("\3", "\0\0")), ==, SQNS_STP_SEND);
  g_assert_cmpuint (sqns_stp_session_bytes_done (session), ==, 2016);
}

/* An answer that comes after its deadline, but before the request is sent again, counts. */
static void
test_late (void)
{
  const guint8 image[5000] = { 0 };
  g_autoptr (SqnsStpSession) session = opened_session (image, sizeof image);

  g_assert_cmpint (FEED (session, COMMAND_OK ("\2")), ==, SQNS_STP_SEND);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (sqns_stp_session_timed_out (session), ==, SQNS_STP_RESEND);
  g_assert_cmpint (sqns_stp_session_operation (session), ==, SQNS_STP_TRANSFER_BLOCK_CMD);
  g_assert_cmpuint (sqns_stp_session_block (session), ==, 1008);
  g_assert_cmpint (FEED (session, BLOCK_OK ("\3", "\0\x10")), ==, SQNS_STP_SEND);
  g_assert_cmpuint (sqns_stp_session_bytes_done (session), ==, 2000);
  g_assert_cmpint (FEED (session, COMMAND_OK ("\3")), ==, SQNS_STP_MORE);
  g_assert_cmpint (FEED (session, COMMAND_OK ("\4")), ==, SQNS_STP_SEND);
}

/* A residue larger than the block, or none at all, is no answer. */
static void
test_nonsense (void)
{
  static const struct {
    const char *response;
    gsize size;
  } cases[] = {
    { BLOCK_OK ("\3", "\x07\xe1"), 18 },
    { BLOCK_OK ("\3", "\xff\xff"), 18 },
    { "tsaf\x83\1\0\0\0\0\0\3\0\0\0\0", 16 },
    { "tsaf\x83\1\0\1\0\0\0\3\0\0\0\0\0", 17 },
    { "tsaf\x83\1\0\4\0\0\0\3\0\0\0\0\0\0\0\0", 20 },
  };
  const guint8 image[5000] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SqnsStpSession) session = opened_session (image, sizeof image);
      guint rounds = 0;

      g_assert_cmpint (FEED (session, COMMAND_OK ("\2")), ==, SQNS_STP_SEND);
      while (feed (session, cases[i].response, cases[i].size) == SQNS_STP_RESEND)
        g_assert_cmpuint (++rounds, <, 10);
      g_assert_nonnull (strstr (sqns_stp_session_failure (session), "something impossible"));
      g_assert_cmpuint (sqns_stp_session_bytes_done (session), ==, 0);
    }
}
