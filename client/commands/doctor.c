/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl doctor: why something does not work, and what to do about it. */
#include "client/commands/commands.h"
#include "client/doctor/host.h"
#include "client/doctor/modem.h"
#include "client/doctor/report.h"
#include "client/modem/ref.h"

typedef struct {
  SqnsCtl *ctl;
  const char *name;     /* MODEM, nullable */
  SqnsConnection *conn; /* nullable */
  SqnsHostFacts *host;
  GPtrArray *modems;   /* SqnsDbusModem: the one that was named, or all */
  GPtrArray *findings; /* SqnsFinding */
} Doctor;

static void
open_bus (Doctor *doctor)
{
  g_autoptr (GError) error = NULL;
  SqnsHostFacts *host = doctor->host;

  doctor->conn = sqns_connection_open (doctor->ctl, &error);
  if (doctor->conn != NULL)
    {
      host->daemon_version = g_intern_string (sqns_dbus_manager_get_version (doctor->conn->manager));
      if (host->daemon_version == NULL)
        host->daemon_version = "unknown";
      return;
    }
  host->daemon = sqns_exit_from_error (error) == SQNS_EXIT_NOT_ALLOWED ? SQNS_DAEMON_DENIED : SQNS_DAEMON_MISSING;
  g_dbus_error_strip_remote_error (error);
  host->daemon_error = g_intern_string (error->message);
}

/* The modems to examine. A missing one is a finding, and the findings under USB often say why. */
static void
find_modems (Doctor *doctor)
{
  g_autoptr (GError) error = NULL;

  if (doctor->conn == NULL)
    return;
  if (doctor->name == NULL)
    {
      g_clear_pointer (&doctor->modems, g_ptr_array_unref);
      doctor->modems = sqns_connection_modems (doctor->conn);
      return;
    }
  SqnsDbusModem *modem = sqns_modem_ref_find (doctor->conn, doctor->name, &error);
  if (modem != NULL)
    {
      g_ptr_array_add (doctor->modems, modem);
      return;
    }
  g_dbus_error_strip_remote_error (error);
  sqns_doctor_judge_missing (doctor->name, error->message, doctor->findings);
}

/* "ttyUSB0" without a folder is one, too. NULL: it is no port. */
static const char *
port_as_named (const char *name)
{
  if (g_str_has_prefix (name, "/dev/"))
    return g_intern_string (name);
  return g_str_has_prefix (name, "tty") ? sqns_intern_take (g_build_filename ("/dev", name, NULL)) : NULL;
}

static void
look_at_host (Doctor *doctor)
{
  SqnsHostFacts *host = doctor->host;
  int pid = doctor->conn != NULL ? sqns_connection_daemon_pid (doctor->conn) : 0;

  host->own_daemon = doctor->ctl->session || doctor->ctl->bus != NULL;
  host->mm = sqns_doctor_look_for_mm ();
  sqns_doctor_look_at_usb (host);
  if (doctor->name != NULL)
    {
      SqnsDbusModem *modem = doctor->modems->len > 0 ? doctor->modems->pdata[0] : NULL;
      host->only_port
          = modem != NULL ? g_intern_string (sqns_dbus_modem_get_dev_node (modem)) : port_as_named (doctor->name);
      /* another board may be at the tty of one that is gone */
      if (host->only_port != NULL && (modem == NULL || sqns_dbus_modem_get_present (modem)))
        sqns_doctor_look_at_port (host, host->only_port, pid);
      return;
    }
  for (guint i = 0; i < host->usb->len; i++)
    if (((SqnsUsbFacts *)host->usb->pdata[i])->port != NULL)
      sqns_doctor_look_at_port (host, ((SqnsUsbFacts *)host->usb->pdata[i])->port, pid);
  for (guint i = 0; i < doctor->modems->len; i++)
    if (sqns_dbus_modem_get_present (doctor->modems->pdata[i]))
      sqns_doctor_look_at_port (host, sqns_dbus_modem_get_dev_node (doctor->modems->pdata[i]), pid);
}

