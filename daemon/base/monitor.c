/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls into a monitor. */
#include "base/monitor.h"

#define NOTIFY(monitor, func, ...)                                                                                     \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    if (monitor->funcs != NULL && monitor->funcs->func != NULL)                                                        \
      monitor->funcs->func (monitor->data, __VA_ARGS__);                                                               \
  }                                                                                                                    \
  G_STMT_END

static gboolean personal_allowed;

void
sqns_monitor_phase (const SqnsMonitor *monitor, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  NOTIFY (monitor, phase, phase, safe, committed, message);
}

void
sqns_monitor_bytes (const SqnsMonitor *monitor, guint64 done, guint64 total)
{
  NOTIFY (monitor, bytes, done, total);
}

void
sqns_monitor_retries (const SqnsMonitor *monitor, guint more)
{
  NOTIFY (monitor, retries, more);
}

void
sqns_monitor_link (const SqnsMonitor *monitor, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  NOTIFY (monitor, link, kind, board);
}

void
sqns_monitor_modem (const SqnsMonitor *monitor, const SqnsModemStatus *status)
{
  NOTIFY (monitor, modem, status);
}

void
sqns_monitor_contact (const SqnsMonitor *monitor, SqnsContact contact)
{
  NOTIFY (monitor, contact, contact);
}

void
sqns_monitor_user_action (const SqnsMonitor *monitor, const char *what)
{
  NOTIFY (monitor, user_action, what);
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
