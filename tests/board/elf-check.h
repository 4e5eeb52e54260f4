/* Can the boot ROM start this updater? */
#pragma once

#include <glib.h>

/* What is wrong, or NULL. */
const char *elf_check (const guint8 *data, gsize len);
