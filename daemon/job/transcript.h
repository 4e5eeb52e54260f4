/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dialogue between the daemon and a board, with times. Bounded: the middle of a long one is dropped. */
#pragma once

#include <glib.h>

#define SQNS_TRANSCRIPT_MAX (1024u * 1024u) /* bytes */

typedef struct _SqnsTranscript SqnsTranscript;

SqnsTranscript *sqns_transcript_new (void);
void sqns_transcript_free (SqnsTranscript *transcript);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsTranscript, sqns_transcript_free)

/* The job begins at @now, monotonic µs, or goes on with what was restored. Only the first call counts. */
void sqns_transcript_start (SqnsTranscript *transcript, gint64 now);

/* Adds "12.345 > text", the time since the start. @direction: '>' to the board, '<' from it, '#' a remark. Bytes
 * that are not UTF-8 are replaced, line ends become spaces. */
void sqns_transcript_add (SqnsTranscript *transcript, gint64 now, char direction, const char *text);

/* Puts @text, of a transcript as below, into an empty one. */
void sqns_transcript_restore (SqnsTranscript *transcript, const char *text);

/* All of it, with a line that says what was dropped. At most SQNS_TRANSCRIPT_MAX bytes and that line. */
GString *sqns_transcript_text (const SqnsTranscript *transcript);

/* The text as a sealed memfd at its start; -1 with FAILED. */
int sqns_transcript_snapshot (const SqnsTranscript *transcript, GError **error);

gsize sqns_transcript_size (const SqnsTranscript *transcript); /* bytes held */
