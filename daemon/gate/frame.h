/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where D-Bus messages begin and end in a stream, and what of a header the gate wants to know. Pure. */
#pragma once

#include <glib.h>

/* D-Bus specification, "Message Format": what is before the header's fields, and the bounds on a message. */
#define SQNS_FRAME_HEAD 16u
#define SQNS_FRAME_MAX_FIELDS (1u << 26)
#define SQNS_FRAME_MAX_MESSAGE (1u << 27)
/* Bus names have at most 255 bytes. */
#define SQNS_FRAME_NAME_SIZE 256u

typedef enum {
  SQNS_FRAME_CALL = 1,
  SQNS_FRAME_RETURN,
  SQNS_FRAME_ERROR,
  SQNS_FRAME_SIGNAL,
  SQNS_FRAME_OTHER, /* a later version's */
} SqnsFrameType;

typedef struct {
  SqnsFrameType type;
  gboolean big_endian;
  guint32 fields_size; /* bytes of the header's fields */
  guint32 size;        /* bytes of the whole message */
} SqnsFrame;

typedef struct {
  char sender[SQNS_FRAME_NAME_SIZE]; /* "" when it was not found */
  guint32 n_fds;                     /* 0 when it was not found */
} SqnsFrameFields;

/* The SQNS_FRAME_HEAD bytes at @head. FALSE: no message begins so. */
gboolean sqns_frame_read (const guint8 *head, SqnsFrame *frame);

/* What is found in the first @len bytes of @frame's message, whose head they begin with; fewer than its fields take, or
 * fields of unknown types, are not looked through further. */
void sqns_frame_read_fields (const SqnsFrame *frame, const guint8 *data, gsize len, SqnsFrameFields *fields);

/* The lines that are exchanged before the first message; one that is read in pieces. Zeroed at start. */
typedef struct {
  char text[8]; /* its beginning */
  gsize len;    /* of the line so far, not only of that */
} SqnsFrameLine;

/* How many of the @len bytes at @data belong to @line; @begin: whether it has ended, as the line behind which the
 * messages come. */
gsize sqns_frame_read_line (SqnsFrameLine *line, const guint8 *data, gsize len, gboolean *begin);
