/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl console: a terminal on a modem; or lines from a file or pipe, each sent after the response to the last.
 * sqnsctl at: one such line. */
#include "client/commands/commands.h"
#include "client/modem/held-port.h"
#include "client/modem/ref.h"
#include "client/ui/output.h"
#include "client/ui/terminal.h"

#include "codec/at.h"
#include "common/clean.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#define LEAVE 0x1d /* Ctrl-] */
#define CHUNK 4096
#define ANSWER_S 10
#define TELL_S 3 /* the stream ends before the bus says why */

typedef struct {
  SqnsCtl *ctl;
  GMainLoop *loop;
  SqnsConnection *conn;
  SqnsDbusModem *modem;
  int fd;          /* the modem */
  gboolean single; /* one command, whose response is not shown */
  gboolean keys;   /* stdin is a terminal */
  gboolean screen; /* stdout is one */
  gboolean echo;
  guint8 last; /* byte on the screen */
  guint from_stdin;
  guint to_modem;
  GByteArray *out;   /* for the modem */
  GByteArray *lines; /* read from stdin, not sent yet; only without a terminal */
  gboolean stdin_end;
  char *command;      /* awaits its response, nullable; only without a terminal */
  GByteArray *answer; /* since it was sent */
  SqnsAtReply reply;
  guint deadline;
  gboolean refused; /* a command has failed */
  gboolean closed;  /* by the daemon */
  SqnsExit code;
  GError *error;
} Session;

static void
leave (Session *self, SqnsExit code)
{
  self->code = code;
  g_main_loop_quit (self->loop);
}

/* Takes @error. */
static void
leave_with (Session *self, GError *error)
{
  self->error = error;
  leave (self, SQNS_EXIT_FAILED);
}

/* NULL: nothing is known yet. */
static GError *
reason (SqnsConnection *conn, SqnsDbusModem *modem)
{
  g_autofree char *owner = g_dbus_proxy_get_name_owner (G_DBUS_PROXY (conn->manager));
  const char *job = sqns_dbus_modem_get_current_job (modem);

  if (owner == NULL || g_dbus_connection_is_closed (conn->bus))
    return g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN, "the daemon has gone");
  if (!sqns_dbus_modem_get_present (modem))
    return g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "the board was unplugged");
  if (job != NULL && !g_str_equal (job, "/") && *job != '\0')
    return g_error_new (SQNS_ERROR, SQNS_ERROR_BUSY, "a job has taken the modem (see: sqnsctl jobs)");
  return NULL;
}

/* Waits a few seconds for the signals that tell it. */
static GError *
why_closed (SqnsConnection *conn, SqnsDbusModem *modem)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add_seconds (TELL_S, sqns_raise_flag, &late);
  GError *error = reason (conn, modem);

  while (error == NULL && !late)
    {
      g_main_context_iteration (NULL, TRUE);
      error = reason (conn, modem);
    }
  g_source_remove (timer);
  if (error == NULL)
    error = g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "the daemon has closed the console");
  return error;
}

/* --- what the modem says --- */

static gboolean
is_harmless (guint8 byte)
{
  return (byte >= 0x20 && byte < 0x7f) || byte == '\r' || byte == '\n' || byte == '\t' || byte == '\b' || byte == '\a';
}

/* Shows bytes that are no text in hex: they would control the terminal, and they are the sign of a wrong baud rate. */
static void
show (Session *self, const guint8 *data, gsize len)
{
  for (gsize i = 0; i < len; i++)
    {
      guint8 byte = data[i];
      if (self->screen && !is_harmless (byte))
        {
          g_autofree char *hex = g_strdup_printf ("\\x%02x", byte);
          sqns_out_bytes (hex, strlen (hex));
        }
      else if (byte == '\n' && self->keys && self->last != '\r')
        sqns_out_bytes ("\r\n", 2); /* the terminal is raw */
      else if (byte != '\r' || self->keys)
        sqns_out_bytes (&byte, 1);
      self->last = byte;
    }
  if (!sqns_out_flush ())
    leave (self, SQNS_EXIT_DONE); /* main() reports why */
}

