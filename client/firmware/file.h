/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A firmware file that a person named: opened, read and checked before anybody else is asked. */
#pragma once

#include "codec/caba.h"

typedef struct {
  int fd;     /* of a sealed copy in memory, for the daemon; it bears the file's name */
  char *name; /* base name, valid UTF-8 */
  char *sha256;
  GBytes *data;
  SqnsCaba *caba;
} SqnsFirmwareFile;

/* Errors: NOT_FOUND; G_DBUS_ERROR_ACCESS_DENIED when it may not be read; INVALID_FIRMWARE for what is no regular file
 * of 128 B to 64 MiB and for content that is no sound firmware. */
SqnsFirmwareFile *sqns_firmware_file_open (const char *path, GError **error);
void sqns_firmware_file_free (SqnsFirmwareFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsFirmwareFile, sqns_firmware_file_free)

/* For any file that is to be passed on (--updater): a descriptor as that of SqnsFirmwareFile, with any content. -1 on
 * error. */
int sqns_firmware_file_open_fd (const char *path, GError **error);
