/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One search for the link to a virtual board's modem, with a user at the reset button and a fault at a state. */
#pragma once

#include "base/ssm.h"
#include "link/link.h"
#include "virtual-board.h"

#define LINK_RIG_BOARD "--time-scale 0.01 --boot-time 2 " /* a board at a hundredth of its times */
#define LINK_RIG_TIMEOUT_SCALE 0.2

#define SCOUT .leave = TRUE, .usb_board = TRUE
#define PERSON .user_timeout_s = 30

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
  gboolean press; /* a user presses the button */
  guint asked;    /* how often the user was asked */
  gboolean waiting;
  GString *transcript;
  gboolean done;
  SqnsLink *link;
  GError *error;
  SqnsBoardFlags notes;
  const char *machine; /* where the fault is injected; NULL = nowhere */
  guint state;
  Fault fault;
  gboolean injected;
  GCancellable *cancellable;
  GHashTable *machines; /* SqnsSsmClass: all that ran */
  GHashTable *visited;  /* "machine/state" */
} Run;

/* Opens a link: run->link or run->error. It checks all notifications and writes them to the transcript. */
void run_open (Run *run, SqnsLinkConfig config);
/* Loads @elf over the link, if there is one: run->error. */
void run_updater (Run *run, GBytes *elf);
/* Closes the link, if there is one. */
void run_leave (Run *run);
/* The same, and clears everything but the board and the user. */
void run_close (Run *run);
/* Runs the main loop until run->done, and clears that. */
void run_wait (Run *run);