/* --- what goes to the modem --- */

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  Session *self = data;
  ssize_t n = send (fd, self->out->data, self->out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n > 0)
    g_byte_array_remove_range (self->out, 0, (guint)n);
  if (self->out->len > 0 && (n >= 0 || errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  self->to_modem = 0; /* an error means the end of the stream, which on_modem() sees */
  return G_SOURCE_REMOVE;
}

static void
send_bytes (Session *self, const void *data, gsize len)
{
  g_byte_array_append (self->out, data, (guint)len);
  if (self->to_modem == 0 && self->out->len > 0)
    self->to_modem = g_unix_fd_add (self->fd, G_IO_OUT, on_writable, self);
}

static void
type_keys (Session *self, const guint8 *data, gsize len)
{
  const guint8 *end = memchr (data, LEAVE, len);
  gsize typed = end != NULL ? (gsize)(end - data) : len;

  if (self->echo)
    for (gsize i = 0; i < typed; i++)
      show (self, (const guint8 *)(data[i] == '\r' ? "\r\n" : (const char *)&data[i]), data[i] == '\r' ? 2 : 1);
  send_bytes (self, data, typed);
  if (end != NULL)
    leave (self, SQNS_EXIT_DONE);
}

/* --- lines without a terminal --- */

static gboolean
on_late (gpointer data)
{
  Session *self = data;
  self->deadline = 0;
  leave_with (self,
              g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "the modem has not answered %s in time", self->command));
  return G_SOURCE_REMOVE;
}

/* The next line that is not empty, without the newline; NULL when none is complete. */
static char *
take_line (Session *self)
{
  while (self->lines->len > 0)
    {
      const guint8 *end = memchr (self->lines->data, '\n', self->lines->len);
      if (end == NULL && !self->stdin_end)
        return NULL;
      gsize len = end != NULL ? (gsize)(end - self->lines->data) : self->lines->len;
      g_autofree char *line = g_strndup ((const char *)self->lines->data, len);
      g_byte_array_remove_range (self->lines, 0, (guint)(end != NULL ? len + 1 : len));
      if (*g_strstrip (line) != '\0')
        return g_steal_pointer (&line);
    }
  return NULL;
}

static gboolean on_stdin (int fd, GIOCondition condition, gpointer data);

/* Takes @command. */
static void
ask (Session *self, char *command)
{
  int seconds = self->ctl->timeout > 0 ? self->ctl->timeout : ANSWER_S;
  self->command = command;
  self->deadline = g_timeout_add_seconds ((guint)seconds, on_late, self);
  send_bytes (self, command, strlen (command));
  send_bytes (self, "\r", 1);
}

static void
next_line (Session *self)
{
  g_clear_pointer (&self->command, g_free);
  g_clear_handle_id (&self->deadline, g_source_remove);
  g_byte_array_set_size (self->answer, 0);
  char *line = take_line (self);
  if (line != NULL)
    ask (self, line);
  else if (self->stdin_end)
    leave (self, self->refused ? SQNS_EXIT_FAILED : SQNS_EXIT_DONE);
  else if (self->from_stdin == 0)
    self->from_stdin = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_stdin, self);
}

static gboolean
dials (const char *command)
{
  static const char *const verbs[] = { "ATD", "ATA", "ATO", "AT+CGDATA" };
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (g_ascii_strncasecmp (command, verbs[i], strlen (verbs[i])) == 0)
      return TRUE;
  return FALSE;
}

