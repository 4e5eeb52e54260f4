/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that takes a message's descriptors. It may hang in any system call on them for ever: nobody waits for it
 * once it has said that it has them. */
#pragma once

#include "gate/parcel.h"

/* Descriptors of one message; what comes with more is held back. */
#define SQNS_READER_MAX_FDS 16u

typedef struct {
  int from;                          /* the bus: the descriptors hang on the next byte */
  int null;                          /* /dev/null, open */
  int channels[SQNS_READER_MAX_FDS]; /* one for each descriptor */
  guint n_channels;
  gsize max_size; /* of a file */
} SqnsReader;

/* Forks a reader, which has taken the next byte of @reader->from with its descriptors when this returns. The caller is
 * single-threaded. Its pid, then; 0: no process could be made, and the byte is still there; -1: nobody knows. */
int sqns_reader_start (const SqnsReader *reader);
