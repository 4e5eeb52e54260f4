/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The routes as data: the steps of each, where each mode enters them, and which of them there are to choose from. Pure.
 */
#pragma once

#include "plan/case.h"
#include "plan/steps.h"

typedef enum {
  SQNS_ROUTE_NOTHING,    /* the modem runs that version: nothing to do, or (with file_taken) done */
  SQNS_ROUTE_ON_THE_FLY, /* application -> recovery -> whole file */
  SQNS_ROUTE_RESUME,     /* recovery or mTools take the whole file as they are */
  SQNS_ROUTE_REBOOT,     /* in recovery with report success: it was only never told to boot */
  SQNS_ROUTE_UPDATER,    /* FFH: an updater first, then the whole file */
  SQNS_ROUTE_BOOTROM,    /* factory boot ROM: its package, then FFH, updater, whole file */
  SQNS_ROUTE_FFF,        /* stored first, then installed by the application (diffs, small packages) */
  SQNS_ROUTE_TWO_STEPS,  /* release 48829: first file by FFF, second on the fly */
  SQNS_ROUTE_REPORT,     /* the file is in the modem, which has not reported on it: it is not sent again */
  SQNS_ROUTE_WAIT,       /* the modem is busy with itself */
} SqnsRoute;
#define SQNS_N_ROUTES (SQNS_ROUTE_WAIT + 1)
SQNS_DECLARE_NAMES (SqnsRoute, route) /* "nothing", "on-the-fly", "resume", ... */

#define SQNS_MAX_CHOICES 3
typedef struct {
  SqnsFileKind kind;
  SqnsMode mode;
  SqnsMethod method;
  guint n; /* of routes, the better one first */
  SqnsRoute routes[SQNS_MAX_CHOICES];
} SqnsPlanChoice;
/* The routes that a kind of file has from a mode by a method; NULL when there is none. */
const SqnsPlanChoice *sqns_plan_choice (SqnsFileKind kind, SqnsMode mode, SqnsMethod method);

typedef struct {
  SqnsRoute route;
  GArray *steps;           /* SqnsStep: the whole way as far as it can be told; empty for NOTHING */
  gboolean needs_boot_rom; /* a step ahead talks with FFH, which native passthrough does not reach */
  char *summary;           /* one line for people: "6.0.0.0-35351 -> 6.0.0.0-37781 by way of recovery" */
} SqnsPlan;

/* By @route from the mode that the modem is in; there must be such a row. */
SqnsPlan *sqns_plan_new (const SqnsPlanCase *c, SqnsRoute route);
void sqns_plan_free (SqnsPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsPlan, sqns_plan_free)
