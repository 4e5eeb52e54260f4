/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The desktop's notification server (org.freedesktop.Notifications): one notification for each key, kept up to date. */
#pragma once

#include "client/notify/notification.h"

#include <gio/gio.h>

typedef struct _SqnsNotifier SqnsNotifier;

/* @cancel: the button on @key's notification was pressed. Waits for a server; when none appears although there is
 * something to show, the session bus is asked to start one. Errors: those of the bus. */
SqnsNotifier *sqns_notifier_new (GDBusConnection *session,
                                 void (*cancel) (const char *key, gpointer data),
                                 gpointer data,
                                 GError **error);
void sqns_notifier_free (SqnsNotifier *notifier); /* closes notifications of jobs that have not ended */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsNotifier, sqns_notifier_free)

/* Shows @notification (taken) in place of the one of @key, at most once a second; the last one wins. One that the
 * person closed stays closed until the kind changes. An end is the last of its key. */
void sqns_notifier_show (SqnsNotifier *notifier, const char *key, SqnsNotification *notification);
void sqns_notifier_withdraw (SqnsNotifier *notifier, const char *key);
