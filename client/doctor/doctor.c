/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The judgement of sqnsctl doctor. */
#include "client/doctor/doctor.h"

#include "common/power.h"
#include "common/usb-ids.h"

#define FACTORY_BOOT_ROM 33080 /* protocol.md §3 */
#define FAST_LATENCY_MS 1
#define FRESH_MS 10000 /* more than the 8 s that a PIC stays in its boot loader after it is plugged in */

const char *
sqns_intern_take (char *text)
{
  const char *interned = g_intern_string (text);
  g_free (text);
  return interned;
}

void
sqns_finding_free (SqnsFinding *finding)
{
  g_free (finding->text);
  g_free (finding->advice);
  g_free (finding->port);
  g_free (finding);
}

/* --- one finding --- */

static SqnsFinding *
append (GPtrArray *findings, SqnsFindingText about, const char *port, const char *const *values)
{
  SqnsFinding *finding = g_new0 (SqnsFinding, 1);

  finding->subject = about.subject;
  finding->level = about.level;
  finding->code = about.code;
  finding->text = sqns_text_fill (about.text, values);
  finding->advice = sqns_text_fill (about.advice, values);
  finding->port = g_strdup (port);
  finding->exit = about.level == SQNS_LEVEL_PROBLEM && about.exit == SQNS_EXIT_DONE ? SQNS_EXIT_FAILED : about.exit;
  g_ptr_array_add (findings, finding);
  return finding;
}

static const char *
shown (const char *port)
{
  return *port != '\0' ? port : "MODEM";
}

/* The last arguments: names and values of the holes, NULL at the end. */
#define add_text(findings, text, port, ...)                                                                            \
  append (findings, text, port, (const char *const[]){ "port", shown (port), __VA_ARGS__ })
#define add(findings, id, ...) add_text (findings, sqns_finding_text (id), __VA_ARGS__)

/* --- host --- */

static void
judge_access (const SqnsHostFacts *facts, const SqnsPortFacts *port, GPtrArray *findings)
{
  gboolean needed = facts->own_daemon || facts->daemon != SQNS_DAEMON_RUNS;
  SqnsFindingId id = port->may_open ? SQNS_FINDING_ACCESS
                     : !needed      ? SQNS_FINDING_ACCESS_NOT_NEEDED
                     : port->joined ? SQNS_FINDING_ACCESS_NEXT_LOGIN
                                    : SQNS_FINDING_ACCESS_DENIED;
  add (findings, id, port->devnode, "group", port->group != NULL ? port->group : "root", NULL);
}

static void
judge_owner (const SqnsPortFacts *port, GPtrArray *findings)
{
  SqnsFindingId id = port->of_daemon       ? SQNS_FINDING_PORT_OF_DAEMON
                     : port->owner != NULL ? SQNS_FINDING_PORT_OWNED
                     : port->sees_all      ? SQNS_FINDING_PORT_FREE
                                           : SQNS_FINDING_PORT_NOT_SEEN;
  add (findings, id, port->devnode, "owner", port->owner, NULL);
}

static void
judge_driver (const SqnsPortFacts *port, GPtrArray *findings)
{
  if (port->driver == NULL)
    return;
  gboolean usual = g_str_equal (port->driver, "ftdi_sio") || g_str_equal (port->driver, "cdc_acm");
  add (findings, usual ? SQNS_FINDING_DRIVER : SQNS_FINDING_DRIVER_OTHER, port->devnode, "driver", port->driver, NULL);
  if (port->latency_ms < 0)
    return;
  g_autofree char *ms = g_strdup_printf ("%d", port->latency_ms);
  g_autofree char *tty = g_path_get_basename (port->devnode);
  add (findings, port->latency_ms > FAST_LATENCY_MS ? SQNS_FINDING_LATENCY_SLOW : SQNS_FINDING_LATENCY, port->devnode,
       "ms", ms, "tty", tty, NULL);
}

static void
judge_port (const SqnsHostFacts *facts, const SqnsPortFacts *port, GPtrArray *findings)
{
  if (!port->exists)
    {
      add (findings, SQNS_FINDING_PORT_MISSING, port->devnode, NULL);
      return;
    }
  if (facts->mm == SQNS_MM_RUNS && port->driver != NULL) /* it ignores pseudo-terminals */
    add (findings, port->mm_ignores ? SQNS_FINDING_MM_IGNORES_PORT : SQNS_FINDING_MM_MAY_PROBE, port->devnode, NULL);
  judge_access (facts, port, findings);
  judge_owner (port, findings);
  judge_driver (port, findings);
}

