/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All properties of an object for people: one line each, in the interface's order. */
#pragma once

#include <gio/gio.h>

/* On stdout; what is empty, zero or not known is left out. */
void sqns_details_print (GDBusProxy *proxy);
