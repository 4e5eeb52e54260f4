/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl: the command line of sqnsd. */
#include "client/commands/commands.h"
#include "client/ui/text.h"

#include "common/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static SqnsCtl ctl;

static const GOptionEntry globals[] = {
  { "json", 0, 0, G_OPTION_ARG_NONE, &ctl.json, "one JSON document on stdout, at the end", NULL },
  { "json-stream", 0, 0, G_OPTION_ARG_NONE, &ctl.json_stream, "a line of JSON on stdout for each event", NULL },
  { "quiet", 'q', 0, G_OPTION_ARG_NONE, &ctl.quiet, "no progress, only data and errors", NULL },
  { "no-ask-password", 0, 0, G_OPTION_ARG_NONE, &ctl.no_ask_password, "never ask a person for authorization", NULL },
  { "timeout", 0, 0, G_OPTION_ARG_INT, &ctl.timeout, "wait no longer than this", "SECONDS" },
  { "bus", 0, 0, G_OPTION_ARG_STRING, &ctl.bus, "look for the daemon on this bus", "ADDRESS" },
  { "session", 0, 0, G_OPTION_ARG_NONE, &ctl.session, "look for the daemon on the session bus", NULL },
  { "host", 0, 0, G_OPTION_ARG_STRING, &ctl.host, "the daemon of another machine, by ssh", "[USER@]HOST" },
  { "help", 'h', 0, G_OPTION_ARG_NONE, &ctl.help, "show this help", NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, &ctl.version, "show the version of sqnsctl", NULL },
  { NULL },
};

/* In the order of --help. */
static const SqnsCommand *const commands[] = {
  &sqns_list_command,    &sqns_show_command,    &sqns_inspect_command, &sqns_upgrade_command, &sqns_recover_command,
  &sqns_jobs_command,    &sqns_job_command,     &sqns_wait_command,    &sqns_cancel_command,  &sqns_resume_command,
  &sqns_history_command, &sqns_watch_command,   &sqns_at_command,      &sqns_console_command, &sqns_reset_command,
  &sqns_doctor_command,  &sqns_inhibit_command, &sqns_drain_command,   &sqns_notify_command,  &sqns_version_command,
};

static void
append_entry (GString *out, const char *left, const char *help)
{
  if (strlen (left) > 26)
    g_string_append_printf (out, "  %s\n  %-26s  %s\n", left, "", help);
  else
    g_string_append_printf (out, "  %-26s  %s\n", left, help);
}

/* Caller frees. */
static char *
format_help (void)
{
  GString *out = g_string_new ("Usage: sqnsctl [OPTION...] COMMAND [ARGUMENT...]\n\n"
                               "Upgrades and looks after the LTE modems of Pycom boards, by way of the daemon sqnsd.\n"
                               "MODEM is an id or a tty path (/dev/ttyUSB0); ID is a job's id or its beginning.\n"
                               "\nCommands:\n");
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *left = g_strdup_printf ("%s %s", commands[i]->name, commands[i]->args);
      append_entry (out, left, commands[i]->help);
    }
  g_string_append (out, "\nGlobal options, before or after the command:\n");
  for (const GOptionEntry *entry = globals; entry->long_name != NULL; entry++)
    {
      g_autofree char *shortly = entry->short_name != 0 ? g_strdup_printf ("-%c, ", entry->short_name) : g_strdup ("");
      g_autofree char *left
          = g_strdup_printf ("%s--%s%s%s", shortly, entry->long_name, entry->arg_description != NULL ? "=" : "",
                             entry->arg_description != NULL ? entry->arg_description : "");
      append_entry (out, left, entry->description);
    }
  g_string_append (out, "\n'sqnsctl COMMAND --help' tells the options of a command. Exit codes: see sqnsctl(1).\n");
  return g_string_free (out, FALSE);
}

static const SqnsCommand *
lookup_command (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i]->name, name))
      return commands[i];
  return NULL;
}

static const char *
nearest_command (const char *name)
{
  const char *names[G_N_ELEMENTS (commands) + 1] = { NULL };
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    names[i] = commands[i]->name;
  return sqns_text_nearest (name, names);
}

/* A socket must not get the number of a closed stdout; writes to that must fail. */
static void
guard_standard_files (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && errno == EBADF)
      {
        int wrong_way = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (open ("/dev/null", fd == STDERR_FILENO ? O_WRONLY : wrong_way) != fd)
          _exit (SQNS_EXIT_FAILED);
      }
}

static gboolean
takes_value (const char *arg)
{
  for (const GOptionEntry *entry = globals; entry->long_name != NULL; entry++)
    if (g_str_has_prefix (arg, "--") && g_str_equal (arg + 2, entry->long_name))
      return entry->arg != G_OPTION_ARG_NONE;
  return FALSE;
}

/* The index of the command's name: the first argument that is neither an option nor a global option's value. 0:
 * none. */
static int
find_command (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    {
      if (argv[i][0] != '-' || argv[i][1] == '\0')
        return i;
      if (g_str_equal (argv[i], "--"))
        return i + 1 < argc ? i + 1 : 0;
      if (takes_value (argv[i]))
        i++;
    }
  return 0;
}

/* The index of the first "--", @argc without one. */
static int
find_dashes (int argc, char **argv)
{
  int i = 1;
  while (i < argc && !g_str_equal (argv[i], "--"))
    i++;
  return i;
}

