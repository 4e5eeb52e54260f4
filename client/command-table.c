/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands, and the help that is made from it. */
#include "client/command-table.h"
#include "client/commands/commands.h"

#include <string.h>

const SqnsCommand sqns_commands[] = {
  { "list", sqns_cmd_list, "", "the boards, and what is known of their modems" },
  { "show", sqns_cmd_show, "MODEM", "all that is known of one modem; --refresh, --identify ask it" },
  { "inspect", sqns_cmd_inspect, "FILE", "check a firmware file; needs no daemon" },
  { "upgrade", sqns_cmd_upgrade, "MODEM... FILE", "bring modems to the firmware in FILE, and wait for it" },
  { "recover", sqns_cmd_recover, "MODEM FILE", "the same for a modem that does not boot" },
  { "jobs", sqns_cmd_jobs, "", "what runs, waits and is done" },
  { "job", sqns_cmd_job, "ID", "all about one job; --log prints its transcript" },
  { "wait", sqns_cmd_wait, "ID...", "wait until jobs have ended" },
  { "cancel", sqns_cmd_cancel, "ID...", "ask jobs to end while they safely can" },
  { "resume", sqns_cmd_resume, "ID...", "go on with interrupted, failed or cancelled jobs, and wait for it" },
  { "history", sqns_cmd_history, "[MODEM]", "jobs that have ended, newest first" },
  { "watch", sqns_cmd_watch, "", "follow all boards and jobs until Ctrl-C" },
  { "at", sqns_cmd_at, "MODEM COMMAND", "send one AT command and print the answer" },
  { "console", sqns_cmd_console, "MODEM", "talk to a modem by hand; Ctrl-] leaves" },
  { "reset", sqns_cmd_reset, "MODEM", "reset a board's module; --modem resets the modem, too" },
  { "doctor", sqns_cmd_doctor, "[MODEM]", "what is wrong, in plain words, and what to do next" },
  { "inhibit", sqns_cmd_inhibit, "[MODEM] --why TEXT -- CMD", "keep new jobs away while CMD runs" },
  { "drain", sqns_cmd_drain, "on|off", "let the daemon finish what runs and start nothing new" },
  { "notify", sqns_cmd_notify, "", "desktop notifications of jobs, until the session ends" },
  { "version", sqns_cmd_version, "", "versions of sqnsctl and of the daemon" },
  { NULL, NULL, NULL, NULL },
};

static void
append_entry (GString *out, const char *left, const char *help)
{
  if (strlen (left) > 26)
    g_string_append_printf (out, "  %s\n  %-26s  %s\n", left, "", help);
  else
    g_string_append_printf (out, "  %-26s  %s\n", left, help);
}

static void
append_commands (GString *out)
{
  for (const SqnsCommand *c = sqns_commands; c->name != NULL; c++)
    {
      g_autofree char *left = g_strdup_printf ("%s %s", c->name, c->args);
      append_entry (out, left, c->help);
    }
}

char *
sqns_commands_help (const GOptionEntry *globals)
{
  GString *out = g_string_new ("Usage: sqnsctl [OPTION...] COMMAND [ARGUMENT...]\n\n"
                               "Upgrades and looks after the LTE modems of Pycom boards, by way of the daemon sqnsd.\n"
                               "MODEM is an id or a tty path (/dev/ttyUSB0); ID is a job's id or its beginning.\n"
                               "\nCommands:\n");
  append_commands (out);
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
  for (const SqnsCommand *c = sqns_commands; c->name != NULL; c++)
    if (g_str_equal (c->name, name))
      return c;
  return NULL;
}
