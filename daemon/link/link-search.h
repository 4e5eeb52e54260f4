/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a search for the modem has tried and heard so far, what that allows next, and the words for its failure. */
#pragma once

#include "board/repl-session.h"
#include "link/link.h"

typedef struct {
  SqnsLinkConfig config;
  SqnsBoardInfo *board;
  gboolean looked;            /* at the speed that the user gave */
  gboolean program_asked;     /* to yield */
  gboolean reached;           /* the board's prompt was there */
  guint starts;               /* of the ESP32 that were heard instead of a prompt */
  SqnsNoise repl_noise;       /* what came instead of a prompt */
  SqnsNoise modem_noise;      /* what came instead of a modem's answer, from anywhere */
  gboolean safe_booted;       /* a safe boot was asked for */
  gboolean was_reset;         /* by the PIC or a person */
  gboolean relay_silent;      /* a relay was proven, and no modem was heard through it */
  gboolean relay_broken;      /* the board cannot run it */
  gboolean passthrough;       /* the board is in it, brought there by this search */
  gboolean passthrough_tried; /* it was, some time */
} SqnsLinkSearch;

/* The places on the line to look at, in no order. */
typedef enum {
  SQNS_LOOK_AS_TOLD, /* for a modem at the speed that the user gave; the first place, if only for the next one */
  SQNS_LOOK_PROMPT,  /* for a board's prompt */
  SQNS_LOOK_STRAY,   /* for a relay that was left running */
  SQNS_LOOK_FAST,    /* for a modem at 921600 baud */
  SQNS_LOOK_SLOW,    /* at 115200 */
  SQNS_LOOK_PROGRAM, /* for a prompt under a program that has to yield */
  SQNS_LOOK_FULL,    /* for a modem at 921600 baud, in data mode or an interrupted upload, too */
  SQNS_LOOK_NOWHERE,
} SqnsLook;
/* The place to look at after @look, where nothing answered. */
SqnsLook sqns_link_search_after (const SqnsLinkSearch *search, SqnsLook look);

/* The prompt was asked for. @of_program: of one that was to yield. */
void sqns_link_search_interrupted (SqnsLinkSearch *search, const SqnsInterrupt *interrupt, gboolean of_program);
/* The ESP32 was reset, and its prompt is there. */
void sqns_link_search_reset (SqnsLinkSearch *search);

/* What an AT that was answered without the board's prompt came through. */
SqnsLinkKind sqns_link_search_kind (const SqnsLinkSearch *search);
/* At the prompt: the relay, rather than passthrough. */
gboolean sqns_link_search_wants_relay (const SqnsLinkSearch *search);
/* The board's firmware does not have the passthrough that is insisted on. */
gboolean sqns_link_search_lacks_passthrough (const SqnsLinkSearch *search);
/* Passthrough may be started, and is not yet known to be silent. */
gboolean sqns_link_search_may_passthrough (const SqnsLinkSearch *search);
/* Something on the board may keep the modem's bytes: a safe boot may free them. */
gboolean sqns_link_search_may_safe_boot (const SqnsLinkSearch *search);
/* At the prompt: the board's program is better not there, even where it has ended. */
gboolean sqns_link_search_distrusts_program (const SqnsLinkSearch *search);
/* A reset of the ESP32 may help, and a PIC or a person can do it. */
gboolean sqns_link_search_may_reset (const SqnsLinkSearch *search);
/* Python's tuple of UART 1's pins. */
const char *sqns_link_search_pins (const SqnsLinkSearch *search);

/* What an identified board said of itself (data/board/identify.py). */
void sqns_board_info_take (SqnsBoardInfo *board, const char *output);

/* What it means that the ESP32 was not reset (@error): a board needs a person; behind a port of unknown kind there may
 * be no board, but a dead modem. Caller frees. */
GError *sqns_link_search_not_reset (const SqnsLinkSearch *search, const GError *error);

/* Zeros or a crash came from the modem's line, so that no button helps (field-failures.md rows 16 and 30). */
gboolean sqns_link_search_heard_no_answer (const SqnsLinkSearch *search);

/* What the search has found out of the modem when it failed. */
SqnsContact sqns_link_search_contact (const SqnsLinkSearch *search);

/* Nobody answered: NEEDS_HAND or TIMEOUT, in words. Caller frees. */
GError *sqns_link_search_failure (const SqnsLinkSearch *search);