/* --- USB --- */

static void
judge_usb (const SqnsHostFacts *facts, const SqnsUsbFacts *usb, GPtrArray *findings)
{
  const SqnsUsbId *known = sqns_usb_id_find (usb->vendor, usb->product);
  const char *port = usb->port != NULL ? usb->port : "";
  gboolean bootloader = known != NULL && known->bootloader;
  gboolean is_other = facts->only_port != NULL && g_strcmp0 (facts->only_port, usb->port) != 0;
  gboolean fresh = !usb->came_back && usb->connected_ms >= 0 && usb->connected_ms < FRESH_MS;
  const struct {
    gboolean found;
    SqnsFindingId id;
    const char *port;
  } rows[] = {
    { usb->came_back, SQNS_FINDING_USB_CAME_BACK, port },
    { bootloader, SQNS_FINDING_USB_BOOTLOADER, "" },
    { !bootloader && usb->port == NULL, SQNS_FINDING_USB_NO_TTY, "" },
    { !bootloader && usb->port != NULL && !is_other, SQNS_FINDING_USB_BOARD, port },
    { !bootloader && usb->port != NULL && !is_other && fresh, SQNS_FINDING_USB_FRESH, port },
  };
  g_autofree char *ids = g_strdup_printf ("%04x:%04x", usb->vendor, usb->product);
  g_autofree char *seconds = g_strdup_printf ("%d", (int)(usb->connected_ms / 1000));

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].found)
      add (findings, rows[i].id, rows[i].port, "name", known != NULL ? known->name : "a device", "ids", ids, "place",
           usb->place, "seconds", seconds, NULL);
}

void
sqns_doctor_judge_host (const SqnsHostFacts *facts, GPtrArray *findings)
{
  static const SqnsFindingId daemons[] = { [SQNS_DAEMON_RUNS] = SQNS_FINDING_DAEMON_RUNS,
                                           [SQNS_DAEMON_MISSING] = SQNS_FINDING_NO_DAEMON,
                                           [SQNS_DAEMON_DENIED] = SQNS_FINDING_BUS_DENIED };
  add (findings, daemons[facts->daemon], "", "version", facts->daemon_version, "error", facts->daemon_error, NULL);
  if (facts->other_host != NULL)
    {
      add (findings, SQNS_FINDING_OTHER_HOST, "", "host", facts->other_host, NULL);
      return;
    }
  if (facts->mm == SQNS_MM_ABSENT)
    add (findings, SQNS_FINDING_MM_ABSENT, "", NULL);
  for (guint i = 0; i < facts->ports->len; i++)
    judge_port (facts, facts->ports->pdata[i], findings);
  for (guint i = 0; i < facts->usb->len; i++)
    judge_usb (facts, facts->usb->pdata[i], findings);
  if (facts->usb->len == 0 && facts->only_port == NULL)
    add (findings, SQNS_FINDING_USB_NONE, "", NULL);
}

/* --- board --- */

static gboolean
has_flag (const SqnsModemFacts *facts, SqnsBoardFlags flag)
{
  return (facts->flags & flag) != 0;
}

static gboolean
failed_with (const SqnsModemFacts *facts, SqnsError code)
{
  return facts->asked == SQNS_ASKED_IN_VAIN && facts->by_daemon && facts->code == code;
}

/* Data from the modem's line or the board's prompt proves the way to the modem. */
static gboolean
was_heard (const SqnsModemFacts *facts)
{
  return has_flag (facts, SQNS_BOARD_ANSWERS) || has_flag (facts, SQNS_BOARD_MODEM_HEARD);
}

/* Whether the facts are of just now or of a running job, not older. */
static gboolean
is_fresh (const SqnsModemFacts *facts)
{
  return facts->state != SQNS_MODEM_GONE && (facts->asked != SQNS_ASKED_NOT || facts->job != NULL);
}

