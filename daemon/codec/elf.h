/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The updater program as an ELF file (protocol.md §5). Pure. */
#pragma once

#include "common/error.h"

#define SQNS_UPDATER_MAX_SIZE (G_GUINT64_CONSTANT (4) << 20) /* the real ones are 306076 and 428732 bytes */

/* Whether @data is an ELF that FFH can be given: big-endian ELF32 for Andes NDS32 (machine 167), executable, with
 * program segments that lie in the file. INVALID_FIRMWARE with a sentence that says what it is instead. */
gboolean sqns_elf_check_updater (const guint8 *data, guint64 size, GError **error);
