/* The settings of a serial line, and what happens to bytes when its two ends disagree. */
#pragma once

#include <glib.h>

typedef struct {
  guint baud;
  guint bits;
  char parity; /* 'N', 'E' or 'O' */
  guint stop;
} Line;

#define LINE_8N1(speed) ((Line){ .baud = (speed), .bits = 8, .parity = 'N', .stop = 1 })

gboolean line_read (int tty, Line *line);
gboolean line_set_raw (int tty, guint baud);
gboolean line_agree (const Line *a, const Line *b);
GByteArray *line_garble (const guint8 *data, gsize len, guint from_baud, guint to_baud);
