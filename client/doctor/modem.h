/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gathers what sqnsctl doctor judges about a board and its modem: what the daemon knows of them. */
#pragma once

#include "client/core/connection.h"
#include "client/doctor/doctor.h"

/* @brief: one of many. Nothing is sent to the board. */
SqnsModemFacts sqns_doctor_modem_facts (SqnsConnection *conn, SqnsDbusModem *modem, gboolean brief);

/* Has the daemon ask the modem, unless a job runs on it; waits for it. The facts that are returned tell how it went.
 * *@modem is replaced by one that knows what was found. */
SqnsModemFacts sqns_doctor_ask_modem (SqnsConnection *conn, SqnsDbusModem **modem);
