/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows the findings of sqnsctl doctor: to people by subject, to programs as JSON. */
#pragma once

#include "client/doctor/doctor.h"
#include "client/ui/json.h"

/* An array of {subject, level, code, text, advice, port}. Transfer full. */
JsonNode *sqns_doctor_json (GPtrArray *findings);

/* On stdout, under a heading for each subject, wrapped to the terminal. */
void sqns_doctor_print (GPtrArray *findings);
