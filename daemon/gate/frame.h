/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where D-Bus messages begin and end in a stream, and the header fields that the gate needs. Pure. */
#pragma once

#include <glib.h>

/* D-Bus specification, "Message Format": the size before the header fields, and the limits on a message. */
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
  SQNS_FRAME_OTHER, /* of a later version */
} SqnsFrameType;

typedef struct {
  SqnsFrameType type;
  gboolean big_endian;
  guint32 fields_size; /* bytes */
  guint32 size;        /* bytes, the whole message */
} SqnsFrame;

typedef struct {
  char sender[SQNS_FRAME_NAME_SIZE]; /* "" when it was not found */
  guint32 n_fds;                     /* 0 when it was not found */
} SqnsFrameFields;

/* Reads the SQNS_FRAME_HEAD bytes at @head. FALSE: no message begins so. */
gboolean sqns_frame_read (const guint8 *head, SqnsFrame *frame);

/* Reads the fields in @data, the first @len bytes of the message of @frame. Stops where they are cut off, and at a
 * field of unknown type. */
void sqns_frame_read_fields (const SqnsFrame *frame, const guint8 *data, gsize len, SqnsFrameFields *fields);

/* A line of the authentication before the first message, read in pieces. Zeroed at start. */
typedef struct {
  char text[8]; /* its first characters */
  gsize len;    /* of the line so far, also beyond @text */
} SqnsFrameLine;

/* Returns how many of the @len bytes at @data belong to @line. @begin: the line has ended, and messages follow it. */
gsize sqns_frame_read_line (SqnsFrameLine *line, const guint8 *data, gsize len, gboolean *begin);
