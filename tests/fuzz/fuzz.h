/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every fuzz target is: one call, any bytes; it aborts when a promise of the header is broken. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
