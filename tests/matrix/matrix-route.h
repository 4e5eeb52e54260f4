/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The routes of the matrix: boards, files, and the state machines that they use. */
#pragma once

#include "upgrade-run.h"

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkKind kind;
  gboolean pic; /* its USB chip can reset it */
  SqnsPlanOptions options;
  const char *dup; /* the name of the file, and the options of make-dup.py */
  const char *make;
  const char *first; /* the first of two files, nullable */
  const char *make_first;
  const char *before; /* version at the start */
  const char *after;
  const char *machines; /* all state machines that it uses */
  double timeout_scale; /* 0: TIMEOUT_SCALE */
} MatrixRoute;

const MatrixRoute *matrix_route_find (const char *name); /* NULL: no such route */
const MatrixRoute *matrix_route_at (guint index);        /* NULL: past the end */
gboolean matrix_route_has_esp32 (const MatrixRoute *route);
double matrix_route_timeout_scale (const MatrixRoute *route); /* unless the modem hangs */
VirtualBoard *matrix_route_board (const MatrixRoute *route);

/* Makes the files of the route in a new folder. The caller frees the path. */
char *matrix_route_make (const MatrixRoute *route);
void matrix_route_load (const MatrixRoute *route, const char *folder, UpgradeFiles *files);
void matrix_route_remove (const char *folder);
