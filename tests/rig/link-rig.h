/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One search for the way to a virtual board's modem, with a person at the button and a fault at a state. */
#pragma once

#include "base/ssm.h"
#include "link/link.h"
#include "virtual-board.h"

#define LINK_RIG_BOARD "--time-scale 0.01 --boot-time 2 " /* a board at a hundredth of its times */
#define LINK_RIG_PATIENCE 0.2

#define SCOUT .leave = TRUE, .usb_board = TRUE
#define PERSON .hand_s = 30

typedef enum {
  FAULT_NONE,
  FAULT_UNPLUG,
  FAULT_CANCEL,
  FAULT_ERROR,
  FAULT_HANG_BOARD,
  FAULT_HANG_MODEM,
} Fault;

typedef struct {
  VirtualBoard *board;
  gboolean press; /* a person is there */
  guint asked;    /* how often a person was */
  gboolean waiting;
  GString *transcript;
  gboolean done;
  SqnsLink *link;
  GError *error;
  SqnsBoardFlags notes;
  const char *machine; /* where the fault strikes, NULL nowhere */
  guint state;
  Fault fault;
  gboolean struck;
  GCancellable *cancellable;
  GHashTable *machines; /* SqnsSsmClass: every one that ran */
  GHashTable *visited;  /* "machine/state" */
} Run;

/* Opens a link: run->link or run->error. Everything that is told meanwhile is checked and written to the transcript. */
void run_open (Run *run, SqnsLinkConfig config);
/* Loads @elf over the link, if there is one: run->error. */
void run_updater (Run *run, GBytes *elf);
/* Closes the link, if there is one. */
void run_leave (Run *run);
/* The same, and forgets all but the board and the person. */
void run_close (Run *run);
/* Runs the main loop until run->done, which is FALSE again then. */
void run_wait (Run *run);
