/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D-Bus messages in a stream: the D-Bus specification, "Marshaling" and "Message Format". */
#include "gate/frame.h"

#include <string.h>

#define FIELD_SENDER 7
#define FIELD_UNIX_FDS 9
#define BEGIN "BEGIN\r\n"

typedef struct {
  const guint8 *data;
  gsize len;
  gsize at;
  gboolean big_endian;
} Reader;

static guint32
get_u32 (const guint8 *p, gboolean big_endian)
{
  return big_endian ? (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3]
                    : (guint32)p[3] << 24 | (guint32)p[2] << 16 | (guint32)p[1] << 8 | p[0];
}

gboolean
sqns_frame_read (const guint8 *head, SqnsFrame *frame)
{
  if ((head[0] != 'l' && head[0] != 'B') || head[1] == 0 || head[3] != 1)
    return FALSE;
  frame->big_endian = head[0] == 'B';
  frame->type = MIN (head[1], SQNS_FRAME_OTHER);
  frame->fields_size = get_u32 (head + 12, frame->big_endian);
  guint32 body = get_u32 (head + 4, frame->big_endian);
  if (frame->fields_size > SQNS_FRAME_MAX_FIELDS || body > SQNS_FRAME_MAX_MESSAGE)
    return FALSE;
  guint64 size = SQNS_FRAME_HEAD + ((guint64)frame->fields_size + 7) / 8 * 8 + body;
  frame->size = (guint32)size;
  return size <= SQNS_FRAME_MAX_MESSAGE;
}

static gboolean
skip (Reader *reader, gsize n)
{
  if (n > reader->len - reader->at)
    return FALSE;
  reader->at += n;
  return TRUE;
}

static gboolean
align (Reader *reader, gsize to)
{
  return skip (reader, (to - reader->at % to) % to);
}

static gboolean
read_u32 (Reader *reader, guint32 *value)
{
  if (!align (reader, 4) || reader->len - reader->at < 4)
    return FALSE;
  *value = get_u32 (reader->data + reader->at, reader->big_endian);
  return skip (reader, 4);
}

/* The size of a fixed-size type, which is also its alignment; 0: another type. */
static gsize
fixed_size (char type)
{
  switch (type) /* not an enum */
    {
    case 'y':
      return 1;
    case 'n':
    case 'q':
      return 2;
    case 'b':
    case 'i':
    case 'u':
    case 'h':
      return 4;
    case 'x':
    case 't':
    case 'd':
      return 8;
    default:
      return 0;
    }
}

/* The single type of a variant's signature; '\0': it has several types, or is cut off. */
static char
read_signature (Reader *reader)
{
  if (reader->len - reader->at < 3 || reader->data[reader->at] != 1 || reader->data[reader->at + 2] != 0)
    return '\0';
  char type = (char)reader->data[reader->at + 1];
  reader->at += 3;
  return type;
}

static gboolean
read_text (Reader *reader, char type, const char **text, guint32 *len)
{
  if (type != 'g')
    {
      if (!read_u32 (reader, len))
        return FALSE;
    }
  else if (reader->at < reader->len)
    *len = reader->data[reader->at++];
  else
    return FALSE;
  *text = (const char *)reader->data + reader->at;
  return skip (reader, (gsize)*len + 1);
}

/* FALSE: no further field can be read. */
static gboolean
read_field (Reader *reader, SqnsFrameFields *fields)
{
  const char *text;
  guint32 len;
  if (!align (reader, 8) || reader->at == reader->len)
    return FALSE;
  guint8 code = reader->data[reader->at++];
  char type = read_signature (reader);

  if (code == FIELD_UNIX_FDS && type == 'u')
    return read_u32 (reader, &fields->n_fds);
  if (fixed_size (type) > 0)
    return align (reader, fixed_size (type)) && skip (reader, fixed_size (type));
  if (type != 's' && type != 'o' && type != 'g')
    return FALSE;
  if (!read_text (reader, type, &text, &len))
    return FALSE;
  if (code == FIELD_SENDER && type == 's' && len < sizeof fields->sender && memchr (text, '\0', len) == NULL)
    {
      memcpy (fields->sender, text, len);
      fields->sender[len] = '\0';
    }
  return TRUE;
}

void
sqns_frame_read_fields (const SqnsFrame *frame, const guint8 *data, gsize len, SqnsFrameFields *fields)
{
  /* alignment counts from the start of the message; the head is a multiple of 8 */
  Reader reader = { data, MIN (len, SQNS_FRAME_HEAD + (gsize)frame->fields_size), SQNS_FRAME_HEAD, frame->big_endian };
  *fields = (SqnsFrameFields){ .n_fds = 0 };
  if (len < SQNS_FRAME_HEAD)
    return;
  while (read_field (&reader, fields))
    ;
}

gsize
sqns_frame_read_line (SqnsFrameLine *line, const guint8 *data, gsize len, gboolean *begin)
{
  const guint8 *end = memchr (data, '\n', len);
  gsize n = end != NULL ? (gsize)(end - data) + 1 : len;

  for (gsize i = 0; i < n && line->len + i < sizeof line->text; i++)
    line->text[line->len + i] = (char)data[i];
  line->len += n;
  *begin = end != NULL && line->len == strlen (BEGIN) && memcmp (line->text, BEGIN, strlen (BEGIN)) == 0;
  if (end != NULL)
    *line = (SqnsFrameLine){ .len = 0 };
  return n;
}
