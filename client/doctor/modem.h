/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gathers facts about a board and its modem for sqnsctl doctor, from the daemon. */
#pragma once

#include "client/core/connection.h"
#include "client/doctor/doctor.h"

/* @brief: one of many. Nothing is sent to the board. */
SqnsModemFacts sqns_doctor_modem_facts (SqnsConnection *conn, SqnsDbusModem *modem, gboolean brief);

/* Calls Refresh, unless a job runs on the modem, and waits for it. *@modem is replaced by a proxy with the new
 * properties. */
SqnsModemFacts sqns_doctor_ask_modem (SqnsConnection *conn, SqnsDbusModem **modem);
