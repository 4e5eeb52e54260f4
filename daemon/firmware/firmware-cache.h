/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware files in use, each in memory once, however many jobs it is for. */
#pragma once

#include "firmware/firmware.h"

typedef struct _SqnsFirmwareCache SqnsFirmwareCache;

SqnsFirmwareCache *sqns_firmware_cache_new (void);
SqnsFirmwareCache *sqns_firmware_cache_ref (SqnsFirmwareCache *cache);
/* Loading continues. */
void sqns_firmware_cache_unref (SqnsFirmwareCache *cache);

/* Loads the file behind @fd (taken: closed in any case), called @name (nullable), in a worker thread, as
 * sqns_firmware_load() does, unless one with the same bytes is in use. Files are loaded one after the other, so that
 * one that is given many times in a moment is in memory once. Errors: those of sqns_firmware_load(). */
void sqns_firmware_cache_load_async (SqnsFirmwareCache *cache,
                                     int fd,
                                     const char *name,
                                     SqnsFirmwareKind kind,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
SqnsFirmware *sqns_firmware_cache_load_finish (GAsyncResult *result, GError **error);

/* The firmware in use with the hash and name of @firmware (taken); else @firmware, in use from now on, with the image
 * of one that has its hash. Only as long as the caller's is the only reference to @firmware. */
SqnsFirmware *sqns_firmware_cache_share (SqnsFirmwareCache *cache, SqnsFirmware *firmware);
