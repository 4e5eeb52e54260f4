/* Is this an updater that the boot ROM can start? */
#pragma once

#include <glib.h>

/* NULL, or what is wrong. */
const char *elf_check (const guint8 *data, gsize len);
