/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the search for STP responses: any bytes, in one or more pieces. */
#include "codec/stp.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  guint whole = 0, growing = 0;
  gsize at = 0, end = 0;

  while (at < size)
    {
      SqnsStpHeader header;
      const guint8 *payload;
      gsize consumed;
      const SqnsStpDecode found = sqns_stp_decode (data + at, size - at, &header, &payload, &consumed);

      g_assert (consumed <= size - at);
      g_assert ((payload != NULL) == (found == SQNS_STP_DECODE_OK));
      if (found == SQNS_STP_DECODE_OK)
        {
          g_assert (payload + header.payload_length == data + at + consumed);
          whole++;
        }
      else if (found == SQNS_STP_DECODE_MORE)
        break;
      g_assert (consumed > 0);
      at += consumed;
    }

  /* Byte by byte, it finds the same messages. */
  for (at = 0; end <= size; end++)
    for (;;)
      {
        SqnsStpHeader header;
        const guint8 *payload;
        gsize consumed;
        const SqnsStpDecode found
            = end > at ? sqns_stp_decode (data + at, end - at, &header, &payload, &consumed) : SQNS_STP_DECODE_MORE;

        if (end == at)
          break;
        growing += found == SQNS_STP_DECODE_OK;
        at += consumed;
        if (found == SQNS_STP_DECODE_MORE)
          break;
      }
  g_assert_cmpuint (whole, ==, growing);
  return 0;
}
