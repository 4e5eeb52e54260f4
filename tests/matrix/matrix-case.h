/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One test case of the matrix: injects a fault into a run at a place, classifies the outcome, and resumes after a
 * failure. */
#pragma once

#include "matrix-route.h"
#include "matrix-table.h"

#define MATRIX_NOT_MET 77 /* the run did not reach the place */

typedef struct {
  const MatrixRoute *route;
  MatrixFault fault;
  const char *place;   /* see matrix_place_name() */
  guint clean_steps;   /* of a run without a fault */
  GHashTable *entries; /* place without its number → count so far */
  const char *keep;    /* file for the checkpoint of a victim */
  gboolean injected;
  gboolean refused; /* a cancel */
  SqnsPhase phase;  /* of the place */
} MatrixCase;

/* "reboot:bootmode/poll#1" for the first entry of that state in that phase; counts it in @entries. Caller frees. */
char *matrix_place_name (GHashTable *entries, UpgradeRun *run, const SqnsSsmClass *klass, guint state);
UpgradeRun matrix_run_of (const MatrixRoute *route, VirtualBoard *board, const UpgradeFiles *files);

/* Prints the outcome and returns the exit code of the program. An error ends the program and prints the transcript. */
int matrix_case_run (MatrixCase *test, const char *folder);
/* The victim of SIGKILL, a separate process on a board of its parent. It saves its checkpoint in test->keep. */
int matrix_case_die (MatrixCase *test, const char *folder, const char *port, const char *control);
