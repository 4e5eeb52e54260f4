/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gathers facts about this machine, a board and its modem. */
#include "client/doctor/facts.h"
#include "client/job/job.h"
#include "client/modem/held-port.h"

#include "common/lock-file.h"
#include "common/port-owner.h"
#include "common/usb-ids.h"
#include "common/version.h"

#include <gio/gio.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

#define MM_NAME "org.freedesktop.ModemManager1"
#define MAX_GROUPS 256
#define USB_DEVICES "sys/bus/usb/devices"

/* --- small files --- */

/* NULL-terminated parts of a path of this machine. */
#define host_path(...) g_build_filename (*sqns_host_root () != '\0' ? sqns_host_root () : "/", __VA_ARGS__, NULL)

/* Without white space at its ends; NULL when it cannot be read. */
static char *
read_text (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *text = NULL;
  return g_file_get_contents (path, &text, NULL, NULL) ? g_strstrip (text) : NULL;
}

static gint64
read_number (const char *folder, const char *name, guint base)
{
  g_autofree char *text = read_text (folder, name);
  guint64 number;
  return text != NULL && g_ascii_string_to_unsigned (text, base, 0, G_MAXINT64, &number, NULL) ? (gint64)number : -1;
}

/* --- USB --- */

/* "/dev/ttyUSB0": an interface has tty/ttyACM0 with cdc_acm, ttyUSB0 with usb-serial. NULL without one. */
static char *
port_of_device (const char *folder, const char *place)
{
  static const char *const tails[] = { ":*/tty/tty*", ":*/ttyUSB*" };
  char *port = NULL;
  for (gsize i = 0; port == NULL && i < G_N_ELEMENTS (tails); i++)
    {
      g_autofree char *pattern = g_strconcat (folder, "/", place, tails[i], NULL);
      glob_t found = { 0 };
      if (glob (pattern, 0, NULL, &found) == 0)
        port = g_build_filename ("/dev", strrchr (found.gl_pathv[0], '/') + 1, NULL);
      globfree (&found);
    }
  return port;
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  const SqnsUsbFacts *const *one = a;
  const SqnsUsbFacts *const *other = b;
  return g_strcmp0 ((*one)->place, (*other)->place);
}

