/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One cell of the matrix: a run that is struck by a fault at a place, judged, and gone on with. */
#pragma once

#include "matrix-route.h"
#include "matrix-table.h"

#define MATRIX_NOT_MET 77 /* the run did not come by the place */

typedef struct {
  const MatrixRoute *route;
  MatrixFault fault;
  const char *place;   /* see matrix_place_name() */
  guint clean_steps;   /* of a run without a fault */
  GHashTable *entries; /* of a place without its number: how many so far */
  const char *keep;    /* where a victim keeps its memory */
  gboolean struck;
  gboolean refused; /* a cancel */
  SqnsPhase phase;  /* where it was struck */
} MatrixCell;

/* "reboot:bootmode/poll#1" for the first entry of that state in that phase; counts it in @entries. Caller frees. */
char *matrix_place_name (GHashTable *entries, UpgradeRun *run, const SqnsSsmClass *klass, guint state);
UpgradeRun matrix_run_of (const MatrixRoute *route, VirtualBoard *board, const UpgradeFiles *files);

/* A program's exit code; the outcome is printed. What is not as it should be ends the program, with the transcript. */
int matrix_cell_run (MatrixCell *cell, const char *folder);
/* The victim of SIGKILL, a process of its own, on a board of its parent's: keeps its memory in cell->keep. */
int matrix_cell_die (MatrixCell *cell, const char *folder, const char *port, const char *control);
