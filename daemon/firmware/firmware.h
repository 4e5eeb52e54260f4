/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A firmware file: copied, sealed, hashed and parsed once. Only these bytes are sent. */
#pragma once

#include "codec/caba.h"

#define SQNS_TYPE_FIRMWARE (sqns_firmware_get_type ())
G_DECLARE_FINAL_TYPE (SqnsFirmware, sqns_firmware, SQNS, FIRMWARE, GObject)

typedef enum {
  SQNS_FIRMWARE_DUP,
  SQNS_FIRMWARE_UPDATER, /* an updater ELF: it has no caba */
} SqnsFirmwareKind;

/* Hashes and parses the regular file behind @fd, from its start: a sealed memory file as it is, anything else as a
 * sealed copy. Its name is the last part of the path @name; NULL: of the path in /proc/self/fd. If one of @known
 * (SqnsFirmware, nullable) has the same bytes, the result shares its image; if name and kind are the same, too, the
 * result is that one. Blocks: for worker threads only. Errors:
 * INVALID_FIRMWARE (not a regular file, not readable, too small or too large, damaged), G_IO_ERROR_CANCELLED. */
SqnsFirmware *sqns_firmware_load (
    int fd, const char *name, SqnsFirmwareKind kind, const GPtrArray *known, GCancellable *cancellable, GError **error);

/* Whether a file with this st_mode and size can be a firmware. Error: INVALID_FIRMWARE. */
gboolean sqns_firmware_check_file (guint mode, guint64 size, GError **error);

typedef enum {
  SQNS_FIRMWARE_UNEXAMINED, /* fstat failed */
  SQNS_FIRMWARE_UNREAD,     /* read failed */
  SQNS_FIRMWARE_CHANGED,
  SQNS_FIRMWARE_LATE, /* the file system does not answer */
} SqnsFirmwareFault;

/* Why a file could not be read. @code: an errno, for the first two. */
GError *sqns_firmware_fault_error (SqnsFirmwareFault fault, int code);

/* Loads the file at @path under @name; its hash must be @sha256. Blocks: for worker threads only. Errors:
 * INVALID_FIRMWARE. */
SqnsFirmware *
sqns_firmware_load_file (const char *path, const char *name, const char *sha256, SqnsFirmwareKind kind, GError **error);

const char *sqns_firmware_name (SqnsFirmware *firmware);     /* base name, valid UTF-8; "" unknown */
const char *sqns_firmware_sha256 (SqnsFirmware *firmware);   /* 64 lower-case hex digits */
GBytes *sqns_firmware_image (SqnsFirmware *firmware);        /* owned by the firmware */
const SqnsCaba *sqns_firmware_caba (SqnsFirmware *firmware); /* NULL for an updater */
GVariant *sqns_firmware_info (SqnsFirmware *firmware);       /* of a .dup: the answer of Inspect; floating */
SqnsFirmwareKind sqns_firmware_kind (SqnsFirmware *firmware);
gboolean sqns_firmware_is_called (SqnsFirmware *firmware, SqnsFirmwareKind kind, const char *name);

/* Lets @firmware use the image of @other, which must have the same hash, and drops its own. Only as long as
 * @firmware holds the only reference to its image. */
void sqns_firmware_share_image (SqnsFirmware *firmware, SqnsFirmware *other);

/* Compares @firmware with what the caller expects; NULL or unknown: anything. The case of @sha256 is ignored.
 * Errors: INVALID_FIRMWARE (another hash), INCOMPATIBLE (another version). */
gboolean sqns_firmware_expect (SqnsFirmware *firmware, const char *sha256, const SqnsVersion *version, GError **error);

/* The base name of any path, clean for users and D-Bus: valid UTF-8, no control characters, no " (deleted)". */
char *sqns_firmware_clean_name (const char *path);