/* The end of a call, which sqns_at_parse() takes for a line of the response or for an unsolicited one. */
static SqnsAtFinal
call_final (SqnsAtReply *reply)
{
  static const char *const failures[] = { "NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE" };

  for (guint i = 0; i < reply->lines->len; i++)
    if (g_str_has_prefix (reply->lines->pdata[i], "CONNECT"))
      return SQNS_AT_OK;
  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      guint at;
      GPtrArray *said = g_ptr_array_find_with_equal_func (reply->lines, failures[i], g_str_equal, &at) ? reply->lines
                        : g_ptr_array_find_with_equal_func (reply->unsolicited, failures[i], g_str_equal, &at)
                            ? reply->unsolicited
                            : NULL;
      if (said == NULL)
        continue;
      g_ptr_array_remove_index (said, at);
      reply->error_text = g_strdup (failures[i]);
      return SQNS_AT_CME_ERROR;
    }
  return SQNS_AT_PENDING;
}

/* The response to a command that dials also ends with CONNECT, which stays among the lines, or with NO CARRIER, BUSY
 * and the like. */
static void
hear_answer (Session *self, const guint8 *data, gsize len)
{
  SqnsAtReply *reply = &self->reply;

  g_byte_array_append (self->answer, data, (guint)len);
  if (sqns_at_parse (self->command, self->answer->data, self->answer->len, reply) == SQNS_AT_PENDING
      && dials (self->command))
    reply->final = call_final (reply);
  if (reply->final != SQNS_AT_PENDING)
    {
      self->refused |= reply->final != SQNS_AT_OK;
      next_line (self);
    }
  else if (self->answer->len > SQNS_AT_MAX_REPLY && self->single)
    leave_with (self, g_error_new (SQNS_ERROR, SQNS_ERROR_PROTOCOL, "%u bytes came, and no answer to %s among them",
                                   self->answer->len, self->command));
  else if (self->answer->len > SQNS_AT_MAX_REPLY) /* line noise: only its end can still be a response */
    g_byte_array_remove_range (self->answer, 0, self->answer->len - SQNS_AT_MAX_REPLY);
}

/* --- events --- */

static gboolean
on_stdin (int fd, GIOCondition condition, gpointer data)
{
  Session *self = data;
  guint8 buffer[CHUNK];
  ssize_t n = read (fd, buffer, sizeof buffer);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (self->keys)
    {
      if (n > 0)
        type_keys (self, buffer, (gsize)n);
      else
        leave (self, SQNS_EXIT_DONE);
      self->from_stdin = n > 0 ? self->from_stdin : 0;
      return n > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
    }
  self->stdin_end = n <= 0;
  if (n > 0)
    g_byte_array_append (self->lines, buffer, (guint)n);
  self->from_stdin = 0; /* reading continues after these lines */
  next_line (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_modem (int fd, GIOCondition condition, gpointer data)
{
  Session *self = data;
  guint8 buffer[CHUNK];
  ssize_t n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (n <= 0)
    {
      self->closed = TRUE;
      leave (self, SQNS_EXIT_UNKNOWN);
      return G_SOURCE_CONTINUE;
    }
  if (!self->single)
    show (self, buffer, (gsize)n);
  if (self->command != NULL)
    hear_answer (self, buffer, (gsize)n);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_signal (gpointer data)
{
  leave (data, SQNS_EXIT_DETACHED);
  return G_SOURCE_CONTINUE;
}

static void
converse (Session *self)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
  guint signals[G_N_ELEMENTS (numbers)];
  g_autofree char *name = sqns_modem_name (self->modem);

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    signals[i] = g_unix_signal_add (numbers[i], on_signal, self);
  if (self->keys)
    {
      sqns_ctl_remark (self->ctl,
                       "this is the modem of %s; Ctrl-] leaves. What you type is seen when the modem echoes "
                       "it: ATE1 (or use --echo)",
                       name);
      sqns_terminal_raw (STDIN_FILENO);
    }
  self->from_stdin = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_stdin, self);
  g_main_loop_run (self->loop);

  g_clear_handle_id (&self->from_stdin, g_source_remove);
  if (self->screen && self->last != '\n' && self->last != 0)
    show (self, (const guint8 *)"\r\n", 2);
  sqns_terminal_restore ();
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    g_source_remove (signals[i]);
}

/* @command: nullable, else the only one. FALSE on error. */
static gboolean
talk (Session *self, const char *modem, const char *command, GError **error)
{
  self->conn = sqns_connection_open (self->ctl, error);
  self->modem = self->conn != NULL ? sqns_modem_ref_find (self->conn, modem, error) : NULL;
  /* where no descriptor can be passed, that is the better reason */
  if (self->modem == NULL || !sqns_connection_passes_files (self->conn, "a console", error)
      || !sqns_held_port_check (self->conn, self->modem, error))
    return FALSE;
  self->fd = sqns_connection_call_for_file (self->conn, self->modem, "OpenConsole", g_variant_new ("(a{sv})", NULL),
                                            "a console", error);
  if (self->fd < 0)
    return FALSE;

  self->loop = g_main_loop_new (NULL, FALSE);
  self->out = g_byte_array_new ();
  self->lines = g_byte_array_new ();
  self->answer = g_byte_array_new ();
  guint from_modem = g_unix_fd_add (self->fd, G_IO_IN | G_IO_HUP, on_modem, self);
  if (command == NULL)
    converse (self);
  else
    {
      self->single = self->stdin_end = TRUE;
      ask (self, g_strdup (command));
      g_main_loop_run (self->loop);
    }
  g_source_remove (from_modem);
  g_clear_handle_id (&self->to_modem, g_source_remove);
  g_clear_handle_id (&self->deadline, g_source_remove);
  close (self->fd);
  if (self->closed)
    self->error = why_closed (self->conn, self->modem);
  if (self->error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->error));
  return *error == NULL;
}

