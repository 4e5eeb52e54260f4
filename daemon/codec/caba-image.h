/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modem image inside a .dup's updater and fff packages (protocol.md §5). For caba*.c only. */
#pragma once

#include "codec/caba-file.h"

#define SQNS_CABA_KIND_FFF 2u
#define SQNS_CABA_KIND_UPDATER 8u

/* Checks the payload of @package, called @label in messages: kind, slim header, image, checksum. Sets its
 * image_checksum and, in the file's SqnsCaba, the version (fff) or the updater's place (updater). */
gboolean
sqns_caba_check_image (const SqnsCabaFile *file, const char *label, SqnsPackage *package, guint32 kind, GError **error);
