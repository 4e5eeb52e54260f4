/* A readable log of both hops: what the host and the modem sent, line by line. */
#pragma once

#include <glib.h>

void transcript_open (const char *path, gboolean verbose);
void transcript_bytes (guint board, const char *hop, const guint8 *data, gsize len);
void transcript_event (guint board, const char *format, ...) G_GNUC_PRINTF (2, 3);
