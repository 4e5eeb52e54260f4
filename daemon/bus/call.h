/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A method call on its way: authorized, then perhaps with a firmware, then answered. */
#pragma once

#include "bus/bus-private.h"
#include "bus/options.h"
#include "job/request.h"

typedef struct _SqnsCall SqnsCall;

enum {
  SQNS_CALL_FIRMWARE,
  SQNS_CALL_FIRST_STEP,
  SQNS_CALL_UPDATER,
  SQNS_CALL_N_FILES,
};
typedef void (*SqnsCallStep) (SqnsCall *call);

struct _SqnsCall {
  SqnsBus *bus;
  GDBusMethodInvocation *invocation; /* NULL once it was answered */
  gpointer skeleton;
  SqnsAuthWish wish;
  SqnsCallStep step;          /* next, by sqns_call_go_on() */
  guint uid;                  /* of the caller, known once authorized */
  SqnsDevice *device;         /* nullable */
  SqnsJob *job;               /* nullable */
  SqnsRequest *request;       /* nullable */
  GPtrArray *devices;         /* SqnsDevice, nullable */
  int fds[SQNS_CALL_N_FILES]; /* channels of the gate, -1 none */
  guint loading;              /* index of the file that is being loaded */
  SqnsFirmware *firmware;     /* once loaded; the others are in @request then */
  GStrv paths;                /* of the jobs that were submitted */
  guint told;                 /* of them, so far */
  char *text;
  char *why; /* of an inhibitor */
  SqnsPortOptions port;
  SqnsHistoryFilter filter;
  gboolean flag;
};

/* Takes over @invocation. @skeleton: whose method it is. */
SqnsCall *sqns_call_new (SqnsBus *bus, GDBusMethodInvocation *invocation, gpointer skeleton);
/* Once answered, by the generated complete functions; forgets the invocation. */
void sqns_call_done (SqnsCall *call);
/* Answers with @error (taken), whatever its domain. */
void sqns_call_fail (SqnsCall *call, GError *error);
void sqns_call_fail_literal (SqnsCall *call, SqnsError code, const char *message);

/* The descriptors that @handle and @files (nullable) stand for in @fds; kept in the call. FALSE: the call was failed.
 */
gboolean sqns_call_take_files (SqnsCall *call, GUnixFDList *fds, GVariant *handle, const SqnsOptionFiles *files);

/* After a wait of any kind: goes on with its step, or fails the call when its modem, one of its modems or its job has
 * gone meanwhile. A step looks at these without asking again, and asks again for all else that it found before. */
void sqns_call_go_on (SqnsCall *call);

/* Each goes on with @step by that, or fails the call. */
void sqns_call_authorize (SqnsCall *call, SqnsCallStep step);
void sqns_call_load_files (SqnsCall *call, SqnsCallStep step);
/* Jobs of @request for @devices, whose paths are in @paths then; they are on disk. */
void sqns_call_submit (SqnsCall *call, SqnsCallStep step);
/* Goes on with @step once what was ordered is on disk: who has an answer may rely on it. */
void sqns_call_settle (SqnsCall *call, SqnsCallStep step);
