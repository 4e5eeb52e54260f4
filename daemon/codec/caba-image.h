/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modem image inside a .dup's updater and fff packages (protocol.md §5). Pure. */
#pragma once

#include "codec/caba-reader.h"
#include "common/version.h"

typedef enum {
  SQNS_CABA_FFF = 2,
  SQNS_CABA_UPDATER = 8,
} SqnsCabaImageKind;

typedef struct {
  guint32 checksum;
  SqnsVersion version;    /* of a fff image; unknown when it does not say */
  char *version_text;     /* the caller's; NULL likewise */
  guint64 updater_offset; /* of an updater image: the ELF in the file; size 0: none that the boot ROM would take */
  guint64 updater_size;
} SqnsCabaImage;

/* Checks @payload, of a package that is called @label in messages: kind, slim header, image, checksum. */
gboolean sqns_caba_image_read (SqnsCabaReader payload,
                               SqnsCabaImageKind kind,
                               const char *label,
                               SqnsCabaImage *image,
                               GPtrArray *warnings,
                               GError **error);
