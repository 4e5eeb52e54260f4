/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One STP upload without I/O: the master's side, from the opening RESET to the closing one (protocol.md §4). Pure.
 *
 * A session says what to send and is told what came; retries, residue and block size are its business, time and the
 * wire are the caller's: send the request, feed what comes, report a deadline that passed, do what the verdict says. */
#pragma once

#include "codec/stp.h"

#define SQNS_STP_FIRST_BLOCK 2016u /* what public updaters use throughout; grows from here */
#define SQNS_STP_MIN_BLOCK 112u
#define SQNS_STP_MAX_IMAGE ((gsize)64 << 20)
#define SQNS_STP_MAX_TRIES 8u /* requests in a row without an answer, before the session fails */

typedef struct _SqnsStpSession SqnsStpSession;

/* @image is borrowed, and must outlive the session. @first_block: 0 = SQNS_STP_FIRST_BLOCK. @max_block: the most
 * bytes of the image in one block, whatever the modem offers; 0 = no limit of the caller's. A session for an empty
 * image, or for one of more than SQNS_STP_MAX_IMAGE bytes, has failed at once. */
SqnsStpSession *
sqns_stp_session_new (const guint8 *image, gsize size, SqnsStpDataType type, guint first_block, guint max_block);
void sqns_stp_session_free (SqnsStpSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsStpSession, sqns_stp_session_free)

/* The request to send now (RESET, OPEN_SESSION, [DATA_TYPE], (CMD, BLOCK)*, RESET): header and payload in one piece,
 * valid until the next call on the session. NULL when the session is done or failed. The same bytes again until it is
 * answered, with two exceptions: a block that keeps failing is announced again, smaller; and a RESET or CMD that met
 * silence twice goes out every other time behind a run of 0xFF, which fills up a block that the modem may still be
 * waiting for the rest of. Never more than SQNS_STP_MAX_FLIGHT bytes. */
const guint8 *sqns_stp_session_request (SqnsStpSession *session, gsize *len);
SqnsStpOperation sqns_stp_session_operation (SqnsStpSession *session);

typedef enum {
  SQNS_STP_MORE,   /* need more bytes */
  SQNS_STP_SEND,   /* answered: send the next request */
  SQNS_STP_RESEND, /* refused, not understood or nothing taken: wait for silence, then send request() */
  SQNS_STP_DONE,   /* all bytes taken, closing RESET answered */
  SQNS_STP_FAILED, /* no retries left, or an impossible answer: see sqns_stp_session_failure() */
} SqnsStpVerdict;

/* Feeds received bytes. *@consumed: bytes to drop; feed the rest again, before the bytes that follow. The session
 * keeps the beginning of an incomplete response until the next deadline, so that pieces of two answers are never
 * combined. Late or repeated responses of other transactions are consumed and ignored. */
SqnsStpVerdict sqns_stp_session_receive (SqnsStpSession *session, const guint8 *data, gsize len, gsize *consumed);

/* Reports that no answer came before the deadline: RESEND (the same transaction; after some tries a smaller block),
 * FAILED, or DONE if only the answer to the closing RESET is missing. A late answer still counts. SQNS_STP_MAX_TRIES
 * deadlines in a row end the session; together they must exceed the modem's normal silence of up to 5 minutes
 * (protocol.md §3). */
SqnsStpVerdict sqns_stp_session_timed_out (SqnsStpSession *session);

/* Why the session failed, for users; NULL before. Owned by the session. */
const char *sqns_stp_session_failure (SqnsStpSession *session);

gsize sqns_stp_session_bytes_done (SqnsStpSession *session); /* bytes of the image that the modem has accepted */
guint sqns_stp_session_retries (SqnsStpSession *session);    /* number of RESENDs so far */
guint
sqns_stp_session_block (SqnsStpSession *session); /* bytes of the image in the current block, 0 outside of blocks */
