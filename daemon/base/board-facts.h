/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the operating system knows of a board before a byte is sent to it. */
#pragma once

#include <glib.h>

typedef struct {
  char *id;           /* survives re-plugging on this machine: USB serial, else USB path; never NULL */
  char *devnode;      /* "/dev/ttyACM0"; never NULL */
  char *id_path;      /* ID_PATH of udev, nullable */
  char *product_name; /* USB product: "Expansion3", "Pysense"; nullable */
  char *serial;       /* USB serial number, nullable */
  guint16 vendor;     /* USB ids, 0 unknown */
  guint16 product;
} SqnsBoardFacts;
