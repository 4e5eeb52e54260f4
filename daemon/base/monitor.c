/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of what was observed; the calls into a monitor. */
#include "base/monitor.h"

static gboolean personal_allowed;

SqnsModemStatus *
sqns_modem_status_copy (const SqnsModemStatus *status)
{
  SqnsModemStatus *copy = g_memdup2 (status, sizeof *status);
  copy->ue = g_strdup (status->ue);
  return copy;
}

void
sqns_modem_status_free (SqnsModemStatus *status)
{
  if (status == NULL)
    return;
  g_free (status->ue);
  g_free (status);
}

void
sqns_monitor_phase (const SqnsMonitor *monitor, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  if (monitor->funcs != NULL && monitor->funcs->phase != NULL)
    monitor->funcs->phase (monitor->data, phase, safe, committed, message);
}

void
sqns_monitor_bytes (const SqnsMonitor *monitor, guint64 done, guint64 total)
{
  if (monitor->funcs != NULL && monitor->funcs->bytes != NULL)
    monitor->funcs->bytes (monitor->data, done, total);
}

void
sqns_monitor_retries (const SqnsMonitor *monitor, guint more)
{
  if (monitor->funcs != NULL && monitor->funcs->retries != NULL)
    monitor->funcs->retries (monitor->data, more);
}

void
sqns_monitor_link (const SqnsMonitor *monitor, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  if (monitor->funcs != NULL && monitor->funcs->link != NULL)
    monitor->funcs->link (monitor->data, kind, board);
}

void
sqns_monitor_modem (const SqnsMonitor *monitor, const SqnsModemStatus *status)
{
  if (monitor->funcs != NULL && monitor->funcs->modem != NULL)
    monitor->funcs->modem (monitor->data, status);
}

void
sqns_monitor_contact (const SqnsMonitor *monitor, SqnsContact contact)
{
  if (monitor->funcs != NULL && monitor->funcs->contact != NULL)
    monitor->funcs->contact (monitor->data, contact);
}

void
sqns_monitor_hand (const SqnsMonitor *monitor, const char *what)
{
  if (monitor->funcs != NULL && monitor->funcs->hand != NULL)
    monitor->funcs->hand (monitor->data, what);
}

void
sqns_monitor_allow_personal (gboolean allow)
{
  personal_allowed = allow;
}

void
sqns_monitor_trace (const SqnsMonitor *monitor, char direction, const guint8 *data, gsize len)
{
  if (monitor->funcs == NULL || monitor->funcs->trace == NULL)
    return;
  g_autofree char *line = sqns_at_printable (data, len, personal_allowed);
  monitor->funcs->trace (monitor->data, direction, line);
}

void
sqns_monitor_remark (const SqnsMonitor *monitor, const char *format, ...)
{
  if (monitor->funcs == NULL || monitor->funcs->trace == NULL)
    return;
  va_list args;
  va_start (args, format);
  g_autofree char *line = g_strdup_vprintf (format, args);
  va_end (args);
  monitor->funcs->trace (monitor->data, '#', line);
}
