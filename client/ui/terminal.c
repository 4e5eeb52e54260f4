/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a terminal can do; one in raw mode for the process. */
#include "client/ui/terminal.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t raw_fd = -1;

gboolean
sqns_terminal_is_smart (int fd)
{
  const char *term = g_getenv ("TERM");
  return isatty (fd) && term != NULL && *term != '\0' && !g_str_equal (term, "dumb");
}

gboolean
sqns_terminal_wants_colour (int fd)
{
  const char *no_colour = g_getenv ("NO_COLOR");
  return sqns_terminal_is_smart (fd) && (no_colour == NULL || *no_colour == '\0');
}

void
sqns_terminal_size (int fd, guint *columns, guint *rows)
{
  struct winsize size;
  gboolean known = ioctl (fd, TIOCGWINSZ, &size) == 0;
  *columns = known ? size.ws_col : 0;
  *rows = known ? size.ws_row : 0;
}

void
sqns_terminal_restore (void)
{
  int fd = raw_fd;
  if (fd < 0)
    return;
  raw_fd = -1;
  /* in the background tcsetattr() would stop this process */
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
