/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modem's end of STP for unit tests, with a line in front of it that loses, damages and repeats. Written from
 * protocol.md §4 alone. */
#pragma once

#include <glib.h>

typedef enum {
  STP_REPEAT_UNKNOWN,  /* a repeat is a new request: a block is taken twice */
  STP_REPEAT_BY_ID,    /* any request with the number of the last one that was answered gets that answer again */
  STP_REPEAT_BY_ID_OP, /* only one of the same operation */
} StpRepeat;

typedef enum {
  STP_FAULT_NONE,
  STP_FAULT_LOSE_REQUEST,
  STP_FAULT_CUT_REQUEST,    /* its second half is lost */
  STP_FAULT_DAMAGE_REQUEST, /* one bit */
  STP_FAULT_LOSE_RESPONSE,
  STP_FAULT_CUT_RESPONSE, /* its last byte is lost */
  STP_FAULT_DAMAGE_RESPONSE,
  STP_FAULT_DOUBLE_RESPONSE,
  STP_FAULT_LATE_RESPONSE, /* comes with the next one */
  STP_FAULT_REFUSE,
  STP_FAULT_NOT_UNDERSTOOD,
  STP_FAULT_NOISE, /* bytes in front of the response */
  STP_FAULT_RESIDUE,
  STP_N_FAULTS,
} StpFault;

typedef struct _StpModem StpModem;
/* Says what goes wrong with a request of @operation that is on its way; the @nth of its kind, from 0, repeats counted.
 */
typedef StpFault (*StpFaultFunc) (guint operation, guint nth, gpointer data);

struct _StpModem {
  /* What it is like; to be set before use. */
  guint8 ok, version;
  guint16 max_transfer;
  gboolean gives_crc;
  gboolean patient; /* waits for the rest of a message for ever; else it drops it when the line is quiet */
  gboolean mute;    /* damage is met with silence, not with a refusal */
  StpRepeat repeat;
  gboolean no_close_answer;
  guint buffer; /* bytes of one request that the relay in front of it keeps, 0 = all */
  guint most;   /* bytes of a block that it takes at a time, 0 = all */
  GRand *rand;  /* decides where bits flip and the like; seeded the same every time: a damaged block passes a 16-bit CRC
                 * once  in 65536 times, and a test must not fail then */
  StpFaultFunc fault;
  gpointer fault_data;

  /* What it saw. */
  GByteArray *taken;
  GArray *blocks;    /* guint: the length of each block that was taken */
  guint data_type;   /* 0 = not told */
  guint requests[5]; /* whole ones, by operation */
  gboolean closed;
  GByteArray *answer; /* what it says, to be emptied by whoever reads it */

  /* Its own. */
  GByteArray *received;
  GByteArray *late;
  guint sent[5];
  gboolean open;
  guint announced;
  guint8 last_operation;
  guint32 last_transaction;
  GByteArray *last_answer;
};

StpModem *stp_modem_new (void); /* version 1, 8192 bytes, no CRCs, repeats known by number */
void stp_modem_free (StpModem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StpModem, stp_modem_free)

/* A request goes through the line to the modem, whose answer, if any, is put behind modem->answer. */
void stp_modem_send (StpModem *modem, const guint8 *data, gsize len);
/* The line was quiet for a while. */
void stp_modem_quiet (StpModem *modem);

guint16 stp_modem_crc16 (const guint8 *data, gsize len);
