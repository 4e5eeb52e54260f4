/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl console: a terminal on a modem; or lines from a file or pipe, each sent after the response to the last. */
#include "client/commands/commands.h"
#include "client/modem/console.h"
#include "client/modem/ref.h"
#include "client/ui/output.h"
#include "client/ui/terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#define LEAVE 0x1d /* Ctrl-] */
#define CHUNK 4096
#define ANSWER_S 10

typedef struct {
  SqnsCtl *ctl;
  GMainLoop *loop;
  int fd;          /* the modem */
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
  guint deadline;
  gboolean refused; /* a command has failed */
  gboolean closed;  /* by the daemon */
  SqnsExit code;
} Session;

static void
leave (Session *self, SqnsExit code)
{
  self->code = code;
  g_main_loop_quit (self->loop);
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
  sqns_complain ("the modem has not answered %s in time", self->command);
  leave (self, SQNS_EXIT_UNKNOWN);
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

static void
next_line (Session *self)
{
  g_clear_pointer (&self->command, g_free);
  g_clear_handle_id (&self->deadline, g_source_remove);
  g_byte_array_set_size (self->answer, 0);
  self->command = take_line (self);
  if (self->command != NULL)
    {
      int seconds = self->ctl->timeout > 0 ? self->ctl->timeout : ANSWER_S;
      self->deadline = g_timeout_add_seconds ((guint)seconds, on_late, self);
      send_bytes (self, self->command, strlen (self->command));
      send_bytes (self, "\r", 1);
    }
  else if (self->stdin_end)
    leave (self, self->refused ? SQNS_EXIT_FAILED : SQNS_EXIT_DONE);
  else if (self->from_stdin == 0)
    self->from_stdin = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_stdin, self);
}

static void
hear_answer (Session *self, const guint8 *data, gsize len)
{
  SqnsAtReply reply = { 0 };

  g_byte_array_append (self->answer, data, (guint)len);
  SqnsAtFinal final = sqns_console_parse (self->command, self->answer->data, self->answer->len, &reply);
  sqns_at_reply_clear (&reply);
  if (final == SQNS_AT_PENDING)
    {
      if (self->answer->len > SQNS_AT_MAX_REPLY) /* line noise: only its end can still be a response */
        g_byte_array_remove_range (self->answer, 0, self->answer->len - SQNS_AT_MAX_REPLY);
      return;
    }
  self->refused |= final != SQNS_AT_OK;
  next_line (self);
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
greet (Session *self, SqnsDbusModem *modem)
{
  g_autofree char *name = sqns_modem_name (modem);
  if (self->keys)
    sqns_ctl_remark (self->ctl,
                     "this is the modem of %s; Ctrl-] leaves. What you type is seen when the modem echoes "
                     "it: ATE1 (or use --echo)",
                     name);
}

static void
converse (Session *self, SqnsDbusModem *modem)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
  guint signals[G_N_ELEMENTS (numbers)];

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    signals[i] = g_unix_signal_add (numbers[i], on_signal, self);
  greet (self, modem);
  if (self->keys)
    sqns_terminal_raw (STDIN_FILENO);
  guint from_modem = g_unix_fd_add (self->fd, G_IO_IN | G_IO_HUP, on_modem, self);
  self->from_stdin = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_stdin, self);
  g_main_loop_run (self->loop);

  g_clear_handle_id (&from_modem, g_source_remove);
  g_clear_handle_id (&self->from_stdin, g_source_remove);
  g_clear_handle_id (&self->to_modem, g_source_remove);
  g_clear_handle_id (&self->deadline, g_source_remove);
  if (self->screen && self->last != '\n' && self->last != 0)
    show (self, (const guint8 *)"\r\n", 2);
  sqns_terminal_restore ();
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    g_source_remove (signals[i]);
}

static gboolean echo;
static const GOptionEntry entries[] = {
  { "echo", 0, 0, G_OPTION_ARG_NONE, &echo, "show what is typed, for a modem that does not echo", NULL },
  { NULL },
};

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  if (sqns_ctl_wants_json (ctl))
    return sqns_ctl_usage (ctl, "a console has no JSON; sqnsctl at has");
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  g_autoptr (SqnsDbusModem) modem = conn != NULL ? sqns_modem_ref_find (conn, argv[1], error) : NULL;
  int fd = modem != NULL ? sqns_console_open (conn, modem, error) : -1;
  if (fd < 0)
    return SQNS_EXIT_FAILED;

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GByteArray) lines = g_byte_array_new ();
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  Session session = { .ctl = ctl,
                      .loop = loop,
                      .fd = fd,
                      .keys = isatty (STDIN_FILENO),
                      .screen = isatty (STDOUT_FILENO),
                      .echo = echo,
                      .out = out,
                      .lines = lines,
                      .answer = answer };
  converse (&session, modem);
  g_free (session.command);
  close (fd);
  if (session.closed)
    *error = sqns_console_why_closed (conn, modem);
  return session.code;
}

const SqnsCommand sqns_console_command
    = { "console", "MODEM", "talk to a modem by hand; Ctrl-] leaves", 1, 1, run, entries };
