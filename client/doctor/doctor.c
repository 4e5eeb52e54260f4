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

/* The last arguments: names and values of the holes, NULL at the end. */
static SqnsFinding *
add_text (GPtrArray *findings, SqnsFindingText about, const char *port, ...)
{
  SqnsFinding *finding = g_new0 (SqnsFinding, 1);
  const char *shown = *port != '\0' ? port : "MODEM";
  g_autofree char *text = sqns_text_fill (about.text, "port", shown, NULL);
  g_autofree char *advice = sqns_text_fill (about.advice, "port", shown, NULL);
  va_list values;

  finding->subject = about.subject;
  finding->level = about.level;
  finding->code = about.code;
  va_start (values, port);
  finding->text = sqns_text_fill_valist (text, values);
  finding->advice = sqns_text_fill_valist (advice, values);
  va_end (values);
  finding->port = g_strdup (port);
  finding->exit = about.level == SQNS_LEVEL_PROBLEM ? SQNS_EXIT_FAILED : SQNS_EXIT_DONE;
  g_ptr_array_add (findings, finding);
  return finding;
}

#define add(findings, id, ...) add_text (findings, sqns_finding_text (id), __VA_ARGS__)

/* --- host --- */

static void
judge_daemon (const SqnsHostFacts *facts, GPtrArray *findings)
{
  switch (facts->daemon)
    {
    case SQNS_DAEMON_RUNS:
      add (findings, SQNS_FINDING_DAEMON_RUNS, "", "version", facts->daemon_version, NULL);
      break;
    case SQNS_DAEMON_MISSING:
      add (findings, SQNS_FINDING_NO_DAEMON, "", "error", facts->daemon_error, NULL)->exit = SQNS_EXIT_NO_DAEMON;
      break;
    case SQNS_DAEMON_DENIED:
      add (findings, SQNS_FINDING_BUS_DENIED, "", "error", facts->daemon_error, NULL)->exit = SQNS_EXIT_NOT_ALLOWED;
      break;
    }
}

static void
judge_access (const SqnsHostFacts *facts, const SqnsPortFacts *port, GPtrArray *findings)
{
  const char *group = port->group != NULL ? port->group : "root";

  if (port->may_open)
    add (findings, SQNS_FINDING_ACCESS, port->devnode, NULL);
  else if (!facts->own_daemon && facts->daemon == SQNS_DAEMON_RUNS)
    add (findings, SQNS_FINDING_ACCESS_NOT_NEEDED, port->devnode, "group", group, NULL);
  else if (port->joined)
    add (findings, SQNS_FINDING_ACCESS_NEXT_LOGIN, port->devnode, "group", group, NULL);
  else
    add (findings, SQNS_FINDING_ACCESS_DENIED, port->devnode, "group", group, NULL);
}

static void
judge_owner (const SqnsPortFacts *port, GPtrArray *findings)
{
  if (port->of_daemon)
    add (findings, SQNS_FINDING_PORT_OF_DAEMON, port->devnode, NULL);
  else if (port->owner != NULL)
    add (findings, SQNS_FINDING_PORT_OWNED, port->devnode, "owner", port->owner, NULL);
  else
    add (findings, port->sees_all ? SQNS_FINDING_PORT_FREE : SQNS_FINDING_PORT_NOT_SEEN, port->devnode, NULL);
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
      add (findings, SQNS_FINDING_PORT_MISSING, port->devnode, NULL)->exit = SQNS_EXIT_UNKNOWN;
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
  const SqnsUsbId *id = sqns_usb_id_find (usb->vendor, usb->product);
  g_autofree char *ids = g_strdup_printf ("%04x:%04x", usb->vendor, usb->product);
  const char *name = id != NULL ? id->name : "a device";
  const char *port = usb->port != NULL ? usb->port : "";

  if (usb->came_back)
    add (findings, SQNS_FINDING_USB_CAME_BACK, port, "name", name, "place", usb->place, NULL);
  if (id != NULL && id->bootloader)
    {
      add (findings, SQNS_FINDING_USB_BOOTLOADER, "", "name", name, "ids", ids, "place", usb->place, NULL);
      return;
    }
  if (usb->port == NULL)
    {
      add (findings, SQNS_FINDING_USB_NO_TTY, "", "name", name, "ids", ids, "place", usb->place, NULL);
      return;
    }
  if (facts->only_port != NULL && !g_str_equal (facts->only_port, usb->port))
    return;
  add (findings, SQNS_FINDING_USB_BOARD, port, "name", name, "ids", ids, "place", usb->place, NULL);
  if (!usb->came_back && usb->connected_ms >= 0 && usb->connected_ms < FRESH_MS)
    {
      g_autofree char *seconds = g_strdup_printf ("%d", (int)(usb->connected_ms / 1000));
      add (findings, SQNS_FINDING_USB_FRESH, port, "name", name, "place", usb->place, "seconds", seconds, NULL);
    }
}

