/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session connected to a modem, for tests. It asserts the invariants of an upload. */
#pragma once

#include "codec/stp-session.h"

#include "stp-modem.h"

typedef struct {
  SqnsStpSession *session;
  StpModem *modem;
  GByteArray *image;
  guint rounds;     /* requests sent */
  guint in_a_row;   /* requests since the last answer */
  guint most_bytes; /* in one block */
  double seconds;   /* on a line of 921600 baud, with @latency per exchange */
  double latency;
} StpUpload;

/* An image of @size bytes, the rest as in sqns_stp_session_new(). @modem is borrowed. */
void stp_upload_start (
    StpUpload *upload, StpModem *modem, gsize size, SqnsStpDataType type, guint first_block, guint max_block);
void stp_upload_clear (StpUpload *upload);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StpUpload, stp_upload_clear)

SqnsStpVerdict stp_upload_run (StpUpload *upload); /* to its end: DONE or FAILED */
void stp_upload_succeeds (StpUpload *upload);      /* and asserts that the modem has the image */
void stp_upload_fails (StpUpload *upload, const char *words);
