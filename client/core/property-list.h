/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All properties of an object, one per line, in the interface's order. */
#pragma once

#include "client/core/connection.h"

/* On stdout. An object path is shown as the modem's id or the job's uuid, read through @conn. Empty, zero and unknown
 * values are left out. */
void sqns_property_list_print (SqnsConnection *conn, GDBusProxy *proxy);
