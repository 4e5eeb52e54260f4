/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much one user may have at a time. */
#include "common/error.h"
#include "manager/limit.h"

gboolean
sqns_limit_check (const char *what, guint uid, guint have, guint more, guint limit, GError **error)
{
  if (limit == 0 || more == 0 || (have < limit && more <= limit - have))
    return TRUE;
  if (more == 1)
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED, "user %u has %u %s; the limit is %u per user", uid,
                 have, what, limit);
  else
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED,
                 "user %u has %u %s, and this call asks for %u more; the limit is %u per user", uid, have, what, more,
                 limit);
  return FALSE;
}
