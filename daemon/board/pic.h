/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PIC of Expansion Board 3, Pysense, Pytrack, Pyscan and Pygate: commands at 5 data bits (field-failures.md §3).
 * The bytes of the memory command are not documented there; what is sent is a guess that stands in pic.c. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

/* A step of @ssm: drives the module's reset low for 0.2 s and lets it go; the port is back at 8 data bits and 115200
 * baud afterwards, whatever came of it. Errors that @done gets: NOT_SUPPORTED (the PIC does not answer, or its firmware
 * is older than 6). */
void sqns_pic_reset (SqnsSsm *ssm, SqnsPort *port, SqnsSsmDone done);
