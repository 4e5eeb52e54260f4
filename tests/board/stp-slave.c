/* The modem's end of STP (protocol.md, section 4).
 *
 * Guesses: the answer to a wrong header CRC is 0x7f; to a wrong payload CRC or a block that was not announced it is
 * request|0x40. RESET ends STP if a session is open. Without a session, STP ends after some seconds of silence;
 * otherwise a modem that gets no RESET would never accept AT again. */
#include "stp-slave.h"

#include "checksum.h"
#include "transcript.h"

#include <string.h>

#define HEADER_LEN 16
#define MAX_TRANSFER 8192
#define MAX_TRANSFER_FFH 2048
#define REQUEST "fast"
#define RESPONSE "tsaf"
#define ANSWERED 0x80
#define REFUSED 0x40
#define CONFUSED 0x7f
/* Drops an incomplete message after this time and looks for the signature of the next one. */
#define GAP_MS 500
#define IDLE_TIME 30.0
#define IDLE_MIN_MS 5000

typedef enum {
  OP_RESET,
  OP_OPEN,
  OP_ANNOUNCE,
  OP_BLOCK,
  OP_DATA_TYPE,
} Op;

struct StpSlave {
  Modem *modem;
  const StpReceiver *receiver;
  gpointer user_data;
  gboolean active;
  gboolean open;
  guint max_transfer;
  GByteArray *rx;
  guint gap;
  guint idle;
  guint busy; /* a block is being written */
  guint16 announced;

  /* The current request. */
  guint8 op;
  guint8 session;
  guint32 transaction;
  guint16 residue;

  gboolean have_last;
  guint8 last_op;
  guint32 last_transaction;
  guint8 last_reply[4];
  guint16 last_len;
};

static guint
be16 (const guint8 *p)
{
  return (guint)p[0] << 8 | p[1];
}

static guint32
be32 (const guint8 *p)
{
  return (guint32)be16 (p) << 16 | be16 (p + 2);
}

static void
put16 (guint8 *p, guint value)
{
  p[0] = (guint8)(value >> 8);
  p[1] = (guint8)value;
}

static gboolean
idle_over (gpointer user_data)
{
  StpSlave *stp = user_data;

  stp->idle = 0;
  if (!stp->open)
    stp_slave_stop (stp);
  return G_SOURCE_REMOVE;
}

static void
watch_idle (StpSlave *stp)
{
  g_clear_handle_id (&stp->idle, g_source_remove);
  if (!stp->open)
    stp->idle = g_timeout_add (MAX (options_ms (stp->modem->options, IDLE_TIME), IDLE_MIN_MS), idle_over, stp);
}

static FaultPlace
place_of (StpSlave *stp)
{
  FaultPlace place = FAULT_PLACE ("stp.other");

  place.index = (gint64)stp->modem->upload.blocks;
  place.percent = modem_upload_percent (stp->modem);
  switch ((Op)stp->op)
    {
    case OP_RESET:
      place.name = stp->open ? "stp.close" : "stp.reset";
      break;
    case OP_OPEN:
      place.name = "stp.open";
      break;
    case OP_ANNOUNCE:
      place.name = "stp.announce";
      break;
    case OP_BLOCK:
      place.name = "stp.block";
      break;
    case OP_DATA_TYPE:
      place.name = "stp.data-type";
      break;
    }
  return place;
}

typedef struct {
  Modem *modem;
  GBytes *message;
} LateMessage;

static gboolean
send_late (gpointer user_data)
{
  LateMessage *late = user_data;
  gsize len;
  const guint8 *data = g_bytes_get_data (late->message, &len);

  if (modem_smod (late->modem) >= 0)
    modem_emit (late->modem, data, (gssize)len);
  g_bytes_unref (late->message);
  g_free (late);
  return G_SOURCE_REMOVE;
}

