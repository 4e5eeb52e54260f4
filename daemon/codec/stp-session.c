/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One STP upload without I/O: which request comes next, what an answer means, and how large a block the line can bear.
 */
#include "codec/stp-session.h"

#include <string.h>

#define SESSION_ID ((guint8)1)
#define OPEN_TRANSACTION 1u
#define OPEN_PAYLOAD 4u /* u8 ok, u8 version, u16 max transfer */
#define RESIDUE_PAYLOAD 2u

#define MAX_OPENS 3u          /* OPEN_SESSION answered with something that cannot be used */
#define MAX_BARREN 32u        /* failures since the last byte was taken; enough to halve down to the smallest block */
#define MAX_CLOSE_REFUSALS 3u /* the file is there by then: a closing RESET that is refused is no failure */
/* Failures of one announced block before a smaller one is announced. A refusal says that the block was not taken;
 * silence may be a lost answer, and a modem that does not know the new announcement for a repeat would take the same
 * bytes twice. */
#define BLOCK_REFUSALS 2u
#define BLOCK_SILENCES 3u
#define CMD_REFUSALS 2u /* of one announced length */
#define FILLER 0xff     /* an idle line's nearest relative: no signature begins with it, a framing error ends in it */

/* A size that failed is not tried again before so many clean blocks; twice as many each time that it fails anew, until
 * so many clean ones of that size have gone by. */
#define FIRST_PATIENCE 64u
#define MAX_PATIENCE 1024u

typedef enum {
  STEP_RESET,
  STEP_OPEN,
  STEP_DATA_TYPE,
  STEP_CMD,
  STEP_BLOCK,
  STEP_CLOSE,
  STEP_DONE,
  STEP_FAILED,
} Step;

/* Why a request has to be sent again. */
typedef enum {
  TROUBLE_SILENCE,
  TROUBLE_REFUSAL,
  TROUBLE_NONSENSE,
} Trouble;

/* How large a block the line can bear, as far as is known. */
typedef struct {
  guint block; /* for the next announcement */
  guint smallest;
  guint largest;  /* by the modem, the caller and the passthrough buffer */
  guint failed;   /* the size that failed last, 0 none */
  guint patience; /* clean blocks to go before that size is tried again, 0 = it may */
  guint next_patience;
  guint proven; /* clean blocks of the size that failed, since then */
} Pace;

struct _SqnsStpSession {
  const guint8 *image;
  gsize size;
  gsize done;
  SqnsStpDataType type;
  guint first_block;
  guint max_block; /* the caller's */

  Step step;
  guint32 transaction; /* of the present request, when it is one that is counted */
  guint announced;     /* bytes of the present block */
  guint unanswered; /* bytes of a block that went out under this very transaction before it was announced again, or 0 */
  gboolean slowed;  /* the announced block has cost a halving already */
  gboolean checked; /* the modem gives payload CRCs: one of 0 is that of zeros then, and not "none given" */
  gboolean burst;   /* a refusal was seen since the request went out: others are its echo */

  guint attempts; /* requests in a row without an answer */
  guint tries;    /* failures of the present request */
  guint silences; /* those by silence */
  guint barren;   /* failures since the last byte was taken */
  guint opens;    /* useless answers to OPEN_SESSION */
  guint retries;
  Pace pace;

  char *failure;
  guint8 request[SQNS_STP_MAX_FLIGHT];
  gsize request_length; /* 0 = to be built */
  guint8 received[2 * (SQNS_STP_HEADER_SIZE + SQNS_STP_MAX_RESPONSE_PAYLOAD)];
  gsize received_length;
};

static guint
clamp_block (const Pace *pace, guint block)
{
  return CLAMP (block, pace->smallest, pace->largest);
}

static void
pace_start (Pace *pace, guint first, guint largest)
{
  pace->largest = largest;
  pace->smallest = MIN (SQNS_STP_MIN_BLOCK, largest);
  pace->block = clamp_block (pace, first);
  pace->failed = 0;
  pace->patience = 0;
}

