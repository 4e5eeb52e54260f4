/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device as org.sqnsd1.Modem. */
#pragma once

#include "bus/call.h"
#include "sqns-dbus.h"

#define SQNS_TYPE_MODEM_OBJECT (sqns_modem_object_get_type ())
G_DECLARE_FINAL_TYPE (SqnsModemObject, sqns_modem_object, SQNS, MODEM_OBJECT, SqnsDbusModemSkeleton)

/* Follows @device; @service must outlive it. */
SqnsModemObject *sqns_modem_object_new (SqnsService *service, SqnsDevice *device);
/* When the device's blockers may have changed, too. */
void sqns_modem_object_update (SqnsModemObject *object);