/* Real responses have 0 in both CRC fields (logs F5039, L#81). --stp-crc and the corrupt fault fill them in. */
static void
emit (StpSlave *stp, const FaultPlace *place, guint8 op, const guint8 *payload, gsize len)
{
  FaultSet *faults = stp->modem->faults;
  gboolean corrupt = fault_take (faults, FAULT_CORRUPT, place, NULL);
  guint8 message[HEADER_LEN + 4] = RESPONSE;
  gint64 arg = 0;
  gsize skip = 0;
  gsize total = HEADER_LEN + len;

  message[4] = op;
  message[5] = stp->session;
  put16 (message + 6, (guint)len);
  put16 (message + 8, stp->transaction >> 16);
  put16 (message + 10, stp->transaction & 0xffff);
  if (fault_take (faults, FAULT_WRONG_ID, place, NULL))
    message[11] ^= 0x55;
  memcpy (message + HEADER_LEN, payload, len);
  if (stp->modem->options->stp_crc || corrupt)
    {
      put16 (message + 14, crc16 (0, payload, len));
      put16 (message + 12, crc16 (0, message, HEADER_LEN));
    }
  if (corrupt)
    message[total - 1] ^= 0x01;
  if (fault_take (faults, FAULT_SILENCE, place, NULL))
    return;
  if (fault_take (faults, FAULT_NOISE, place, NULL))
    modem_urc (stp->modem, "+CEREG: 2");
  if (fault_take (faults, FAULT_GARBAGE, place, &arg))
    {
      for (gint64 i = 0; i < arg; i++)
        modem_emit (stp->modem, i % 3 == 1 ? "\xfd" : "\xfe", 1);
      return;
    }
  if (fault_take (faults, FAULT_DROP_BYTES, place, &arg))
    skip = MIN ((gsize)arg, total);
  if (fault_take (faults, FAULT_LATE, place, &arg))
    {
      LateMessage *late = g_new0 (LateMessage, 1);

      late->modem = stp->modem;
      late->message = g_bytes_new (message, total);
      g_timeout_add ((guint)arg, send_late, late);
      return;
    }
  modem_emit (stp->modem, message + skip, (gssize)(total - skip));
  if (fault_take (faults, FAULT_DUPLICATE, place, NULL))
    modem_emit (stp->modem, message, (gssize)total);
}

/* Sends the normal answer, and keeps it for a repeated request. */
static void
respond (StpSlave *stp, const FaultPlace *place, const guint8 *payload, gsize len)
{
  stp->have_last = TRUE;
  stp->last_op = stp->op;
  stp->last_transaction = stp->transaction;
  stp->last_len = (guint16)len;
  memcpy (stp->last_reply, payload, len);
  emit (stp, place, stp->op | ANSWERED, payload, len);
}

static void
refuse (StpSlave *stp, const FaultPlace *place, const char *why)
{
  transcript_event (stp->modem->index, "modem refuses STP request %u: %s", stp->op, why);
  emit (stp, place, stp->op | REFUSED, (const guint8 *)"", 0);
}

static void
do_reset (StpSlave *stp, const FaultPlace *place)
{
  gboolean last = stp->open;

  stp->have_last = FALSE;
  stp->open = FALSE;
  if (!last || !stp->modem->options->no_close_reply)
    emit (stp, place, OP_RESET | ANSWERED, (const guint8 *)"", 0);
  if (last)
    {
      stp_slave_stop (stp);
      stp->receiver->uploaded (stp->user_data);
    }
}

static void
do_open (StpSlave *stp, const FaultPlace *place)
{
  guint8 payload[4] = { 1, (guint8)stp->modem->options->stp_version };

  stp->open = TRUE;
  stp->announced = 0;
  put16 (payload + 2, stp->max_transfer);
  respond (stp, place, payload, sizeof payload);
}

