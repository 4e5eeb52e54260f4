/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which modem a person means. */
#include "client/modem/imei-search.h"
#include "client/modem/name.h"
#include "client/modem/ref.h"
#include "codec/identity.h"

#include "common/clean.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Most exact first: a board whose id happens to look like another's tty is found by its id. */
typedef enum {
  BY_OBJECT,
  BY_ID,
  BY_TTY,
  BY_REAL_TTY, /* /dev/serial/by-id/... */
  BY_SHORT_TTY,
} Criterion;
#define N_CRITERIA (BY_SHORT_TTY + 1)

static char *
real_path (const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  char *resolved = realpath (absolute, NULL);
  if (resolved == NULL)
    return g_steal_pointer (&absolute);
  char *copy = g_strdup (resolved);
  free (resolved);
  return copy;
}

static gboolean
matches (SqnsDbusModem *modem, Criterion criterion, const char *ref, const char *real)
{
  const char *node = sqns_dbus_modem_get_dev_node (modem);
  g_autofree char *short_name = NULL;
  g_autofree char *real_node = NULL;

  switch (criterion)
    {
    case BY_OBJECT:
      return g_strcmp0 (sqns_path (modem), ref) == 0;
    case BY_ID:
      return g_strcmp0 (sqns_dbus_modem_get_id (modem), ref) == 0;
    case BY_TTY:
      return sqns_modem_is_at_tty (modem) && g_strcmp0 (node, ref) == 0;
    case BY_REAL_TTY:
      if (real == NULL || node == NULL || !sqns_modem_is_at_tty (modem))
        return FALSE;
      real_node = real_path (node);
      return g_str_equal (real_node, real);
    case BY_SHORT_TTY:
      short_name = g_path_get_basename (node != NULL ? node : "");
      return sqns_modem_is_at_tty (modem) && g_str_equal (short_name, ref);
    }
  return FALSE;
}

static SqnsDbusModem *
add_port (SqnsConnection *conn, const char *path, GError **error)
{
  g_autofree char *object = NULL;
  g_autoptr (GError) local = NULL;
  if (!sqns_dbus_manager_call_add_port_sync (conn->manager, path, sqns_no_options (), sqns_connection_flags (conn),
                                             sqns_connection_long_timeout (conn), &object, NULL, &local))
    {
      /* FAILED: it is no tty; nothing is wrong with a modem */
      if (g_error_matches (local, SQNS_ERROR, SQNS_ERROR_FAILED) && g_dbus_error_strip_remote_error (local))
        local->code = SQNS_ERROR_NOT_FOUND;
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  return sqns_connection_read_modem (conn, object, error);
}

/* The modem of the jobs with that label, NULL with *@n_found other than 1. */
static SqnsDbusModem *
find_by_label (SqnsConnection *conn, GPtrArray *modems, const char *label, guint *n_found)
{
  g_autoptr (GPtrArray) jobs = sqns_connection_jobs (conn);
  SqnsDbusModem *found = NULL;

  *n_found = 0;
  for (guint i = 0; i < modems->len; i++)
    for (guint j = 0; j < jobs->len; j++)
      if (g_strcmp0 (sqns_dbus_job_get_label (jobs->pdata[j]), label) == 0
          && g_strcmp0 (sqns_dbus_job_get_modem (jobs->pdata[j]), sqns_path (modems->pdata[i])) == 0)
        {
          found = modems->pdata[i];
          ++*n_found;
          break;
        }
  return *n_found == 1 ? g_object_ref (found) : NULL;
}

/* "ttyUSB0" typed in /dev is a path, too. */
static gboolean
is_tty_here (const char *ref)
{
  struct stat st;
  return stat (ref, &st) == 0 && S_ISCHR (st.st_mode);
}

static SqnsDbusModem *
refuse_many (const char *ref, guint n, const char *what, GError **error)
{
  g_autofree char *shown = sqns_clean_line (ref, -1);
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND,
               "%s'%s' means %u boards: name one by its id (see: sqnsctl list)", what, shown, n);
  return NULL;
}

/* The only board that was seen at this tty and is gone, NULL: there is none, or more than one. */
static SqnsDbusModem *
find_remembered (GPtrArray *modems, const char *ref)
{
  SqnsDbusModem *found = NULL;
  for (guint i = 0; i < modems->len; i++)
    {
      const char *node = sqns_dbus_modem_get_dev_node (modems->pdata[i]);
      g_autofree char *short_name = g_path_get_basename (node != NULL ? node : "");
      if (sqns_modem_is_at_tty (modems->pdata[i]) || (g_strcmp0 (node, ref) != 0 && !g_str_equal (short_name, ref)))
        continue;
      if (found != NULL)
        return NULL;
      found = modems->pdata[i];
    }
  return found;
}

