/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All properties of an object for people: one line each, in the interface's order. */
#pragma once

#include "client/core/connection.h"

/* On stdout; objects by their modem's id and their job's uuid, which @conn is asked for; what is empty, zero or not
 * known is left out. */
void sqns_property_list_print (SqnsConnection *conn, GDBusProxy *proxy);
