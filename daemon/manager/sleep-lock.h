/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps the machine from being shut down or sent to sleep while a modem must not lose power. */
#pragma once

#include <gio/gio.h>

typedef struct _SqnsSleepLock SqnsSleepLock;

/* @connection: the system bus, with logind on it or not. */
SqnsSleepLock *sqns_sleep_lock_new (GDBusConnection *connection);
void sqns_sleep_lock_free (SqnsSleepLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsSleepLock, sqns_sleep_lock_free)

/* Asks for it or gives it back, without blocking. A machine without logind is only logged, once. */
void sqns_sleep_lock_hold (SqnsSleepLock *lock, gboolean hold);