void
sqns_doctor_judge_host (const SqnsHostFacts *facts, GPtrArray *findings)
{
  judge_daemon (facts, findings);
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
  const char *board = *facts->board != '\0' ? facts->board : "board";

  if (failed_with (facts, SQNS_ERROR_NEEDS_HAND))
    add (findings, SQNS_FINDING_BOARD_NEEDS_HAND, facts->port, NULL)->exit = SQNS_EXIT_USER_ACTION;
  else if (is_fresh (facts) && has_flag (facts, SQNS_BOARD_ANSWERS) && *facts->firmware != '\0')
    add (findings, SQNS_FINDING_BOARD_ANSWERS, facts->port, "board", board, "firmware", facts->firmware, NULL);
  else if (failed_with (facts, SQNS_ERROR_TIMEOUT) && !was_heard (facts))
    add (findings, SQNS_FINDING_BOARD_SILENT, facts->port, NULL)->exit = SQNS_EXIT_UNKNOWN;
  else if (facts->asked == SQNS_ASKED_WELL)
    add (findings, SQNS_FINDING_BOARD_UNSEEN, facts->port, "link", *facts->link != '\0' ? facts->link : "unknown",
         NULL);
  else if (*facts->firmware != '\0')
    add (findings, SQNS_FINDING_BOARD_KNOWN, facts->port, "board", board, "firmware", facts->firmware, NULL);
  else if (facts->asked == SQNS_ASKED_NOT && facts->state != SQNS_MODEM_GONE)
    add (findings, SQNS_FINDING_BOARD_NOT_ASKED, facts->port, NULL);
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

/* DONE for all others */
static const SqnsExit state_exits[SQNS_N_MODEM_STATES] = {
  [SQNS_MODEM_MTOOLS] = SQNS_EXIT_RECOVERY,  [SQNS_MODEM_RECOVERY] = SQNS_EXIT_RECOVERY,
  [SQNS_MODEM_UPDATER] = SQNS_EXIT_RECOVERY, [SQNS_MODEM_FFH] = SQNS_EXIT_RECOVERY,
  [SQNS_MODEM_SILENT] = SQNS_EXIT_UNKNOWN,   [SQNS_MODEM_GONE] = SQNS_EXIT_UNKNOWN,
};

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
  SqnsFindingId id = SQNS_FINDING_MODEM_FAILED;
  SqnsExit code = facts->exit;

  if (failed_with (facts, SQNS_ERROR_TIMEOUT))
    /* only a modem that was asked is silent */
    id = facts->state == SQNS_MODEM_SILENT && was_heard (facts) ? SQNS_FINDING_MODEM_DEAD
                                                                : SQNS_FINDING_MODEM_NOT_REACHED;
  else if (failed_with (facts, SQNS_ERROR_NEEDS_HAND))
    id = SQNS_FINDING_MODEM_NOT_REACHED;
  else if (failed_with (facts, SQNS_ERROR_DEVICE_LOST) || failed_with (facts, SQNS_ERROR_NOT_FOUND))
    {
      id = SQNS_FINDING_MODEM_LOST;
      code = SQNS_EXIT_UNKNOWN;
    }
  else if (failed_with (facts, SQNS_ERROR_BUSY) || failed_with (facts, SQNS_ERROR_DRAINING))
    {
      id = SQNS_FINDING_MODEM_NOT_ASKED;
      code = SQNS_EXIT_DONE;
    }
  else if (failed_with (facts, SQNS_ERROR_PORT_LOCKED))
    {
      id = SQNS_FINDING_MODEM_PORT_LOCKED;
      code = SQNS_EXIT_FAILED; /* nothing happened to the modem */
    }
  else if (facts->exit == SQNS_EXIT_NOT_ALLOWED)
    id = SQNS_FINDING_MODEM_DENIED;
  add (findings, id, facts->port, "error", facts->error, NULL)->exit = code;
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
    add (findings, SQNS_FINDING_MODEM_STRANGE, facts->port, NULL)->exit = SQNS_EXIT_UNKNOWN;
  else
    add_text (findings, sqns_modem_state_text (facts->state), facts->port, NULL)->exit = state_exits[facts->state];
  if (facts->state != SQNS_MODEM_GONE || power == SQNS_POWER_KEEP)
    add_power (facts, power, findings);
}

static void
judge_job (const SqnsModemFacts *facts, GPtrArray *findings)
{
  if (facts->job != NULL && facts->job_needs_user)
    add (findings, SQNS_FINDING_JOB_NEEDS_HAND, facts->port, "job", facts->job, "message", facts->job_message, NULL)
        ->exit
        = SQNS_EXIT_USER_ACTION;
  else if (facts->job != NULL)
    add (findings, SQNS_FINDING_JOB, facts->port, "job", facts->job, "message", facts->job_message, NULL);
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
  add (findings, SQNS_FINDING_MODEM_NOT_FOUND, name, "error", error, NULL)->exit = SQNS_EXIT_NOT_FOUND;
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
