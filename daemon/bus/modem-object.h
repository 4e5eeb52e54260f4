/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device as org.sqnsd1.Modem. */
#pragma once

#include "bus/call.h"

/* Copies @device and its blockers into its skeleton, if it has one. */
void sqns_modem_object_update (SqnsService *service, SqnsDevice *device);