/* @length failed; @next is what to try instead. */
static void
pace_slow (Pace *pace, guint length, guint next)
{
  if (pace->failed != 0 && length >= pace->failed)
    pace->next_patience = MIN (2 * pace->next_patience, MAX_PATIENCE);
  else
    pace->next_patience = FIRST_PATIENCE;
  pace->patience = pace->next_patience;
  pace->failed = length;
  pace->proven = 0;
  pace->block = clamp_block (pace, next);
}

/* A block of @length bytes went through at the first try. */
static void
pace_clean (Pace *pace, guint length)
{
  guint next = clamp_block (pace, 2 * pace->block);

  if (pace->patience > 0)
    pace->patience--;
  else if (pace->failed != 0 && length >= pace->failed && ++pace->proven >= FIRST_PATIENCE)
    pace->failed = 0;
  if (pace->patience == 0 || next < pace->failed)
    pace->block = next;
}

G_GNUC_PRINTF (2, 3)
static SqnsStpVerdict
fail (SqnsStpSession *session, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  session->failure = g_strdup_vprintf (format, args);
  va_end (args);
  session->step = STEP_FAILED;
  session->request_length = 0;
  return SQNS_STP_FAILED;
}

SqnsStpSession *
sqns_stp_session_new (const guint8 *image, gsize size, SqnsStpDataType type, guint first_block, guint max_block)
{
  SqnsStpSession *session = g_new0 (SqnsStpSession, 1);

  session->image = image;
  session->size = size;
  session->type = type;
  session->first_block = first_block != 0 ? first_block : SQNS_STP_FIRST_BLOCK;
  session->max_block = max_block != 0 ? max_block : G_MAXUINT;
  session->step = STEP_RESET;
  if (size == 0)
    fail (session, "nothing to upload: the image is empty");
  else if (size > SQNS_STP_MAX_IMAGE)
    fail (session, "the image is too large to upload: %" G_GSIZE_FORMAT " bytes", size);
  return session;
}

void
sqns_stp_session_free (SqnsStpSession *session)
{
  g_free (session->failure);
  g_free (session);
}

SqnsStpOperation
sqns_stp_session_operation (SqnsStpSession *session)
{
  switch (session->step)
    {
    case STEP_OPEN:
      return SQNS_STP_OPEN_SESSION;
    case STEP_DATA_TYPE:
      return SQNS_STP_TRANSFER_DATA_TYPE;
    case STEP_CMD:
      return SQNS_STP_TRANSFER_BLOCK_CMD;
    case STEP_BLOCK:
      return SQNS_STP_TRANSFER_BLOCK;
    case STEP_RESET:
    case STEP_CLOSE:
    case STEP_DONE:
    case STEP_FAILED:
      break;
    }
  return SQNS_STP_RESET;
}

static const char *
step_words (Step step)
{
  switch (step)
    {
    case STEP_RESET:
      return "the transfer reset";
    case STEP_OPEN:
      return "the opening of a transfer session";
    case STEP_DATA_TYPE:
      return "the announcement of the upload";
    case STEP_CMD:
      return "the announcement of a block";
    case STEP_BLOCK:
      return "a block of data";
    case STEP_CLOSE:
      return "the closing reset";
    case STEP_DONE:
    case STEP_FAILED:
      break;
    }
  return "the transfer";
}

static guint8
session_id (const SqnsStpSession *session)
{
  return session->step == STEP_RESET || session->step == STEP_CLOSE ? (guint8)0 : SESSION_ID;
}

static guint32
transaction_id (const SqnsStpSession *session)
{
  return session->step == STEP_RESET || session->step == STEP_CLOSE ? 0 : session->transaction;
}

/* A modem whose block was cut short may take whatever comes for the rest of it: fill it up. Silence after two plain
 * requests is the sign, and every other request is plain, for a line that loses what does not fit into its buffers. */
