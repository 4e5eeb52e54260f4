/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the modem that a person names. */
#include "client/modem/ref.h"
#include "codec/identity.h"

#include "common/clean.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY "sqns-imei" /* data of a proxy: its modem's IMEI, "" none */

/* Most exact first: a board whose id happens to look like another's tty is found by its id. */
typedef enum {
  BY_OBJECT,
  BY_ID,
  BY_TTY,
  BY_REAL_TTY, /* /dev/serial/by-id/... */
  BY_SHORT_TTY,
  NOT_MEANT,
} Rank;

/* A board that is gone is known by its id only: another one may be at its tty by now. A port that was added by hand is
 * always its tty. */
static gboolean
is_at_tty (SqnsDbusModem *modem)
{
  return sqns_dbus_modem_get_present (modem) || sqns_dbus_modem_get_vendor_id (modem) == 0;
}

char *
sqns_modem_name (SqnsDbusModem *modem)
{
  const char *node = sqns_dbus_modem_get_dev_node (modem);
  g_autofree char *name = NULL;
  if (node != NULL && *node != '\0' && is_at_tty (modem))
    {
      /* A pseudo-terminal's own name is a bare number. */
      name = g_str_has_prefix (node, "/dev/pts/") ? g_strdup (node + strlen ("/dev/")) : g_path_get_basename (node);
      return sqns_clean_line (name, -1);
    }
  return sqns_clean_line (sqns_dbus_modem_get_id (modem), -1);
}

static char *
real_path (const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  char *resolved = realpath (absolute, NULL);
  return resolved != NULL ? resolved : g_steal_pointer (&absolute);
}

static Rank
rank_of (SqnsDbusModem *modem, const char *ref, const char *real)
{
  const char *node = sqns_dbus_modem_get_dev_node (modem);

  if (g_strcmp0 (sqns_path (modem), ref) == 0)
    return BY_OBJECT;
  if (g_strcmp0 (sqns_dbus_modem_get_id (modem), ref) == 0)
    return BY_ID;
  if (node == NULL || !is_at_tty (modem))
    return NOT_MEANT;
  if (g_str_equal (node, ref))
    return BY_TTY;
  g_autofree char *real_node = real != NULL ? real_path (node) : NULL;
  if (real_node != NULL && g_str_equal (real_node, real))
    return BY_REAL_TTY;
  g_autofree char *short_name = g_path_get_basename (node);
  return g_str_equal (short_name, ref) ? BY_SHORT_TTY : NOT_MEANT;
}

static SqnsDbusModem *
add_port (SqnsConnection *conn, const char *path, GError **error)
{
  g_autofree char *object = NULL;
  g_autoptr (GError) local = NULL;
  if (!sqns_dbus_manager_call_add_port_sync (conn->manager, path, sqns_no_options (), sqns_connection_flags (conn),
                                             sqns_connection_long_timeout (conn), &object, NULL, &local))
    {
      /* FAILED means that it is no tty */
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

/* The only board that was at this tty and is gone; NULL: none, or more than one. */
static SqnsDbusModem *
find_remembered (GPtrArray *modems, const char *ref)
{
  SqnsDbusModem *found = NULL;
  for (guint i = 0; i < modems->len; i++)
    {
      const char *node = sqns_dbus_modem_get_dev_node (modems->pdata[i]);
      g_autofree char *short_name = g_path_get_basename (node != NULL ? node : "");
      if (is_at_tty (modems->pdata[i]) || (g_strcmp0 (node, ref) != 0 && !g_str_equal (short_name, ref)))
        continue;
      if (found != NULL)
        return NULL;
      found = modems->pdata[i];
    }
  return found;
}

/* Extends a NOT_FOUND error. */
static void
append_remembered (GPtrArray *modems, const char *ref, GError **error)
{
  SqnsDbusModem *gone = find_remembered (modems, ref);
  if (gone == NULL || error == NULL || *error == NULL || sqns_exit_from_error (*error) != SQNS_EXIT_NOT_FOUND)
    return;
  g_autofree char *id = sqns_clean_line (sqns_dbus_modem_get_id (gone), -1);
  g_autofree char *hint = g_strdup_printf ("; the board that was there is not plugged in: name it by its id, '%s'", id);
  g_autofree char *before = (*error)->message;
  (*error)->message = g_strconcat (before, hint, NULL);
}

/* Among the modems that the daemon knows. NULL without @error: none has that name. */
static SqnsDbusModem *
find_known (SqnsConnection *conn, GPtrArray *modems, const char *ref, const char *real, GError **error)
{
  SqnsDbusModem *found = NULL;
  Rank best = NOT_MEANT;
  guint n_found = 0;

  for (guint i = 0; i < modems->len; i++)
    {
      Rank rank = rank_of (modems->pdata[i], ref, real);
      if (rank == NOT_MEANT || rank > best)
        continue;
      n_found = rank < best ? 1 : n_found + 1;
      best = rank;
      found = modems->pdata[i];
    }
  if (n_found > 1)
    return refuse_many (ref, n_found, "", error);
  if (n_found == 1)
    return g_object_ref (found);
  found = *ref != '\0' ? find_by_label (conn, modems, ref, &n_found) : NULL;
  return n_found > 1 ? refuse_many (ref, n_found, "the label ", error) : found;
}

/* --- by the IMEI --- */

typedef struct {
  guint pending;
  GString *unasked; /* boards that could not be asked, and why */
  GError *denied;
} Search;

static void
add_unasked (Search *search, SqnsDbusModem *modem, const char *why)
{
  g_autofree char *name = sqns_modem_name (modem);
  g_string_append_printf (search->unasked, "; %s could not be asked: %s", name, why);
}

static void
on_identified (GObject *source, GAsyncResult *result, gpointer data)
{
  Search *search = data;
  g_autoptr (GVariant) identity = NULL;
  g_autoptr (GError) error = NULL;
  const char *imei = "";

  search->pending--;
  if (sqns_dbus_modem_call_identify_finish (SQNS_DBUS_MODEM (source), &identity, result, &error))
    {
      g_variant_lookup (identity, "imei", "&s", &imei);
      g_object_set_data_full (source, KEY, g_strdup (imei), g_free);
      return;
    }
  if (sqns_exit_from_error (error) == SQNS_EXIT_NOT_ALLOWED && search->denied == NULL)
    search->denied = g_error_copy (error);
  g_dbus_error_strip_remote_error (error);
  add_unasked (search, SQNS_DBUS_MODEM (source), error->message);
}

static void
ask_all (SqnsConnection *conn, GPtrArray *modems, Search *search)
{
  for (guint i = 0; i < modems->len; i++)
    {
      SqnsDbusModem *modem = modems->pdata[i];
      if (!sqns_dbus_modem_get_present (modem) || g_object_get_data (G_OBJECT (modem), KEY) != NULL)
        continue;
      if (g_strcmp0 (sqns_dbus_modem_get_current_job (modem), "/") != 0)
        {
          add_unasked (search, modem, "a job runs on it");
          continue;
        }
      sqns_dbus_modem_call_identify (modem, sqns_no_options (), sqns_connection_flags (conn),
                                     sqns_connection_long_timeout (conn), NULL, on_identified, search);
      search->pending++;
    }
  if (search->pending > 0)
    sqns_ctl_remark (conn->ctl, "asking %u %s for the IMEI", search->pending,
                     search->pending == 1 ? "board" : "boards");
  while (search->pending > 0) /* each call has a deadline */
    g_main_context_iteration (NULL, TRUE);
}

static SqnsDbusModem *
choose (GPtrArray *modems, const char *imei, const char *unasked, GError **error)
{
  SqnsDbusModem *found = NULL;
  guint n_found = 0;

  for (guint i = 0; i < modems->len; i++)
    {
      const char *known_imei = g_object_get_data (modems->pdata[i], KEY);
      if (known_imei == NULL || !sqns_identity_same_imei (known_imei, imei))
        continue;
      found = modems->pdata[i];
      n_found++;
    }
  if (n_found == 1)
    return g_object_ref (found);
  if (n_found > 1)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "%u boards tell the IMEI %s: name one by its id", n_found,
                 imei);
  else
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "no board tells the IMEI %s%s (see: sqnsctl list)", imei,
                 unasked);
  return NULL;
}

