/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks an updater, an ELF program (protocol.md §5). Pure. */
#pragma once

#include "common/error.h"

#define SQNS_UPDATER_MAX_SIZE (G_GUINT64_CONSTANT (4) << 20) /* real ones have 306076 and 428732 bytes */

/* Whether @data is an ELF that FFH accepts: big-endian ELF32 for Andes NDS32 (machine 167), executable, with all
 * program segments inside the file. Errors: INVALID_FIRMWARE with what it is instead. */
gboolean sqns_elf_check_updater (const guint8 *data, guint64 size, GError **error);
