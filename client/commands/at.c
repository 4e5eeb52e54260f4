/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl at: one AT command to a modem. */
#include "client/commands/commands.h"
#include "client/modem/console.h"
#include "client/modem/ref.h"
#include "client/ui/output.h"

#include "common/clean.h"

#include <unistd.h>

#define DEFAULT_TIMEOUT_S 10

static JsonNode *
strings_node (GPtrArray *strings)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < strings->len; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (strings->pdata[i], -1);
      json_array_add_string_element (array, valid);
    }
  return sqns_json_array (array);
}

static const char *
final_text (const SqnsAtReply *reply)
{
  const char *last = reply->lines->len > 0 ? reply->lines->pdata[reply->lines->len - 1] : "";

  switch (reply->final)
    {
    case SQNS_AT_OK: /* the result of a call is its last line */
      return g_str_has_prefix (last, "CONNECT") ? last : "OK";
    case SQNS_AT_CME_ERROR:
      return reply->error_text;
    case SQNS_AT_ERROR:
      return "ERROR";
    case SQNS_AT_PENDING:
      break;
    }
  return "";
}

static void
print_json (SqnsCtl *ctl, SqnsDbusModem *modem, const char *command, const SqnsAtReply *reply)
{
  JsonNode *node = sqns_json_from_proxy (modem);
  JsonObject *at = json_object_new ();
  g_autofree char *result = g_utf8_make_valid (final_text (reply), -1);

  json_object_set_string_member (at, "command", command);
  json_object_set_member (at, "lines", strings_node (reply->lines));
  json_object_set_member (at, "unsolicited", strings_node (reply->unsolicited));
  json_object_set_string_member (at, "result", result);
  json_object_set_object_member (json_node_get_object (node), "at", at);
  sqns_ctl_print (ctl, "modem", node);
}

static void
print_lines (SqnsCtl *ctl, const SqnsAtReply *reply)
{
  for (guint i = 0; i < reply->lines->len; i++)
    {
      g_autofree char *line = sqns_clean_line (reply->lines->pdata[i], -1);
      sqns_out ("%s\n", line);
    }
  for (guint i = 0; i < reply->unsolicited->len; i++)
    sqns_ctl_remark (ctl, "the modem also said: %s", (const char *)reply->unsolicited->pdata[i]);
}

/* Why it cannot be sent; NULL: it can. */
static const char *
command_fault (const char *command)
{
  for (const char *p = command; *p != '\0'; p++)
    if (!g_ascii_isprint (*p))
      return "must be one line of plain ASCII";
  return g_ascii_strncasecmp (command, "AT", 2) == 0 ? NULL : "must begin with AT, for instance AT+CSQ";
}

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_auto (SqnsAtReply) reply = { 0 };
  const char *fault = command_fault (argv[2]);

  if (fault != NULL)
    return sqns_ctl_usage (ctl, "COMMAND %s", fault);
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  g_autoptr (SqnsDbusModem) modem = conn != NULL ? sqns_modem_ref_find (conn, argv[1], error) : NULL;
  int fd = modem != NULL ? sqns_console_open (conn, modem, error) : -1;
  if (fd < 0)
    return SQNS_EXIT_FAILED;

  int timeout = sqns_connection_timeout (conn);
  gboolean answered
      = sqns_console_exchange (fd, argv[2], timeout > 0 ? timeout : DEFAULT_TIMEOUT_S * 1000, &reply, error);
  close (fd);
  if (!answered)
    {
      if (g_error_matches (*error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST))
        {
          g_clear_error (error);
          *error = sqns_console_why_closed (conn, modem);
        }
      return SQNS_EXIT_FAILED;
    }
  if (sqns_ctl_wants_json (ctl))
    print_json (ctl, modem, argv[2], &reply);
  else
    print_lines (ctl, &reply);
  if (reply.final == SQNS_AT_OK)
    return SQNS_EXIT_DONE;
  sqns_complain ("the modem answered %s", final_text (&reply));
  return SQNS_EXIT_FAILED;
}

const SqnsCommand sqns_at_command = { "at", "MODEM COMMAND", "send one AT command and print the answer", 2, 2, run };
