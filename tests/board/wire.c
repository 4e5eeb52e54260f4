/* The USB serial port of a board: a pseudo-terminal, its speed, its pace, its cable.
 *
 * The board keeps the slave open, too. Otherwise each close by the host would be a lasting hang-up on the master, and
 * the port would lose its settings, unlike ttyUSB and ttyACM. As on those, bytes that the board sends while no program
 * has the port open are lost; inotify reports opens and closes. */
#include "wire.h"

#include "pacer.h"
#include "poller.h"
#include "transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The default speed of a tty driver. */
#define FIRST_BAUD 9600
#define READ_MAX 8192
/* The buffer for a host that does not read; more bytes are lost. */
#define UNREAD_MAX (256 * 1024)
/* FTDI sends a full packet at once and a partial one when the latency timer expires. The real timer runs freely, so an
 * answer waits for a part of its period; here it always waits for the whole period. */
#define USB_PACKET 62

struct Wire {
  WireOptions options;
  WireFunc received;
  gpointer user_data;

  int master;
  int slave;
  char path[64];
  int watch; /* inotify */
  gint openers;

  Watch in;
  guint out_id;
  gboolean held;
  Lane in_lane;
  Line sampled; /* the settings when the bytes became readable */
  gsize sampled_bytes;

  Lane out_lane;
  GByteArray *out; /* on the line to the host */
  guint out_baud;
  GByteArray *usb;    /* waiting for the latency timer */
  Lane usb_lane;      /* the latency timer */
  GByteArray *unread; /* not accepted by the kernel yet */
};

static int notify_fd = -1;
static GHashTable *watched; /* inotify watch → Wire */

static void
note_opens (void)
{
  char buffer[4096] __attribute__ ((aligned (__alignof__(struct inotify_event))));
  gssize n;

  while ((n = read (notify_fd, buffer, sizeof buffer)) > 0)
    {
      for (char *p = buffer; p < buffer + n;)
        {
          const struct inotify_event *event = (const void *)p;
          Wire *wire = g_hash_table_lookup (watched, GINT_TO_POINTER (event->wd));

          p += sizeof *event + event->len;
          if (wire == NULL)
            continue;
          if (event->mask & IN_OPEN)
            wire->openers++;
          if (event->mask & (IN_CLOSE_WRITE | IN_CLOSE_NOWRITE))
            wire->openers = MAX (wire->openers - 1, 0);
          if (wire->openers == 0 && wire->slave >= 0)
            {
              /* On a real port the last close drops both. */
              ioctl (wire->slave, TIOCNXCL);
              tcflush (wire->slave, TCIFLUSH);
              g_byte_array_set_size (wire->unread, 0);
            }
        }
    }
}

static gboolean
host_is_there (Wire *wire)
{
  if (notify_fd >= 0)
    note_opens ();
  return wire->watch < 0 || wire->openers > 0;
}

static gboolean
notified (gint fd, GIOCondition condition, gpointer user_data)
{
  note_opens ();
  return G_SOURCE_CONTINUE;
}

static void
watch_opens (Wire *wire)
{
  if (watched == NULL)
    {
      watched = g_hash_table_new (NULL, NULL);
      notify_fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
      if (notify_fd >= 0)
        g_unix_fd_add (notify_fd, G_IO_IN, notified, NULL);
      else
        g_printerr ("sqns-board: cannot watch ports being opened: inotify: %s\n", g_strerror (errno));
    }
  wire->openers = 0;
  wire->watch = notify_fd < 0 ? -1 : inotify_add_watch (notify_fd, wire->path, IN_OPEN | IN_CLOSE);
  if (wire->watch >= 0)
    g_hash_table_insert (watched, GINT_TO_POINTER (wire->watch), wire);
}

/* From the host. */

static void
listen_to_host (Wire *wire)
{
  if (wire->master >= 0 && !wire->held && !wire->in_lane.waiting)
    watch_wait (&wire->in);
}

static void
sample (Wire *wire)
{
  int n = 0;

  line_read (wire->master, &wire->sampled);
  ioctl (wire->master, FIONREAD, &n);
  wire->sampled_bytes = (gsize)MAX (n, 0);
}

static void
take (Wire *wire, gsize max)
{
  guint8 buffer[READ_MAX];
  gssize n = read (wire->master, buffer, MIN (max, sizeof buffer));
  Line line = wire->sampled;

  if (n <= 0)
    return;
  if ((gsize)n > wire->sampled_bytes)
    line_read (wire->master, &line);
  else
    wire->sampled_bytes -= (gsize)n;
  lane_carried (&wire->in_lane, line.baud, (gsize)n);
  transcript_bytes (wire->options.board, "host >", buffer, (gsize)n);
  wire->received (wire->user_data, buffer, (gsize)n, &line);
}

