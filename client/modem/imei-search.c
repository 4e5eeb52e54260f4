/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identify on all boards. */
#include "client/modem/imei-search.h"
#include "client/modem/name.h"
#include "codec/identity.h"

#define KEY "sqns-imei" /* of a proxy: what its modem told, "" nothing */

typedef struct {
  guint pending;
  GString *mute; /* boards that could not be asked, and why */
  GError *denied;
} Search;

static void
note_mute (Search *search, SqnsDbusModem *modem, const char *why)
{
  g_autofree char *name = sqns_modem_name (modem);
  g_string_append_printf (search->mute, "; %s could not be asked: %s", name, why);
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
  note_mute (search, SQNS_DBUS_MODEM (source), error->message);
}

static void
ask (SqnsConnection *conn, GPtrArray *modems, Search *search)
{
  for (guint i = 0; i < modems->len; i++)
    {
      SqnsDbusModem *modem = modems->pdata[i];
      if (!sqns_dbus_modem_get_present (modem) || g_object_get_data (G_OBJECT (modem), KEY) != NULL)
        continue;
      if (g_strcmp0 (sqns_dbus_modem_get_current_job (modem), "/") != 0)
        {
          note_mute (search, modem, "a job runs on it");
          continue;
        }
      sqns_dbus_modem_call_identify (modem, sqns_no_options (), sqns_connection_flags (conn),
                                     sqns_connection_long_timeout (conn), NULL, on_identified, search);
      search->pending++;
    }
  if (search->pending > 0)
    sqns_ctl_remark (conn->ctl, "asking %u %s for the IMEI", search->pending,
                     search->pending == 1 ? "board" : "boards");
  while (search->pending > 0) /* each call has its deadline */
    g_main_context_iteration (NULL, TRUE);
}

static SqnsDbusModem *
choose (GPtrArray *modems, const char *imei, const char *mute, GError **error)
{
  SqnsDbusModem *found = NULL;
  guint n_found = 0;

  for (guint i = 0; i < modems->len; i++)
    {
      const char *told = g_object_get_data (modems->pdata[i], KEY);
      if (told == NULL || !sqns_identity_same_imei (told, imei))
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
                 mute);
  return NULL;
}

SqnsDbusModem *
sqns_imei_search (SqnsConnection *conn, GPtrArray *modems, const char *imei, GError **error)
{
  g_autoptr (GString) mute = g_string_new (NULL);
  Search search = { .mute = mute };

  ask (conn, modems, &search);
  g_autoptr (GError) denied = search.denied;
  g_autoptr (GError) local = NULL;
  SqnsDbusModem *found = choose (modems, imei, mute->str, &local);
  if (found == NULL)
    g_propagate_error (error, denied != NULL ? g_steal_pointer (&denied) : g_steal_pointer (&local));
  return found;
}
