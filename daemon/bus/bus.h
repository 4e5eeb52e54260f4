/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager, its devices and jobs as D-Bus objects. */
#pragma once

#include "bus/auth.h"
#include "manager/manager.h"

#define SQNS_TYPE_BUS (sqns_bus_get_type ())
G_DECLARE_FINAL_TYPE (SqnsBus, sqns_bus, SQNS, BUS, GObject)

/* Exports all objects, those to come too; owning the name is left to the caller. NULL with G_IO_ERROR. */
SqnsBus *sqns_bus_new (GDBusConnection *connection, SqnsManager *manager, SqnsAuthPolicy policy, GError **error);

/* The daemon ends: no caller's file is waited for any more. */
void sqns_bus_stop (SqnsBus *bus);
