/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who else has a port open, whether they lock it or not: terminals and flashing tools mostly do not, and two readers
 * share the bytes (field-failures.md row 35). */
#pragma once

#include "base/ssm.h"

/* Looks through /proc in the main loop, a little in each turn. Calls at the same time share a walk, which begins
 * after them. @devnode is looked up at once. */
void sqns_port_holder_async (const char *devnode, GAsyncReadyCallback callback, gpointer user_data);

/* FALSE with PORT_LOCKED: another process has it open, which is named. *@sure (nullable) FALSE: there are processes
 * that this one may not look into. */
gboolean sqns_port_holder_finish (GAsyncResult *result, gboolean *sure, GError **error);

/* For a cleanup state: after a failure that lost bytes would explain, looks who else has @devnode open, which may have
 * come after the port was opened (root passes TIOCEXCL). The error is PORT_LOCKED then, and names it; only a cancel
 * stays one. Calls @then, at once when there is nothing to explain; @held: another program has the port. */
typedef void (*SqnsPortExplained) (SqnsSsm *ssm, gboolean held);
void sqns_port_holder_explain (SqnsSsm *ssm, const char *devnode, SqnsPortExplained then);
