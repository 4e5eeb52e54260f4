/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A firmware file as it was given: copied, sealed, hashed and parsed once; what is sent later are these bytes only. */
#pragma once

#include "codec/caba.h"

#define SQNS_TYPE_FIRMWARE (sqns_firmware_get_type ())
G_DECLARE_FINAL_TYPE (SqnsFirmware, sqns_firmware, SQNS, FIRMWARE, GObject)

typedef enum {
  SQNS_FIRMWARE_DUP,
  SQNS_FIRMWARE_UPDATER, /* an updater ELF: it has no caba */
} SqnsFirmwareKind;

/* Takes the regular file behind @fd, from its start, hashes and parses it: as it is when it is a file in memory that
 * nobody can change any more, else copied into one. Its name is the last part of the path @name; NULL: that comes from
 * /proc/self/fd. Where one of @known (of SqnsFirmware, nullable) has the same bytes these are not kept twice, and the
 * result is that one, when its name and kind are the same, too. Blocks: for worker threads only. Errors:
 * INVALID_FIRMWARE (not a regular file, not readable, too small or too large, damaged), G_IO_ERROR_CANCELLED. */
SqnsFirmware *sqns_firmware_load (
    int fd, const char *name, SqnsFirmwareKind kind, const GPtrArray *known, GCancellable *cancellable, GError **error);

/* Whether a file of that st_mode and size can be a firmware. Error: INVALID_FIRMWARE. */
gboolean sqns_firmware_check_file (guint mode, guint64 size, GError **error);

typedef enum {
  SQNS_FIRMWARE_UNEXAMINED, /* fstat failed */
  SQNS_FIRMWARE_UNREAD,     /* read failed */
  SQNS_FIRMWARE_CHANGED,
  SQNS_FIRMWARE_LATE, /* a stranger's file system does not answer */
} SqnsFirmwareFault;

/* What kept a file's content from being had, in words. @code: an errno, for the first two. */
GError *sqns_firmware_fault_error (SqnsFirmwareFault fault, int code);

/* The same for the file at @path, which is called @name whatever its path is, and must have the hash @sha256
 * (INVALID_FIRMWARE). Blocks, too. */
SqnsFirmware *
sqns_firmware_load_file (const char *path, const char *name, const char *sha256, SqnsFirmwareKind kind, GError **error);

const char *sqns_firmware_name (SqnsFirmware *firmware);     /* base name, valid UTF-8; "" when it cannot be told */
const char *sqns_firmware_sha256 (SqnsFirmware *firmware);   /* 64 lower-case hex digits */
GBytes *sqns_firmware_image (SqnsFirmware *firmware);        /* owned by the firmware */
const SqnsCaba *sqns_firmware_caba (SqnsFirmware *firmware); /* NULL for an updater */
GVariant *sqns_firmware_info (SqnsFirmware *firmware);       /* of a .dup: the answer of Inspect; floating */
SqnsFirmwareKind sqns_firmware_kind (SqnsFirmware *firmware);
gboolean sqns_firmware_is_called (SqnsFirmware *firmware, SqnsFirmwareKind kind, const char *name);

/* Lets @firmware use the image of @other, which must have the same hash, and drops its own copy. Only before anybody
 * else holds @firmware's image. */
void sqns_firmware_share_image (SqnsFirmware *firmware, SqnsFirmware *other);

/* What the caller expected; each nullable or unknown when it expected nothing. @sha256 in any case of letters.
 * Errors: INVALID_FIRMWARE (another hash), INCOMPATIBLE (another version). */
gboolean sqns_firmware_expect (SqnsFirmware *firmware, const char *sha256, const SqnsVersion *version, GError **error);

/* A base name fit for people and D-Bus from any path: valid UTF-8 without control characters, " (deleted)" taken off.
 */
char *sqns_firmware_clean_name (const char *path);
