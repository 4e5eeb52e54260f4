/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The desktop's notification server (org.freedesktop.Notifications): one notification for each key, kept up to date. */
#pragma once

#include "client/notify/notification.h"

#include <gio/gio.h>

typedef struct _SqnsNotifier SqnsNotifier;

/* @cancel: a person has pressed the button on @key's notification. A server that is not there is waited for; where
 * none comes although there is something to tell, the session bus is asked to start one. */
SqnsNotifier *
sqns_notifier_new (GDBusConnection *session, void (*cancel) (const char *key, gpointer data), gpointer data);
void sqns_notifier_free (SqnsNotifier *notifier); /* what has not ended is taken off the desktop */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsNotifier, sqns_notifier_free)

/* Shows @notification (taken) in place of the one that @key has, at most once a second; the last one counts. One that a
 * person has closed stays away until there is news of another kind. An end is the last for its key. */
void sqns_notifier_show (SqnsNotifier *notifier, const char *key, SqnsNotification *notification);
void sqns_notifier_withdraw (SqnsNotifier *notifier, const char *key);
