/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inhibitors: each keeps new jobs from starting while its descriptor is open. */
#pragma once

#include <gio/gio.h>

#define SQNS_MAX_INHIBIT_WHO 128 /* bytes: both texts are shown with every job that waits */
#define SQNS_MAX_INHIBIT_WHY 512

typedef struct _SqnsInhibit SqnsInhibit;

typedef struct {
  guint uid;
  char *who;
  char *why;
  char *device_id; /* NULL: all boards. A board may be forgotten and come back */
  gint64 since;    /* µs since the epoch */
  int fd;          /* our end of a pipe */
  guint watch;
  SqnsInhibit *inhibit;
} SqnsInhibitor;

/* @limit: inhibitors per user, 0 no bound. @changed: called when one has come or gone. */
SqnsInhibit *sqns_inhibit_new (guint limit, void (*changed) (gpointer user_data), gpointer user_data);
void sqns_inhibit_free (SqnsInhibit *inhibit); /* callers find their descriptors hung up */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsInhibit, sqns_inhibit_free)

/* No job of @device_id, or (NULL) of any device, starts while the inhibitor of user @uid is there; those that run go
 * on. Returns a descriptor, the caller's: once all its copies are closed, the inhibitor is gone. -1 with
 * G_DBUS_ERROR_INVALID_ARGS (a text that is empty, too long, or has control characters), LIMITS_EXCEEDED or
 * G_UNIX_ERROR. */
int sqns_inhibit_add (
    SqnsInhibit *inhibit, guint uid, const char *who, const char *why, const char *device_id, GError **error);

/* "held back by anna: flashing ESP32s (and by 2 others)"; NULL when nobody holds that board. Caller frees. */
char *sqns_inhibit_reason (SqnsInhibit *inhibit, const char *device_id);

GPtrArray *sqns_inhibit_list (SqnsInhibit *inhibit); /* SqnsInhibitor by age, owned by @inhibit */
