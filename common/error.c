/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error domain and its D-Bus names. */
#include "common/error.h"

#include <string.h>

static const GDBusErrorEntry entries[] = {
  { SQNS_ERROR_FAILED, SQNS_ERROR_DBUS_PREFIX "Failed" },
  { SQNS_ERROR_NOT_FOUND, SQNS_ERROR_DBUS_PREFIX "NotFound" },
  { SQNS_ERROR_BUSY, SQNS_ERROR_DBUS_PREFIX "Busy" },
  { SQNS_ERROR_PORT_LOCKED, SQNS_ERROR_DBUS_PREFIX "PortLocked" },
  { SQNS_ERROR_INHIBITED, SQNS_ERROR_DBUS_PREFIX "Inhibited" },
  { SQNS_ERROR_INVALID_FIRMWARE, SQNS_ERROR_DBUS_PREFIX "InvalidFirmware" },
  { SQNS_ERROR_INCOMPATIBLE, SQNS_ERROR_DBUS_PREFIX "Incompatible" },
  { SQNS_ERROR_DOWNGRADE, SQNS_ERROR_DBUS_PREFIX "Downgrade" },
  { SQNS_ERROR_WRONG_STATE, SQNS_ERROR_DBUS_PREFIX "WrongState" },
  { SQNS_ERROR_TIMEOUT, SQNS_ERROR_DBUS_PREFIX "Timeout" },
  { SQNS_ERROR_DEVICE_LOST, SQNS_ERROR_DBUS_PREFIX "DeviceLost" },
  { SQNS_ERROR_PROTOCOL, SQNS_ERROR_DBUS_PREFIX "Protocol" },
  { SQNS_ERROR_MODEM_REFUSED, SQNS_ERROR_DBUS_PREFIX "ModemRefused" },
  { SQNS_ERROR_VERIFY_FAILED, SQNS_ERROR_DBUS_PREFIX "VerifyFailed" },
  { SQNS_ERROR_NEEDS_RECOVERY, SQNS_ERROR_DBUS_PREFIX "NeedsRecovery" },
  { SQNS_ERROR_NEEDS_HAND, SQNS_ERROR_DBUS_PREFIX "NeedsHand" },
  { SQNS_ERROR_CANCELLED, SQNS_ERROR_DBUS_PREFIX "Cancelled" },
  { SQNS_ERROR_DRAINING, SQNS_ERROR_DBUS_PREFIX "Draining" },
  { SQNS_ERROR_NOT_SUPPORTED, SQNS_ERROR_DBUS_PREFIX "NotSupported" },
  { SQNS_ERROR_KEY_REUSED, SQNS_ERROR_DBUS_PREFIX "KeyReused" },
  { SQNS_ERROR_LIMITS_EXCEEDED, SQNS_ERROR_DBUS_PREFIX "LimitsExceeded" },
};
G_STATIC_ASSERT (G_N_ELEMENTS (entries) == SQNS_N_ERRORS);

GQuark
sqns_error_quark (void)
{
  static gsize quark;
  g_dbus_error_register_error_domain ("sqns-error-quark", &quark, entries, G_N_ELEMENTS (entries));
  return (GQuark)quark;
}

gboolean
sqns_error_is_timeout (const GError *error)
{
  return g_error_matches (error, SQNS_ERROR, SQNS_ERROR_TIMEOUT);
}

const char *
sqns_error_name (const GError *error)
{
  if (error->domain == SQNS_ERROR && error->code >= 0 && error->code < SQNS_N_ERRORS)
    return entries[error->code].dbus_error_name;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return entries[SQNS_ERROR_CANCELLED].dbus_error_name;
  if (error->domain == G_DBUS_ERROR)
    {
      g_autofree char *name = g_dbus_error_encode_gerror (error);
      return g_intern_string (name);
    }
  return entries[SQNS_ERROR_FAILED].dbus_error_name;
}

gboolean
sqns_error_from_name (const char *dbus_name, SqnsError *code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    if (g_strcmp0 (entries[i].dbus_error_name, dbus_name) == 0)
      {
        *code = entries[i].error_code;
        return TRUE;
      }
  return FALSE;
}

gboolean
sqns_refuse (GError **error, SqnsError code, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (SQNS_ERROR, (int)code, format, args));
  va_end (args);
  return FALSE;
}

void
sqns_error_recode (GError **error, SqnsError code, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *prefix = g_strdup_vprintf (format, args);
  va_end (args);

  GError *recoded = g_error_new (SQNS_ERROR, code, "%s%s", prefix, (*error)->message);
  g_error_free (*error);
  *error = recoded;
}

GError *
sqns_error_normalize (GError *error)
{
  if (error->domain == SQNS_ERROR)
    return error;

  SqnsError code = SQNS_ERROR_FAILED;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    code = SQNS_ERROR_CANCELLED;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED)
           || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
    code = SQNS_ERROR_DEVICE_LOST;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    code = SQNS_ERROR_TIMEOUT;
  sqns_error_recode (&error, code, "%s", "");
  return error;
}
