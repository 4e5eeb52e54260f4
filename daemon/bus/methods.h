/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of the interface: one table, in which each has its right and its functions. */
#pragma once

#include "bus/call.h"

const SqnsBusMethod *sqns_methods (gsize *n);
const SqnsBusMethod *sqns_methods_find (const char *interface, const char *name); /* NULL: denied to everybody */

/* Answers all calls of the methods of @skeleton, which is generated for @interface, by the table. @service must outlive
 * @skeleton. */
void sqns_methods_serve (SqnsService *service, gpointer skeleton, GType interface);