static gsize
filler_length (const SqnsStpSession *session, gsize message)
{
  if (session->step != STEP_RESET && session->step != STEP_CMD)
    return 0;
  if (session->silences < 2 || session->silences % 2 != 0)
    return 0;
  return SQNS_STP_MAX_FLIGHT - message;
}

static void
build_request (SqnsStpSession *session)
{
  guint8 small[4];
  const guint8 *payload = small;
  guint16 length = 0;
  gsize filler;
  guint8 *out;

  if (session->step == STEP_DATA_TYPE)
    {
      memcpy (small, (guint8[4]){ 0, 0, 0, (guint8)session->type }, 4);
      length = 4;
    }
  else if (session->step == STEP_CMD)
    {
      memcpy (small, (guint8[2]){ (guint8)(session->announced >> 8), (guint8)session->announced }, 2);
      length = 2;
    }
  else if (session->step == STEP_BLOCK)
    {
      payload = session->image + session->done;
      length = (guint16)session->announced;
    }

  filler = filler_length (session, SQNS_STP_HEADER_SIZE + (gsize)length);
  memset (session->request, FILLER, filler);
  out = session->request + filler;
  sqns_stp_encode_header (out, sqns_stp_session_operation (session), session_id (session), transaction_id (session),
                          payload, length);
  memcpy (out + SQNS_STP_HEADER_SIZE, payload, length);
  session->request_length = filler + SQNS_STP_HEADER_SIZE + length;
}

const guint8 *
sqns_stp_session_request (SqnsStpSession *session, gsize *len)
{
  *len = 0;
  if (session->step == STEP_DONE || session->step == STEP_FAILED)
    return NULL;
  if (session->request_length == 0)
    build_request (session);
  session->burst = FALSE;
  *len = session->request_length;
  return session->request;
}

/* Goes on to a request that was not sent before. */
static void
enter (SqnsStpSession *session, Step step)
{
  session->step = step;
  session->tries = 0;
  session->silences = 0;
  session->request_length = 0;
}

/* The present request was answered: the next one has the next number. */
static SqnsStpVerdict
answered (SqnsStpSession *session, Step next)
{
  if (session->step != STEP_RESET && session->step != STEP_CLOSE)
    session->transaction++;
  session->attempts = 0;
  session->unanswered = 0;
  enter (session, next);
  return next == STEP_DONE ? SQNS_STP_DONE : SQNS_STP_SEND;
}

static void
announce (SqnsStpSession *session)
{
  session->announced = (guint)MIN (session->pace.block, session->size - session->done);
  session->slowed = FALSE;
  enter (session, STEP_CMD);
}

static void
slow_down (SqnsStpSession *session)
{
  if (!session->slowed)
    pace_slow (&session->pace, session->announced, session->announced / 2);
  session->slowed = TRUE;
}

static SqnsStpVerdict
give_up (SqnsStpSession *session, Trouble trouble)
{
  const char *what = step_words (session->step);

  if (session->barren >= MAX_BARREN)
    return fail (session, "no block of data gets through: %u attempts in a row failed", session->barren);
  switch (trouble)
    {
    case TROUBLE_SILENCE:
      return fail (session, "no answer to %s, %u times in a row", what, session->attempts);
    case TROUBLE_REFUSAL:
      return fail (session, "the modem repeatedly refused %s", what);
    case TROUBLE_NONSENSE:
      return fail (session, "the modem repeatedly gave an invalid answer to %s", what);
    }
  g_assert_not_reached ();
}

