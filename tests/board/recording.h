/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job's transcript ("SECONDS.mmm DIR TEXT", as sqnsctl job ID --log prints it), read as what a modem did. */
#pragma once

#include <glib.h>

typedef struct {
  gint64 ms;    /* when it came, since the command */
  char *text;   /* bytes, no NUL among them; a line without its end unless @raw */
  gboolean raw; /* written with \x..: these are all the bytes there were */
} RecordedAnswer;

/* Where an upload was, and when. */
typedef struct {
  guint64 bytes;
  gint64 ms;           /* since the command */
  gboolean in_trouble; /* the next block was not taken at once */
} RecordedRange;

typedef struct {
  GArray *ranges; /* RecordedRange */
  guint64 taken;  /* all that the modem took */
  gboolean whole; /* and that was the whole file */
  gboolean left;  /* not whole, and a RESET brought the modem out of STP mode */
} RecordedUpload;

/* What the host sent, and what came of it. */
typedef struct {
  guint line;         /* in the file, 0 = the start, before anything was sent */
  char *command;      /* NULL: STP RESET in case an upload was open; "" at the start */
  gint64 ms;          /* since the start */
  GPtrArray *answers; /* RecordedAnswer */
  gboolean silent;    /* there was no answer, and the host waited for one */
  RecordedUpload *upload;
} RecordedExchange;

typedef struct {
  GPtrArray *exchanges; /* RecordedExchange, the first is the start */
  GPtrArray *notes;     /* char *: what is in the file and cannot be played */
  guint baud;           /* of the modem, at the start */
} Recording;

/* NULL with a message that names the line. */
Recording *recording_load (const char *path, GError **error);
void recording_free (Recording *recording);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Recording, recording_free)
