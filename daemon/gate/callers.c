/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The users behind the unique names of a bus. */
#include "gate/callers.h"

#include <systemd/sd-bus.h>

#define MAX_CACHED 1024
#define ANSWER_US (2 * G_USEC_PER_SEC)

struct _SqnsCallers {
  sd_bus *bus;      /* NULL: the connection is lost or was never made */
  GHashTable *uids; /* unique name -> uid; a bus never reuses a unique name */
};

SqnsCallers *
sqns_callers_new (const char *address)
{
  SqnsCallers *self = g_new0 (SqnsCallers, 1);
  self->uids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (sd_bus_new (&self->bus) < 0)
    return self;
  /* whatever is sent here is dropped, and the bus accepts no descriptors for it */
  if (sd_bus_set_address (self->bus, address) < 0 || sd_bus_set_bus_client (self->bus, 1) < 0
      || sd_bus_negotiate_fds (self->bus, 0) < 0 || sd_bus_set_method_call_timeout (self->bus, ANSWER_US) < 0
      || sd_bus_start (self->bus) < 0)
    self->bus = sd_bus_unref (self->bus);
  return self;
}

struct pollfd
sqns_callers_poll (SqnsCallers *self)
{
  struct pollfd polled = { .fd = -1 };
  if (self->bus != NULL)
    {
      int events = sd_bus_get_events (self->bus);
      polled.fd = sd_bus_get_fd (self->bus);
      polled.events = (short)MAX (events, 0);
    }
  return polled;
}

void
sqns_callers_process (SqnsCallers *self)
{
  int result = 0;
  while (self->bus != NULL && (result = sd_bus_process (self->bus, NULL)) > 0)
    ;
  if (result < 0)
    self->bus = sd_bus_close_unref (self->bus);
}

gboolean
sqns_callers_find_uid (SqnsCallers *self, const char *name, uid_t *uid)
{
  sd_bus_message *reply = NULL;
  gpointer cached;
  guint32 number;

  if (g_hash_table_lookup_extended (self->uids, name, NULL, &cached))
    {
      *uid = GPOINTER_TO_UINT (cached);
      return TRUE;
    }
  sqns_callers_process (self);
  if (self->bus == NULL)
    return FALSE;
  gboolean known = sd_bus_call_method (self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "GetConnectionUnixUser", NULL, &reply, "s", name)
                       >= 0
                   && sd_bus_message_read (reply, "u", &number) >= 0;
  sd_bus_message_unref (reply);
  if (!known)
    return FALSE;
  if (g_hash_table_size (self->uids) >= MAX_CACHED)
    g_hash_table_remove_all (self->uids);
  g_hash_table_insert (self->uids, g_strdup (name), GUINT_TO_POINTER (number));
  *uid = number;
  return TRUE;
}
