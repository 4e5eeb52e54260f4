/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A recording of a modem, read from a job's transcript ("SECONDS.mmm DIR TEXT", as sqnsctl job ID --log prints it). */
#pragma once

#include <glib.h>

typedef struct {
  gint64 ms;    /* since the command */
  char *text;   /* without NUL; a line without its end unless @raw */
  gboolean raw; /* written with \x..: exactly these bytes */
} RecordedAnswer;

/* The progress of an upload. */
typedef struct {
  guint64 bytes;
  gint64 ms;           /* since the command */
  gboolean in_trouble; /* the modem refused the next block at first */
} RecordedRange;

typedef struct {
  GArray *ranges; /* RecordedRange */
  guint64 taken;  /* bytes that the modem took in all */
  gboolean whole; /* the whole file */
  gboolean left;  /* not the whole file, and a RESET ended STP mode */
} RecordedUpload;

/* A command of the host and the answers to it. */
typedef struct {
  guint line;         /* in the file; 0 = the start, before the first command */
  char *command;      /* NULL: STP RESET in case an upload was open; "" at the start */
  gint64 ms;          /* since the start */
  GPtrArray *answers; /* RecordedAnswer */
  gboolean silent;    /* the host waited in vain for an answer */
  RecordedUpload *upload;
} RecordedExchange;

typedef struct {
  GPtrArray *exchanges; /* RecordedExchange, the first is the start */
  GPtrArray *notes;     /* char *: parts of the file that cannot be played */
  guint baud;           /* at the start */
} Recording;

/* The error message names the line. */
Recording *recording_load (const char *path, GError **error);
void recording_free (Recording *recording);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Recording, recording_free)
