/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A firmware file on the command line: opened, read and checked before the daemon is called. */
#pragma once

#include "codec/caba.h"

typedef struct {
  int fd;     /* a sealed copy in memory with the file's name, for the daemon */
  char *name; /* base name, valid UTF-8 */
  char *sha256;
  GBytes *data;
  SqnsCaba *caba;
} SqnsFirmwareFile;

/* Errors: NOT_FOUND; G_DBUS_ERROR_ACCESS_DENIED; INVALID_FIRMWARE unless it is a regular file of 128 B to 64 MiB with
 * sound firmware. */
SqnsFirmwareFile *sqns_firmware_file_open (const char *path, GError **error);
void sqns_firmware_file_free (SqnsFirmwareFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsFirmwareFile, sqns_firmware_file_free)

/* A descriptor like that of SqnsFirmwareFile for a file with any content (--updater). -1 on error. */
int sqns_firmware_file_open_fd (const char *path, GError **error);