static gboolean
done_writing (gpointer user_data)
{
  StpSlave *stp = user_data;
  FaultPlace place = place_of (stp);
  guint8 payload[2];

  stp->busy = 0;
  stp->modem->busy = FALSE;
  place.index--;
  put16 (payload, stp->residue);
  respond (stp, &place, payload, sizeof payload);
  stp_slave_feed (stp, (const guint8 *)"", 0);
  modem_drain (stp->modem);
  return G_SOURCE_REMOVE;
}

static void
do_block (StpSlave *stp, const FaultPlace *place, const guint8 *payload, gsize len)
{
  Modem *modem = stp->modem;
  guint8 reply[2];
  gint64 residue = 0;
  guint ms;

  if (stp->announced != len)
    {
      refuse (stp, place, "not the announced length");
      return;
    }
  if (fault_take (modem->faults, FAULT_RESIDUE, place, &residue))
    residue = MIN (residue, (gint64)len);
  if (!modem->options->no_repeat_detection) /* otherwise a repeat counts as another block of that length */
    stp->announced = 0;
  stp->residue = (guint16)residue;
  modem->upload.blocks++;
  ms = stp->receiver->take (stp->user_data, payload, len - (gsize)residue);
  if (ms == 0)
    {
      put16 (reply, stp->residue);
      respond (stp, place, reply, sizeof reply);
      return;
    }
  modem->busy = TRUE;
  if (ms != G_MAXUINT)
    stp->busy = g_timeout_add (ms, done_writing, stp);
}

static void
request (StpSlave *stp, const FaultPlace *place, const guint8 *payload, gsize len)
{
  if (stp->op == OP_RESET)
    {
      do_reset (stp, place);
      return;
    }
  if (stp->op == OP_OPEN)
    {
      do_open (stp, place);
      return;
    }
  if (!stp->open || stp->session != 1)
    {
      refuse (stp, place, "no session");
      return;
    }
  switch ((Op)stp->op)
    {
    case OP_ANNOUNCE:
      if (len != 2 || be16 (payload) == 0 || be16 (payload) + HEADER_LEN > stp->max_transfer)
        {
          refuse (stp, place, "bad length");
          return;
        }
      stp->announced = (guint16)be16 (payload);
      respond (stp, place, (const guint8 *)"", 0);
      break;
    case OP_BLOCK:
      do_block (stp, place, payload, len);
      break;
    case OP_DATA_TYPE:
      if (stp->modem->options->stp_version < 2 || len != 4)
        refuse (stp, place, "no such request in this version");
      else
        respond (stp, place, (const guint8 *)"", 0);
      break;
    case OP_RESET:
    case OP_OPEN:
      break;
    }
}

static void
handle (StpSlave *stp, const guint8 *message, gsize len)
{
  FaultPlace place;
  FaultSet *faults = stp->modem->faults;
  guint8 head[HEADER_LEN];

  stp->op = message[4];
  stp->session = message[5];
  stp->transaction = be32 (message + 8);
  memcpy (head, message, HEADER_LEN);
  put16 (head + 12, 0);
  place = place_of (stp);
  watch_idle (stp);
  if (fault_inject (faults, &place) && (!stp->active || modem_smod (stp->modem) < 0))
    return;
  if (crc16 (0, message + HEADER_LEN, len - HEADER_LEN) != be16 (message + 14)
      || fault_take (faults, FAULT_REFUSE, &place, NULL)
      || (stp->op == OP_BLOCK && stp->receiver->refuses != NULL && stp->receiver->refuses (stp->user_data)))
    refuse (stp, &place, "bad payload");
  else if (stp->op > OP_DATA_TYPE || fault_take (faults, FAULT_CONFUSED, &place, NULL))
    emit (stp, &place, CONFUSED, (const guint8 *)"", 0);
  else if (stp->have_last && stp->op == stp->last_op && stp->transaction == stp->last_transaction && stp->op != OP_OPEN
           && !stp->modem->options->no_repeat_detection)
    emit (stp, &place, stp->op | ANSWERED, stp->last_reply, stp->last_len);
  else
    request (stp, &place, message + HEADER_LEN, len - HEADER_LEN);
}

