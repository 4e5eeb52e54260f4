/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The upload on lines that are bad in the long run: small buffers, modems that take little, faults at random. */
#include "stp-upload.h"

static guint
block_at (const StpModem *modem, guint i)
{
  return g_array_index (modem->blocks, guint, i);
}

/* A relay that keeps only so many bytes of each message: blocks settle below that, with few tries above. */
static void
test_small_buffers (void)
{
  static const guint buffers[] = { 130, 200, 1000, 2031, 2032, 2048, 3000, 4096, 5000, 8000, 8191 };

  for (guint i = 0; i < G_N_ELEMENTS (buffers); i++)
    for (guint kind = 0; kind < 4; kind++)
      {
        g_autoptr (StpModem) modem = stp_modem_new ();
        g_auto (StpUpload) upload = { 0 };

        if (buffers[i] < 500 && kind & 1)
          continue; /* too narrow to fill up a block within the tries that there are */
        modem->buffer = buffers[i];
        modem->patient = kind & 1;
        modem->mute = kind & 2;
        stp_upload_start (&upload, modem, 1000000, SQNS_STP_DATA_CABA, 0, 0);
        stp_upload_succeeds (&upload);
        for (guint j = 0; j < modem->blocks->len; j++)
          g_assert_cmpuint (block_at (modem, j) + SQNS_STP_HEADER_SIZE, <=, buffers[i]);
        /* The size that went through is at least half of what would have. */
        g_assert_cmpuint (2 * block_at (modem, modem->blocks->len / 2), >=,
                          MIN (buffers[i] - SQNS_STP_HEADER_SIZE, 8176) - 1);
        g_assert_cmpuint (sqns_stp_session_retries (upload.session), <, 20 + modem->blocks->len / 20);
      }
}

static StpFault
listed_faults (guint operation, guint nth, gpointer data)
{
  const guint *lost = data; /* BLOCK requests, by number; 0 ends */

  for (; operation == SQNS_STP_TRANSFER_BLOCK && *lost != 0; lost++)
    if (nth == *lost)
      return STP_FAULT_LOSE_REQUEST;
  return STP_FAULT_NONE;
}

/* An error halves the size. The size that failed is not tried again for 64 clean blocks; for 128 if it fails again; for
 * 64 again after a long success. */
static void
test_patience (void)
{
  static const guint blocks[][3] = {
    /* from, to, bytes */
    { 3, 10, 8176 },    { 10, 74, 4088 },   { 74, 75, 8176 },   { 75, 203, 4088 },
    { 203, 281, 8176 }, { 281, 345, 4088 }, { 345, 360, 8176 },
  };
  guint lost[] = { 9, 74 + 1, 280 + 2, 0 }; /* each one lost is one more request */
  g_autoptr (StpModem) modem = stp_modem_new ();
  g_auto (StpUpload) upload;

  modem->fault = listed_faults;
  modem->fault_data = lost;
  stp_upload_start (&upload, modem, 2000000, SQNS_STP_DATA_CABA, 0, 0);
  stp_upload_succeeds (&upload);
  g_assert_cmpuint (sqns_stp_session_retries (upload.session), ==, 3);

  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    for (guint j = blocks[i][0]; j < blocks[i][1]; j++)
      g_assert_cmpuint (block_at (modem, j), ==, blocks[i][2]);
}

/* A modem that accepts a limited number of bytes of a block at a time. */
static void
test_small_bites (void)
{
  static const guint bites[] = { 1, 50, 112, 1000, 2048, 4096, 8175 };

  for (guint i = 0; i < G_N_ELEMENTS (bites); i++)
    {
      g_autoptr (StpModem) modem = stp_modem_new ();
      g_auto (StpUpload) upload;
      guint bytes = 0;

      modem->most = bites[i];
      stp_upload_start (&upload, modem, bites[i] < 100 ? 20000 : 1000000, SQNS_STP_DATA_CABA, 0, 0);
      stp_upload_succeeds (&upload);
      g_assert_cmpuint (sqns_stp_session_retries (upload.session), ==, 0);
      for (guint j = 0; j < modem->blocks->len; j++)
        bytes += block_at (modem, j);
      if (bites[i] >= SQNS_STP_MIN_BLOCK) /* few bytes are sent twice */
        g_assert_cmpuint (bytes, <, upload.image->len + upload.image->len / 10);
    }
}

static StpFault
all_residue (guint operation, guint nth, gpointer data)
{
  const guint *until = data;

  return operation == SQNS_STP_TRANSFER_BLOCK && nth < *until ? STP_FAULT_RESIDUE : STP_FAULT_NONE;
}

/* Residues of all sizes, from nothing to the whole block. */
static void
test_residues (void)
{
  for (guint round = 0; round < 100; round++)
    {
      guint until = round * 3;
      g_autoptr (StpModem) modem = stp_modem_new ();
      g_auto (StpUpload) upload;

      modem->fault = all_residue;
      modem->fault_data = &until;
      stp_upload_start (&upload, modem, 100000, SQNS_STP_DATA_CABA, 0, 0);
      stp_upload_succeeds (&upload);
    }
}

