/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* polkit's textual agent. */
#include "client/core/ask-password.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib-unix.h>

#define REGISTER_MS 5000

static GPid agent;

/* Between fork and exec: only calls that are safe there. The agent must not outlive us. */
static void
in_child (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

void
sqns_ask_password_start (void)
{
  int notify[2];

  if (agent != 0 || geteuid () == 0 || !isatty (STDIN_FILENO) || !isatty (STDERR_FILENO))
    return;
  g_autofree char *program = g_find_program_in_path ("pkttyagent");
  if (program == NULL || !g_unix_open_pipe (notify, FD_CLOEXEC, NULL))
    return;

  g_autofree char *us = g_strdup_printf ("%d", (int)getpid ());
  g_autofree char *fd = g_strdup_printf ("%d", notify[1]);
  const char *argv[] = { program, "--process", us, "--notify-fd", fd, "--fallback", NULL };
  int pass[] = { notify[1] };
  gboolean started
      = g_spawn_async_with_pipes_and_fds (NULL, argv, NULL,
                                          G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN
                                              | G_SPAWN_STDOUT_TO_DEV_NULL,
                                          in_child, NULL, -1, -1, -1, pass, pass, 1, &agent, NULL, NULL, NULL, NULL);
  close (notify[1]);
  if (started)
    {
      /* It closes its end when it is registered, or when it dies. */
      struct pollfd wait = { .fd = notify[0], .events = POLLIN };
      (void)TEMP_FAILURE_RETRY (poll (&wait, 1, REGISTER_MS));
    }
  close (notify[0]);
}

void
sqns_ask_password_stop (void)
{
  if (agent == 0)
    return;
  kill (agent, SIGTERM);
  kill (agent, SIGCONT);
  (void)TEMP_FAILURE_RETRY (waitpid (agent, NULL, 0));
  g_spawn_close_pid (agent);
  agent = 0;
}
