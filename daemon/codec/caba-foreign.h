/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are plainly something else than a .dup, called by their name. For caba*.c only. */
#pragma once

#include "codec/caba-file.h"

/* FALSE with SQNS_ERROR_INVALID_FIRMWARE unless the file begins with a package. */
gboolean sqns_caba_check_beginning (const SqnsCabaFile *file, GError **error);
