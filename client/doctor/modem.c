/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gathers facts about a board and its modem. */
#include "client/doctor/modem.h"

#include "client/job/state.h"
#include "common/version.h"

static const char *
copy (const char *text)
{
  return g_intern_string (text != NULL ? text : "");
}

static void
set_job (SqnsModemFacts *facts, SqnsConnection *conn, SqnsDbusModem *modem)
{
  const char *path = sqns_dbus_modem_get_current_job (modem);
  if (path == NULL || g_str_equal (path, "/"))
    return;
  g_autoptr (SqnsDbusJob) job = sqns_connection_read_job (conn, path, NULL);
  if (job == NULL || sqns_job_state_ended (sqns_job_state (job)))
    return;
  facts->job = sqns_intern_take (g_strdup_printf (SQNS_SHORT_UUID, sqns_dbus_job_get_uuid (job)));
  const char *hand = sqns_job_user_action (job);
  facts->job_needs_user = hand != NULL;
  facts->job_message = copy (hand != NULL ? hand : sqns_dbus_job_get_message (job));
  facts->job_power = sqns_job_power (job, modem);
}

/* An interrupted job is not the modem's current job. */
static void
set_interrupted_job (SqnsModemFacts *facts, SqnsConnection *conn, SqnsDbusModem *modem)
{
  g_autoptr (GPtrArray) jobs = sqns_connection_jobs (conn);
  for (guint i = 0; i < jobs->len && facts->job == NULL && facts->interrupted == NULL; i++)
    {
      SqnsDbusJob *job = jobs->pdata[i];
      if (sqns_job_state (job) != SQNS_JOB_INTERRUPTED
          || g_strcmp0 (sqns_dbus_job_get_modem (job), sqns_path (modem)) != 0)
        continue;
      facts->interrupted = sqns_intern_take (g_strdup_printf (SQNS_SHORT_UUID, sqns_dbus_job_get_uuid (job)));
      facts->interrupted_message = copy (sqns_dbus_job_get_message (job));
      facts->interrupted_safe = sqns_dbus_job_get_safe (job);
      facts->interrupted_needs_resume = sqns_job_needs_resume (job);
    }
}

static gboolean
version_of (GVariant *versions, const char *name, SqnsVersion *version)
{
  const char *text;
  *version = (SqnsVersion){ 0 };
  return versions != NULL && g_variant_lookup (versions, name, "&s", &text) && sqns_version_parse (text, -1, version);
}

/* A release writes boot loader and firmware: a newer boot loader is the sign of an upgrade that did not take
 * (field-failures.md §2.3: Software 33988, Bootloader2 39529). */
static void
set_versions (SqnsModemFacts *facts, GVariant *versions)
{
  static const char *const loaders[] = { "bootloader1", "bootloader2" };
  SqnsVersion rom, software, loader;

  if (version_of (versions, "bootloader0", &rom))
    facts->boot_rom = rom.build;
  if (!version_of (versions, "software", &software))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (loaders) && facts->newer == NULL; i++)
    if (version_of (versions, loaders[i], &loader) && sqns_version_family (&loader) == sqns_version_family (&software)
        && sqns_version_compare (&loader, &software) > 0)
      facts->newer = sqns_intern_take (sqns_version_format (&loader));
}

SqnsModemFacts
sqns_doctor_modem_facts (SqnsConnection *conn, SqnsDbusModem *modem, gboolean brief)
{
  const char *const *blockers = sqns_dbus_modem_get_blockers (modem);
  SqnsModemFacts facts = {
    .brief = brief,
    .port = copy (sqns_dbus_modem_get_dev_node (modem)),
    .board = copy (sqns_dbus_modem_get_board (modem)),
    .firmware = copy (sqns_dbus_modem_get_board_firmware (modem)),
    .flags = sqns_board_flags_from_names (sqns_dbus_modem_get_board_notes (modem)),
    .link = copy (sqns_dbus_modem_get_link (modem)),
    .version = copy (sqns_dbus_modem_get_firmware_version (modem)),
    .family = copy (sqns_dbus_modem_get_family (modem)),
    .last_error = copy (sqns_dbus_modem_get_last_error (modem)),
    .blockers = blockers != NULL ? sqns_intern_take (g_strjoinv ("; ", (char **)blockers)) : "",
  };

  if (!sqns_modem_state_from_name (sqns_dbus_modem_get_state (modem), &facts.state))
    facts.state = SQNS_MODEM_UNKNOWN;
  set_versions (&facts, sqns_dbus_modem_get_versions (modem));
  set_job (&facts, conn, modem);
  set_interrupted_job (&facts, conn, modem);
  return facts;
}

static void
set_failure (SqnsModemFacts *facts, GError *error)
{
  g_autofree char *name = sqns_exit_error_name (error);
  facts->asked = SQNS_ASKED_IN_VAIN;
  /* a D-Bus call that timed out says nothing about the modem, though the error has the same name */
  facts->by_daemon = g_dbus_error_is_remote_error (error) && sqns_error_from_name (name, &facts->code);
  facts->exit = sqns_exit_from_name (name);
  g_dbus_error_strip_remote_error (error);
  facts->error = g_intern_string (error->message);
}

SqnsModemFacts
sqns_doctor_ask_modem (SqnsConnection *conn, SqnsDbusModem **modem)
{
  SqnsModemFacts facts = sqns_doctor_modem_facts (conn, *modem, FALSE);
  g_autoptr (GError) error = NULL;

  if (facts.job != NULL || facts.state == SQNS_MODEM_GONE)
    return facts;
  gboolean asked = sqns_dbus_modem_call_refresh_sync (*modem, sqns_no_options (), sqns_connection_flags (conn),
                                                      sqns_connection_long_timeout (conn), NULL, &error);
  g_autoptr (SqnsDbusModem) after = sqns_connection_read_modem (conn, sqns_path (*modem), NULL);
  if (after != NULL)
    g_set_object (modem, after);
  facts = sqns_doctor_modem_facts (conn, *modem, FALSE);
  facts.asked = SQNS_ASKED_WELL;
  if (!asked)
    set_failure (&facts, error);
  return facts;
}
