/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one table from error names to exit codes. */
#include "client/core/exit-code.h"

#define BUS_ERROR "org.freedesktop.DBus.Error."

static const SqnsExit own[] = {
  [SQNS_ERROR_FAILED] = SQNS_EXIT_FAILED,
  [SQNS_ERROR_NOT_FOUND] = SQNS_EXIT_NOT_FOUND,
  [SQNS_ERROR_BUSY] = SQNS_EXIT_BUSY,
  [SQNS_ERROR_PORT_LOCKED] = SQNS_EXIT_BUSY,
  [SQNS_ERROR_INHIBITED] = SQNS_EXIT_BUSY,
  [SQNS_ERROR_INVALID_FIRMWARE] = SQNS_EXIT_REFUSED,
  [SQNS_ERROR_INCOMPATIBLE] = SQNS_EXIT_REFUSED,
  [SQNS_ERROR_DOWNGRADE] = SQNS_EXIT_REFUSED,
  [SQNS_ERROR_WRONG_STATE] = SQNS_EXIT_REFUSED,
  [SQNS_ERROR_TIMEOUT] = SQNS_EXIT_UNKNOWN,
  [SQNS_ERROR_DEVICE_LOST] = SQNS_EXIT_UNKNOWN,
  [SQNS_ERROR_PROTOCOL] = SQNS_EXIT_UNKNOWN,
  [SQNS_ERROR_MODEM_REFUSED] = SQNS_EXIT_FAILED,
  [SQNS_ERROR_VERIFY_FAILED] = SQNS_EXIT_FAILED,
  [SQNS_ERROR_NEEDS_RECOVERY] = SQNS_EXIT_RECOVERY,
  [SQNS_ERROR_NEEDS_HAND] = SQNS_EXIT_USER_ACTION,
  [SQNS_ERROR_CANCELLED] = SQNS_EXIT_CANCELLED,
  [SQNS_ERROR_DRAINING] = SQNS_EXIT_BUSY,
  [SQNS_ERROR_NOT_SUPPORTED] = SQNS_EXIT_FAILED,
  [SQNS_ERROR_KEY_REUSED] = SQNS_EXIT_USAGE,
  [SQNS_ERROR_LIMITS_EXCEEDED] = SQNS_EXIT_BUSY,
};
G_STATIC_ASSERT (G_N_ELEMENTS (own) == SQNS_N_ERRORS);

/* Names of the bus itself; a trailing dot stands for all names that start so. */
static const struct {
  const char *name;
  SqnsExit code;
} bus[] = {
  { BUS_ERROR "AccessDenied", SQNS_EXIT_NOT_ALLOWED },
  { BUS_ERROR "InteractiveAuthorizationRequired", SQNS_EXIT_NOT_ALLOWED },
  { BUS_ERROR "AuthFailed", SQNS_EXIT_NOT_ALLOWED },
  { BUS_ERROR "InvalidArgs", SQNS_EXIT_USAGE },
  { BUS_ERROR "UnknownObject", SQNS_EXIT_NOT_FOUND },
  { BUS_ERROR "FileNotFound", SQNS_EXIT_NOT_FOUND },
  { BUS_ERROR "ServiceUnknown", SQNS_EXIT_NO_DAEMON },
  { BUS_ERROR "NameHasNoOwner", SQNS_EXIT_NO_DAEMON },
  { BUS_ERROR "NoReply", SQNS_EXIT_NO_DAEMON },
  { BUS_ERROR "NoServer", SQNS_EXIT_NO_DAEMON },
  { BUS_ERROR "Disconnected", SQNS_EXIT_NO_DAEMON },
  { BUS_ERROR "Timeout", SQNS_EXIT_NO_DAEMON },
  { BUS_ERROR "TimedOut", SQNS_EXIT_NO_DAEMON },
  { BUS_ERROR "Spawn.", SQNS_EXIT_NO_DAEMON },
};

/* Most severe first. */
static const SqnsExit severity[] = {
  SQNS_EXIT_RECOVERY,  SQNS_EXIT_USER_ACTION, SQNS_EXIT_UNKNOWN,   SQNS_EXIT_FAILED,    SQNS_EXIT_REFUSED,
  SQNS_EXIT_BUSY,      SQNS_EXIT_NOT_ALLOWED, SQNS_EXIT_NOT_FOUND, SQNS_EXIT_NO_DAEMON, SQNS_EXIT_USAGE,
  SQNS_EXIT_CANCELLED, SQNS_EXIT_DETACHED,    SQNS_EXIT_DONE,
};

SqnsExit
sqns_exit_from_name (const char *name)
{
  if (name == NULL || *name == '\0')
    return SQNS_EXIT_DONE;

  SqnsError error;
  if (sqns_error_from_name (name, &error))
    return own[error];
  for (gsize i = 0; i < G_N_ELEMENTS (bus); i++)
    if (g_str_has_suffix (bus[i].name, ".") ? g_str_has_prefix (name, bus[i].name) : g_str_equal (name, bus[i].name))
      return bus[i].code;
  return SQNS_EXIT_FAILED;
}

char *
sqns_exit_error_name (const GError *error)
{
  char *remote = g_dbus_error_get_remote_error (error);
  if (remote != NULL)
    return remote;
  if (error->domain == G_OPTION_ERROR)
    return g_strdup (BUS_ERROR "InvalidArgs");
  /* A call that timed out says nothing about the modem; a closed bus means that the daemon is gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return g_strdup (SQNS_ERROR_DBUS_PREFIX "Timeout");
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
    return g_strdup (BUS_ERROR "Disconnected");
  return g_strdup (sqns_error_name (error));
}

SqnsExit
sqns_exit_from_error (const GError *error)
{
  g_autofree char *name = sqns_exit_error_name (error);
  return sqns_exit_from_name (name);
}

SqnsExit
sqns_exit_worse (SqnsExit a, SqnsExit b)
{
  for (gsize i = 0; i < G_N_ELEMENTS (severity); i++)
    if (severity[i] == a || severity[i] == b)
      return severity[i];
  return SQNS_EXIT_FAILED;
}

const char *
sqns_exit_advice (SqnsExit code)
{
  return code == SQNS_EXIT_NO_DAEMON
             ? "start the daemon (systemctl start sqnsd), or name its bus with --bus or --session"
         : code == SQNS_EXIT_NOT_ALLOWED ? "run it as root, or ask the administrator for the right to do it"
                                         : NULL;
}