/* A modem that accepts nothing, permanently or for a while. */
static void
test_nothing_taken (void)
{
  static const guint8 image[50000];
  static const guint8 reset[] = "tsaf\x80\0\0\0\0\0\0\0\0\0\0", open[] = "tsaf\x81\1\0\4\0\0\0\1\0\0\0\0\1\1\x20";

  for (guint whole = 0; whole < 40; whole++)
    {
      g_autoptr (SqnsStpSession) session = sqns_stp_session_new (image, sizeof image, SQNS_STP_DATA_CABA, 0, 0);
      guint8 answer[18] = "tsaf\x82\1";
      SqnsStpVerdict verdict;
      gsize consumed;

      g_assert_cmpint (sqns_stp_session_receive (session, reset, sizeof reset, &consumed), ==, SQNS_STP_SEND);
      g_assert_cmpint (sqns_stp_session_receive (session, open, sizeof open, &consumed), ==, SQNS_STP_SEND);
      for (guint i = 0; i <= whole; i++)
        {
          const guint block = i < whole ? sqns_stp_session_block (session) : 0;

          answer[4] = 0x82;
          answer[7] = 0;
          answer[11] = (guint8)(2 + 2 * i);
          g_assert_cmpint (sqns_stp_session_receive (session, answer, 16, &consumed), ==, SQNS_STP_SEND);
          answer[4] = 0x83;
          answer[7] = 2;
          answer[11]++;
          answer[16] = (guint8)(block >> 8);
          answer[17] = (guint8)block;
          verdict = sqns_stp_session_receive (session, answer, 18, &consumed);
          if (i == 31)
            break;
          g_assert_cmpint (verdict, ==, i < whole ? SQNS_STP_RESEND : SQNS_STP_SEND);
        }
      g_assert_cmpint (verdict, ==, whole >= 32 ? SQNS_STP_FAILED : SQNS_STP_SEND);
      if (whole >= 32)
        g_assert_cmpstr (sqns_stp_session_failure (session), ==,
                         "the modem accepts no more data: none of 32 blocks in a row");
    }
}

/* The modem waits for the rest of a block of another host, and takes the first requests for that. */
static void
test_half_block (void)
{
  static const guint8 block[] = "fast\3\1\x1f\xf0\0\0\0\x63\0\0\0";

  for (guint there = 0; there < 8176; there += 511)
    {
      g_autoptr (StpModem) modem = stp_modem_new ();
      g_auto (StpUpload) upload;
      guint8 begun[16];
      guint16 crc;

      for (guint i = 0; i < sizeof begun; i++)
        begun[i] = block[i];
      crc = stp_modem_crc16 (begun, sizeof begun);
      begun[12] = (guint8)(crc >> 8);
      begun[13] = (guint8)crc;
      g_byte_array_append (modem->received, begun, sizeof begun);
      for (guint i = 0; i < there; i++)
        g_byte_array_append (modem->received, (const guint8 *)"x", 1);
      modem->patient = TRUE;
      modem->mute = there % 2 == 0;
      stp_upload_start (&upload, modem, 20000, SQNS_STP_DATA_CABA, 0, 0);
      stp_upload_succeeds (&upload);
      g_assert_cmpuint (sqns_stp_session_retries (upload.session), <=, 3);
    }
}

typedef struct {
  StpModem *modem;
  double rate;
} Weather;

static StpFault
any_fault (guint operation, guint nth, gpointer data)
{
  Weather *weather = data;

  if (g_rand_double (weather->modem->rand) >= weather->rate)
    return STP_FAULT_NONE;
  return (StpFault)g_rand_int_range (weather->modem->rand, STP_FAULT_LOSE_REQUEST, STP_N_FAULTS);
}

/* Whatever the line does, a modem that recognizes repeats has the image at the end. The upload only fails on the worst
 * lines. */
static void
test_weather (void)
{
  static const double rates[] = { 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8 };
  guint done = 0, failed = 0;

  for (guint seed = 0; seed < 700; seed++)
    {
      g_autoptr (StpModem) modem = stp_modem_new ();
      Weather weather = { modem, rates[seed % G_N_ELEMENTS (rates)] };
      g_auto (StpUpload) upload;

      g_rand_set_seed (modem->rand, seed);
      modem->fault = any_fault;
      modem->fault_data = &weather;
      modem->gives_crc = seed / 7 % 2;
      modem->patient = seed / 14 % 2;
      modem->mute = seed / 28 % 2;
      modem->version = 1 + seed / 56 % 2;
      modem->max_transfer = seed / 112 % 2 ? 2048 : 8192;
      stp_upload_start (&upload, modem, 100000 + seed, SQNS_STP_DATA_CABA, 0, 0);
      if (weather.rate <= 0.2)
        stp_upload_succeeds (&upload);
      else if (stp_upload_run (&upload) == SQNS_STP_DONE)
        {
          done++;
          g_assert_cmpmem (modem->taken->data, modem->taken->len, upload.image->data, upload.image->len);
        }
      else
        failed++;
    }
  g_test_message ("bad weather: %u done, %u failed", done, failed);
  g_assert_cmpuint (done, >, failed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stp-line/small-buffers", test_small_buffers);
  g_test_add_func ("/stp-line/patience", test_patience);
  g_test_add_func ("/stp-line/small-bites", test_small_bites);
  g_test_add_func ("/stp-line/residues", test_residues);
  g_test_add_func ("/stp-line/nothing-taken", test_nothing_taken);
  g_test_add_func ("/stp-line/half-block", test_half_block);
  g_test_add_func ("/stp-line/weather", test_weather);
  return g_test_run ();
}
