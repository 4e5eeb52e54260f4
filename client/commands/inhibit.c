/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl inhibit: keeps new jobs from starting while a program runs. */
#include "client/core/ask-password.h"
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/modem/ref.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

/* As in env(1), timeout(1) and the shell. */
#define EXIT_NOT_RUN 126
#define EXIT_NO_COMMAND 127
#define EXIT_BY_SIGNAL 128

#define AGAIN_S 5 /* for a daemon that is back */

static char *why, *who;

static const GOptionEntry entries[] = {
  { "why", 0, 0, G_OPTION_ARG_STRING, &why, "the reason, told to those who wait (needed)", "TEXT" },
  { "who", 0, 0, G_OPTION_ARG_STRING, &who, "who you are, instead of the user and the command", "TEXT" },
  { NULL },
};

typedef struct {
  SqnsCtl *ctl;
  SqnsConnection *conn;
  GMainLoop *loop;
  SqnsDbusModem *modem; /* nullable */
  char *modem_name;
  int fd;      /* -1: nothing is held */
  guint watch; /* of @fd */
  GSubprocess *child;
  guint signals;
} Inhibit;

/* --- the inhibitor --- */

static gboolean
on_hang_up (int fd, GIOCondition condition, gpointer data)
{
  Inhibit *self = data;
  self->watch = 0;
  close (self->fd);
  self->fd = -1;
  sqns_complain ("the daemon has gone: no new job can start until it is back");
  return G_SOURCE_REMOVE;
}

static gboolean
acquire (Inhibit *self, GError **error)
{
  GVariantDict options;
  g_variant_dict_init (&options, NULL);
  if (self->modem != NULL)
    g_variant_dict_insert (&options, "modem", "o", sqns_path (self->modem));
  self->fd = sqns_connection_call_for_file (self->conn, self->conn->manager, "Inhibit",
                                            g_variant_new ("(ss@a{sv})", who, why, g_variant_dict_end (&options)),
                                            "an inhibitor", error);
  if (self->fd < 0)
    return FALSE;
  self->watch = g_unix_fd_add (self->fd, G_IO_ERR, on_hang_up, self); /* on a pipe: its reader is gone */
  return TRUE;
}

/* A restarted daemon has lost the inhibitor. */
static void
on_owner_changed (Inhibit *self)
{
  g_autofree char *owner = g_dbus_proxy_get_name_owner (G_DBUS_PROXY (self->conn->manager));
  g_autoptr (GError) error = NULL;

  if (owner == NULL)
    return;
  if (self->watch != 0) /* the hang-up is still pending */
    {
      g_clear_handle_id (&self->watch, g_source_remove);
      on_hang_up (self->fd, G_IO_ERR, self);
    }
  if (acquire (self, &error))
    {
      sqns_complain ("the daemon is back: new jobs are held back again");
      return;
    }
  g_dbus_error_strip_remote_error (error);
  sqns_complain ("the daemon is back, and new jobs may start: %s", error->message);
}

/* --- signals for the command --- */

static int signal_pipe[2] = { -1, -1 };
static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

/* The program, in the same process group, gets signals of the terminal (SI_KERNEL) anyway. */
static void
on_signal (int number, siginfo_t *info, void *context)
{
  int saved = errno;
  guint8 byte = (guint8)number;
  if (info->si_code != SI_KERNEL && write (signal_pipe[1], &byte, 1) < 0)
    errno = saved; /* the pipe is full of equal signals */
  errno = saved;
}

static gboolean
on_forward (int fd, GIOCondition condition, gpointer data)
{
  Inhibit *self = data;
  guint8 byte;
  if (read (fd, &byte, 1) == 1)
    g_subprocess_send_signal (self->child, byte);
  return G_SOURCE_CONTINUE;
}

