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
  BY_LABEL, /* of a job on it */
  BY_IMEI,
  REMEMBERED, /* it was at that tty, and is gone */
  NOT_MEANT,
} Rank;

typedef struct {
  SqnsConnection *conn;
  GPtrArray *modems, *jobs; /* all known ones */
  const char *ref;
  const char *absolute; /* @ref as a path */
  const char *real;     /* without links; NULL: it is no path */
  guint pending;        /* boards that are being asked for the IMEI */
  GString *unasked;     /* boards that could not be asked, and why */
  GError *denied;
} Search;

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

static gboolean
has_label (const Search *search, SqnsDbusModem *modem)
{
  for (guint i = 0; *search->ref != '\0' && i < search->jobs->len; i++)
    if (g_strcmp0 (sqns_dbus_job_get_label (search->jobs->pdata[i]), search->ref) == 0
        && g_strcmp0 (sqns_dbus_job_get_modem (search->jobs->pdata[i]), sqns_path (modem)) == 0)
      return TRUE;
  return FALSE;
}

static Rank
rank_of (const Search *search, SqnsDbusModem *modem)
{
  const char *node = sqns_dbus_modem_get_dev_node (modem);
  const char *imei = g_object_get_data (G_OBJECT (modem), KEY);
  gboolean there = node != NULL && is_at_tty (modem);
  g_autofree char *short_name = g_path_get_basename (node != NULL ? node : "");
  g_autofree char *real_node = there && search->real != NULL ? real_path (node) : NULL;

  if (g_strcmp0 (sqns_path (modem), search->ref) == 0)
    return BY_OBJECT;
  if (g_strcmp0 (sqns_dbus_modem_get_id (modem), search->ref) == 0)
    return BY_ID;
  if (there && g_str_equal (node, search->ref))
    return BY_TTY;
  if (real_node != NULL && g_str_equal (real_node, search->real))
    return BY_REAL_TTY;
  if (there && g_str_equal (short_name, search->ref))
    return BY_SHORT_TTY;
  if (has_label (search, modem))
    return BY_LABEL;
  if (imei != NULL && sqns_identity_same_imei (imei, search->ref))
    return BY_IMEI;
  return !there && (g_strcmp0 (node, search->absolute) == 0 || g_str_equal (short_name, search->ref)) ? REMEMBERED
                                                                                                      : NOT_MEANT;
}

/* The best match, and in *@n how many match as well. */
static SqnsDbusModem *
find_best (const Search *search, Rank *best, guint *n)
{
  SqnsDbusModem *found = NULL;

  *best = NOT_MEANT;
  *n = 0;
  for (guint i = 0; i < search->modems->len; i++)
    {
      Rank rank = rank_of (search, search->modems->pdata[i]);
      if (rank == NOT_MEANT || rank > *best)
        continue;
      *n = rank < *best ? 1 : *n + 1;
      *best = rank;
      found = search->modems->pdata[i];
    }
  return found;
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

/* "ttyUSB0" typed in /dev is a path, too. */
static gboolean
is_tty_here (const char *ref)
{
  struct stat st;
  return stat (ref, &st) == 0 && S_ISCHR (st.st_mode);
}

/* --- by the IMEI --- */

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

/* Asks all boards that are present and have no job, at the same time, since the daemon stores no IMEI. That interrupts
 * programs on the boards. Each modem is asked once per run of sqnsctl. */
static void
ask_all (Search *search)
{
  SqnsConnection *conn = search->conn;
  for (guint i = 0; i < search->modems->len; i++)
    {
      SqnsDbusModem *modem = search->modems->pdata[i];
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

/* --- all of it --- */

static void
set_not_found (const Search *search, Rank rank, guint n, GError **error)
{
  g_autofree char *shown = sqns_clean_line (search->ref, -1);
  if (n > 1 && rank == BY_IMEI)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "%u boards tell the IMEI %s: name one by its id", n, shown);
  else if (n > 1 && rank < BY_IMEI)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND,
                 "%s'%s' means %u boards: name one by its id (see: sqnsctl list)", rank == BY_LABEL ? "the label " : "",
                 shown, n);
  else if (sqns_identity_is_imei (search->ref))
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "no board tells the IMEI %s%s (see: sqnsctl list)", shown,
                 search->unasked->str);
  else
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "no board '%s' (see: sqnsctl list)", shown);
}

SqnsDbusModem *
sqns_modem_ref_find (SqnsConnection *conn, const char *ref, GError **error)
{
  g_autoptr (GPtrArray) modems = sqns_connection_modems (conn);
  g_autoptr (GPtrArray) jobs = sqns_connection_jobs (conn);
  g_autoptr (GString) unasked = g_string_new (NULL);
  /* Links are followed only when the tty is on this machine. */
  gboolean here = conn->ctl->host == NULL;
  gboolean is_path = strchr (ref, '/') != NULL || (here && is_tty_here (ref));
  g_autofree char *real = here && is_path ? real_path (ref) : g_strdup (is_path ? ref : NULL);
  /* under the name that was typed: /dev/serial/by-id/... stays the board's when it comes back as another tty */
  g_autofree char *absolute = here ? g_canonicalize_filename (ref, NULL) : g_strdup (ref);
  Search search = {
    .conn = conn, .modems = modems, .jobs = jobs, .ref = ref, .absolute = absolute, .real = real, .unasked = unasked
  };
  g_autoptr (GError) local = NULL;
  SqnsDbusModem *added = NULL;
  Rank rank;
  guint n;
  SqnsDbusModem *found = find_best (&search, &rank, &n);

  if (n == 0 && !is_path && sqns_identity_is_imei (ref))
    {
      ask_all (&search);
      found = find_best (&search, &rank, &n);
    }
  g_autoptr (GError) denied = search.denied;
  if (n == 1 && rank != REMEMBERED)
    return g_object_ref (found);
  if ((n == 0 || rank == REMEMBERED) && is_path && !g_str_has_prefix (ref, SQNS_BUS_PATH "/")
      && g_utf8_validate (absolute, -1, NULL))
    added = add_port (conn, absolute, &local);
  else if (denied != NULL)
    local = g_steal_pointer (&denied);
  else
    set_not_found (&search, rank, n, &local);
  if (local == NULL)
    return added;
  if (n == 1 && sqns_exit_from_error (local) == SQNS_EXIT_NOT_FOUND)
    {
      g_autofree char *id = sqns_clean_line (sqns_dbus_modem_get_id (found), -1);
      g_autofree char *before = local->message;
      local->message
          = g_strdup_printf ("%s; the board that was there is not plugged in: name it by its id, '%s'", before, id);
    }
  g_propagate_error (error, g_steal_pointer (&local));
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
