/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STP messages as bytes: header, CRC, and the search for a response in what a serial line brings. */
#include "codec/stp.h"

#include <string.h>

#define OFFSET_OPERATION 4
#define OFFSET_SESSION 5
#define OFFSET_PAYLOAD_LENGTH 6
#define OFFSET_TRANSACTION 8
#define OFFSET_HEADER_CRC 12
#define OFFSET_PAYLOAD_CRC 14

#define SIGNATURE_SIZE 4
static const guint8 request_signature[SIGNATURE_SIZE] = { 'f', 'a', 's', 't' };
static const guint8 response_signature[SIGNATURE_SIZE] = { 't', 's', 'a', 'f' };

/* Slicing by eight: table[k][b] is the CRC of byte b followed by k zero bytes. The CRC is linear, so each entry is the
 * sum of those of b's bits, which are x^(16 + 8k + bit) modulo the polynomial 0x1021. */
#define BIT(v, bit, c) (((v) >> (bit)) & 1 ? (c) : 0)
#define ENTRY(v, c0, c1, c2, c3, c4, c5, c6, c7)                                                                       \
  BIT (v, 0, c0) ^ BIT (v, 1, c1) ^ BIT (v, 2, c2) ^ BIT (v, 3, c3) ^ BIT (v, 4, c4) ^ BIT (v, 5, c5) ^ BIT (v, 6, c6) \
      ^ BIT (v, 7, c7)
#define ROW4(v, ...)                                                                                                   \
  ENTRY (v, __VA_ARGS__), ENTRY (v + 1, __VA_ARGS__), ENTRY (v + 2, __VA_ARGS__), ENTRY (v + 3, __VA_ARGS__)
#define ROW16(v, ...)                                                                                                  \
  ROW4 (v, __VA_ARGS__), ROW4 (v + 4, __VA_ARGS__), ROW4 (v + 8, __VA_ARGS__), ROW4 (v + 12, __VA_ARGS__)
#define ROW64(v, ...)                                                                                                  \
  ROW16 (v, __VA_ARGS__), ROW16 (v + 16, __VA_ARGS__), ROW16 (v + 32, __VA_ARGS__), ROW16 (v + 48, __VA_ARGS__)
#define SLICE(...)                                                                                                     \
  {                                                                                                                    \
    ROW64 (0, __VA_ARGS__), ROW64 (64, __VA_ARGS__), ROW64 (128, __VA_ARGS__), ROW64 (192, __VA_ARGS__)                \
  }

static const guint16 crc_table[8][256] = {
  SLICE (0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48c4, 0x9188),
  SLICE (0x3331, 0x6662, 0xccc4, 0x89a9, 0x0373, 0x06e6, 0x0dcc, 0x1b98),
  SLICE (0x3730, 0x6e60, 0xdcc0, 0xa9a1, 0x4363, 0x86c6, 0x1dad, 0x3b5a),
  SLICE (0x76b4, 0xed68, 0xcaf1, 0x85c3, 0x1ba7, 0x374e, 0x6e9c, 0xdd38),
  SLICE (0xaa51, 0x4483, 0x8906, 0x022d, 0x045a, 0x08b4, 0x1168, 0x22d0),
  SLICE (0x45a0, 0x8b40, 0x06a1, 0x0d42, 0x1a84, 0x3508, 0x6a10, 0xd420),
  SLICE (0xb861, 0x60e3, 0xc1c6, 0x93ad, 0x377b, 0x6ef6, 0xddec, 0xabf9),
  SLICE (0x47d3, 0x8fa6, 0x0f6d, 0x1eda, 0x3db4, 0x7b68, 0xf6d0, 0xfd81),
};

static guint16
crc16_more (guint16 crc, const guint8 *data, gsize len)
{
  for (; len >= 8; data += 8, len -= 8)
    crc = (guint16)(crc_table[7][data[0] ^ (crc >> 8)] ^ crc_table[6][data[1] ^ (crc & 0xff)] ^ crc_table[5][data[2]]
                    ^ crc_table[4][data[3]] ^ crc_table[3][data[4]] ^ crc_table[2][data[5]] ^ crc_table[1][data[6]]
                    ^ crc_table[0][data[7]]);
  for (; len > 0; data++, len--)
    crc = (guint16)((crc << 8) ^ crc_table[0][(crc >> 8) ^ data[0]]);
  return crc;
}

guint16
sqns_stp_crc16 (const guint8 *data, gsize len)
{
  return crc16_more (0, data, len);
}

static void
put_be16 (guint8 *p, guint16 value)
{
  value = GUINT16_TO_BE (value);
  memcpy (p, &value, sizeof value);
}

