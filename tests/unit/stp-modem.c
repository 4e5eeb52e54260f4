/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modem's end of STP for unit tests. */
#include "stp-modem.h"

#include <string.h>

#define HEADER 16

enum {
  RESET,
  OPEN,
  COMMAND,
  BLOCK,
  DATA_TYPE,
  N_OPERATIONS,
};

guint16
stp_modem_crc16 (const guint8 *data, gsize len)
{
  guint crc = 0;

  for (gsize i = 0; i < len; i++)
    for (guint bit = 0x80; bit != 0; bit >>= 1)
      {
        gboolean high = (crc & 0x8000) != 0;

        crc = crc << 1 & 0xffff;
        if (high != ((data[i] & bit) != 0))
          crc ^= 0x1021;
      }
  return (guint16)crc;
}

static guint
be16 (const guint8 *p)
{
  return (guint)p[0] * 256 + p[1];
}

static guint32
be32 (const guint8 *p)
{
  return (guint32)be16 (p) << 16 | be16 (p + 2);
}

static void
set_be16 (guint8 *p, guint value)
{
  p[0] = (guint8)(value / 256);
  p[1] = (guint8)value;
}

StpModem *
stp_modem_new (void)
{
  StpModem *modem = g_new0 (StpModem, 1);

  modem->ok = 1;
  modem->version = 1;
  modem->max_transfer = 8192;
  modem->repeat = STP_REPEAT_BY_ID;
  modem->rand = g_rand_new_with_seed (1);
  modem->taken = g_byte_array_new ();
  modem->blocks = g_array_new (FALSE, FALSE, sizeof (guint));
  modem->answer = g_byte_array_new ();
  modem->received = g_byte_array_new ();
  modem->late = g_byte_array_new ();
  return modem;
}

void
stp_modem_free (StpModem *modem)
{
  g_rand_free (modem->rand);
  g_byte_array_unref (modem->taken);
  g_array_unref (modem->blocks);
  g_byte_array_unref (modem->answer);
  g_byte_array_unref (modem->received);
  g_byte_array_unref (modem->late);
  g_clear_pointer (&modem->last_answer, g_byte_array_unref);
  g_free (modem);
}

/* The whole answer to the request whose header is at @head. */
static GByteArray *
make_answer (StpModem *modem, const guint8 *head, guint operation, const guint8 *payload, guint len)
{
  GByteArray *answer = g_byte_array_new ();
  guint8 out[HEADER] = "tsaf";

  out[4] = (guint8)operation;
  out[5] = head[5];
  set_be16 (out + 6, len);
  memcpy (out + 8, head + 8, 4);
  if (modem->gives_crc)
    {
      set_be16 (out + 14, stp_modem_crc16 (payload, len));
      set_be16 (out + 12, stp_modem_crc16 (out, HEADER));
    }
  g_byte_array_append (answer, out, HEADER);
  g_byte_array_append (answer, payload, len);
  return answer;
}

static void
flip_a_bit (StpModem *modem, guint8 *data, gsize len)
{
  const gint32 at = g_rand_int_range (modem->rand, 0, (gint32)len);
  const gint32 bit = g_rand_int_range (modem->rand, 0, 8);

  data[at] ^= (guint8)(1 << bit);
}

static void
say (StpModem *modem, const GByteArray *answer, StpFault fault)
{
  GByteArray *out = modem->answer;

  if (fault == STP_FAULT_LATE_RESPONSE)
    {
      g_byte_array_append (modem->late, answer->data, answer->len);
      return;
    }
  g_byte_array_append (out, modem->late->data, modem->late->len);
  g_byte_array_set_size (modem->late, 0);
  if (fault == STP_FAULT_LOSE_RESPONSE)
    return;
  if (fault == STP_FAULT_NOISE)
    g_byte_array_append (out, (const guint8 *)"\xfetsa\r\nt", 7);
  g_byte_array_append (out, answer->data, answer->len);
  if (fault == STP_FAULT_DOUBLE_RESPONSE)
    g_byte_array_append (out, answer->data, answer->len);
  if (fault == STP_FAULT_CUT_RESPONSE)
    g_byte_array_set_size (out, out->len - 1);
  /* Without CRCs, only a damaged signature can be detected. */
  if (fault == STP_FAULT_DAMAGE_RESPONSE)
    flip_a_bit (modem, out->data + out->len - answer->len, modem->gives_crc ? answer->len : 4);
}

static void
refuse (StpModem *modem, const guint8 *head, guint operation, StpFault fault)
{
  g_autoptr (GByteArray) answer = make_answer (modem, head, operation, NULL, 0);

  say (modem, answer, fault);
}

/* Takes a block and returns its residue. */
static guint
take_block (StpModem *modem, const guint8 *payload, guint len, StpFault fault)
{
  guint taken = modem->most != 0 ? MIN (modem->most, len) : len;

  if (fault == STP_FAULT_RESIDUE)
    taken = (guint)g_rand_int_range (modem->rand, 0, (gint32)len + 1);
  g_byte_array_append (modem->taken, payload, taken);
  g_array_append_val (modem->blocks, len);
  modem->announced = 0;
  return len - taken;
}

