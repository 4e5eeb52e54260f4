/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that takes the descriptors of a message. Any system call on them may block for ever, so nothing waits
 * for it once it has reported that it has them. */
#pragma once

#include "gate/parcel.h"

/* The most descriptors of a message; those of a message with more are held back. */
#define SQNS_READER_MAX_FDS 16u

typedef struct {
  int from;                          /* the bus; its next byte carries the descriptors */
  int null;                          /* /dev/null, open */
  int channels[SQNS_READER_MAX_FDS]; /* one for each descriptor */
  guint n_channels;
  gsize max_size; /* of a file, in bytes */
} SqnsReader;

/* Forks a reader, and returns once it has taken the next byte of @reader->from with its descriptors. The caller must
 * be single-threaded. Returns the reader's pid; 0: no process could be made, and the byte was not taken; -1: it is
 * unknown whether the byte was taken. */
int sqns_reader_start (const SqnsReader *reader);