/* Of an error that says that nothing is there. */
static void
tell_remembered (GPtrArray *modems, const char *ref, GError **error)
{
  SqnsDbusModem *gone = find_remembered (modems, ref);
  if (gone == NULL || error == NULL || *error == NULL || sqns_exit_from_error (*error) != SQNS_EXIT_NOT_FOUND)
    return;
  g_autofree char *id = sqns_clean_line (sqns_dbus_modem_get_id (gone), -1);
  g_autofree char *words
      = g_strdup_printf ("; the board that was there is not plugged in: name it by its id, '%s'", id);
  g_autofree char *before = (*error)->message;
  (*error)->message = g_strconcat (before, words, NULL);
}

/* Among what the daemon knows already. NULL without @error: none is called so. */
static SqnsDbusModem *
find_known (SqnsConnection *conn, GPtrArray *modems, const char *ref, const char *real, GError **error)
{
  guint n_found = 0;
  for (guint criterion = 0; criterion < N_CRITERIA; criterion++)
    {
      SqnsDbusModem *found = NULL;
      for (guint i = 0; i < modems->len; i++)
        if (matches (modems->pdata[i], (Criterion)criterion, ref, real))
          {
            found = modems->pdata[i];
            n_found++;
          }
      if (n_found == 1)
        return g_object_ref (found);
      if (n_found > 1)
        return refuse_many (ref, n_found, "", error);
    }
  SqnsDbusModem *labelled = *ref != '\0' ? find_by_label (conn, modems, ref, &n_found) : NULL;
  return n_found > 1 ? refuse_many (ref, n_found, "the label ", error) : labelled;
}

SqnsDbusModem *
sqns_modem_ref_find (SqnsConnection *conn, const char *ref, GError **error)
{
  g_autoptr (GPtrArray) modems = sqns_connection_modems (conn);
  gboolean is_path = strchr (ref, '/') != NULL || (conn->ctl->host == NULL && is_tty_here (ref));
  /* Links are ours to follow only where the tty is on this machine. */
  g_autofree char *real = is_path && conn->ctl->host == NULL ? real_path (ref) : g_strdup (is_path ? ref : NULL);
  GError *local = NULL;

  SqnsDbusModem *found = find_known (conn, modems, ref, real, &local);
  if (found != NULL)
    return found;
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }
  /* by the name that was typed: /dev/serial/by-id/... is still that board's when it comes back as another tty */
  g_autofree char *absolute = conn->ctl->host == NULL ? g_canonicalize_filename (ref, NULL) : g_strdup (ref);
  if (is_path && !g_str_has_prefix (ref, SQNS_BUS_PATH "/") && g_utf8_validate (absolute, -1, NULL))
    {
      found = add_port (conn, absolute, error);
      if (found == NULL)
        tell_remembered (modems, absolute, error);
      return found;
    }
  if (sqns_identity_is_imei (ref))
    return sqns_imei_search (conn, modems, ref, error);
  g_autofree char *shown = sqns_clean_line (ref, -1);
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "no board '%s' (see: sqnsctl list)", shown);
  tell_remembered (modems, ref, error);
  return NULL;
}

static gboolean
already_there (GPtrArray *modems, SqnsDbusModem *modem)
{
  for (guint i = 0; i < modems->len; i++)
    if (g_strcmp0 (sqns_path (modems->pdata[i]), sqns_path (modem)) == 0)
      return TRUE;
  return FALSE;
}

GPtrArray *
sqns_modem_ref_resolve (SqnsConnection *conn, char *const *refs, guint n_refs, gboolean all, GError **error)
{
  g_autoptr (GPtrArray) modems = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n_refs; i++)
    {
      g_autoptr (SqnsDbusModem) modem = sqns_modem_ref_find (conn, refs[i], error);
      if (modem == NULL)
        return NULL;
      if (!already_there (modems, modem))
        g_ptr_array_add (modems, g_steal_pointer (&modem));
    }
  if (all)
    {
      g_autoptr (GPtrArray) known = sqns_connection_modems (conn);
      for (guint i = 0; i < known->len; i++)
        if (sqns_dbus_modem_get_present (known->pdata[i]) && !already_there (modems, known->pdata[i]))
          g_ptr_array_add (modems, g_object_ref (known->pdata[i]));
    }
  if (modems->len == 0)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "no board is there: plug one in, or name its tty");
      return NULL;
    }
  return g_steal_pointer (&modems);
}
