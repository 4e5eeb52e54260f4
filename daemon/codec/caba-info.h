/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a firmware file is, as a dictionary for programs. Pure. */
#pragma once

#include "codec/caba.h"

/* The a{sv} of org.sqnsd1.Manager.Inspect, with "name" before it unless that is NULL; the keys keep this order.
 * @size: of the file, bytes. Floating. */
GVariant *sqns_caba_info (const SqnsCaba *caba, const char *name, const char *sha256, guint64 size);