static void
readable (gpointer user_data)
{
  Wire *wire = user_data;

  sample (wire);
  if (wire->options.paced)
    {
      lane_start (&wire->in_lane, wire->sampled.baud, wire->sampled_bytes);
      return;
    }
  take (wire, READ_MAX);
  listen_to_host (wire);
}

static void
run_in_lane (Lane *lane, gint64 now)
{
  Wire *wire = lane->data;
  int waiting = 0;

  if (wire->master < 0)
    return;
  take (wire, lane_allowance (lane, now, wire->sampled.baud));
  if (wire->master < 0 || wire->held)
    return;
  ioctl (wire->master, FIONREAD, &waiting);
  if (waiting == 0)
    {
      listen_to_host (wire);
      return;
    }
  if (wire->sampled_bytes == 0)
    sample (wire);
  lane_start (lane, wire->sampled.baud, (gsize)waiting);
}

/* Without pacing, the host waits instead of losing bytes that a real line would not have carried yet. */
void
wire_hold (Wire *wire, gboolean hold)
{
  if (wire->held == hold)
    return;
  wire->held = hold;
  if (hold)
    watch_stop (&wire->in);
  else
    listen_to_host (wire);
}

/* To the host. */

static gboolean
writable (gint fd, GIOCondition condition, gpointer user_data)
{
  Wire *wire = user_data;
  gssize n = wire->unread->len == 0 ? 0 : write (wire->master, wire->unread->data, wire->unread->len);

  if (n > 0)
    g_byte_array_remove_range (wire->unread, 0, (guint)n);
  if (wire->unread->len > 0 && (n > 0 || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  wire->out_id = 0;
  return G_SOURCE_REMOVE;
}

static void
to_kernel (Wire *wire, const guint8 *data, gsize len)
{
  gssize n = 0;

  if (wire->master < 0 || !host_is_there (wire))
    return;
  transcript_bytes (wire->options.board, "host <", data, len);
  lane_owes (&wire->in_lane);
  if (wire->unread->len == 0)
    n = write (wire->master, data, len);
  n = MAX (n, 0); /* EAGAIN: everything waits */
  if ((gsize)n == len || wire->unread->len > UNREAD_MAX)
    return;
  g_byte_array_append (wire->unread, data + n, (guint)(len - (gsize)n));
  if (wire->out_id == 0)
    wire->out_id = g_unix_fd_add (wire->master, G_IO_OUT, writable, wire);
}

static void
latency_over (Lane *lane, gint64 now)
{
  Wire *wire = lane->data;

  to_kernel (wire, wire->usb->data, wire->usb->len);
  g_byte_array_set_size (wire->usb, 0);
}

static void
to_usb (Wire *wire, const guint8 *data, gsize len)
{
  gsize full;

  if (wire->options.usb_latency == 0)
    {
      to_kernel (wire, data, len);
      return;
    }
  g_byte_array_append (wire->usb, data, (guint)len);
  full = wire->usb->len / USB_PACKET * USB_PACKET;
  if (full > 0)
    {
      to_kernel (wire, wire->usb->data, full);
      g_byte_array_remove_range (wire->usb, 0, (guint)full);
    }
  if (wire->usb->len > 0)
    lane_start_in (&wire->usb_lane, (gint64)wire->options.usb_latency * 1000);
}

/* The bytes have passed the line at @baud; the host's UART decodes them at its own speed. */
static void
arrive (Wire *wire, const guint8 *data, gsize len, guint baud)
{
  Line host;
  Line here = LINE_8N1 (baud);

  if (wire->master < 0 || len == 0 || !line_read (wire->master, &host))
    return;
  if (line_agree (&host, &here))
    {
      to_usb (wire, data, len);
    }
  else
    {
      g_autoptr (GByteArray) garbage = line_garble (data, len, baud, host.baud);

      to_usb (wire, garbage->data, garbage->len);
    }
}

static void
run_out_lane (Lane *lane, gint64 now)
{
  Wire *wire = lane->data;
  gsize n = MIN (lane_allowance (lane, now, wire->out_baud), (gsize)wire->out->len);

  lane_carried (lane, wire->out_baud, n);
  arrive (wire, wire->out->data, n, wire->out_baud);
  g_byte_array_remove_range (wire->out, 0, (guint)n);
  if (wire->out->len > 0)
    lane_start (lane, wire->out_baud, wire->out->len);
}

/* Sends at once what is still on the line, for example before its speed changes. */
void
wire_flush (Wire *wire)
{
  lane_clear (&wire->out_lane);
  arrive (wire, wire->out->data, wire->out->len, wire->out_baud);
  g_byte_array_set_size (wire->out, 0);
}

void
wire_send (Wire *wire, const guint8 *data, gsize len, guint baud)
{
  if (len == 0 || wire->master < 0)
    return;
  if (!wire->options.paced)
    {
      arrive (wire, data, len, baud);
      return;
    }
  if (wire->out->len > 0 && wire->out_baud != baud)
    wire_flush (wire);
  wire->out_baud = baud;
  g_byte_array_append (wire->out, data, (guint)len);
  lane_start (&wire->out_lane, baud, wire->out->len);
}

void
wire_send_raw (Wire *wire, const guint8 *data, gsize len)
{
  to_kernel (wire, data, len);
}

gsize
wire_backlog (Wire *wire)
{
  return wire->out->len + wire->unread->len;
}

/* The cable. */

static gboolean
update_link (Wire *wire, GError **error)
{
  g_autofree char *next = NULL;

  if (wire->options.link == NULL)
    return TRUE;
  next = g_strdup_printf ("%s.new", wire->options.link);
  unlink (next);
  if (symlink (wire->path, next) == 0 && rename (next, wire->options.link) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (errno), "cannot make the link %s: %s",
               wire->options.link, g_strerror (errno));
  return FALSE;
}

gboolean
wire_plug (Wire *wire, GError **error)
{
  if (wire->master >= 0)
    return TRUE;
  wire->master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (wire->master < 0 || grantpt (wire->master) != 0 || unlockpt (wire->master) != 0
      || ptsname_r (wire->master, wire->path, sizeof wire->path) != 0
      || (wire->slave = open (wire->path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) < 0)
    {
      g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (errno), "cannot make a pseudo-terminal: %s",
                   g_strerror (errno));
      if (wire->master >= 0)
        close (wire->master);
      wire->master = -1;
      return FALSE;
    }
  g_unix_set_fd_nonblocking (wire->master, TRUE, NULL);
  line_set_raw (wire->slave, FIRST_BAUD);
  watch_begin (&wire->in, wire->master, readable, wire);
  watch_opens (wire);
  listen_to_host (wire);
  return update_link (wire, error);
}

void
wire_unplug (Wire *wire)
{
  if (wire->master < 0)
    return;
  watch_end (&wire->in);
  g_clear_handle_id (&wire->out_id, g_source_remove);
  lane_clear (&wire->in_lane);
  lane_clear (&wire->out_lane);
  lane_clear (&wire->usb_lane);
  g_byte_array_set_size (wire->out, 0);
  g_byte_array_set_size (wire->usb, 0);
  g_byte_array_set_size (wire->unread, 0);
  if (wire->watch >= 0)
    {
      g_hash_table_remove (watched, GINT_TO_POINTER (wire->watch));
      inotify_rm_watch (notify_fd, wire->watch);
    }
  wire->watch = -1;
  if (wire->options.link != NULL)
    unlink (wire->options.link);
  close (wire->slave);
  close (wire->master);
  wire->slave = -1;
  wire->master = -1;
  wire->path[0] = '\0';
}

gboolean
wire_is_plugged (Wire *wire)
{
  return wire->master >= 0;
}

const char *
wire_path (Wire *wire)
{
  return wire->path;
}

guint
wire_host_baud (Wire *wire)
{
  Line line = { 0 };

  if (wire->master >= 0)
    line_read (wire->master, &line);
  return line.baud;
}

Wire *
wire_new (const WireOptions *options, WireFunc received, gpointer user_data)
{
  Wire *wire = g_new0 (Wire, 1);

  wire->options = *options;
  wire->received = received;
  wire->user_data = user_data;
  wire->master = -1;
  wire->slave = -1;
  wire->watch = -1;
  wire->out = g_byte_array_new ();
  wire->usb = g_byte_array_new ();
  wire->unread = g_byte_array_new ();
  lane_init (&wire->in_lane, run_in_lane, wire);
  lane_init (&wire->out_lane, run_out_lane, wire);
  lane_init (&wire->usb_lane, latency_over, wire);
  return wire;
}

void
wire_free (Wire *wire)
{
  wire_unplug (wire);
  g_byte_array_unref (wire->out);
  g_byte_array_unref (wire->usb);
  g_byte_array_unref (wire->unread);
  g_free (wire);
}
