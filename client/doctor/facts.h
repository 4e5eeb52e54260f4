/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gathers facts for sqnsctl doctor: about this machine (reads only; opens no port), and from the daemon. */
#pragma once

#include "client/core/connection.h"
#include "client/doctor/doctor.h"

/* Fills facts->usb with the boards on USB. */
void sqns_doctor_look_at_usb (SqnsHostFacts *facts);
/* Notes which of them were unplugged meanwhile. */
void sqns_doctor_look_again (SqnsHostFacts *facts);

/* Adds @devnode to facts->ports, unless it is there. @daemon_pid: 0 when it is not known. */
void sqns_doctor_look_at_port (SqnsHostFacts *facts, const char *devnode, int daemon_pid);

/* Whether ModemManager is on the system bus. */
SqnsMmFact sqns_doctor_look_for_mm (void);

/* @brief: one of many. Nothing is sent to the board. */
SqnsModemFacts sqns_doctor_modem_facts (SqnsConnection *conn, SqnsDbusModem *modem, gboolean brief);

/* Calls Refresh, unless a job runs on the modem, and waits for it. *@modem is replaced by a proxy with the new
 * properties. */
SqnsModemFacts sqns_doctor_ask_modem (SqnsConnection *conn, SqnsDbusModem **modem);
