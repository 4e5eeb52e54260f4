/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STP, the Sequans transfer protocol (protocol.md §4, field-failures.md §2.5): encodes and decodes its messages.
 * Pure. */
#pragma once

#include <glib.h>

#define SQNS_STP_HEADER_SIZE 16u
#define SQNS_STP_MAX_FLIGHT 8192u /* header and payload: the board's passthrough buffer (protocol.md §1) */

typedef enum {
  SQNS_STP_RESET = 0,
  SQNS_STP_OPEN_SESSION = 1,
  SQNS_STP_TRANSFER_BLOCK_CMD = 2,
  SQNS_STP_TRANSFER_BLOCK = 3,
  SQNS_STP_TRANSFER_DATA_TYPE = 4, /* version 2 only */
} SqnsStpOperation;

#define SQNS_STP_RESPONSE 0x80u       /* in a response: the request's operation and this bit */
#define SQNS_STP_REFUSAL 0x40u        /* or the request's operation and this bit: send it again */
#define SQNS_STP_NOT_UNDERSTOOD 0x7fu /* or this: send it again */

typedef enum {
  SQNS_STP_DATA_ELF = 2,
  SQNS_STP_DATA_CABA = 4,
} SqnsStpDataType;

typedef struct {
  guint8 operation; /* as on the wire: with 0x80 in a response */
  guint8 session;
  guint16 payload_length;
  guint32 transaction;
  guint16 header_crc;
  guint16 payload_crc;
} SqnsStpHeader;

guint16 sqns_stp_crc16 (const guint8 *data, gsize len); /* CRC-16/XMODEM */

/* Writes the 16 bytes of a request's header, with both CRCs. @payload nullable when @payload_length is 0. */
void sqns_stp_encode_header (guint8 out[SQNS_STP_HEADER_SIZE],
                             SqnsStpOperation operation,
                             guint8 session,
                             guint32 transaction,
                             const guint8 *payload,
                             guint16 payload_length);

#define SQNS_STP_MAX_RESPONSE_PAYLOAD 16u /* the longest known has 4 bytes (OPEN_SESSION); a longer one is noise */

typedef enum {
  SQNS_STP_DECODE_MORE, /* not enough bytes */
  SQNS_STP_DECODE_OK,
  SQNS_STP_DECODE_JUNK, /* no response starts here: *@consumed bytes, at least one, may be dropped */
} SqnsStpDecode;
/* Finds the next response in @data: skips bytes before a signature, and checks CRCs that are not 0; a message with a
 * wrong one is junk, too. *@payload points into @data. *@consumed: bytes that the caller may drop, also with MORE. */
SqnsStpDecode
sqns_stp_decode (const guint8 *data, gsize len, SqnsStpHeader *header, const guint8 **payload, gsize *consumed);
