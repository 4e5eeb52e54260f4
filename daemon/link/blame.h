/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a failure is another program's, which takes the bytes of the port: it may have come after the port was opened
 * (root passes TIOCEXCL). */
#pragma once

#include "base/ssm.h"

typedef void (*SqnsBlamed) (SqnsSsm *ssm, gboolean held);

/* For a cleanup state: after a failure that lost bytes would explain, looks who else has @devnode open; the error is
 * PORT_LOCKED then, and names it; only a cancel stays one. Calls @then, at once when there is nothing to explain, and
 * says whether another program has the port. */
void sqns_blame_holder (SqnsSsm *ssm, const char *devnode, SqnsBlamed then);
