/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gathers facts about this machine for sqnsctl doctor: ports, programs, USB. Reads only; opens no port. */
#pragma once

#include "client/doctor/doctor.h"

/* Fills facts->usb with the boards on USB. */
void sqns_doctor_look_at_usb (SqnsHostFacts *facts);
/* Notes which of them were unplugged meanwhile. */
void sqns_doctor_look_again (SqnsHostFacts *facts);

/* Adds @devnode to facts->ports, unless it is there. @daemon_pid: 0 when it is not known. */
void sqns_doctor_look_at_port (SqnsHostFacts *facts, const char *devnode, int daemon_pid);

/* Whether ModemManager is on the system bus. */
SqnsMmFact sqns_doctor_look_for_mm (void);
