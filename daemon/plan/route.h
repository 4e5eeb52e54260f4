/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The routes as data: the steps of each, where each mode enters them, and the choices for each kind of file. Pure. */
#pragma once

#include "plan/case.h"
#include "plan/steps.h"

typedef enum {
  SQNS_ROUTE_NOTHING,    /* the modem runs that version: nothing to do, or done (with file_taken) */
  SQNS_ROUTE_ON_THE_FLY, /* application -> recovery -> whole file */
  SQNS_ROUTE_RESUME,     /* recovery or mTools take the whole file as the modem is */
  SQNS_ROUTE_REBOOT,     /* in recovery with a success report: it only has to be booted */
  SQNS_ROUTE_UPDATER,    /* FFH: an updater first, then the whole file */
  SQNS_ROUTE_BOOTROM,    /* factory boot ROM: its package, then FFH, updater, whole file */
  SQNS_ROUTE_FFF,        /* stored first, then installed by the application (diffs, small packages) */
  SQNS_ROUTE_TWO_STEPS,  /* release 48829: first file by FFF, second on the fly */
  SQNS_ROUTE_REPORT,     /* the modem has the file, but has not reported on it: it is not sent again */
  SQNS_ROUTE_WAIT,       /* the modem is busy with itself */
} SqnsRoute;
#define SQNS_N_ROUTES (SQNS_ROUTE_WAIT + 1)
SQNS_DECLARE_NAMES (SqnsRoute, route) /* "nothing", "on-the-fly", "resume", ... */

#define SQNS_MAX_CHOICES 3
typedef struct {
  SqnsFileKind kind;
  SqnsMode mode;
  SqnsMethod method;
  guint n; /* of routes, in order of preference */
  SqnsRoute routes[SQNS_MAX_CHOICES];
} SqnsPlanChoice;
/* The routes of a kind of file from a mode by a method; NULL without any. */
const SqnsPlanChoice *sqns_plan_choice (SqnsFileKind kind, SqnsMode mode, SqnsMethod method);

typedef struct {
  SqnsRoute route;
  GArray *steps;           /* SqnsStep: all of them, as far as known; empty for NOTHING */
  gboolean needs_boot_rom; /* a step talks with FFH, which native passthrough does not reach */
  char *summary;           /* one line for people: "6.0.0.0-35351 -> 6.0.0.0-37781 by way of recovery" */
} SqnsPlan;

/* By @route from the modem's mode; the table must have that entry. */
SqnsPlan *sqns_plan_new (const SqnsPlanCase *c, SqnsRoute route);
void sqns_plan_free (SqnsPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsPlan, sqns_plan_free)
