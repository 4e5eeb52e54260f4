/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware files in use, each of which is in memory once, however many jobs were given it. */
#pragma once

#include "firmware/firmware.h"

typedef struct _SqnsLibrary SqnsLibrary;

SqnsLibrary *sqns_library_new (void);
SqnsLibrary *sqns_library_ref (SqnsLibrary *library);
/* What is being loaded goes on. */
void sqns_library_unref (SqnsLibrary *library);

/* Loads the file behind @fd (taken: closed in any case), called @name (nullable), in a worker thread, as
 * sqns_firmware_load() does, unless one
 * with the same bytes is in use. A file that was given many times in one moment is read by one worker after the other,
 * so that all but the first find it. Errors: those of sqns_firmware_load(). */
void sqns_library_load_async (SqnsLibrary *library,
                              int fd,
                              const char *name,
                              SqnsFirmwareKind kind,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
SqnsFirmware *sqns_library_load_finish (GAsyncResult *result, GError **error);

/* The one in use that is the same as @firmware (taken), by its hash and name; else @firmware, which is in use from
 * now on, and has the image of one with its hash. Only before anybody else holds @firmware. */
SqnsFirmware *sqns_library_share (SqnsLibrary *library, SqnsFirmware *firmware);
