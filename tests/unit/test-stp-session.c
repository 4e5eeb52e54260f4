/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state machine of an upload with a modem, and a line that loses, damages and repeats messages. */
#include "stp-upload.h"

#include <string.h>

/* No request is sent twice, and blocks soon grow to the size that the modem accepts. */
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
        g_auto (StpUpload) upload;

        modem->max_transfer = cases[i].max_transfer;
        modem->version = (guint8)version;
        modem->gives_crc = version == 2;
        stp_upload_start (&upload, modem, cases[i].size, SQNS_STP_DATA_CABA, cases[i].first_block, cases[i].max_block);
        stp_upload_succeeds (&upload);

        for (guint j = 0; j < G_N_ELEMENTS (cases[i].blocks) && cases[i].blocks[j] != 0; j++)
          g_assert_cmpuint (g_array_index (modem->blocks, guint, j), ==, cases[i].blocks[j]);
        g_assert_true (modem->closed);
        g_assert_cmpuint (modem->data_type, ==, version == 2 ? 4 : 0);
        g_assert_cmpuint (modem->requests[SQNS_STP_TRANSFER_DATA_TYPE], ==, version - 1);
        g_assert_cmpuint (modem->requests[SQNS_STP_RESET], ==, 2);
        g_assert_cmpuint (modem->requests[SQNS_STP_OPEN_SESSION], ==, 1);
        g_assert_cmpuint (upload.rounds, ==, 2 + version + 2 * modem->blocks->len);
        g_assert_cmpuint (sqns_stp_session_retries (upload.session), ==, 0);
      }
}

/* A file takes little longer than its bytes on the line. */
static void
test_speed (void)
{
  static const struct {
    double latency, most;
  } cases[] = { { 0.001, 1.06 }, { 0.016, 1.45 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StpModem) modem = stp_modem_new ();
      g_auto (StpUpload) upload;
      const gsize size = 2000000;

      stp_upload_start (&upload, modem, size, SQNS_STP_DATA_CABA, 0, 0);
      upload.latency = cases[i].latency;
      stp_upload_succeeds (&upload);
      g_assert_cmpfloat (upload.seconds / ((double)size / 92160), <, cases[i].most);
    }
}

/* The bytes on the line, one by one. */
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
    { SQNS_STP_OPEN_SESSION, "fast\1\1\0\0\0\0\0\1\xfb\x8e\0", 16, "tsaf\x81\1\0\4\0\0\0\1\0\0\0\0\1\1\x20\0", 20,
      SQNS_STP_SEND },
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

/* Each fault, one to three times in a row, at each operation; all ways to recognize a repeat, with and without CRCs. */
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
            g_auto (StpUpload) upload;

            modem->version = 2;
            modem->gives_crc = kind & 1;
            modem->patient = kind & 2;
            modem->repeat = kind & 4 ? STP_REPEAT_BY_ID : STP_REPEAT_BY_ID_OP;
            modem->fault = some_faults;
            modem->fault_data = &faults;
            stp_upload_start (&upload, modem, 60000, SQNS_STP_DATA_ELF, 0, 0);
            if (operation == SQNS_STP_TRANSFER_BLOCK && count == 3 && modem->repeat == STP_REPEAT_BY_ID_OP
                && (fault == STP_FAULT_LOSE_RESPONSE || fault == STP_FAULT_CUT_RESPONSE
                    || fault == STP_FAULT_DAMAGE_RESPONSE || fault == STP_FAULT_LATE_RESPONSE))
              /* Three lost answers, and the announcement is new to this modem: no host could know. */
              g_assert_cmpint (stp_upload_run (&upload), ==, SQNS_STP_DONE);
            else
              stp_upload_succeeds (&upload);
            g_assert_cmpuint (modem->data_type, ==, SQNS_STP_DATA_ELF);
          }
}

/* The closing RESET may get no answer or a refusal; the file is complete anyway. */
static void
test_close (void)
{
  for (StpFault fault = STP_FAULT_NONE; fault < STP_FAULT_RESIDUE; fault++)
    {
      Faults faults = { SQNS_STP_RESET, 1, G_MAXUINT, fault };
      g_autoptr (StpModem) modem = stp_modem_new ();
      g_auto (StpUpload) upload;

      modem->fault = some_faults;
      modem->fault_data = &faults;
      modem->no_close_answer = fault == STP_FAULT_NONE;
      stp_upload_start (&upload, modem, 5000, SQNS_STP_DATA_CABA, 0, 0);
      stp_upload_succeeds (&upload);
      g_assert_cmpuint (modem->sent[SQNS_STP_RESET], <=, 4);
    }
}

