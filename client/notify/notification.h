/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a desktop notification says of a job: plain text, no bus. */
#pragma once

#include "sqns-dbus.h"

typedef enum {
  SQNS_NOTIFICATION_PROGRESS,    /* it runs */
  SQNS_NOTIFICATION_WAITING,     /* it had begun, and waits for something */
  SQNS_NOTIFICATION_USER_ACTION, /* a person is waited for */
  SQNS_NOTIFICATION_SUCCEEDED,   /* the end, as the next two */
  SQNS_NOTIFICATION_CANCELLED,
  SQNS_NOTIFICATION_FAILED,
  SQNS_NOTIFICATION_LOST, /* the daemon has gone while it ran */
} SqnsNotificationKind;

typedef struct {
  SqnsNotificationKind kind;
  char *summary;   /* one line */
  char *body;      /* lines, valid UTF-8 without control characters but '\n'; the percentage stands in the first */
  int percent;     /* 0..100, of PROGRESS, else -1 */
  gboolean cancel; /* it may be cancelled now */
} SqnsNotification;

/* NULL: nothing to be told yet, it has not begun. @modem: nullable. @note: nullable, something that is to be said of it
 * besides. */
SqnsNotification *sqns_notification_of_job (SqnsDbusJob *job, SqnsDbusModem *modem, const char *note);

/* The daemon that ran it is gone. @name as in sqns_notification_name(). */
SqnsNotification *sqns_notification_lost (const char *name);

/* "FiPy ttyUSB0"; NULL for no modem. Caller frees. */
char *sqns_notification_name (SqnsDbusModem *modem);

gboolean sqns_notification_is_end (SqnsNotificationKind kind);
gboolean sqns_notification_equal (const SqnsNotification *a, const SqnsNotification *b);
void sqns_notification_free (SqnsNotification *notification);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsNotification, sqns_notification_free)
