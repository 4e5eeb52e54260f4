/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one error domain, with the errors of the D-Bus interface. */
#pragma once

#include <gio/gio.h>

typedef enum {
  SQNS_ERROR_FAILED,
  SQNS_ERROR_NOT_FOUND,
  SQNS_ERROR_BUSY,
  SQNS_ERROR_PORT_LOCKED,
  SQNS_ERROR_INHIBITED,
  SQNS_ERROR_INVALID_FIRMWARE,
  SQNS_ERROR_INCOMPATIBLE,
  SQNS_ERROR_DOWNGRADE,
  SQNS_ERROR_WRONG_STATE,
  SQNS_ERROR_TIMEOUT,
  SQNS_ERROR_DEVICE_LOST,
  SQNS_ERROR_PROTOCOL,
  SQNS_ERROR_MODEM_REFUSED,
  SQNS_ERROR_VERIFY_FAILED,
  SQNS_ERROR_NEEDS_RECOVERY,
  SQNS_ERROR_NEEDS_HAND,
  SQNS_ERROR_CANCELLED,
  SQNS_ERROR_DRAINING,
  SQNS_ERROR_NOT_SUPPORTED,
  SQNS_ERROR_KEY_REUSED,
  SQNS_ERROR_LIMITS_EXCEEDED,
} SqnsError;
#define SQNS_N_ERRORS (SQNS_ERROR_LIMITS_EXCEEDED + 1)

#define SQNS_ERROR (sqns_error_quark ())
#define SQNS_ERROR_DBUS_PREFIX "org.sqnsd1.Error."

/* Registers the D-Bus names "org.sqnsd1.Error.*" with GDBus on first use. */
GQuark sqns_error_quark (void);

/* @error (nullable) is SQNS_ERROR_TIMEOUT. */
gboolean sqns_error_is_timeout (const GError *error);

/* The D-Bus name of @error, for instance "org.sqnsd1.Error.Timeout". An error of another domain than SQNS_ERROR is
 * "org.sqnsd1.Error.Cancelled" for G_IO_ERROR_CANCELLED, its own D-Bus name for a G_DBUS_ERROR, else
 * "org.sqnsd1.Error.Failed". Static or interned string. */
const char *sqns_error_name (const GError *error);

/* The code that a D-Bus error name stands for; FALSE when the name is not one of ours. */
gboolean sqns_error_from_name (const char *dbus_name, SqnsError *code);

/* g_set_error() in this domain. Returns FALSE. */
gboolean sqns_refuse (GError **error, SqnsError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Replaces the code of *@error, which must be set, and puts @format's text before its message. */
void sqns_error_recode (GError **error, SqnsError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Converts an error of any domain to SQNS_ERROR: cancelled I/O becomes CANCELLED, a vanished tty DEVICE_LOST, others
 * FAILED. Takes @error, returns a new reference. */
GError *sqns_error_normalize (GError *error);
