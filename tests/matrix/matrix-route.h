/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The routes of the matrix: boards, files, and what an upgrade by them drives. */
#pragma once

#include "upgrade-run.h"

typedef struct {
  const char *name;
  const char *board;
  SqnsLinkKind kind;
  gboolean pic; /* its USB chip can reset it */
  SqnsPlanOptions options;
  const char *dup; /* its name, and how make-dup.py makes it */
  const char *make;
  const char *first; /* likewise the first of two, nullable */
  const char *make_first;
  const char *before; /* what the board runs */
  const char *after;
  const char *machines; /* all that it drives */
  double patience;      /* 0: PATIENCE */
} MatrixRoute;

const MatrixRoute *matrix_route_find (const char *name); /* NULL: none of that name */
const MatrixRoute *matrix_route_at (guint index);        /* NULL: behind the last */
gboolean matrix_route_has_esp32 (const MatrixRoute *route);
double matrix_route_patience (const MatrixRoute *route); /* the scale for a run that meets no silence for ever */
VirtualBoard *matrix_route_board (const MatrixRoute *route);

/* Makes the route's files in a new folder; caller frees the path. */
char *matrix_route_make (const MatrixRoute *route);
void matrix_route_load (const MatrixRoute *route, const char *folder, UpgradeFiles *files);
void matrix_route_remove (const char *folder);