/* FALSE when the run ends here, with *@code. */
static gboolean
parse (GOptionContext *context, int *argc, char ***argv, SqnsExit *code)
{
  g_autoptr (GError) error = NULL;

  g_option_context_set_help_enabled (context, FALSE);
  if (!g_option_context_parse (context, argc, argv, &error))
    {
      *code = sqns_ctl_usage (&ctl, "%s", error->message);
      return FALSE;
    }
  *code = SQNS_EXIT_DONE;
  if (ctl.version)
    sqns_out ("sqnsctl %s\n", SQNS_VERSION);
  return !ctl.version;
}

static SqnsExit
without_command (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  SqnsExit code;

  g_option_context_add_main_entries (context, globals, NULL);
  if (!parse (context, &argc, &argv, &code))
    return code;
  if (!ctl.help)
    return sqns_ctl_usage (&ctl, "which command?");
  g_autofree char *help = format_help ();
  sqns_out ("%s", help);
  return SQNS_EXIT_DONE;
}

static SqnsExit
unknown_command (const char *name)
{
  g_autofree char *clean = sqns_clean_line (name, -1);
  const char *nearest = nearest_command (clean);
  if (nearest != NULL)
    return sqns_ctl_usage (&ctl, "there is no command '%s': did you mean '%s'?", clean, nearest);
  return sqns_ctl_usage (&ctl, "there is no command '%s'", clean);
}

static SqnsExit
run (const SqnsCommand *command, int argc, char **argv)
{
  g_autofree char *usage = g_strjoin (" ", command->name, *command->args != '\0' ? command->args : NULL, NULL);
  g_autofree char *summary = g_strdup_printf ("sqnsctl %s: %s", command->name, command->help);
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  GOptionGroup *own = g_option_group_new ("command", "Options:", "", NULL, NULL);
  GOptionGroup *global = g_option_group_new ("global", "Global options:", "", NULL, NULL);
  g_autoptr (GError) error = NULL;
  SqnsExit code;

  if (command->options != NULL)
    g_option_group_add_entries (own, command->options);
  if (command->more_options != NULL)
    g_option_group_add_entries (own, command->more_options);
  g_option_group_add_entries (global, globals);
  g_option_context_set_summary (context, summary);
  g_option_context_add_group (context, own);
  g_option_context_add_group (context, global);

  int dashes = find_dashes (argc, argv);
  if (strstr (command->args, " -- ") != NULL && dashes < argc) /* the rest, with its options, is the program's */
    {
      ctl.program = argv + dashes + 1;
      argv[dashes] = NULL;
      argc = dashes;
    }
  if (!parse (context, &argc, &argv, &code))
    return code;
  dashes = find_dashes (argc, argv);
  if (dashes < argc) /* GOption keeps it before an argument that looks like an option */
    memmove (argv + dashes, argv + dashes + 1, sizeof *argv * (gsize)(argc-- - dashes));
  if (ctl.help)
    {
      g_autofree char *help = g_option_context_get_help (context, FALSE, NULL);
      sqns_out ("%s", help);
      return SQNS_EXIT_DONE;
    }
  if (ctl.timeout < 0)
    return sqns_ctl_usage (&ctl, "--timeout takes a number of seconds");
  if (argc - 1 < command->min || (command->max >= 0 && argc - 1 > command->max))
    return sqns_ctl_usage (&ctl, "usage: sqnsctl %s", usage);
  code = command->run (&ctl, argc, argv, &error);
  return error != NULL ? sqns_ctl_fail (&ctl, error) : code;
}

static SqnsExit
dispatch (int argc, char **argv)
{
  int at = find_command (argc, argv);

  /* Set before parsing: an error in the options is reported as JSON, too. */
  for (int i = 1; i < argc && !g_str_equal (argv[i], "--"); i++)
    {
      ctl.json |= g_str_equal (argv[i], "--json");
      ctl.json_stream |= g_str_equal (argv[i], "--json-stream");
    }
  if (at == 0)
    return without_command (argc, argv);
  ctl.command = lookup_command (argv[at]);
  if (ctl.command == NULL)
    return unknown_command (argv[at]);
  memmove (argv + at, argv + at + 1, sizeof *argv * (gsize)(argc - at)); /* with the NULL at the end */
  return run (ctl.command, argc - 1, argv);
}

/* The failed flush, and its errno, may be long past: poll() tells whether the pipe has lost its reader. */
static gboolean
reader_is_gone (void)
{
  struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
  return poll (&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

/* A reader that is gone is no error; a full disk is. */
static SqnsExit
finish_stdout (SqnsExit code)
{
  errno = 0;
  gboolean bad = !sqns_out_flush ();
  int saved = errno;
  if (!bad || reader_is_gone ())
    return code;
  sqns_complain ("cannot write to stdout: %s", saved != 0 ? g_strerror (saved) : "the output is cut off");
  return code == SQNS_EXIT_DONE ? SQNS_EXIT_FAILED : code;
}

int
main (int argc, char **argv)
{
  guard_standard_files ();
  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  g_set_prgname ("sqnsctl");
  ctl.detached = g_ptr_array_new_with_free_func (g_free);

  g_autofree char **args = g_memdup2 (argv, sizeof *argv * (gsize)(argc + 1));
  SqnsExit code = dispatch (argc, args);

  g_free (ctl.bus);
  g_free (ctl.host);
  g_ptr_array_unref (ctl.detached);
  return finish_stdout (code);
}
