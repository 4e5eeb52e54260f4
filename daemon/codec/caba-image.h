/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modem image inside the updater and fff packages of a .dup (protocol.md §5). Pure. */
#pragma once

#include "codec/caba-reader.h"
#include "common/version.h"

typedef enum {
  SQNS_CABA_FFF = 2,
  SQNS_CABA_UPDATER = 8,
} SqnsCabaImageKind;

typedef struct {
  guint32 checksum;
  SqnsVersion version;    /* of an fff image; may be unknown */
  char *version_text;     /* likewise, may be NULL; caller frees */
  guint64 updater_offset; /* of an updater image: the ELF in the file; size 0 = none that the boot ROM accepts */
  guint64 updater_size;
} SqnsCabaImage;

/* Checks @payload: kind, header, image and checksum. @label: the package's name in messages. */
gboolean sqns_caba_image_read (SqnsCabaReader payload,
                               SqnsCabaImageKind kind,
                               const char *label,
                               SqnsCabaImage *image,
                               GPtrArray *warnings,
                               GError **error);