static void
clear_session (Session *self)
{
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->out, g_byte_array_unref);
  g_clear_pointer (&self->lines, g_byte_array_unref);
  g_clear_pointer (&self->answer, g_byte_array_unref);
  g_free (self->command);
  sqns_at_reply_clear (&self->reply);
  g_clear_object (&self->modem);
  g_clear_pointer (&self->conn, sqns_connection_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Session, clear_session)

static gboolean echo;
static const GOptionEntry entries[] = {
  { "echo", 0, 0, G_OPTION_ARG_NONE, &echo, "show what is typed, for a modem that does not echo", NULL },
  { NULL },
};

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_auto (Session) session
      = { .ctl = ctl, .keys = isatty (STDIN_FILENO), .screen = isatty (STDOUT_FILENO), .echo = echo };

  if (sqns_ctl_wants_json (ctl))
    return sqns_ctl_usage (ctl, "a console has no JSON; sqnsctl at has");
  talk (&session, argv[1], NULL, error);
  return session.code;
}

const SqnsCommand sqns_console_command
    = { "console", "MODEM", "talk to a modem by hand; Ctrl-] leaves", 1, 1, run, entries };

/* --- one command --- */

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
run_at (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_auto (Session) session = { .ctl = ctl };
  const SqnsAtReply *reply = &session.reply;
  const char *fault = command_fault (argv[2]);

  if (fault != NULL)
    return sqns_ctl_usage (ctl, "COMMAND %s", fault);
  if (!talk (&session, argv[1], argv[2], error))
    return SQNS_EXIT_FAILED;
  if (sqns_ctl_wants_json (ctl))
    print_json (ctl, session.modem, argv[2], reply);
  else
    print_lines (ctl, reply);
  if (reply->final == SQNS_AT_OK)
    return SQNS_EXIT_DONE;
  sqns_complain ("the modem answered %s", final_text (reply));
  return SQNS_EXIT_FAILED;
}

const SqnsCommand sqns_at_command = { "at", "MODEM COMMAND", "send one AT command and print the answer", 2, 2, run_at };
