/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STP messages as bytes: vectors for headers and CRC, and a decoder for a noisy line. */
#include "codec/stp.h"

#include <string.h>

/* A response as the SQN3330 sends it: both CRCs 0 (field-failures.md §2.5). */
static const guint8 open_response[] = {
  't', 's', 'a', 'f', 0x81, 1, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0x20, 0,
};

/* The same with its CRCs. */
static const guint8 checked_response[] = {
  't', 's', 'a', 'f', 0x81, 1, 0, 4, 0, 0, 0, 1, 0xd9, 0x08, 0x47, 0x62, 1, 1, 0x20, 0,
};

/* Bit by bit, by the polynomial. */
static guint16
plain_crc16 (const guint8 *data, gsize len)
{
  guint crc = 0;

  for (gsize i = 0; i < len; i++)
    {
      crc ^= (guint)data[i] << 8;
      for (guint bit = 0; bit < 8; bit++)
        crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1;
    }
  return (guint16)crc;
}

static void
test_crc (void)
{
  const gsize size = 9000;
  g_autofree guint8 *data = g_malloc (size);

  g_assert_cmphex (sqns_stp_crc16 ((const guint8 *)"123456789", 9), ==, 0x31c3);
  g_assert_cmphex (sqns_stp_crc16 (NULL, 0), ==, 0);
  for (guint byte = 0; byte < 256; byte++)
    for (guint len = 1; len <= 20; len++)
      {
        memset (data, 0, len);
        data[0] = (guint8)byte;
        g_assert_cmphex (sqns_stp_crc16 (data, len), ==, plain_crc16 (data, len));
      }
  for (gsize i = 0; i < size; i++)
    data[i] = (guint8)g_test_rand_int ();
  for (gsize len = 0; len < 300; len++)
    g_assert_cmphex (sqns_stp_crc16 (data + len % 11, len), ==, plain_crc16 (data + len % 11, len));
  g_assert_cmphex (sqns_stp_crc16 (data, size), ==, plain_crc16 (data, size));
}

