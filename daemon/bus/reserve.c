/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A reserve of file descriptors. */
#include "bus/reserve.h"
#include "common/error.h"

#include <sys/resource.h>

void
sqns_reserve_raise (void)
{
  struct rlimit limit;
  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  (void)!setrlimit (RLIMIT_NOFILE, &limit);
}

/* 0 when /proc cannot be read: then no descriptor is left to open it. */
static guint64
count_left (void)
{
  struct rlimit limit;
  guint64 open = 0;
  GDir *folder = g_dir_open ("/proc/self/fd", 0, NULL);
  if (folder == NULL || getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return 0;
  while (g_dir_read_name (folder) != NULL)
    open++;
  g_dir_close (folder);
  return limit.rlim_cur > open ? limit.rlim_cur - open : 0;
}

gboolean
sqns_reserve_check (GError **error)
{
  if (count_left () >= SQNS_RESERVE_FDS)
    return TRUE;
  g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED,
                       "too many open files: the remaining descriptors are reserved for jobs");
  return FALSE;
}
