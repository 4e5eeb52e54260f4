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

/* @image is borrowed and must outlive the session. @first_block: 0 = SQNS_STP_FIRST_BLOCK; @max_block: most bytes of
 * image in one block whatever the modem offers, 0 = no bound but the session's and SQNS_STP_MAX_FLIGHT - header. An
 * image of no bytes or of more than SQNS_STP_MAX_IMAGE makes a session that has failed already. */
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
  SQNS_STP_RESEND, /* refused, not understood or nothing taken: let the line fall quiet, then send what request() gives
                    */
  SQNS_STP_DONE,   /* all bytes taken, closing RESET answered */
  SQNS_STP_FAILED, /* retries used up or the modem said something impossible: see sqns_stp_session_failure() */
} SqnsStpVerdict;

/* Feeds received bytes. *@consumed: bytes to drop; what was not consumed is to be fed again, in front of what comes
 * next. The session keeps the beginning of an unfinished response itself, and forgets it at a deadline, so that the
 * pieces of two answers are never taken for one. Late or repeated responses of other transactions are consumed and
 * ignored. */
SqnsStpVerdict sqns_stp_session_receive (SqnsStpSession *session, const guint8 *data, gsize len, gsize *consumed);

/* No answer before the deadline: RESEND (same transaction; after some tries a smaller block is announced), FAILED, or
 * DONE when only the answer to the closing RESET is missing (it may never come). An answer that comes after all, before
 * or after the request was sent again, still counts. SQNS_STP_MAX_TRIES deadlines in a row end the session: to outlive
 * the modem's normal silence of up to 5 minutes (protocol.md §3) they must add up to more than that. */
SqnsStpVerdict sqns_stp_session_timed_out (SqnsStpSession *session);

/* Human words on why it failed, NULL before. Owned by the session. */
const char *sqns_stp_session_failure (SqnsStpSession *session);

gsize sqns_stp_session_bytes_done (SqnsStpSession *session); /* image bytes that the modem said it took */
guint sqns_stp_session_retries (SqnsStpSession *session);    /* times that RESEND was said so far */
guint sqns_stp_session_block (SqnsStpSession *session);      /* image bytes in the present block, 0 outside of blocks */
guint sqns_stp_session_max_transfer (SqnsStpSession *session); /* as the modem offered, 0 before */
