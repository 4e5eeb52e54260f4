/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One job that is watched until it has ended and all that it says of its end has arrived. */
#pragma once

#include "client/core/connection.h"

typedef struct _SqnsFollowedJob SqnsFollowedJob;

typedef struct {
  void (*added) (SqnsFollowedJob *followed, gpointer data); /* once, before all others */
  void (*changed) (SqnsFollowedJob *followed, gpointer data);
  void (*ended) (SqnsFollowedJob *followed, gpointer data); /* once, with all last properties */
  void (*cancel_refused) (SqnsFollowedJob *followed, const char *why, gpointer data);
} SqnsFollowedJobFuncs;

/* @job: its proxy, whose cached properties are what is known. @index: a place to show it in. No callback is called
 * before sqns_followed_job_watch(). */
SqnsFollowedJob *sqns_followed_job_new (
    SqnsConnection *conn, SqnsDbusJob *job, guint index, const SqnsFollowedJobFuncs *funcs, gpointer data);
void sqns_followed_job_free (SqnsFollowedJob *followed);
void sqns_followed_job_watch (SqnsFollowedJob *followed);

SqnsDbusJob *sqns_followed_job_get_job (SqnsFollowedJob *followed);
SqnsDbusModem *sqns_followed_job_get_modem (SqnsFollowedJob *followed); /* nullable */
const char *sqns_followed_job_get_uuid (SqnsFollowedJob *followed);
const char *sqns_followed_job_get_name (SqnsFollowedJob *followed); /* of the board */
guint sqns_followed_job_get_index (SqnsFollowedJob *followed);
gboolean sqns_followed_job_has_ended (SqnsFollowedJob *followed);

/* Asks the daemon to cancel it; a refusal comes by cancel_refused(). */
void sqns_followed_job_cancel (SqnsFollowedJob *followed);
gboolean sqns_followed_job_goes_on (SqnsFollowedJob *followed); /* a cancel was refused, and it has not ended since */

/* The daemon is gone: an end that was announced is taken as it was announced. */
void sqns_followed_job_vanished (SqnsFollowedJob *followed);

/* Puts back into the proxy what an ended job ended as: a daemon that goes takes that out of it. */
void sqns_followed_job_recall (SqnsFollowedJob *followed);
