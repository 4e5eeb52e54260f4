/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lock files of serial ports, as minicom, cu and pppd make them. */
#include "common/lock-file.h"

#include "common/port-owner.h"
#include "common/small-file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LOCK 64 /* bytes: a pid, and what some programs write after it */
#define MAX_STATUS 4096

int
sqns_lock_file_parse (const char *text, gsize len)
{
  gint32 number = 0;
  const char *p = text, *end = text + len;

  /* a pid has at most 22 bits, so that one of its four bytes is 0, which no text has */
  if (len == sizeof number && memchr (text, 0, len) != NULL)
    {
      memcpy (&number, text, sizeof number);
      return MAX (number, 0);
    }
  while (p < end && g_ascii_isspace (*p))
    p++;
  for (; p < end && g_ascii_isdigit (*p); p++)
    {
      if (number > (G_MAXINT32 - 9) / 10)
        return 0;
      number = number * 10 + (*p - '0');
    }
  return p == end || g_ascii_isspace (*p) ? number : 0;
}

/* The words after @key in /proc/PID/status; NULL: there is no such line. */
static char **
status_words (const char *status, const char *key)
{
  const char *line = strstr (status, key);
  if (line == NULL)
    return NULL;
  line += strlen (key);
  g_autofree char *text = g_strndup (line, strcspn (line, "\n"));
  return g_strsplit_set (g_strstrip (text), " \t", -1);
}

static gboolean
has_number (char **words, guint number)
{
  g_autofree char *text = g_strdup_printf ("%u", number);
  return words != NULL && g_strv_contains ((const char *const *)words, text);
}

/* Whether the process belongs to the user who made the file, and may use the port. What cannot be checked is
 * believed. */
static gboolean
is_credible (const char *proc, int pid, const struct stat *file, const char *devnode)
{
  g_autofree char *path = g_strdup_printf ("%s/%d/status", proc, pid);
  char status[MAX_STATUS];
  struct stat device;

  if (file->st_uid == 0 || stat (devnode, &device) < 0
      || sqns_small_file_read (AT_FDCWD, path, status, sizeof status, NULL) <= 0)
    return TRUE;
  g_auto (GStrv) uids = status_words (status, "\nUid:");
  g_auto (GStrv) gids = status_words (status, "\nGid:");
  g_auto (GStrv) groups = status_words (status, "\nGroups:");
  if (uids != NULL && !has_number (uids, file->st_uid))
    return FALSE;
  return uids == NULL || has_number (uids, device.st_uid) || (device.st_mode & S_IWOTH) != 0
         || has_number (gids, device.st_gid) || has_number (groups, device.st_gid);
}

char *
sqns_lock_file_owner (const char *proc, const char *locks, const char *devnode, int *pid)
{
  g_autofree char *base = g_path_get_basename (devnode);
  g_autofree char *name = g_strdup_printf ("LCK..%s", base);
  char text[MAX_LOCK + 1];
  struct stat st;

  int folder = open (locks, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return NULL;
  gssize len = sqns_small_file_read (folder, name, text, sizeof text, &st);
  close (folder);
  if (len <= 0 || st.st_size > MAX_LOCK)
    return NULL;
  int number = sqns_lock_file_parse (text, (gsize)len);
  if (number <= 0 || number == getpid ())
    return NULL;
  g_autofree char *process = g_strdup_printf ("%s/%d", proc, number);
  /* a sandbox may hide it in /proc, but not from a signal */
  if (!g_file_test (process, G_FILE_TEST_EXISTS) && kill (number, 0) < 0 && errno == ESRCH)
    return NULL;
  if (!is_credible (proc, number, &st, devnode))
    return NULL;
  if (pid != NULL)
    *pid = number;
  return sqns_process_name (proc, number);
}
