/* The two checksums of the modem: CRC-16/XMODEM on the wire, Fletcher-32 in the file. */
#pragma once

#include <glib.h>

guint16 crc16 (guint16 crc, const guint8 *data, gsize len);

/* A running Fletcher-32 as in .dup files: 16-bit big-endian words, sums that start at 0xffff. */
typedef struct {
  guint32 s1;
  guint32 s2;
  guint8 half; /* the first byte of an incomplete word */
  gboolean odd;
} Fletcher;

void fletcher_init (Fletcher *f);
void fletcher_update (Fletcher *f, const guint8 *data, gsize len);
guint32 fletcher_value (const Fletcher *f);
