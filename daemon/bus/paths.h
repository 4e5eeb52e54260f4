/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Object paths of the interface. Pure. */
#pragma once

#include <glib.h>

#define SQNS_BUS_NAME "org.sqnsd1"
#define SQNS_PATH_ROOT "/org/sqnsd1"

/* "/org/sqnsd1/modem/ttyUSB0": bytes of @id that D-Bus does not allow in a path become '_'. @n is above 1 for the
 * second of ids that look alike then, and so on. Caller frees. */
char *sqns_path_modem (const char *id, guint n);
char *sqns_path_job (const char *uuid); /* "/org/sqnsd1/job/<uuid with _>", caller frees */
