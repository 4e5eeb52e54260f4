/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Procedures that a test controls, for devices, jobs and managers without a board: the linker puts them in the place of
 * the real ones (meson.build). And ttys to make devices of. */
#pragma once

#include "device/device-operation.h"
#include "upgrade/upgrade.h"

/* A procedure that is running. */
typedef struct {
  char *devnode;
  SqnsLinkKind kind;
  guint speed;
  gboolean leave;
  gboolean dry_run;
  gsize image_size;
  SqnsUpgradeConfig config; /* of an upgrade; what it points to is the job's */
  SqnsMonitor monitor;
  GCancellable *cancellable;
  GTask *task;
} ScriptedRun;

typedef struct {
  GPtrArray *upgrades; /* ScriptedRun, by age */
  GPtrArray *opens;    /* ScriptedRun: links that are being opened */
  GPtrArray *reboots;  /* ScriptedRun: modules that are being reset */
  guint open_links;
  guint closed_links;
  gboolean honour_cancel; /* a cancelled upgrade ends on its own */
  SqnsModemStatus status; /* of the next probes; mode FFF at first */
  GError *probe_error;    /* of probe and identify, nullable */
  const char *imei;       /* of the modem; NULL = none */
  guint restarts;         /* of the modem */
  GError *restart_error;  /* nullable */
  GFunc console_closed;   /* while a console is open */
  gpointer console_data;
  int console_fd; /* the daemon's end, -1 none */
} Scripted;

Scripted *scripted (void); /* the one script of this test */
void scripted_reset (void);

/* The upgrade on @devnode, which has to be running. */
ScriptedRun *scripted_upgrade (const char *devnode);
gboolean scripted_runs (const char *devnode);
void scripted_phase (ScriptedRun *run, SqnsPhase phase, gboolean safe, gboolean committed, const char *message);
void scripted_succeed (ScriptedRun *run, const char *before, const char *after);
void scripted_fail (ScriptedRun *run, SqnsError code, const char *message);

void scripted_open_link (void); /* ends the oldest open with a link by relay on a FiPy with 1.20.2.r4 */
void scripted_refuse_link (SqnsError code, const char *message);
void scripted_reboot (SqnsError code, const char *message); /* ends the oldest reset of a module; NULL: well */
void scripted_close_far_end (void);                         /* the user leaves the console */

/* Runs the main loop until @condition is TRUE, at most a minute. */
typedef gboolean (*ScriptedCondition) (gpointer data);
void scripted_wait (ScriptedCondition condition, gpointer data);
void scripted_settle (void); /* until nothing is pending in the main loop */

/* A pseudo-terminal; the test owns *@master. The caller frees the path of the slave. */
char *scripted_pty (int *master);

void scripted_remove_tree (const char *path); /* a folder and all in it */
