/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A method call on its way: authorized, then perhaps with a firmware, then answered. */
#pragma once

#include "bus/bus-private.h"
#include "model/request.h"

typedef struct _SqnsCall SqnsCall;
typedef void (*SqnsCallStep) (SqnsCall *call);

struct _SqnsCall {
  SqnsBus *bus;
  GDBusMethodInvocation *invocation; /* NULL once it was answered */
  gpointer skeleton;
  SqnsAuthWish wish;
  SqnsCallStep step;      /* next */
  guint uid;              /* of the caller, known once authorized */
  SqnsDevice *device;     /* nullable */
  SqnsJob *job;           /* nullable */
  SqnsRequest *request;   /* nullable */
  GPtrArray *devices;     /* SqnsDevice, nullable */
  int fd;                 /* -1 none */
  SqnsFirmware *firmware; /* once loaded */
  char *text;
  SqnsPortOptions port;
  gboolean flag;
};

/* Takes over @invocation. @skeleton: whose method it is. */
SqnsCall *sqns_call_new (SqnsBus *bus, GDBusMethodInvocation *invocation, gpointer skeleton);
/* Once answered, by the generated complete functions; forgets the invocation. */
void sqns_call_done (SqnsCall *call);
/* Answers with @error (taken), whatever its domain. */
void sqns_call_fail (SqnsCall *call, GError *error);
void sqns_call_fail_literal (SqnsCall *call, SqnsError code, const char *message);

/* The fd that @handle stands for in @fds; kept in the call. FALSE: the call was failed. */
gboolean sqns_call_take_fd (SqnsCall *call, GUnixFDList *fds, GVariant *handle);

/* Each goes on with @step, or fails the call. */
void sqns_call_authorize (SqnsCall *call, SqnsCallStep step);
void sqns_call_load_firmware (SqnsCall *call, SqnsCallStep step);
