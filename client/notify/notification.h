/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The content of a desktop notification about a job: plain text, no D-Bus. */
#pragma once

#include "sqns-dbus.h"

typedef enum {
  SQNS_NOTIFICATION_PROGRESS,    /* it runs */
  SQNS_NOTIFICATION_WAITING,     /* it has begun, and waits for something */
  SQNS_NOTIFICATION_USER_ACTION, /* it waits for a person */
  SQNS_NOTIFICATION_SUCCEEDED,   /* an end, as are the next two */
  SQNS_NOTIFICATION_CANCELLED,
  SQNS_NOTIFICATION_FAILED,
  SQNS_NOTIFICATION_LOST, /* the daemon disappeared while it ran */
} SqnsNotificationKind;

typedef struct {
  SqnsNotificationKind kind;
  char *summary;   /* one line */
  char *body;      /* lines of valid UTF-8 without other control characters; the percentage is in the first */
  int percent;     /* 0..100, of PROGRESS, else -1 */
  gboolean cancel; /* it may be cancelled now */
} SqnsNotification;

/* NULL: the job has not begun. @modem: nullable. @note: nullable, an extra line. */
SqnsNotification *sqns_notification_of_job (SqnsDbusJob *job, SqnsDbusModem *modem, const char *note);

/* The daemon that ran the job is gone. @name: from sqns_notification_name(). */
SqnsNotification *sqns_notification_lost (const char *name);

/* "FiPy ttyUSB0"; NULL for NULL. Caller frees. */
char *sqns_notification_name (SqnsDbusModem *modem);

gboolean sqns_notification_is_end (SqnsNotificationKind kind);
gboolean sqns_notification_equal (const SqnsNotification *a, const SqnsNotification *b);
void sqns_notification_free (SqnsNotification *notification);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsNotification, sqns_notification_free)
