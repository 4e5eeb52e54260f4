/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A method call on its way: parsed, authorized, prepared, run, answered. */
#pragma once

#include "bus/auth.h"
#include "bus/intake.h"
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
/* Answers the call, now or later, or waits and continues it with sqns_call_go_on(). FALSE with @error: it fails. */
typedef gboolean (*SqnsCallStep) (SqnsCall *call, GError **error);

/* How a method is called and what it does. */
typedef struct {
  const char *interface;
  const char *name;
  SqnsAuthRight right;
  /* Reads @arguments into the call; changes nothing else. Nullable. */
  gboolean (*parse) (SqnsCall *call, GVariant *arguments, GError **error);
  SqnsCallStep prepare; /* once authorized: waits for what @run needs. Nullable */
  SqnsCallStep run;
} SqnsBusMethod;

struct _SqnsCall {
  SqnsService *service;
  const SqnsBusMethod *method;
  GDBusMethodInvocation *invocation;
  GPtrArray *devices; /* SqnsDevice: its targets, perhaps none */
  SqnsJob *job;       /* its target, nullable */
  SqnsAuthWish wish;
  guint uid;            /* of the caller, known once authorized */
  SqnsIntake *intake;   /* of a method with files, by parse(); nullable */
  SqnsRequest *request; /* of an order, likewise */
  gpointer arguments;   /* of the method's own type, likewise */
  GDestroyNotify free_arguments;
  SqnsCallStep step; /* next, by sqns_call_go_on() */
  GVariant *reply;   /* of sqns_call_return_settled(); nullable */
  GPtrArray *jobs;   /* likewise */
  guint announced;   /* of them */
};

/* Takes over @invocation. NULL as @method: nobody may call it. */
void sqns_call_begin (SqnsService *service, GDBusMethodInvocation *invocation, const SqnsBusMethod *method);

/* The first of its devices. */
SqnsDevice *sqns_call_device (SqnsCall *call);
/* Takes @arguments. */
void sqns_call_set_arguments (SqnsCall *call, gpointer arguments, GDestroyNotify destroy);

/* Continues with the next step after a wait; or fails the call: with @error (taken, nullable), or because one of its
 * devices or its job has gone meanwhile. No step continues in another way; steps check everything else that they found
 * before the wait again. */
void sqns_call_go_on (SqnsCall *call, GError *error);

/* Each ends the call. */

/* @reply: a tuple, NULL for none; or @error (taken, of any domain) when that is set. */
void sqns_call_return (SqnsCall *call, GVariant *reply, GError *error);
/* @fd (taken), or @error (taken) when that is -1. */
void sqns_call_return_fd (SqnsCall *call, int fd, GError *error);
/* @reply once pending records are on disk and @jobs (SqnsJob, taken, nullable) are announced, so that the caller can
 * rely on it, whether a job or its modem goes meanwhile or not. */
void sqns_call_return_settled (SqnsCall *call, GVariant *reply, GPtrArray *jobs);