/* The present request has to be sent again: the same, or a smaller block in its place. */
static SqnsStpVerdict
trouble_with_request (SqnsStpSession *session, Trouble trouble)
{
  session->attempts++;
  session->tries++;
  session->silences = trouble == TROUBLE_SILENCE ? session->silences + 1 : 0;
  session->request_length = 0;

  if (session->step == STEP_CLOSE && (trouble == TROUBLE_SILENCE || session->tries >= MAX_CLOSE_REFUSALS))
    return answered (session, STEP_DONE);

  if (session->step == STEP_BLOCK)
    {
      session->barren++;
      slow_down (session);
    }
  if (session->attempts >= SQNS_STP_MAX_TRIES || session->barren >= MAX_BARREN)
    return give_up (session, trouble);

  if (session->step == STEP_BLOCK && session->tries >= (trouble == TROUBLE_REFUSAL ? BLOCK_REFUSALS : BLOCK_SILENCES))
    {
      /* Under the unanswered block's number: to a modem that took the block it is a repeat, answered as one. */
      session->unanswered = session->announced;
      announce (session);
    }
  else if (session->step == STEP_CMD && trouble == TROUBLE_REFUSAL && session->tries % CMD_REFUSALS == 0)
    {
      session->slowed = FALSE;
      slow_down (session);
      session->announced = MIN (session->announced, session->pace.block);
    }
  session->retries++;
  return SQNS_STP_RESEND;
}

/* OPEN_SESSION was answered, but not with a session that can be used. */
static SqnsStpVerdict
open_again (SqnsStpSession *session, Step from, const char *reason)
{
  session->opens++;
  if (session->opens >= MAX_OPENS)
    return fail (session, "%s", reason);
  session->attempts = 0;
  session->retries++;
  enter (session, from);
  return SQNS_STP_RESEND;
}

static SqnsStpVerdict
open_answered (SqnsStpSession *session, const guint8 *payload, guint16 length)
{
  guint version, max_transfer, largest;

  if (length < OPEN_PAYLOAD)
    return trouble_with_request (session, TROUBLE_NONSENSE);

  version = payload[1];
  max_transfer = (guint)payload[2] << 8 | payload[3];
  if (payload[0] == 0)
    return open_again (session, STEP_RESET, "the modem refused to open a transfer session");
  /* Nonsense, perhaps of the line: no RESET here, for in an open session that ends the modem's upload mode. */
  if (version == 0)
    return open_again (session, STEP_OPEN, "the modem opened a transfer session of the unknown version 0");
  if (max_transfer < SQNS_STP_HEADER_SIZE + SQNS_STP_MIN_BLOCK)
    return open_again (session, STEP_OPEN, "the modem opened a transfer session too small for a block");

  largest = MIN (MIN (max_transfer, SQNS_STP_MAX_FLIGHT) - SQNS_STP_HEADER_SIZE, session->max_block);
  pace_start (&session->pace, session->first_block, largest);
  answered (session, STEP_DATA_TYPE);
  if (version < 2)
    announce (session);
  return SQNS_STP_SEND;
}

/* The modem answered a block of @length bytes. */
static SqnsStpVerdict
block_answered (SqnsStpSession *session, guint length, const guint8 *payload, guint16 payload_length)
{
  gboolean clean = session->step == STEP_BLOCK && session->tries == 0;
  guint residue, taken;

  if (payload_length != RESIDUE_PAYLOAD)
    return trouble_with_request (session, TROUBLE_NONSENSE);
  residue = (guint)payload[0] << 8 | payload[1];
  if (residue > length)
    return trouble_with_request (session, TROUBLE_NONSENSE);

  taken = length - residue;
  session->done += taken;
  if (taken > 0)
    session->barren = 0;
  else if (++session->barren >= MAX_BARREN)
    return fail (session, "the modem accepts no more data: none of %u blocks in a row", MAX_BARREN);

  if (residue > 0)
    pace_slow (&session->pace, length, MAX (taken, length / 2));
  else if (clean)
    pace_clean (&session->pace, length);

  answered (session, STEP_CLOSE);
  if (session->done < session->size)
    announce (session);
  if (taken > 0)
    return SQNS_STP_SEND;
  session->retries++;
  return SQNS_STP_RESEND;
}

static gboolean
is_refusal (const SqnsStpSession *session, const SqnsStpHeader *header, SqnsStpOperation operation)
{
  gboolean ours = header->session == session_id (session) && header->transaction == transaction_id (session);

  if (header->operation == (operation | SQNS_STP_REFUSAL))
    return ours;
  /* A modem that could not read the header may have no ids to give back. */
  return header->operation == SQNS_STP_NOT_UNDERSTOOD && (ours || (header->session == 0 && header->transaction == 0));
}