static void
test_encode (void)
{
  static const struct {
    SqnsStpOperation operation;
    guint8 session;
    guint32 transaction;
    const char *payload;
    guint16 payload_length;
    guint8 header[SQNS_STP_HEADER_SIZE];
  } cases[] = {
    { SQNS_STP_RESET, 0, 0, NULL, 0, "fast\0\0\0\0\0\0\0\0\x8a\xe3\0" },
    { SQNS_STP_OPEN_SESSION, 1, 1, NULL, 0, "fast\1\1\0\0\0\0\0\1\xfb\x8e\0" },
    { SQNS_STP_TRANSFER_BLOCK_CMD, 1, 2, "\x07\xe0", 2, "fast\2\1\0\2\0\0\0\2\x27\xb8\x64\xb9" },
    { SQNS_STP_TRANSFER_BLOCK, 1, 3, "UPGR", 4, "fast\3\1\0\4\0\0\0\3\x0c\xb0\x79\x5c" },
    { SQNS_STP_TRANSFER_DATA_TYPE, 1, 0x01020304, "\0\0\0\4", 4, "fast\4\1\0\4\1\2\3\4\x7f\x87\x40\x84" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 out[SQNS_STP_HEADER_SIZE];

      memset (out, 0xee, sizeof out);
      sqns_stp_encode_header (out, cases[i].operation, cases[i].session, cases[i].transaction,
                              (const guint8 *)cases[i].payload, cases[i].payload_length);
      g_assert_cmpmem (out, sizeof out, cases[i].header, sizeof cases[i].header);
    }
}

/* Decodes from a copy of the exact size. */
static SqnsStpDecode
decode (const GByteArray *line, SqnsStpHeader *header, gsize *payload_at, gsize *consumed)
{
  g_autofree guint8 *copy = g_memdup2 (line->data, line->len);
  const guint8 *payload;
  SqnsStpDecode found = sqns_stp_decode (copy, line->len, header, &payload, consumed);

  g_assert_cmpuint (*consumed, <=, line->len);
  g_assert_cmpint (payload != NULL, ==, found == SQNS_STP_DECODE_OK);
  g_assert_true (found != SQNS_STP_DECODE_JUNK || *consumed > 0);
  if (payload_at != NULL)
    *payload_at = payload != NULL ? (gsize)(payload - copy) : 0;
  return found;
}

static GByteArray *
line_of (const void *first, gsize first_size, const void *second, gsize second_size)
{
  GByteArray *line = g_byte_array_new ();

  g_byte_array_append (line, first, (guint)first_size);
  g_byte_array_append (line, second, (guint)second_size);
  return line;
}

static void
test_decode (void)
{
  const guint8 *const messages[] = { open_response, checked_response };

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    for (gsize len = 0; len <= sizeof open_response; len++)
      {
        g_autoptr (GByteArray) line = line_of ("", 0, messages[i], len);
        SqnsStpHeader header;
        gsize consumed, payload_at;
        SqnsStpDecode found = decode (line, &header, &payload_at, &consumed);

        if (len < sizeof open_response)
          {
            g_assert_cmpint (found, ==, SQNS_STP_DECODE_MORE);
            g_assert_cmpuint (consumed, ==, 0);
            continue;
          }
        g_assert_cmpint (found, ==, SQNS_STP_DECODE_OK);
        g_assert_cmpuint (consumed, ==, sizeof open_response);
        g_assert_cmpuint (payload_at, ==, SQNS_STP_HEADER_SIZE);
        g_assert_cmphex (header.operation, ==, SQNS_STP_OPEN_SESSION | SQNS_STP_RESPONSE);
        g_assert_cmpuint (header.session, ==, 1);
        g_assert_cmpuint (header.payload_length, ==, 4);
        g_assert_cmpuint (header.transaction, ==, 1);
        g_assert_cmphex (header.header_crc, ==, i == 0 ? 0 : 0xd908);
        g_assert_cmphex (header.payload_crc, ==, i == 0 ? 0 : 0x4762);
      }
}

static void
test_junk (void)
{
  static const struct {
    const char *junk;
    gsize size;
    gsize kept; /* bytes at the end that may become a response */
  } cases[] = {
    { "\r\nOK\r\n", 6, 0 },
    { "\0\0\0", 3, 0 },
    { "fast\0\0\0\0\0\0\0\0\0\0\0\0", 16, 0 }, /* our own request, echoed */
    { "tsa", 3, 3 },
    { "tsatsats", 8, 2 },
    { "ttttt", 5, 1 },
    { "+CPSMS: 1,,,\"10000110\"\r\nt", 25, 1 },
    { "tsaF", 4, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) alone = line_of ("", 0, cases[i].junk, cases[i].size);
      g_autoptr (GByteArray) line = line_of (cases[i].junk, cases[i].size, open_response, sizeof open_response);
      g_autoptr (GByteArray) part = line_of (cases[i].junk, cases[i].size, open_response, 19);
      SqnsStpHeader header;
      gsize consumed, payload_at;

      g_assert_cmpint (decode (alone, &header, NULL, &consumed), ==,
                       cases[i].kept > 0 ? SQNS_STP_DECODE_MORE : SQNS_STP_DECODE_JUNK);
      g_assert_cmpuint (consumed, ==, cases[i].size - cases[i].kept);

      g_assert_cmpint (decode (line, &header, &payload_at, &consumed), ==, SQNS_STP_DECODE_OK);
      g_assert_cmpuint (consumed, ==, line->len);
      g_assert_cmpuint (payload_at, ==, cases[i].size + SQNS_STP_HEADER_SIZE);

      g_assert_cmpint (decode (part, &header, NULL, &consumed), ==, SQNS_STP_DECODE_MORE);
      g_assert_cmpuint (consumed, ==, cases[i].size);
    }
}

/* A damaged message with CRCs is junk, and the next one is found. */
static void
test_damage (void)
{
  for (gsize at = 0; at < sizeof checked_response; at++)
    for (guint bit = 0; bit < 8; bit++)
      {
        g_autoptr (GByteArray) line
            = line_of (checked_response, sizeof checked_response, open_response, sizeof open_response);
        SqnsStpHeader header;
        gsize consumed, payload_at;

        line->data[at] ^= (guint8)(1u << bit);
        g_assert_cmpint (decode (line, &header, &payload_at, &consumed), ==, SQNS_STP_DECODE_OK);
        g_assert_cmpuint (consumed, ==, line->len);
        g_assert_cmpuint (payload_at, ==, sizeof checked_response + SQNS_STP_HEADER_SIZE);
        g_assert_cmphex (header.header_crc, ==, 0);
      }
}

/* A response that lost bytes does not swallow the next one, if that can be detected. */
static void
test_shortened (void)
{
  for (gsize cut = 4; cut < SQNS_STP_HEADER_SIZE; cut++)
    {
      g_autoptr (GByteArray) line = line_of (open_response, cut, open_response, sizeof open_response);
      SqnsStpHeader header;
      gsize consumed;

      g_assert_cmpint (decode (line, &header, NULL, &consumed), ==, SQNS_STP_DECODE_OK);
      g_assert_cmpuint (consumed, ==, line->len);
      g_assert_cmpuint (header.transaction, ==, 1);
    }
}

static void
test_lengths (void)
{
  for (guint length = 0; length < 0x10000; length += length < 300 ? 1 : 997)
    {
      g_autoptr (GByteArray) line = line_of (open_response, SQNS_STP_HEADER_SIZE, NULL, 0);
      SqnsStpHeader header;
      gsize consumed;
      SqnsStpDecode found;

      line->data[6] = (guint8)(length >> 8);
      line->data[7] = (guint8)length;
      found = decode (line, &header, NULL, &consumed);
      if (length == 0)
        g_assert_cmpint (found, ==, SQNS_STP_DECODE_OK);
      else if (length <= SQNS_STP_MAX_RESPONSE_PAYLOAD)
        g_assert_cmpint (found, ==, SQNS_STP_DECODE_MORE);
      else
        g_assert_cmpint (found, ==, SQNS_STP_DECODE_JUNK);
    }
}

static void
test_several (void)
{
  g_autoptr (GByteArray) line
      = line_of (open_response, sizeof open_response, checked_response, sizeof checked_response);
  SqnsStpHeader header;
  gsize consumed;

  g_assert_cmpint (decode (line, &header, NULL, &consumed), ==, SQNS_STP_DECODE_OK);
  g_assert_cmpuint (consumed, ==, sizeof open_response);
  g_byte_array_remove_range (line, 0, (guint)consumed);
  g_assert_cmpint (decode (line, &header, NULL, &consumed), ==, SQNS_STP_DECODE_OK);
  g_assert_cmpuint (consumed, ==, line->len);
  g_assert_cmphex (header.payload_crc, ==, 0x4762);
}

/* In pieces of any size, noise is dropped and messages are found. */
static void
test_pieces (void)
{
  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (GByteArray) line = g_byte_array_new ();
      g_autoptr (GByteArray) held = g_byte_array_new ();
      guint sent = 0, found = 0;

      while (sent < 20)
        {
          for (gint32 noise = g_test_rand_int_range (0, 30); noise > 0; noise--)
            g_byte_array_append (line, (const guint8 *)&"tsaf0\r\n"[g_test_rand_int_range (0, 3)], 1);
          /* Noise of t, s and a alone cannot hide the t of the message. */
          g_byte_array_append (line, open_response, sizeof open_response);
          sent++;
        }
      while (line->len > 0)
        {
          const guint most = (guint)g_test_rand_int_range (1, 9);
          const guint piece = MIN (line->len, most);
          SqnsStpHeader header;
          gsize consumed;
          SqnsStpDecode result;

          g_byte_array_append (held, line->data, piece);
          g_byte_array_remove_range (line, 0, piece);
          do
            {
              result = decode (held, &header, NULL, &consumed);
              found += result == SQNS_STP_DECODE_OK;
              if (consumed > 0)
                g_byte_array_remove_range (held, 0, (guint)consumed);
            }
          while (result != SQNS_STP_DECODE_MORE && held->len > 0);
        }
      g_assert_cmpuint (found, ==, sent);
      g_assert_cmpuint (held->len, ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stp/crc", test_crc);
  g_test_add_func ("/stp/encode", test_encode);
  g_test_add_func ("/stp/decode", test_decode);
  g_test_add_func ("/stp/junk", test_junk);
  g_test_add_func ("/stp/damage", test_damage);
  g_test_add_func ("/stp/shortened", test_shortened);
  g_test_add_func ("/stp/lengths", test_lengths);
  g_test_add_func ("/stp/several", test_several);
  g_test_add_func ("/stp/pieces", test_pieces);
  return g_test_run ();
}