static SqnsModemFacts
look_at_modem (Doctor *doctor, guint i, gboolean ask)
{
  SqnsDbusModem **modem = (SqnsDbusModem **)&doctor->modems->pdata[i];
  if (!ask)
    return sqns_doctor_modem_facts (doctor->conn, *modem, doctor->name == NULL);
  g_autofree char *name = sqns_modem_name (*modem);
  if (sqns_dbus_modem_get_present (*modem) && g_strcmp0 (sqns_dbus_modem_get_current_job (*modem), "/") == 0)
    sqns_ctl_remark (doctor->ctl, "asking the board %s, which interrupts a program that runs on it", name);
  return sqns_doctor_ask_modem (doctor->conn, modem);
}

/* By subject, each board with its modem; g_ptr_array_sort() is stable, so that the order within a subject stays. */
static int
compare_findings (gconstpointer a, gconstpointer b)
{
  const SqnsFinding *const one = *(SqnsFinding *const *)a;
  const SqnsFinding *const other = *(SqnsFinding *const *)b;
  gboolean together = one->subject >= SQNS_SUBJECT_BOARD && other->subject >= SQNS_SUBJECT_BOARD;
  int order = together ? g_strcmp0 (one->port, other->port) : 0;
  return order != 0 ? order : (int)one->subject - (int)other->subject;
}

static void
examine (Doctor *doctor, gboolean refresh)
{
  open_bus (doctor);
  find_modems (doctor);
  if (doctor->ctl->host != NULL)
    doctor->host->other_host = g_intern_string (doctor->ctl->host);
  else
    look_at_host (doctor);
  g_autofree SqnsModemFacts *facts = g_new (SqnsModemFacts, doctor->modems->len);
  for (guint i = 0; i < doctor->modems->len; i++)
    facts[i] = look_at_modem (doctor, i, refresh && doctor->name != NULL);
  sqns_doctor_look_again (doctor->host);

  sqns_doctor_judge_host (doctor->host, doctor->findings);
  for (guint i = 0; i < doctor->modems->len; i++)
    sqns_doctor_judge_modem (&facts[i], doctor->findings);
  g_ptr_array_sort (doctor->findings, compare_findings);
}

static void
print_json (Doctor *doctor)
{
  JsonNode *root = sqns_json_document_new ();
  JsonObject *document = json_node_get_object (root);

  if (doctor->name == NULL)
    json_object_set_member (document, "modems", sqns_json_from_proxies (doctor->modems));
  else if (doctor->modems->len > 0)
    json_object_set_member (document, "modem", sqns_json_from_proxy (doctor->modems->pdata[0]));
  else
    json_object_set_null_member (document, "modem");
  json_object_set_member (document, "findings", sqns_doctor_json (doctor->findings));
  sqns_ctl_print_document (doctor->ctl, root);
}

static gboolean no_refresh;
const GOptionEntry sqns_doctor_options[] = {
  { "no-refresh", 0, 0, G_OPTION_ARG_NONE, &no_refresh, "send nothing to the board: tell what was last known", NULL },
  { NULL },
};

SqnsExit
sqns_cmd_doctor (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (GPtrArray) ports = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) usb = g_ptr_array_new_with_free_func (g_free);
  SqnsHostFacts host = { .ports = ports, .usb = usb };
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify)sqns_finding_free);
  Doctor doctor = {
    .ctl = ctl,
    .name = argc > 1 ? argv[1] : NULL,
    .host = &host,
    .modems = g_ptr_array_new_with_free_func (g_object_unref),
    .findings = findings,
  };

  examine (&doctor, !no_refresh);
  if (sqns_ctl_wants_json (ctl))
    print_json (&doctor);
  else
    sqns_doctor_print (findings);
  g_ptr_array_unref (doctor.modems);
  g_clear_pointer (&doctor.conn, sqns_connection_free);
  return sqns_doctor_exit (findings, doctor.name != NULL);
}
