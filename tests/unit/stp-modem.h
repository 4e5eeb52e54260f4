/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modem's end of STP for unit tests, with a line that loses, damages and repeats messages. Based on protocol.md §4
 * alone. */
#pragma once

#include <glib.h>

typedef enum {
  STP_REPEAT_UNKNOWN,  /* a repeat is a new request, so a block counts twice */
  STP_REPEAT_BY_ID,    /* a request with the number of the last answered one gets the same answer */
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
  STP_FAULT_LATE_RESPONSE, /* arrives with the next one */
  STP_FAULT_REFUSE,
  STP_FAULT_NOT_UNDERSTOOD,
  STP_FAULT_NOISE, /* bytes before the response */
  STP_FAULT_RESIDUE,
  STP_N_FAULTS,
} StpFault;

typedef struct _StpModem StpModem;
/* Returns the fault of a request of @operation; it is the @nth of its kind, from 0, including repeats. */
typedef StpFault (*StpFaultFunc) (guint operation, guint nth, gpointer data);

struct _StpModem {
  /* Settings, made before use. */
  guint8 ok, version;
  guint16 max_transfer;
  gboolean gives_crc;
  gboolean patient; /* waits endlessly for the rest of a message; otherwise drops it when the line is quiet */
  gboolean mute;    /* ignores damaged requests instead of refusing them */
  StpRepeat repeat;
  gboolean no_close_answer;
  guint buffer; /* size of the relay's buffer for a request, 0 = unlimited */
  guint most;   /* bytes of a block that it accepts at a time, 0 = all */
  GRand *rand;  /* decides which bits flip and so on; with a fixed seed, because one in 65536 damaged blocks passes a
                 * 16-bit  CRC, which must not fail a test */
  StpFaultFunc fault;
  gpointer fault_data;

  /* Results. */
  GByteArray *taken;
  GArray *blocks;    /* guint: the length of each accepted block */
  guint data_type;   /* 0 = not set */
  guint requests[5]; /* complete ones, by operation */
  gboolean closed;
  GByteArray *answer; /* its answers; the reader empties it */

  /* Internal. */
  GByteArray *received;
  GByteArray *late;
  guint sent[5];
  gboolean open;
  guint announced;
  guint8 last_operation;
  guint32 last_transaction;
  GByteArray *last_answer;
};

StpModem *stp_modem_new (void); /* version 1, 8192 bytes, no CRCs, recognizes repeats by number */
void stp_modem_free (StpModem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StpModem, stp_modem_free)

/* Sends a request through the line to the modem. Appends the answer, if any, to modem->answer. */
void stp_modem_send (StpModem *modem, const guint8 *data, gsize len);
/* Tells the modem that the line was quiet for a while. */
void stp_modem_quiet (StpModem *modem);

guint16 stp_modem_crc16 (const guint8 *data, gsize len);