/* Drops bytes up to the start of a request. FALSE if it needs more bytes. */
static gboolean
find_request (StpSlave *stp)
{
  GByteArray *rx = stp->rx;
  const guint8 *at;
  guint keep;

  if (rx->len < 4)
    return FALSE;
  if (memcmp (rx->data, REQUEST, 4) != 0)
    {
      at = memmem (rx->data, rx->len, REQUEST, 4);
      keep = at == NULL ? 3 : rx->len - (guint)(at - rx->data);
      g_byte_array_remove_range (rx, 0, rx->len - keep);
    }
  return rx->len >= HEADER_LEN;
}

static gboolean
gap_over (gpointer user_data)
{
  StpSlave *stp = user_data;

  stp->gap = 0;
  g_byte_array_set_size (stp->rx, 0);
  return G_SOURCE_REMOVE;
}

static void
parse (StpSlave *stp)
{
  while (stp->active && !stp->modem->busy && find_request (stp))
    {
      guint8 head[HEADER_LEN];
      gsize len = HEADER_LEN + be16 (stp->rx->data + 6);
      FaultPlace place;
      g_autofree guint8 *message = NULL;

      memcpy (head, stp->rx->data, HEADER_LEN);
      put16 (head + 12, 0);
      if (crc16 (0, head, HEADER_LEN) != be16 (stp->rx->data + 12))
        {
          stp->op = head[4];
          stp->session = head[5];
          stp->transaction = be32 (head + 8);
          place = place_of (stp);
          g_byte_array_remove_range (stp->rx, 0, 4);
          emit (stp, &place, CONFUSED, (const guint8 *)"", 0);
          continue;
        }
      if (stp->rx->len < len)
        return;
      message = g_memdup2 (stp->rx->data, len);
      g_byte_array_remove_range (stp->rx, 0, (guint)len);
      handle (stp, message, len);
    }
}

gsize
stp_slave_feed (StpSlave *stp, const guint8 *data, gsize len)
{
  g_byte_array_append (stp->rx, data, (guint)len);
  parse (stp);
  g_clear_handle_id (&stp->gap, g_source_remove);
  if (stp->active && stp->rx->len > 0 && !stp->modem->busy)
    stp->gap = g_timeout_add (GAP_MS, gap_over, stp);
  return len;
}

gboolean
stp_slave_is_active (StpSlave *stp)
{
  return stp->active;
}

void
stp_slave_start (StpSlave *stp, UploadKind kind)
{
  gint max = stp->modem->options->stp_max;

  upload_begin (&stp->modem->upload, kind);
  stp_slave_stop (stp);
  stp->active = TRUE;
  stp->max_transfer = max > 0 ? (guint)max : kind == UPLOAD_ELF ? MAX_TRANSFER_FFH : MAX_TRANSFER;
  watch_idle (stp);
}

void
stp_slave_open (StpSlave *stp)
{
  stp->open = TRUE;
  watch_idle (stp);
}

void
stp_slave_stop (StpSlave *stp)
{
  stp->active = FALSE;
  stp->open = FALSE;
  stp->have_last = FALSE;
  g_byte_array_set_size (stp->rx, 0);
  g_clear_handle_id (&stp->gap, g_source_remove);
  g_clear_handle_id (&stp->idle, g_source_remove);
  g_clear_handle_id (&stp->busy, g_source_remove);
}

StpSlave *
stp_slave_new (Modem *modem, const StpReceiver *receiver, gpointer user_data)
{
  StpSlave *stp = g_new0 (StpSlave, 1);

  stp->modem = modem;
  stp->receiver = receiver;
  stp->user_data = user_data;
  stp->rx = g_byte_array_new ();
  return stp;
}

void
stp_slave_free (StpSlave *stp)
{
  stp_slave_stop (stp);
  g_byte_array_unref (stp->rx);
  g_free (stp);
}
