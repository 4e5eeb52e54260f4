/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A caller's file, from its channel to the firmware that it is. */
#pragma once

#include "firmware/library.h"

/* Loads what comes out of @channel (gate/channel.h; taken: closed once that is over) into @library. Is given up when
 * @sender leaves the bus or does not let its file be read for too long. Errors: those of sqns_library_load_async();
 * CANCELLED; FAILED. */
void sqns_intake_load_async (SqnsLibrary *library,
                             int channel,
                             SqnsFirmwareKind kind,
                             GDBusConnection *connection,
                             const char *sender,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
SqnsFirmware *sqns_intake_load_finish (GAsyncResult *result, GError **error);
