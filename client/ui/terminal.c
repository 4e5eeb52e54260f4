/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal in raw mode: one for the process. */
#include "client/ui/terminal.h"

#include <signal.h>
#include <termios.h>

static struct termios saved;
static volatile sig_atomic_t raw_fd = -1;

void
sqns_terminal_restore (void)
{
  int fd = raw_fd;
  if (fd < 0)
    return;
  raw_fd = -1;
  /* in the background it would stop us */
  struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
  sigaction (SIGTTOU, &ignore, &before);
  tcsetattr (fd, TCSANOW, &saved);
  sigaction (SIGTTOU, &before, NULL);
}

static void
on_fatal (int number)
{
  sqns_terminal_restore ();
  raise (number); /* its default action, once the handler has returned */
}

gboolean
sqns_terminal_raw (int fd)
{
  const struct sigaction fatal = { .sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND };
  struct termios raw;

  if (tcgetattr (fd, &saved) < 0)
    return FALSE;
  raw_fd = fd;
  sigaction (SIGQUIT, &fatal, NULL);
  sigaction (SIGABRT, &fatal, NULL);
  raw = saved;
  cfmakeraw (&raw);
  return tcsetattr (fd, TCSADRAIN, &raw) == 0;
}
