/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager, its devices and jobs as D-Bus objects. */
#pragma once

#include "bus/auth.h"
#include "manager/manager.h"

typedef struct _SqnsBus SqnsBus;

/* Exports all objects, and those that are added later; the caller owns the name. NULL with G_IO_ERROR. */
SqnsBus *sqns_bus_new (GDBusConnection *connection, SqnsManager *manager, SqnsAuthPolicy policy, GError **error);
void sqns_bus_free (SqnsBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsBus, sqns_bus_free)

/* The daemon stops: gives up loading callers' files. */
void sqns_bus_stop (SqnsBus *bus);
