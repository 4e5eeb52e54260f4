/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl doctor: why something does not work, and what to do about it. */
#include "client/commands/commands.h"
#include "client/doctor/facts.h"
#include "client/modem/ref.h"
#include "client/ui/output.h"
#include "client/ui/terminal.h"
#include "client/ui/text.h"

#include "common/clean.h"

#include <string.h>
#include <unistd.h>

#define LABEL_WIDTH 10 /* "  PROBLEM " */
#define USUAL_COLUMNS 80
#define MOST_COLUMNS 100 /* longer lines are hard to read */
#define LEAST_COLUMNS 40

static JsonNode *
findings_node (GPtrArray *findings)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < findings->len; i++)
    {
      const SqnsFinding *finding = findings->pdata[i];
      JsonObject *object = json_object_new ();
      json_object_set_string_member (object, "subject", sqns_subject_name (finding->subject));
      json_object_set_string_member (object, "level", sqns_level_name (finding->level));
      json_object_set_string_member (object, "code", finding->code);
      json_object_set_string_member (object, "text", finding->text);
      json_object_set_string_member (object, "advice", finding->advice);
      json_object_set_string_member (object, "port", finding->port);
      json_array_add_object_element (array, object);
    }
  return sqns_json_array (array);
}

/* @text after @first, further lines indented by @indent columns. */
static void
append_wrapped (GString *out, const char *first, const char *text, guint indent, guint width)
{
  g_autofree char *clean = sqns_clean_line (text, -1);
  g_auto (GStrv) words = g_strsplit (clean, " ", -1);
  guint at = indent;

  g_string_append (out, first);
  for (guint i = 0; words[i] != NULL; i++)
    {
      guint word = sqns_text_width (words[i]);
      if (i > 0 && at + 1 + word > width)
        {
          g_string_append_printf (out, "\n%*s", (int)indent, "");
          at = indent;
        }
      else if (i > 0)
        {
          g_string_append_c (out, ' ');
          at++;
        }
      g_string_append (out, words[i]);
      at += word;
    }
  g_string_append_c (out, '\n');
}

static void
append_finding (GString *out, const SqnsFinding *finding, guint width, gboolean colourful)
{
  static const char *const labels[] = {
    [SQNS_LEVEL_OK] = "ok",
    [SQNS_LEVEL_NOTE] = "note",
    [SQNS_LEVEL_PROBLEM] = "PROBLEM",
  };
  static const char *const colours[] = {
    [SQNS_LEVEL_OK] = "\033[32m",
    [SQNS_LEVEL_NOTE] = "\033[33m",
    [SQNS_LEVEL_PROBLEM] = "\033[31m",
  };
  g_autofree char *label = g_strdup_printf ("  %s%-7s%s ", colourful ? colours[finding->level] : "",
                                            labels[finding->level], colourful ? "\033[0m" : "");
  append_wrapped (out, label, finding->text, LABEL_WIDTH, width);
  if (*finding->advice != '\0')
    {
      g_autofree char *arrow = g_strdup_printf ("%*s-> ", LABEL_WIDTH, "");
      append_wrapped (out, arrow, finding->advice, LABEL_WIDTH + (guint)strlen ("-> "), width);
    }
}

/* Each board and modem has its own heading; the machine's ports share one. */
static char *
heading_of (const SqnsFinding *finding)
{
  static const char *const headings[] = { [SQNS_SUBJECT_HOST] = "This machine",
                                          [SQNS_SUBJECT_USB] = "USB",
                                          [SQNS_SUBJECT_BOARD] = "Board ",
                                          [SQNS_SUBJECT_MODEM] = "Modem " };
  return g_strconcat (headings[finding->subject], finding->subject >= SQNS_SUBJECT_BOARD ? finding->port : NULL, NULL);
}

static void
print_findings (GPtrArray *findings)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *heading = NULL;
  gboolean colourful = sqns_terminal_wants_colour (STDOUT_FILENO);
  guint problems = 0, width, rows;

  sqns_terminal_size (STDOUT_FILENO, &width, &rows);
  width = width > 0 ? CLAMP (width, LEAST_COLUMNS, MOST_COLUMNS) : USUAL_COLUMNS;
  for (guint i = 0; i < findings->len; i++)
    {
      const SqnsFinding *finding = findings->pdata[i];
      g_autofree char *own = heading_of (finding);
      if (g_strcmp0 (heading, own) != 0)
        {
          g_autofree char *clean = sqns_clean_line (own, -1);
          g_string_append_printf (out, "%s%s\n", i > 0 ? "\n" : "", clean);
          g_free (heading);
          heading = g_steal_pointer (&own);
        }
      append_finding (out, finding, width, colourful);
      problems += finding->level == SQNS_LEVEL_PROBLEM ? 1 : 0;
    }
  if (problems == 0)
    g_string_append (out, "\nNo problem was found.\n");
  else
    g_string_append_printf (out, "\n%u problem%s found; follow the arrows (->).\n", problems,
                            problems == 1 ? " was" : "s were");
  sqns_out_screen (out->str);
}

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
  json_object_set_member (document, "findings", findings_node (doctor->findings));
  sqns_ctl_print_document (doctor->ctl, root);
}

static gboolean no_refresh;
static const GOptionEntry entries[] = {
  { "no-refresh", 0, 0, G_OPTION_ARG_NONE, &no_refresh, "send nothing to the board: tell what was last known", NULL },
  { NULL },
};

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
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
    print_findings (findings);
  g_ptr_array_unref (doctor.modems);
  g_clear_pointer (&doctor.conn, sqns_connection_free);
  return sqns_doctor_exit (findings, doctor.name != NULL);
}

const SqnsCommand sqns_doctor_command
    = { "doctor", "[MODEM]", "what is wrong, in plain words, and what to do next", 0, 1, run, entries };