static void
judge_board_itself (const SqnsModemFacts *facts, GPtrArray *findings)
{
  gboolean has_firmware = *facts->firmware != '\0';
  gboolean in_vain = facts->asked == SQNS_ASKED_IN_VAIN;
  SqnsFindingId id = failed_with (facts, SQNS_ERROR_NEEDS_HAND) ? SQNS_FINDING_BOARD_NEEDS_HAND
                     : is_fresh (facts) && has_flag (facts, SQNS_BOARD_ANSWERS) && has_firmware
                         ? SQNS_FINDING_BOARD_ANSWERS
                     : failed_with (facts, SQNS_ERROR_TIMEOUT) && !was_heard (facts) ? SQNS_FINDING_BOARD_SILENT
                     : facts->asked == SQNS_ASKED_WELL                               ? SQNS_FINDING_BOARD_UNSEEN
                     : has_firmware                                                  ? SQNS_FINDING_BOARD_KNOWN
                                                                                     : SQNS_FINDING_BOARD_NOT_ASKED;
  if (id == SQNS_FINDING_BOARD_NOT_ASKED && (in_vain || facts->state == SQNS_MODEM_GONE))
    return;
  add (findings, id, facts->port, "board", *facts->board != '\0' ? facts->board : "board", "firmware", facts->firmware,
       "link", *facts->link != '\0' ? facts->link : "unknown", NULL);
}

static void
judge_board (const SqnsModemFacts *facts, GPtrArray *findings)
{
  if (has_flag (facts, SQNS_BOARD_COMES_AND_GOES))
    add_text (findings, sqns_board_flag_text (SQNS_BOARD_COMES_AND_GOES), facts->port, NULL);
  if (!facts->brief)
    judge_board_itself (facts, findings);
  /* the flags of a board that is gone are outdated */
  for (guint flag = 1; flag <= SQNS_BOARD_CRASHES && facts->state != SQNS_MODEM_GONE; flag <<= 1)
    {
      SqnsFindingText text = sqns_board_flag_text ((SqnsBoardFlags)flag);
      if (has_flag (facts, (SqnsBoardFlags)flag) && (!facts->brief || text.level == SQNS_LEVEL_PROBLEM))
        add_text (findings, text, facts->port, NULL);
    }
}

/* --- modem --- */

static void
add_power (const SqnsModemFacts *facts, SqnsPower power, GPtrArray *findings)
{
  static const SqnsFindingId ids[] = { [SQNS_POWER_SAFE] = SQNS_FINDING_POWER_SAFE,
                                       [SQNS_POWER_KEEP] = SQNS_FINDING_POWER_KEEP,
                                       [SQNS_POWER_UNSURE] = SQNS_FINDING_POWER_UNSURE };
  if (power == SQNS_POWER_KEEP || !facts->brief)
    add (findings, ids[power], facts->port, NULL);
}

/* Why the modem could not be asked. */
static void
judge_failure (const SqnsModemFacts *facts, GPtrArray *findings)
{
  static const struct {
    SqnsError code;
    SqnsFindingId id;
  } rows[] = {
    { SQNS_ERROR_TIMEOUT, SQNS_FINDING_MODEM_NOT_REACHED },
    { SQNS_ERROR_NEEDS_HAND, SQNS_FINDING_MODEM_NOT_REACHED },
    { SQNS_ERROR_DEVICE_LOST, SQNS_FINDING_MODEM_LOST },
    { SQNS_ERROR_NOT_FOUND, SQNS_FINDING_MODEM_LOST },
    { SQNS_ERROR_BUSY, SQNS_FINDING_MODEM_NOT_ASKED },
    { SQNS_ERROR_DRAINING, SQNS_FINDING_MODEM_NOT_ASKED },
    { SQNS_ERROR_PORT_LOCKED, SQNS_FINDING_MODEM_PORT_LOCKED }, /* nothing happened to the modem */
  };
  SqnsFindingId id = facts->exit == SQNS_EXIT_NOT_ALLOWED ? SQNS_FINDING_MODEM_DENIED : SQNS_FINDING_MODEM_FAILED;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (failed_with (facts, rows[i].code))
      id = rows[i].id;
  /* only a modem that was asked is silent */
  if (failed_with (facts, SQNS_ERROR_TIMEOUT) && facts->state == SQNS_MODEM_SILENT && was_heard (facts))
    id = SQNS_FINDING_MODEM_DEAD;
  SqnsFinding *finding = add (findings, id, facts->port, "error", facts->error, NULL);
  if (id != SQNS_FINDING_MODEM_LOST && id != SQNS_FINDING_MODEM_NOT_ASKED && id != SQNS_FINDING_MODEM_PORT_LOCKED)
    finding->exit = facts->exit;
}

