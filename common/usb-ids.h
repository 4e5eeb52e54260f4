/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* USB ids of boards, and of the same boards while their USB controller is in its boot loader (field-failures.md §3). */
#pragma once

#include <glib.h>

typedef struct {
  guint16 vendor;
  guint16 product;
  gboolean bootloader; /* DFU: it has no tty */
  const char *name;
} SqnsUsbId;

/* NULL for other devices. 0403:6015 is a bare FTDI chip, which many other devices use, too. */
const SqnsUsbId *sqns_usb_id_find (guint16 vendor, guint16 product);
