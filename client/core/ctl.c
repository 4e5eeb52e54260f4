/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages, documents and errors of all commands. */
#include "client/core/ctl.h"

#define REMOTE_ADVICE                                                                                                  \
  "see that ssh gets there by itself, and that systemd-stdio-bridge and a running sqnsd (systemctl start sqnsd) are "  \
  "there"

gboolean
sqns_ctl_wants_json (const SqnsCtl *ctl)
{
  return ctl->json || ctl->json_stream;
}

/* --- documents --- */

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
sqns_ctl_print_event (const SqnsCtl *ctl, const char *event, const char *noun, gpointer proxy)
{
  if (!ctl->json_stream)
    return;
  JsonNode *root = sqns_json_document_new ();
  json_object_set_string_member (json_node_get_object (root), "event", event);
  json_object_set_member (json_node_get_object (root), noun, sqns_json_from_proxy (proxy));
  sqns_ctl_print_document (ctl, root);
}

/* --- errors --- */

static void
print_error (const SqnsCtl *ctl, const char *name, const char *message, const char *advice, SqnsExit code)
{
  JsonObject *object = json_object_new ();
  g_autofree char *valid = g_utf8_make_valid (message, -1);

  json_object_set_string_member (object, "error-name", name);
  json_object_set_string_member (object, "message", valid);
  json_object_set_string_member (object, "advice", advice != NULL ? advice : "");
  json_object_set_int_member (object, "exit-code", code);
  if (ctl->detached->len > 0)
    {
      JsonArray *jobs = json_array_new ();
      for (guint i = 0; i < ctl->detached->len; i++)
        json_array_add_string_element (jobs, ctl->detached->pdata[i]);
      json_object_set_array_member (object, "jobs", jobs);
    }
  sqns_ctl_print (ctl, "error", sqns_json_object (object));
}

SqnsExit
sqns_ctl_fail (const SqnsCtl *ctl, const GError *error)
{
  SqnsExit code = sqns_exit_from_error (error);
  const char *advice = ctl->host != NULL && code == SQNS_EXIT_NO_DAEMON ? REMOTE_ADVICE : sqns_exit_advice (code);
  g_autofree char *name = sqns_exit_error_name (error);
  g_autoptr (GError) local = g_error_copy (error);

  g_dbus_error_strip_remote_error (local);
  sqns_complain ("%s", local->message);
  if (advice != NULL)
    sqns_complain ("%s", advice);
  if (sqns_ctl_wants_json (ctl))
    print_error (ctl, name, local->message, advice, code);
  return code;
}

SqnsExit
sqns_ctl_usage (const SqnsCtl *ctl, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);

  sqns_complain ("%s", text);
  sqns_complain ("see: sqnsctl%s%s --help", ctl->command != NULL ? " " : "",
                 ctl->command != NULL ? ctl->command->name : "");
  if (sqns_ctl_wants_json (ctl))
    print_error (ctl, "org.freedesktop.DBus.Error.InvalidArgs", text, NULL, SQNS_EXIT_USAGE);
  return SQNS_EXIT_USAGE;
}