/* A permanent fault ends the upload with a message. */
static void
test_endless (void)
{
  static const char *const words[] = {
    "the transfer reset", "the opening of a transfer session", "the announcement of a block",
    "a block of data",    "the announcement of the upload",
  };

  for (guint operation = 0; operation <= SQNS_STP_TRANSFER_DATA_TYPE; operation++)
    for (StpFault fault = STP_FAULT_LOSE_REQUEST; fault < STP_FAULT_DOUBLE_RESPONSE; fault++)
      {
        Faults faults = { operation, 0, G_MAXUINT, fault };
        g_autoptr (StpModem) modem = stp_modem_new ();
        g_auto (StpUpload) upload;

        modem->fault = some_faults;
        modem->fault_data = &faults;
        modem->version = 2;
        stp_upload_start (&upload, modem, 60000, SQNS_STP_DATA_CABA, 0, 0);
        if (operation == SQNS_STP_TRANSFER_BLOCK && fault >= STP_FAULT_LOSE_RESPONSE)
          {
            /* The answer to the new announcement shows that the block was accepted. */
            stp_upload_succeeds (&upload);
            continue;
          }
        if (operation == SQNS_STP_TRANSFER_BLOCK)
          stp_upload_fails (&upload, "no block of data gets through: 32 attempts");
        else
          stp_upload_fails (&upload, words[operation]);
        g_assert_cmpuint (upload.rounds, <, 80);
        g_assert_cmpuint (modem->taken->len, <=, 2016);
      }
}

static void
test_refused_for_ever (void)
{
  static const char *const words[] = {
    "refused the transfer reset",    "refused the opening of a transfer session", "refused the announcement of a block",
    "no block of data gets through", "refused the announcement of the upload",
  };

  for (guint operation = 0; operation <= SQNS_STP_TRANSFER_DATA_TYPE; operation++)
    for (guint kind = 0; kind < 2; kind++)
      {
        Faults faults = { operation, 0, G_MAXUINT, kind == 0 ? STP_FAULT_REFUSE : STP_FAULT_NOT_UNDERSTOOD };
        g_autoptr (StpModem) modem = stp_modem_new ();
        g_auto (StpUpload) upload;

        modem->fault = some_faults;
        modem->fault_data = &faults;
        modem->version = 2;
        stp_upload_start (&upload, modem, 60000, SQNS_STP_DATA_CABA, 0, 0);
        stp_upload_fails (&upload, words[operation]);
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
    { 1, 1, 127, "too small for a block" },
    { 1, 1, 0, "too small for a block" },
    { 1, 1, 128, NULL },
    { 255, 255, 65535, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StpModem) modem = stp_modem_new ();
      g_auto (StpUpload) upload;

      modem->ok = cases[i].ok;
      modem->version = cases[i].version;
      modem->max_transfer = cases[i].max_transfer;
      stp_upload_start (&upload, modem, 500, SQNS_STP_DATA_CABA, 0, 0);
      if (cases[i].words == NULL)
        stp_upload_succeeds (&upload);
      else
        {
          stp_upload_fails (&upload, cases[i].words);
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

/* Feeds one response, which has to be consumed. */
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

/* Responses to another request, or to none, are skipped. */
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

/* Two refusals of an announcement: it may be too long. */
static void
test_announcement_refused (void)
{
  const guint8 image[5000] = { 0 };
  g_autoptr (SqnsStpSession) session = opened_session (image, sizeof image);
  static const guint blocks[] = { 2016, 1008, 1008, 504, 504 };

  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    {
      const guint8 *request;
      gsize len;

      g_assert_cmpint (FEED (session, "tsaf\x42\1\0\0\0\0\0\2\0\0\0\0"), ==, SQNS_STP_RESEND);
      g_assert_cmpuint (sqns_stp_session_block (session), ==, blocks[i]);
      request = sqns_stp_session_request (session, &len);
      g_assert_cmpuint (len, ==, SQNS_STP_HEADER_SIZE + 2);
      g_assert_cmpuint (request[16] * 256u + request[17], ==, blocks[i]);
      g_assert_cmpuint (request[11], ==, 2);
    }
  g_assert_cmpint (FEED (session, COMMAND_OK ("\2")), ==, SQNS_STP_SEND);
  g_assert_cmpint (FEED (session, BLOCK_OK ("\3", "\0\0")), ==, SQNS_STP_SEND);
  g_assert_cmpuint (sqns_stp_session_bytes_done (session), ==, 504);
}

/* The pieces of two answers, with a deadline between them, are not joined. */
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

/* An answer after its deadline, but before the repeated request, counts. */
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

/* A residue larger than the block, or a missing one, is not an answer. */
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
      g_assert_nonnull (strstr (sqns_stp_session_failure (session), "an invalid answer"));
      g_assert_cmpuint (sqns_stp_session_bytes_done (session), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stp-session/clean", test_clean);
  g_test_add_func ("/stp-session/speed", test_speed);
  g_test_add_func ("/stp-session/dialogue", test_dialogue);
  g_test_add_func ("/stp-session/each-fault", test_each_fault);
  g_test_add_func ("/stp-session/close", test_close);
  g_test_add_func ("/stp-session/endless", test_endless);
  g_test_add_func ("/stp-session/refused-for-ever", test_refused_for_ever);
  g_test_add_func ("/stp-session/open", test_open);
  g_test_add_func ("/stp-session/sizes", test_sizes);
  g_test_add_func ("/stp-session/stale", test_stale);
  g_test_add_func ("/stp-session/announcement-refused", test_announcement_refused);
  g_test_add_func ("/stp-session/torn", test_torn);
  g_test_add_func ("/stp-session/late", test_late);
  g_test_add_func ("/stp-session/nonsense", test_nonsense);
  return g_test_run ();
}
