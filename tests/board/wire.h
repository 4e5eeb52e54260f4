/* The USB serial port of a board: a pseudo-terminal, its speed, its pace, its cable. */
#pragma once

#include "line.h"

typedef struct Wire Wire;

typedef struct {
  guint board;       /* for the log */
  gboolean paced;    /* as slow as the baud rate */
  guint usb_latency; /* ms */
  const char *link;  /* symbolic link to the slave, or NULL */
} WireOptions;

/* @line are the settings of the host when it sent @data. */
typedef void (*WireFunc) (gpointer user_data, const guint8 *data, gsize len, const Line *line);

Wire *wire_new (const WireOptions *options, WireFunc received, gpointer user_data);
void wire_free (Wire *wire);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wire, wire_free)

gboolean wire_plug (Wire *wire, GError **error);
void wire_unplug (Wire *wire);
gboolean wire_is_plugged (Wire *wire);
const char *wire_path (Wire *wire);
guint wire_host_baud (Wire *wire);

void wire_send (Wire *wire, const guint8 *data, gsize len, guint baud);
/* Sends bytes of the USB chip itself, which do not depend on the settings of the line. */
void wire_send_raw (Wire *wire, const guint8 *data, gsize len);
void wire_flush (Wire *wire);
gsize wire_backlog (Wire *wire);
void wire_hold (Wire *wire, gboolean hold);
