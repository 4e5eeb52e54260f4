/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands, and the help that is made from it. */
#include "client/command-table.h"
#include "client/commands/commands.h"
#include "client/ui/text.h"

#include <string.h>

/* In the order of --help. */
static const SqnsCommand commands[] = {
  { "list", "", "the boards, and what is known of their modems", 0, 0, sqns_cmd_list },
  { "show", "MODEM", "all that is known of one modem; --refresh, --identify ask it", 1, 1, sqns_cmd_show,
    sqns_show_options },
  { "inspect", "FILE", "check a firmware file; needs no daemon", 1, 1, sqns_cmd_inspect },
  { "upgrade", "MODEM... FILE", "bring modems to the firmware in FILE, and wait for it", 1, -1, sqns_cmd_upgrade,
    sqns_upgrade_options, sqns_upgrade_job_options },
  { "recover", "MODEM FILE", "the same for a modem that does not boot", 2, 2, sqns_cmd_recover, sqns_recover_options,
    sqns_upgrade_job_options },
  { "jobs", "", "what runs, waits and is done", 0, 0, sqns_cmd_jobs },
  { "job", "ID", "all about one job; --log prints its transcript", 1, 1, sqns_cmd_job, sqns_job_options },
  { "wait", "ID...", "wait until jobs have ended", 0, -1, sqns_cmd_wait, sqns_job_ref_options },
  { "cancel", "ID...", "ask jobs to end while they safely can", 0, -1, sqns_cmd_cancel, sqns_job_ref_options },
  { "resume", "ID...", "go on with interrupted, failed or cancelled jobs, and wait for it", 1, -1, sqns_cmd_resume,
    sqns_resume_options },
  { "history", "[MODEM]", "jobs that have ended, newest first", 0, 1, sqns_cmd_history, sqns_history_options },
  { "watch", "", "follow all boards and jobs until Ctrl-C", 0, 0, sqns_cmd_watch },
  { "at", "MODEM COMMAND", "send one AT command and print the answer", 2, 2, sqns_cmd_at },
  { "console", "MODEM", "talk to a modem by hand; Ctrl-] leaves", 1, 1, sqns_cmd_console, sqns_console_options },
  { "reset", "MODEM", "reset a board's module; --modem resets the modem, too", 1, 1, sqns_cmd_reset,
    sqns_reset_options },
  { "doctor", "[MODEM]", "what is wrong, in plain words, and what to do next", 0, 1, sqns_cmd_doctor,
    sqns_doctor_options },
  { "inhibit", "[MODEM] --why TEXT -- CMD", "keep new jobs away while CMD runs", 0, 1, sqns_cmd_inhibit,
    sqns_inhibit_options },
  { "drain", "on|off", "let the daemon finish what runs and start nothing new", 1, 1, sqns_cmd_drain },
  { "notify", "", "desktop notifications of jobs, until the session ends", 0, 0, sqns_cmd_notify },
  { "version", "", "versions of sqnsctl and of the daemon", 0, 0, sqns_cmd_version },
};

static void
append_entry (GString *out, const char *left, const char *help)
{
  if (strlen (left) > 26)
    g_string_append_printf (out, "  %s\n  %-26s  %s\n", left, "", help);
  else
    g_string_append_printf (out, "  %-26s  %s\n", left, help);
}

char *
sqns_commands_help (const GOptionEntry *globals)
{
  GString *out = g_string_new ("Usage: sqnsctl [OPTION...] COMMAND [ARGUMENT...]\n\n"
                               "Upgrades and looks after the LTE modems of Pycom boards, by way of the daemon sqnsd.\n"
                               "MODEM is an id or a tty path (/dev/ttyUSB0); ID is a job's id or its beginning.\n"
                               "\nCommands:\n");
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *left = g_strdup_printf ("%s %s", commands[i].name, commands[i].args);
      append_entry (out, left, commands[i].help);
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

const SqnsCommand *
sqns_commands_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].name, name))
      return &commands[i];
  return NULL;
}

const char *
sqns_commands_nearest (const char *name)
{
  const char *names[G_N_ELEMENTS (commands) + 1] = { NULL };
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    names[i] = commands[i].name;
  return sqns_text_nearest (name, names);
}