static SqnsPower
power_of (const SqnsModemFacts *facts)
{
  if (facts->job != NULL)
    return facts->job_power;
  /* the modem may still be in the state that an interrupted job left */
  if (facts->interrupted != NULL && !facts->interrupted_safe && facts->asked != SQNS_ASKED_WELL)
    return SQNS_POWER_KEEP;
  if (failed_with (facts, SQNS_ERROR_TIMEOUT) || failed_with (facts, SQNS_ERROR_NEEDS_HAND))
    return SQNS_POWER_UNSURE;
  return sqns_power_of_state (facts->state);
}

static void
judge_state (const SqnsModemFacts *facts, GPtrArray *findings)
{
  SqnsPower power = power_of (facts);

  if (failed_with (facts, SQNS_ERROR_TIMEOUT) || failed_with (facts, SQNS_ERROR_NEEDS_HAND))
    {
      /* judge_failure() has said more than "silent" */
      add_power (facts, power, findings);
      return;
    }
  if (facts->asked == SQNS_ASKED_WELL && facts->state == SQNS_MODEM_UNKNOWN)
    add (findings, SQNS_FINDING_MODEM_STRANGE, facts->port, NULL);
  else
    add_text (findings, sqns_modem_state_text (facts->state), facts->port, NULL);
  if (facts->state != SQNS_MODEM_GONE || power == SQNS_POWER_KEEP)
    add_power (facts, power, findings);
}

static void
judge_job (const SqnsModemFacts *facts, GPtrArray *findings)
{
  if (facts->job != NULL)
    add (findings, facts->job_needs_user ? SQNS_FINDING_JOB_NEEDS_HAND : SQNS_FINDING_JOB, facts->port, "job",
         facts->job, "message", facts->job_message, NULL);
  else if (facts->interrupted != NULL)
    add (findings, facts->interrupted_needs_resume ? SQNS_FINDING_JOB_STRANDED : SQNS_FINDING_JOB_INTERRUPTED,
         facts->port, "job", facts->interrupted, "message", facts->interrupted_message, NULL);
}

static void
judge_versions (const SqnsModemFacts *facts, GPtrArray *findings)
{
  if (facts->state != SQNS_MODEM_APPLICATION)
    return; /* the versions are outdated */
  if (*facts->version != '\0')
    add (findings, SQNS_FINDING_VERSION, facts->port, "version", facts->version, "family", facts->family, NULL);
  else if (facts->asked == SQNS_ASKED_WELL)
    add (findings, SQNS_FINDING_VERSION_MISSING, facts->port, NULL);
  if (facts->newer != NULL)
    add (findings, SQNS_FINDING_HALF_UPGRADED, facts->port, "version", facts->version, "loader", facts->newer, NULL);
  if (facts->boot_rom == FACTORY_BOOT_ROM)
    add (findings, SQNS_FINDING_FACTORY_BOOT_ROM, facts->port, NULL);
}

void
sqns_doctor_judge_modem (const SqnsModemFacts *facts, GPtrArray *findings)
{
  judge_board (facts, findings);
  judge_job (facts, findings);
  if (facts->asked == SQNS_ASKED_IN_VAIN)
    judge_failure (facts, findings);
  judge_state (facts, findings);
  judge_versions (facts, findings);
  /* not again what judge_failure() has reported or a running job will report */
  if (*facts->last_error != '\0' && facts->asked != SQNS_ASKED_IN_VAIN && facts->job == NULL)
    add (findings, SQNS_FINDING_LAST_ERROR, facts->port, "error", facts->last_error, NULL);
  if (*facts->blockers != '\0' && facts->job == NULL && facts->state != SQNS_MODEM_GONE)
    add (findings, SQNS_FINDING_BLOCKED, facts->port, "error", facts->blockers, NULL);
}

void
sqns_doctor_judge_missing (const char *name, const char *error, GPtrArray *findings)
{
  add (findings, SQNS_FINDING_MODEM_NOT_FOUND, name, "error", error, NULL);
}

SqnsExit
sqns_doctor_exit (GPtrArray *findings, gboolean asked_for)
{
  SqnsExit code = SQNS_EXIT_DONE;
  gboolean no_daemon = FALSE;

  for (guint i = 0; i < findings->len; i++)
    {
      const SqnsFinding *finding = findings->pdata[i];
      if (finding->exit == SQNS_EXIT_NO_DAEMON)
        no_daemon = TRUE;
      else
        code = sqns_exit_worse (code, finding->exit);
    }
  return no_daemon && (asked_for || code == SQNS_EXIT_DONE) ? SQNS_EXIT_NO_DAEMON : code;
}
