/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options, errors and words that all commands share. */
#include "client/core/ctl.h"
#include "client/ui/output.h"

#include <string.h>

#define REMOTE_ADVICE                                                                                                  \
  "see that ssh gets there by itself, and that systemd-stdio-bridge and a running sqnsd (systemctl start sqnsd) are "  \
  "there"

static char *
usage_line (const SqnsCtl *ctl)
{
  return g_strdup_printf ("%s%s%s", ctl->command->name, *ctl->command->args != '\0' ? " " : "", ctl->command->args);
}

/* GOption leaves a "--" standing where what follows looks like an option. */
static void
drop_dashes (int *argc, char **argv)
{
  for (int i = 1; i < *argc; i++)
    if (g_str_equal (argv[i], "--"))
      {
        memmove (argv + i, argv + i + 1, sizeof *argv * (gsize)(*argc - i));
        (*argc)--;
        return;
      }
}

gboolean
sqns_ctl_parse (SqnsCtl *ctl, const GOptionEntry *entries, int min, int max, int *argc, char ***argv, SqnsExit *code)
{
  g_autofree char *usage = usage_line (ctl);
  g_autofree char *summary = g_strdup_printf ("sqnsctl %s: %s", ctl->command->name, ctl->command->help);
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  GOptionGroup *own = g_option_group_new ("command", "Options:", "", NULL, NULL);
  GOptionGroup *global = g_option_group_new ("global", "Global options:", "", NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_option_group_add_entries (global, ctl->globals);
  if (entries != NULL)
    g_option_group_add_entries (own, entries);
  g_option_context_set_summary (context, summary);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_group (context, own);
  g_option_context_add_group (context, global);

  if (!g_option_context_parse (context, argc, argv, &error))
    {
      *code = sqns_ctl_usage (ctl, "%s", error->message);
      return FALSE;
    }
  drop_dashes (argc, *argv);
  if (ctl->version)
    {
      sqns_out ("sqnsctl %s\n", SQNS_VERSION);
      *code = SQNS_EXIT_DONE;
      return FALSE;
    }
  if (ctl->help)
    {
      g_autofree char *help = g_option_context_get_help (context, FALSE, NULL);
      sqns_out ("%s", help);
      *code = SQNS_EXIT_DONE;
      return FALSE;
    }
  if (ctl->timeout < 0)
    {
      *code = sqns_ctl_usage (ctl, "--timeout takes a number of seconds");
      return FALSE;
    }
  if (*argc - 1 < min || (max >= 0 && *argc - 1 > max))
    {
      *code = sqns_ctl_usage (ctl, "usage: sqnsctl %s", usage);
      return FALSE;
    }
  return TRUE;
}

gboolean
sqns_ctl_wants_json (const SqnsCtl *ctl)
{
  return ctl->json || ctl->json_stream;
}

void
sqns_ctl_complain (const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_err_line ("sqnsctl: %s", text);
}

void
sqns_ctl_remark (const SqnsCtl *ctl, const char *format, ...)
{
  if (ctl->quiet)
    return;
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_ctl_complain ("%s", text);
}

void
sqns_ctl_say (const SqnsCtl *ctl, const char *format, ...)
{
  if (sqns_ctl_wants_json (ctl))
    return;
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_out ("%s", text);
}

void
sqns_ctl_left_behind (SqnsCtl *ctl, const char *uuid)
{
  if (ctl->left_behind == NULL)
    ctl->left_behind = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (ctl->left_behind, g_strdup (uuid));
}

void
sqns_ctl_print_document (const SqnsCtl *ctl, JsonNode *root)
{
  sqns_json_print (root, ctl->json_stream);
  json_node_unref (root);
}

void
sqns_ctl_print (const SqnsCtl *ctl, const char *noun, JsonNode *content)
{
  JsonNode *root = sqns_json_document_new ();
  json_object_set_member (json_node_get_object (root), noun, content);
  sqns_ctl_print_document (ctl, root);
}

void
sqns_ctl_print_event (const SqnsCtl *ctl, const char *event, const char *noun, JsonNode *content)
{
  if (!ctl->json_stream)
    {
      json_node_unref (content);
      return;
    }
  JsonNode *root = sqns_json_document_new ();
  json_object_set_string_member (json_node_get_object (root), "event", event);
  json_object_set_member (json_node_get_object (root), noun, content);
  sqns_ctl_print_document (ctl, root);
}

void
sqns_ctl_print_proxies (const SqnsCtl *ctl, const char *noun, GPtrArray *proxies)
{
  JsonNode *array = sqns_json_array_new ();
  for (guint i = 0; i < proxies->len; i++)
    sqns_json_array_take (array, sqns_json_from_proxy (proxies->pdata[i]));
  sqns_ctl_print (ctl, noun, array);
}

static void
print_error (const SqnsCtl *ctl, const char *name, const char *message, const char *advice, SqnsExit code)
{
  JsonObject *object = json_object_new ();
  g_autofree char *valid = g_utf8_make_valid (message, -1);

  json_object_set_string_member (object, "error-name", name);
  json_object_set_string_member (object, "message", valid);
  json_object_set_string_member (object, "advice", advice != NULL ? advice : "");
  json_object_set_int_member (object, "exit-code", code);
  if (ctl->left_behind != NULL)
    {
      JsonArray *jobs = json_array_new ();
      for (guint i = 0; i < ctl->left_behind->len; i++)
        json_array_add_string_element (jobs, ctl->left_behind->pdata[i]);
      json_object_set_array_member (object, "jobs", jobs);
    }
  sqns_ctl_print (ctl, "error", json_node_init_object (json_node_alloc (), object));
}

SqnsExit
sqns_ctl_fail (SqnsCtl *ctl, const GError *error)
{
  SqnsExit code = sqns_exit_from_error (error);
  const char *advice = ctl->host != NULL && code == SQNS_EXIT_NO_DAEMON ? REMOTE_ADVICE : sqns_exit_advice (code);
  g_autofree char *name = sqns_exit_error_name (error);
  g_autoptr (GError) local = g_error_copy (error);

  g_dbus_error_strip_remote_error (local);
  sqns_ctl_complain ("%s", local->message);
  if (advice != NULL)
    sqns_ctl_complain ("%s", advice);
  if (sqns_ctl_wants_json (ctl))
    print_error (ctl, name, local->message, advice, code);
  return code;
}

SqnsExit
sqns_ctl_usage (SqnsCtl *ctl, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);

  sqns_ctl_complain ("%s", text);
  if (ctl->command != NULL)
    sqns_ctl_complain ("see: sqnsctl %s --help", ctl->command->name);
  else
    sqns_ctl_complain ("see: sqnsctl --help");
  if (sqns_ctl_wants_json (ctl))
    print_error (ctl, "org.freedesktop.DBus.Error.InvalidArgs", text, NULL, SQNS_EXIT_USAGE);
  return SQNS_EXIT_USAGE;
}