void
sqns_doctor_look_at_usb (SqnsHostFacts *facts)
{
  g_autofree char *devices = host_path (USB_DEVICES);
  g_autoptr (GDir) dir = g_dir_open (devices, 0, NULL);

  for (const char *place; dir != NULL && (place = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *folder = g_build_filename (devices, place, NULL);
      gint64 vendor = read_number (folder, "idVendor", 16);
      gint64 product = read_number (folder, "idProduct", 16);
      if (vendor < 0 || product < 0 || sqns_usb_id_find ((guint16)vendor, (guint16)product) == NULL)
        continue;
      SqnsUsbFacts *usb = g_new0 (SqnsUsbFacts, 1);
      usb->place = g_intern_string (place);
      usb->vendor = (guint16)vendor;
      usb->product = (guint16)product;
      usb->port = sqns_intern_take (port_of_device (folder, place));
      usb->connected_ms = read_number (folder, "power/connected_duration", 10);
      g_ptr_array_add (facts->usb, usb);
    }
  g_ptr_array_sort (facts->usb, compare_places);
}

void
sqns_doctor_look_again (SqnsHostFacts *facts)
{
  for (guint i = 0; i < facts->usb->len; i++)
    {
      SqnsUsbFacts *usb = facts->usb->pdata[i];
      g_autofree char *folder = host_path (USB_DEVICES, usb->place);
      gint64 connected = read_number (folder, "power/connected_duration", 10);
      usb->came_back = !g_file_test (folder, G_FILE_TEST_EXISTS) || (connected >= 0 && connected < usb->connected_ms);
    }
}

/* --- a port --- */

/* From udev's database; libudev would be a dependency for one line. */
static gboolean
mm_ignores (const char *tty_folder)
{
  static const char *const marks[]
      = { "\nE:ID_MM_DEVICE_IGNORE=1\n", "\nE:ID_MM_PORT_IGNORE=1\n", "\nE:ID_MM_TTY_BLACKLIST=1\n" };
  g_autofree char *number = read_text (tty_folder, "dev");
  if (number == NULL)
    return FALSE;
  g_autofree char *name = g_strconcat ("c", number, NULL);
  g_autofree char *folder = host_path ("run/udev/data");
  g_autofree char *text = read_text (folder, name);
  g_autofree char *lines = g_strdup_printf ("\n%s\n", text != NULL ? text : "");
  for (gsize i = 0; i < G_N_ELEMENTS (marks); i++)
    if (strstr (lines, marks[i]) != NULL)
      return TRUE;
  return FALSE;
}

/* By the user database; this login may have fewer groups. */
static gboolean
is_listed_in (gid_t gid)
{
  const struct passwd *user = getpwuid (geteuid ());
  gid_t groups[MAX_GROUPS];
  int n = MAX_GROUPS;

  if (user == NULL || getgrouplist (user->pw_name, user->pw_gid, groups, &n) < 0)
    return FALSE;
  for (int i = 0; i < n; i++)
    if (groups[i] == gid)
      return TRUE;
  return FALSE;
}

static void
look_at_access (SqnsPortFacts *port, const char *path, const struct stat *st)
{
  port->may_open = euidaccess (path, R_OK | W_OK) == 0;
  if ((st->st_mode & (S_IRGRP | S_IWGRP)) != (S_IRGRP | S_IWGRP) || st->st_gid == 0)
    return;
  const struct group *group = getgrgid (st->st_gid);
  port->group
      = sqns_intern_take (group != NULL ? g_strdup (group->gr_name) : g_strdup_printf ("%u", (guint)st->st_gid));
  port->joined = is_listed_in (st->st_gid);
}

static void
look_at_owner (SqnsPortFacts *port, const char *path, int daemon_pid)
{
  SqnsTtyId id;
  g_autofree char *proc = host_path ("proc");
  g_autofree char *locks = host_path ("var/lock");
  int pid = 0;

  port->sees_all = geteuid () == 0;
  port->owner = sqns_intern_take (sqns_lock_file_owner (proc, locks, port->devnode, &pid));
  if (port->owner == NULL && sqns_tty_id_of (path, &id))
    port->owner = sqns_intern_take (sqns_port_owner_of (proc, &id, &pid));
  port->of_daemon = port->owner != NULL && daemon_pid != 0 && pid == daemon_pid;
}

static void
look_at_driver (SqnsPortFacts *port)
{
  g_autofree char *tty = g_path_get_basename (port->devnode);
  g_autofree char *folder = host_path ("sys/class/tty", tty);
  g_autofree char *link = g_build_filename (folder, "device", "driver", NULL);
  g_autofree char *target = g_file_read_link (link, NULL);

  port->latency_ms = -1;
  if (target == NULL || !g_str_has_prefix (port->devnode, "/dev/tty"))
    return;
  port->driver = sqns_intern_take (g_path_get_basename (target));
  port->mm_ignores = mm_ignores (folder);

  g_autofree char *chip = host_path ("sys/bus/usb-serial/devices", tty);
  port->latency_ms = (int)MIN (read_number (chip, "latency_timer", 10), G_MAXINT);
}

void
sqns_doctor_look_at_port (SqnsHostFacts *facts, const char *devnode, int daemon_pid)
{
  struct stat st;

  for (guint i = 0; i < facts->ports->len; i++)
    if (g_str_equal (((SqnsPortFacts *)facts->ports->pdata[i])->devnode, devnode))
      return;

  g_autofree char *path = host_path (devnode);
  SqnsPortFacts *port = g_new0 (SqnsPortFacts, 1);
  port->devnode = g_intern_string (devnode);
  port->latency_ms = -1;
  port->exists = stat (path, &st) == 0 && S_ISCHR (st.st_mode);
  if (port->exists)
    {
      look_at_access (port, path, &st);
      look_at_owner (port, path, daemon_pid);
      look_at_driver (port);
    }
  g_ptr_array_add (facts->ports, port);
}

/* --- programs --- */

SqnsMmFact
sqns_doctor_look_for_mm (void)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
  if (bus == NULL)
    return SQNS_MM_UNKNOWN;
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  g_autoptr (GVariant) answer
      = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "NameHasOwner", g_variant_new ("(s)", MM_NAME), G_VARIANT_TYPE ("(b)"),
                                     G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  gboolean runs = FALSE;
  if (answer == NULL)
    return SQNS_MM_UNKNOWN;
  g_variant_get (answer, "(b)", &runs);
  return runs ? SQNS_MM_RUNS : SQNS_MM_ABSENT;
}
