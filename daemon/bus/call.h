/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A method call on its way: parsed, authorized, prepared, run, answered. */
#pragma once

#include "bus/auth.h"
#include "bus/objects.h"
#include "manager/manager.h"

/* What calls work on. */
typedef struct {
  SqnsManager *manager;
  SqnsAuth *auth;
  SqnsObjects *objects;
  GCancellable *until; /* the daemon ends */
} SqnsService;

SqnsService *sqns_service_new (SqnsManager *manager, SqnsAuth *auth, SqnsObjects *objects); /* takes the last two */
void sqns_service_unref (SqnsService *service); /* lives on as long as calls are under way */

typedef struct _SqnsCall SqnsCall;
typedef void (*SqnsCallStep) (SqnsCall *call);

/* How a method is called and what it does. */
typedef struct {
  const char *interface;
  const char *name;
  SqnsAuthRight right;
  /* Reads @arguments into the call; changes nothing else. Nullable. */
  gboolean (*parse) (SqnsCall *call, GVariant *arguments, GError **error);
  SqnsCallStep prepare; /* once authorized: waits for what @run needs, then sqns_call_go_on(). Nullable */
  SqnsCallStep run;     /* answers, now or later */
} SqnsBusMethod;

struct _SqnsCall {
  SqnsService *service;
  const SqnsBusMethod *method;
  GDBusMethodInvocation *invocation;
  GPtrArray *devices; /* SqnsDevice: its targets, perhaps none */
  SqnsJob *job;       /* its target, nullable */
  SqnsAuthWish wish;
  guint uid;          /* of the caller, known once authorized */
  gpointer arguments; /* of the method's own type, by parse(); nullable */
  GDestroyNotify free_arguments;
  SqnsCallStep step; /* next, by sqns_call_go_on() */
};

/* Takes over @invocation. NULL as @method: nobody may call it. */
void sqns_call_begin (SqnsService *service, GDBusMethodInvocation *invocation, const SqnsBusMethod *method);

/* The first of its devices. */
SqnsDevice *sqns_call_device (SqnsCall *call);
/* Takes @arguments. */
void sqns_call_set_arguments (SqnsCall *call, gpointer arguments, GDestroyNotify destroy);

/* Continues with the next step after a wait, or fails the call if one of its devices or its job has gone meanwhile. No
 * step continues in another way; steps check everything else that they found before the wait again. */
void sqns_call_go_on (SqnsCall *call);

/* Each ends the call. */

void sqns_call_fail (SqnsCall *call, GError *error); /* @error (taken) of any domain */
/* @reply: a tuple, NULL for none. */
void sqns_call_return (SqnsCall *call, GVariant *reply);
/* Nothing, or @error (taken) when that is set. */
void sqns_call_return_or_fail (SqnsCall *call, GError *error);
/* @fd (taken), or @error (taken) when that is -1. */
void sqns_call_return_fd (SqnsCall *call, int fd, GError *error);
/* @reply once pending records are on disk and @jobs (SqnsJob, taken, nullable) are announced, so that the caller can
 * rely on it, whether a job or its modem goes meanwhile or not. */
void sqns_call_return_settled (SqnsCall *call, GVariant *reply, GPtrArray *jobs);