static SqnsStpVerdict
response (SqnsStpSession *session, const SqnsStpHeader *header, const guint8 *payload)
{
  SqnsStpOperation operation = sqns_stp_session_operation (session);

  if (is_refusal (session, header, operation))
    {
      if (session->burst)
        return SQNS_STP_MORE;
      session->burst = TRUE;
      return trouble_with_request (session, TROUBLE_REFUSAL);
    }
  if (header->session != session_id (session) || header->transaction != transaction_id (session))
    return SQNS_STP_MORE;
  if (session->checked && header->payload_crc == 0 && sqns_stp_crc16 (payload, header->payload_length) != 0)
    return SQNS_STP_MORE;
  if (session->unanswered != 0 && header->operation == (SQNS_STP_TRANSFER_BLOCK | SQNS_STP_RESPONSE))
    return block_answered (session, session->unanswered, payload, header->payload_length);
  if (header->operation != (operation | SQNS_STP_RESPONSE))
    return SQNS_STP_MORE;

  switch (session->step)
    {
    case STEP_RESET:
      session->transaction = OPEN_TRANSACTION;
      return answered (session, STEP_OPEN);
    case STEP_OPEN:
      session->checked = header->payload_crc != 0;
      return open_answered (session, payload, header->payload_length);
    case STEP_DATA_TYPE:
      answered (session, STEP_CMD);
      announce (session);
      return SQNS_STP_SEND;
    case STEP_CMD:
      return answered (session, STEP_BLOCK);
    case STEP_BLOCK:
      return block_answered (session, session->announced, payload, header->payload_length);
    case STEP_CLOSE:
      return answered (session, STEP_DONE);
    case STEP_DONE:
    case STEP_FAILED:
      break;
    }
  g_assert_not_reached ();
}

SqnsStpVerdict
sqns_stp_session_receive (SqnsStpSession *session, const guint8 *data, gsize len, gsize *consumed)
{
  SqnsStpVerdict verdict = SQNS_STP_MORE;
  gsize taken = 0;

  while (verdict == SQNS_STP_MORE && session->step != STEP_DONE && session->step != STEP_FAILED)
    {
      gsize piece = MIN (len - taken, sizeof session->received - session->received_length);
      SqnsStpHeader header;
      const guint8 *payload;
      SqnsStpDecode found;
      gsize used;

      if (piece > 0)
        memcpy (session->received + session->received_length, data + taken, piece);
      session->received_length += piece;
      taken += piece;

      found = sqns_stp_decode (session->received, session->received_length, &header, &payload, &used);
      if (found == SQNS_STP_DECODE_OK)
        verdict = response (session, &header, payload);
      session->received_length -= used;
      memmove (session->received, session->received + used, session->received_length);
      if (found != SQNS_STP_DECODE_OK && taken == len)
        break;
    }

  *consumed = len;
  if (session->step == STEP_DONE)
    return SQNS_STP_DONE;
  if (session->step == STEP_FAILED)
    return SQNS_STP_FAILED;
  *consumed = taken;
  return verdict;
}

SqnsStpVerdict
sqns_stp_session_timed_out (SqnsStpSession *session)
{
  session->received_length = 0;
  if (session->step == STEP_DONE)
    return SQNS_STP_DONE;
  if (session->step == STEP_FAILED)
    return SQNS_STP_FAILED;
  return trouble_with_request (session, TROUBLE_SILENCE);
}

const char *
sqns_stp_session_failure (SqnsStpSession *session)
{
  return session->failure;
}

gsize
sqns_stp_session_bytes_done (SqnsStpSession *session)
{
  return session->done;
}

guint
sqns_stp_session_retries (SqnsStpSession *session)
{
  return session->retries;
}

guint
sqns_stp_session_block (SqnsStpSession *session)
{
  return session->step == STEP_CMD || session->step == STEP_BLOCK ? session->announced : 0;
}
