/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inhibitors. */
#include "base/log.h"
#include "common/clean.h"
#include "common/error.h"
#include "manager/inhibit.h"
#include "manager/limit.h"

#include <errno.h>
#include <string.h>

#include <glib-unix.h>
#include <glib/gstdio.h>

struct _SqnsInhibit {
  GPtrArray *list; /* SqnsInhibitor */
  guint limit;     /* per user, 0 no bound */
  void (*changed) (gpointer user_data);
  gpointer user_data;
};

static void
free_inhibitor (gpointer data)
{
  SqnsInhibitor *self = data;
  g_clear_handle_id (&self->watch, g_source_remove);
  g_close (self->fd, NULL);
  g_free (self->who);
  g_free (self->why);
  g_free (self->device_id);
  g_free (self);
}

SqnsInhibit *
sqns_inhibit_new (guint limit, void (*changed) (gpointer user_data), gpointer user_data)
{
  SqnsInhibit *self = g_new0 (SqnsInhibit, 1);
  self->list = g_ptr_array_new_with_free_func (free_inhibitor);
  self->limit = limit;
  self->changed = changed;
  self->user_data = user_data;
  return self;
}

void
sqns_inhibit_free (SqnsInhibit *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->list);
  g_free (self);
}

static const char *
where (const SqnsInhibitor *inhibitor)
{
  return inhibitor->device_id != NULL ? inhibitor->device_id : "all modems";
}

/* The last writer has closed. What writers send is never read. */
static gboolean
on_hang_up (int fd, GIOCondition condition, gpointer user_data)
{
  SqnsInhibitor *inhibitor = user_data;
  SqnsInhibit *self = inhibitor->inhibit;

  inhibitor->watch = 0;
  sqns_message (NULL, "%s no longer holds back jobs of %s", inhibitor->who, where (inhibitor));
  g_ptr_array_remove (self->list, inhibitor);
  self->changed (self->user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
check_text (const char *what, const char *text, gsize max, GError **error)
{
  if (*text == '\0')
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "\"%s\" is empty", what);
  else if (strlen (text) > max)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "\"%s\" is longer than %" G_GSIZE_FORMAT " bytes",
                 what, max);
  else
    {
      g_autofree char *clean = sqns_clean_line (text, -1);
      if (g_str_equal (clean, text))
        return TRUE;
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "\"%s\" has control characters", what);
    }
  return FALSE;
}

static guint
count (SqnsInhibit *self, guint uid)
{
  guint n = 0;
  for (guint i = 0; i < self->list->len; i++)
    n += ((SqnsInhibitor *)self->list->pdata[i])->uid == uid;
  return n;
}

int
sqns_inhibit_add (SqnsInhibit *self, guint uid, const char *who, const char *why, const char *device_id, GError **error)
{
  int fds[2];

  if (!check_text ("who", who, SQNS_MAX_INHIBIT_WHO, error) || !check_text ("why", why, SQNS_MAX_INHIBIT_WHY, error))
    return -1;
  if (!sqns_limit_check ("inhibitors", uid, count (self, uid), 1, self->limit, error))
    return -1;
  if (!g_unix_open_pipe (fds, FD_CLOEXEC, error))
    {
      g_prefix_error_literal (error, "cannot create an inhibitor: ");
      return -1;
    }

  SqnsInhibitor *inhibitor = g_new0 (SqnsInhibitor, 1);
  inhibitor->uid = uid;
  inhibitor->who = g_strdup (who);
  inhibitor->why = g_strdup (why);
  inhibitor->device_id = g_strdup (device_id);
  inhibitor->since = g_get_real_time ();
  inhibitor->fd = fds[0];
  inhibitor->inhibit = self;
  inhibitor->watch = g_unix_fd_add (inhibitor->fd, G_IO_HUP | G_IO_ERR, on_hang_up, inhibitor);
  g_ptr_array_add (self->list, inhibitor);
  sqns_message (NULL, "%s holds back jobs of %s: %s", who, where (inhibitor), why);
  self->changed (self->user_data);
  return fds[1];
}

char *
sqns_inhibit_reason (SqnsInhibit *self, const char *device_id)
{
  const SqnsInhibitor *first = NULL;
  guint n = 0;
  for (guint i = 0; i < self->list->len; i++)
    {
      const SqnsInhibitor *inhibitor = self->list->pdata[i];
      if (inhibitor->device_id == NULL || g_str_equal (inhibitor->device_id, device_id))
        first = n++ == 0 ? inhibitor : first;
    }
  if (n < 2)
    return n == 0 ? NULL : g_strdup_printf ("held back by %s: %s", first->who, first->why);
  return g_strdup_printf ("held back by %s: %s (and by %u other%s)", first->who, first->why, n - 1, n > 2 ? "s" : "");
}

GPtrArray *
sqns_inhibit_list (SqnsInhibit *self)
{
  return self->list;
}