static gboolean
catch_signals (GError **error)
{
  struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

  if (!g_unix_open_pipe (signal_pipe, FD_CLOEXEC, error) || !g_unix_set_fd_nonblocking (signal_pipe[1], TRUE, error))
    return FALSE;
  sigemptyset (&action.sa_mask);
  for (gsize i = 0; i < G_N_ELEMENTS (forwarded); i++)
    {
      struct sigaction old;
      /* signals that nohup(1) ignores stay ignored, for the program too */
      if (sigaction (forwarded[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaction (forwarded[i], &action, NULL);
    }
  return TRUE;
}

/* --- the command --- */

static void
on_child_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  Inhibit *self = data;
  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  g_main_loop_quit (self->loop);
}

static int
exit_code_of (GSubprocess *child)
{
  if (g_subprocess_get_if_exited (child))
    return g_subprocess_get_exit_status (child);
  return EXIT_BY_SIGNAL + (g_subprocess_get_if_signaled (child) ? g_subprocess_get_term_sig (child) : 0);
}

static int
run_program (Inhibit *self, GError **error)
{
  char **program = self->ctl->program;
  g_autoptr (GError) local = NULL;
  /* inherited descriptors are meant for the program; our own, the inhibitor among them, are closed on exec */
  const GSubprocessFlags flags = G_SUBPROCESS_FLAGS_STDIN_INHERIT | G_SUBPROCESS_FLAGS_INHERIT_FDS;

  if (!catch_signals (error))
    return SQNS_EXIT_FAILED;
  self->child = g_subprocess_newv ((const char *const *)program, flags, &local);
  if (self->child == NULL)
    {
      g_autofree char *found = g_find_program_in_path (*program);
      sqns_complain ("%s", local->message);
      /* the error's code does not distinguish them */
      return found == NULL && access (*program, F_OK) != 0 ? EXIT_NO_COMMAND : EXIT_NOT_RUN;
    }

  gulong owner
      = g_signal_connect_swapped (self->conn->manager, "notify::g-name-owner", G_CALLBACK (on_owner_changed), self);
  self->signals = g_unix_fd_add (signal_pipe[0], G_IO_IN, on_forward, self);
  g_subprocess_wait_async (self->child, NULL, on_child_ended, self);
  g_main_loop_run (self->loop);

  g_clear_handle_id (&self->signals, g_source_remove);
  g_clear_signal_handler (&owner, self->conn->manager);
  return exit_code_of (self->child);
}

static char *
default_who (const char *program)
{
  g_autofree char *name = g_path_get_basename (program);
  return g_strdup_printf ("%s (%s)", g_get_user_name (), name);
}

static gboolean
prepare (Inhibit *self, const char *modem, GError **error)
{
  self->conn = sqns_connection_open (self->ctl, error);
  if (self->conn == NULL)
    return FALSE;
  if (modem != NULL)
    {
      self->modem = sqns_modem_ref_find (self->conn, modem, error);
      if (self->modem == NULL)
        return FALSE;
      self->modem_name = sqns_modem_name (self->modem);
    }
  gboolean held = acquire (self, error);
  /* the terminal is the program's from now on, and its end must be seen while a daemon hangs */
  sqns_ask_password_stop ();
  self->ctl->no_ask_password = TRUE;
  self->ctl->timeout = AGAIN_S;
  return held;
}

static void
report_running (Inhibit *self)
{
  const char *job = self->modem != NULL ? sqns_dbus_modem_get_current_job (self->modem) : NULL;
  guint running = sqns_dbus_manager_get_running_jobs (self->conn->manager);

  if (self->modem != NULL && job != NULL && *job != '\0' && !g_str_equal (job, "/"))
    sqns_ctl_remark (self->ctl, "a job runs on %s already and goes on (see: sqnsctl jobs)", self->modem_name);
  else if (self->modem == NULL && running > 0)
    sqns_ctl_remark (self->ctl, "%u job%s run%s already and go%s on (see: sqnsctl jobs)", running,
                     running == 1 ? "" : "s", running == 1 ? "s" : "", running == 1 ? "es" : "");
}

/* The exit code is the program's, whatever its numbers mean. */
static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  if (ctl->program == NULL || *ctl->program == NULL)
    return sqns_ctl_usage (ctl, "inhibit: -- and a command are missing");
  if (why == NULL)
    return sqns_ctl_usage (ctl, "inhibit: --why is missing");
  if (who == NULL)
    who = default_who (*ctl->program);

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Inhibit self = { .ctl = ctl, .fd = -1, .loop = loop };
  int code = SQNS_EXIT_FAILED;
  if (prepare (&self, argc > 1 ? argv[1] : NULL, error))
    {
      report_running (&self);
      code = run_program (&self, error);
    }

  g_clear_handle_id (&self.watch, g_source_remove);
  if (self.fd >= 0)
    close (self.fd);
  g_clear_object (&self.child);
  g_clear_object (&self.modem);
  g_clear_pointer (&self.conn, sqns_connection_free);
  g_free (self.modem_name);
  return (SqnsExit)code;
}

const SqnsCommand sqns_inhibit_command
    = { "inhibit", "[MODEM] --why TEXT -- CMD", "keep new jobs away while CMD runs", 0, 1, run, entries };