static void
put_be32 (guint8 *p, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (p, &value, sizeof value);
}

static guint16
get_be16 (const guint8 *p)
{
  guint16 value;

  memcpy (&value, p, sizeof value);
  return GUINT16_FROM_BE (value);
}

static guint32
get_be32 (const guint8 *p)
{
  guint32 value;

  memcpy (&value, p, sizeof value);
  return GUINT32_FROM_BE (value);
}

/* Over the 16 bytes with the header's own CRC field 0. */
static guint16
header_crc16 (const guint8 bytes[SQNS_STP_HEADER_SIZE])
{
  guint8 copy[SQNS_STP_HEADER_SIZE];

  memcpy (copy, bytes, sizeof copy);
  put_be16 (copy + OFFSET_HEADER_CRC, 0);
  return sqns_stp_crc16 (copy, sizeof copy);
}

void
sqns_stp_encode_header (guint8 out[SQNS_STP_HEADER_SIZE],
                        SqnsStpOperation operation,
                        guint8 session,
                        guint32 transaction,
                        const guint8 *payload,
                        guint16 payload_length)
{
  memcpy (out, request_signature, SIGNATURE_SIZE);
  out[OFFSET_OPERATION] = (guint8)operation;
  out[OFFSET_SESSION] = session;
  put_be16 (out + OFFSET_PAYLOAD_LENGTH, payload_length);
  put_be32 (out + OFFSET_TRANSACTION, transaction);
  put_be16 (out + OFFSET_PAYLOAD_CRC, sqns_stp_crc16 (payload, payload_length));
  put_be16 (out + OFFSET_HEADER_CRC, header_crc16 (out));
}

/* Offset of the next response signature at or behind @from, or of what may become one at the end of @data, or @len. */
static gsize
find_signature (const guint8 *data, gsize len, gsize from)
{
  while (from < len)
    {
      const guint8 *t = memchr (data + from, response_signature[0], len - from);

      if (t == NULL)
        return len;
      from = (gsize)(t - data);
      if (memcmp (t, response_signature, MIN (SIGNATURE_SIZE, len - from)) == 0)
        return from;
      from++;
    }
  return len;
}

/* @data begins with as much of a response signature as fits into @len. */
static SqnsStpDecode
decode_here (const guint8 *data, gsize len, SqnsStpHeader *header, const guint8 **payload)
{
  if (len < SQNS_STP_HEADER_SIZE)
    return SQNS_STP_DECODE_MORE;

  header->operation = data[OFFSET_OPERATION];
  header->session = data[OFFSET_SESSION];
  header->payload_length = get_be16 (data + OFFSET_PAYLOAD_LENGTH);
  header->transaction = get_be32 (data + OFFSET_TRANSACTION);
  header->header_crc = get_be16 (data + OFFSET_HEADER_CRC);
  header->payload_crc = get_be16 (data + OFFSET_PAYLOAD_CRC);

  /* 0 means "not given": that is what the SQN3330 sends. */
  if (header->header_crc != 0 && header->header_crc != header_crc16 (data))
    return SQNS_STP_DECODE_JUNK;
  /* A longer one is a damaged length: waiting for that many bytes would swallow the answers that follow. */
  if (header->payload_length > SQNS_STP_MAX_RESPONSE_PAYLOAD)
    return SQNS_STP_DECODE_JUNK;
  if (len - SQNS_STP_HEADER_SIZE < header->payload_length)
    return SQNS_STP_DECODE_MORE;

  *payload = data + SQNS_STP_HEADER_SIZE;
  if (header->payload_crc != 0 && header->payload_crc != sqns_stp_crc16 (*payload, header->payload_length))
    return SQNS_STP_DECODE_JUNK;
  return SQNS_STP_DECODE_OK;
}

SqnsStpDecode
sqns_stp_decode (const guint8 *data, gsize len, SqnsStpHeader *header, const guint8 **payload, gsize *consumed)
{
  gsize at = 0;

  *payload = NULL;
  *consumed = 0;
  if (len == 0)
    return SQNS_STP_DECODE_MORE;

  for (;;)
    {
      SqnsStpDecode found;

      at = find_signature (data, len, at);
      *consumed = at;
      if (at == len)
        return SQNS_STP_DECODE_JUNK;

      found = decode_here (data + at, len - at, header, payload);
      if (found == SQNS_STP_DECODE_OK)
        *consumed = at + SQNS_STP_HEADER_SIZE + header->payload_length;
      if (found != SQNS_STP_DECODE_JUNK)
        return found;
      *payload = NULL;
      at++; /* the length of a damaged message cannot be trusted: look for the next signature inside it */
    }
}
