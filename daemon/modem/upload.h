/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uploads an image by STP over a link, from the AT command that opens STP mode to the closing RESET. */
#pragma once

#include "codec/stp-session.h"
#include "link/link.h"

typedef struct {
  const char *command; /* "AT+SMSTPU=\"ON_THE_FLY\"" */
  SqnsStpDataType type;
  GBytes *image;
  guint block_size;   /* most image bytes per block, 0 = as the session allows */
  gboolean erases;    /* the image goes to flash: long silences are normal near its beginning and end */
  const char *barren; /* what it may mean when not one byte is taken, for the error's message; static, nullable */
  gboolean counts;    /* it is the file that the job is about: its bytes go to the monitor */
} SqnsUploadConfig;

/* Whether a modem that has taken @done of @total bytes may be silent because it erases its flash. */
gboolean sqns_upload_may_erase (guint64 done, guint64 total);

/* A cancel lets the block that is on the wire come to its end (for at most some seconds); after a failure or a cancel
 * the modem is brought out of STP mode, so that it takes AT commands again. Errors: MODEM_REFUSED (the command),
 * PROTOCOL (the session failed, with its words), DEVICE_LOST, TIMEOUT, CANCELLED. */
void sqns_upload_async (SqnsLink *link,
                        const SqnsUploadConfig *config,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
gboolean sqns_upload_finish (SqnsLink *link, GAsyncResult *result, GError **error);
