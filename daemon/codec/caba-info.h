/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Describes a firmware file as a dictionary. Pure. */
#pragma once

#include "codec/caba.h"

/* The a{sv} of org.sqnsd1.Manager.Inspect, preceded by "name" if @name is not NULL; the keys stay in order. @size:
 * of the file, bytes. Floating. */
GVariant *sqns_caba_info (const SqnsCaba *caba, const char *name, const char *sha256, guint64 size);
