/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes from a bus: the parser is bounded and reads no further than the input. */
#include "gate/frame.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  SqnsFrame frame;
  SqnsFrameFields fields;
  SqnsFrameLine line = { .len = 0 };
  gboolean begin;

  for (size_t at = 0; at < size;)
    {
      gsize n = sqns_frame_read_line (&line, data + at, size - at, &begin);
      g_assert_cmpuint (n, >, 0);
      g_assert_cmpuint (n, <=, size - at);
      at += n;
    }
  if (size < SQNS_FRAME_HEAD || !sqns_frame_read (data, &frame))
    return 0;
  g_assert_cmpuint (frame.size, >=, SQNS_FRAME_HEAD + frame.fields_size);
  g_assert_cmpuint (frame.size, <=, SQNS_FRAME_MAX_MESSAGE);
  g_assert_true (frame.type >= SQNS_FRAME_CALL && frame.type <= SQNS_FRAME_OTHER);
  sqns_frame_read_fields (&frame, data, size, &fields);
  g_assert_nonnull (memchr (fields.sender, '\0', sizeof fields.sender));
  return 0;
}