/* Writes the payload of the answer to a valid request. Returns its length, or -1 for a refusal. */
static int
serve (StpModem *modem, const guint8 *head, const guint8 *payload, guint len, StpFault fault, guint8 out[4])
{
  const guint operation = head[4];

  if (operation != RESET && operation != OPEN && (!modem->open || head[5] != 1))
    return -1;
  switch (operation)
    {
    case RESET:
      modem->closed = modem->open && modem->taken->len > 0;
      modem->open = FALSE;
      return head[5] == 0 && be32 (head + 8) == 0 && len == 0 ? 0 : -1;
    case OPEN:
      g_assert_cmpuint (be32 (head + 8), ==, 1);
      modem->open = modem->ok != 0;
      out[0] = modem->ok;
      out[1] = modem->version;
      set_be16 (out + 2, modem->max_transfer);
      return 4;
    case COMMAND:
      g_assert_cmpuint (len, ==, 2);
      modem->announced = be16 (payload);
      g_assert_cmpuint (modem->announced, >, 0);
      g_assert_cmpuint (modem->announced + HEADER, <=, modem->max_transfer);
      return 0;
    case BLOCK:
      if (len != modem->announced)
        return -1;
      set_be16 (out, take_block (modem, payload, len, fault));
      return 2;
    case DATA_TYPE:
      g_assert_cmpuint (len, ==, 4);
      modem->data_type = be32 (payload);
      return modem->version >= 2 ? 0 : -1;
    default:
      return -1;
    }
}

static void
request (StpModem *modem, const guint8 *head, const guint8 *payload, guint len, StpFault fault)
{
  const guint operation = head[4];
  const guint32 transaction = be32 (head + 8);
  g_autoptr (GByteArray) answer = NULL;
  guint8 out[4];
  int size;

  if (operation >= N_OPERATIONS)
    {
      refuse (modem, head, 0x7f, fault);
      return;
    }
  modem->requests[operation]++;
  if (stp_modem_crc16 (payload, len) != be16 (head + 14))
    {
      if (!modem->mute)
        refuse (modem, head, operation | 0x40, fault);
      return;
    }
  if (fault == STP_FAULT_REFUSE || fault == STP_FAULT_NOT_UNDERSTOOD)
    {
      refuse (modem, head, fault == STP_FAULT_REFUSE ? operation | 0x40 : 0x7f, STP_FAULT_NONE);
      return;
    }
  if (operation > OPEN && modem->last_answer != NULL && transaction == modem->last_transaction
      && (modem->repeat == STP_REPEAT_BY_ID
          || (modem->repeat == STP_REPEAT_BY_ID_OP && operation == modem->last_operation)))
    {
      say (modem, modem->last_answer, fault);
      return;
    }

  size = serve (modem, head, payload, len, fault, out);
  if (size < 0)
    {
      if (!modem->mute)
        refuse (modem, head, operation | 0x40, fault);
      return;
    }
  answer = make_answer (modem, head, operation | 0x80, out, (guint)size);
  /* The numbers go up by one. */
  if (operation > OPEN && modem->last_answer != NULL && modem->repeat == STP_REPEAT_BY_ID)
    g_assert_cmpuint (transaction, ==, modem->last_transaction + 1);
  g_clear_pointer (&modem->last_answer, g_byte_array_unref);
  if (operation >= OPEN)
    {
      modem->last_answer = g_byte_array_ref (answer);
      modem->last_operation = (guint8)operation;
      modem->last_transaction = transaction;
    }
  if (operation != RESET || !modem->closed || !modem->no_close_answer)
    say (modem, answer, fault);
}

/* Searches the received bytes for a complete request. FALSE if there is none. */
static gboolean
next_request (StpModem *modem, StpFault fault)
{
  GByteArray *in = modem->received;
  guint8 head[HEADER];
  g_autofree guint8 *payload = NULL;
  guint at = 0, len;

  while (at < in->len && memcmp (in->data + at, "fast", MIN (4, in->len - at)) != 0)
    at++;
  if (at > 0)
    g_byte_array_remove_range (in, 0, at);
  if (in->len < HEADER)
    return FALSE;
  memcpy (head, in->data, HEADER);
  set_be16 (head + 12, 0);
  if (stp_modem_crc16 (head, HEADER) != be16 (in->data + 12))
    {
      g_byte_array_remove_range (in, 0, 1);
      if (!modem->mute)
        refuse (modem, (const guint8[HEADER]){ 0 }, 0x7f, fault);
      return TRUE;
    }
  len = be16 (head + 6);
  if (in->len < HEADER + len)
    return FALSE;
  payload = g_memdup2 (in->data + HEADER, len);
  g_byte_array_remove_range (in, 0, HEADER + len);
  request (modem, head, payload, len, fault);
  return TRUE;
}

/* The request, which may follow filler bytes. */
static const guint8 *
skip_filler (const guint8 *data, gsize *len)
{
  while (*len > 0 && *data == 0xff)
    {
      data++;
      (*len)--;
    }
  g_assert_cmpuint (*len, >=, HEADER);
  g_assert_cmpmem (data, 4, "fast", 4);
  g_assert_cmpuint (*len, ==, HEADER + be16 (data + 6));
  return data;
}

void
stp_modem_send (StpModem *modem, const guint8 *data, gsize len)
{
  gsize message = len;
  const guint operation = skip_filler (data, &message)[4];
  StpFault fault;

  g_assert_cmpuint (len, <=, 8192);
  g_assert_cmpuint (operation, <, N_OPERATIONS);
  fault = modem->fault != NULL ? modem->fault (operation, modem->sent[operation], modem->fault_data) : STP_FAULT_NONE;
  modem->sent[operation]++;

  if (fault == STP_FAULT_LOSE_REQUEST)
    return;
  if (fault == STP_FAULT_CUT_REQUEST)
    len /= 2;
  if (modem->buffer != 0)
    len = MIN (len, modem->buffer);
  g_byte_array_append (modem->received, data, (guint)len);
  if (fault == STP_FAULT_DAMAGE_REQUEST)
    {
      const gsize most = MIN (len, message);

      flip_a_bit (modem, modem->received->data + modem->received->len - most, most);
    }
  while (next_request (modem, fault))
    ;
}

void
stp_modem_quiet (StpModem *modem)
{
  if (!modem->patient)
    g_byte_array_set_size (modem->received, 0);
}
