/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fuzz target: one call with any bytes. It aborts if the code breaks a promise of its header. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