/* Asks all boards that are present and have no job, at the same time, since the daemon stores no IMEI. That interrupts
 * programs on the boards. Each modem is asked once per run of sqnsctl. */
static SqnsDbusModem *
find_by_imei (SqnsConnection *conn, GPtrArray *modems, const char *imei, GError **error)
{
  g_autoptr (GString) unasked = g_string_new (NULL);
  Search search = { .unasked = unasked };

  ask_all (conn, modems, &search);
  g_autoptr (GError) denied = search.denied;
  g_autoptr (GError) local = NULL;
  SqnsDbusModem *found = choose (modems, imei, unasked->str, &local);
  if (found == NULL)
    g_propagate_error (error, denied != NULL ? g_steal_pointer (&denied) : g_steal_pointer (&local));
  return found;
}

/* --- all of it --- */

SqnsDbusModem *
sqns_modem_ref_find (SqnsConnection *conn, const char *ref, GError **error)
{
  g_autoptr (GPtrArray) modems = sqns_connection_modems (conn);
  gboolean is_path = strchr (ref, '/') != NULL || (conn->ctl->host == NULL && is_tty_here (ref));
  /* Links are followed only when the tty is on this machine. */
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
  /* under the name that was typed: /dev/serial/by-id/... stays the board's when it comes back as another tty */
  g_autofree char *absolute = conn->ctl->host == NULL ? g_canonicalize_filename (ref, NULL) : g_strdup (ref);
  if (is_path && !g_str_has_prefix (ref, SQNS_BUS_PATH "/") && g_utf8_validate (absolute, -1, NULL))
    {
      found = add_port (conn, absolute, error);
      if (found == NULL)
        append_remembered (modems, absolute, error);
      return found;
    }
  if (sqns_identity_is_imei (ref))
    return find_by_imei (conn, modems, ref, error);
  g_autofree char *shown = sqns_clean_line (ref, -1);
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "no board '%s' (see: sqnsctl list)", shown);
  append_remembered (modems, ref, error);
  return NULL;
}

GPtrArray *
sqns_modem_ref_resolve (SqnsConnection *conn, char *const *refs, guint n_refs, gboolean all, GError **error)
{
  g_autoptr (GPtrArray) modems = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) known = sqns_connection_modems (conn);

  for (guint i = 0; i < n_refs; i++)
    {
      g_autoptr (SqnsDbusModem) modem = sqns_modem_ref_find (conn, refs[i], error);
      if (modem == NULL)
        return NULL;
      sqns_add_once (modems, modem);
    }
  for (guint i = 0; all && i < known->len; i++)
    if (sqns_dbus_modem_get_present (known->pdata[i]))
      sqns_add_once (modems, known->pdata[i]);
  if (modems->len > 0)
    return g_steal_pointer (&modems);
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "no board is there: plug one in, or name its tty");
  return NULL;
}
