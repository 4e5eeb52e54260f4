/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* termios of a board's tty, and what it was before. */
#include "serial/tty.h"

#include "common/lock-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct {
  guint baud;
  speed_t speed;
} speeds[] = {
  { 9600, B9600 },     { 19200, B19200 },   { 38400, B38400 },   { 57600, B57600 },   { 115200, B115200 },
  { 230400, B230400 }, { 460800, B460800 }, { 500000, B500000 }, { 921600, B921600 }, { 1000000, B1000000 },
};

static gboolean
find_speed (guint baud, speed_t *speed, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (speeds); i++)
    if (speeds[i].baud == baud)
      {
        *speed = speeds[i].speed;
        return TRUE;
      }
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "the port does not support %u baud", baud);
  return FALSE;
}

gboolean
sqns_tty_set_line (int fd, guint baud, SqnsTtyBits bits, GError **error)
{
  struct termios mode;
  speed_t speed;

  if (!find_speed (baud, &speed, error))
    return FALSE;
  if (tcgetattr (fd, &mode) < 0)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "the port is gone: %s", g_strerror (errno));
      return FALSE;
    }
  cfmakeraw (&mode);
  /* 8N1 but for commands to the PIC of expansion boards, which have five data bits */
  mode.c_cflag &= ~(CSIZE | PARENB | CSTOPB | CRTSCTS | HUPCL);
  mode.c_cflag |= (bits == SQNS_TTY_COMMAND_BITS ? CS5 : CS8) | CREAD | CLOCAL;
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  cfsetspeed (&mode, speed);
  /* EINVAL: glibc saw that the tty kept its 8 bits, as a pseudo-terminal does; the rest of the line was set */
  if (tcsetattr (fd, TCSANOW, &mode) < 0 && !(bits == SQNS_TTY_COMMAND_BITS && errno == EINVAL))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "cannot set %u baud: %s", baud, g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

/* A FTDI holds bytes back for 16 ms unless asked not to; a driver that cannot says ENOTTY or EPERM, which is no fault.
 */
static void
ask_low_latency (SqnsTty *tty)
{
  struct serial_struct serial;
  if (ioctl (tty->fd, TIOCGSERIAL, &tty->serial) < 0 || (tty->serial.flags & ASYNC_LOW_LATENCY) != 0)
    return;
  serial = tty->serial;
  serial.flags |= ASYNC_LOW_LATENCY;
  tty->latency_changed = ioctl (tty->fd, TIOCSSERIAL, &serial) == 0;
}

static gboolean
open_failed (const char *devnode, int err, GError **error)
{
  switch (err)
    {
    case ENOENT:
    case ENXIO:
    case ENODEV:
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "%s does not exist", devnode);
      break;
    case EBUSY:
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "%s is in use by another program", devnode);
      break;
    case EIO:
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "%s hung up", devnode);
      break;
    default:
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "cannot open %s: %s", devnode, g_strerror (err));
    }
  return FALSE;
}

/* Takes TIOCEXCL and flock; respects a UUCP lock file of a living process. PORT_LOCKED names the owner only where a
 * lock file does: sqns_port_holder_async() finds other programs, lock or no lock. A TIOCEXCL that stands already says
 * nothing: root walks through it, and on a pseudo-terminal it outlives a program that was killed. The flock goes with
 * the fd. */
static gboolean
lock_port (int fd, const char *devnode, GError **error)
{
  g_autofree char *holder = sqns_lock_file_owner ("/proc", "/var/lock", devnode, NULL);

  if (holder != NULL || flock (fd, LOCK_EX | LOCK_NB) < 0)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "%s is in use by %s", devnode,
                   holder ? holder : "another program");
      return FALSE;
    }
  (void)ioctl (fd, TIOCEXCL); /* ENOTTY in some mocks: the flock stands */
  return TRUE;
}

/* TIOCEXCL would outlive the fd on a pseudo-terminal. */
static void
unlock_and_close (int fd)
{
  (void)ioctl (fd, TIOCNXCL);
  (void)flock (fd, LOCK_UN);
  close (fd);
}

gboolean
sqns_tty_open (SqnsTty *tty, const char *devnode, GError **error)
{
  *tty = (SqnsTty){ .fd = open (devnode, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) };
  if (tty->fd < 0)
    return open_failed (devnode, errno, error);
  if (!isatty (tty->fd))
    g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s is not a serial port", devnode);
  else if (lock_port (tty->fd, devnode, error))
    return TRUE;
  close (tty->fd);
  tty->fd = -1;
  return FALSE;
}

/* With HUPCL the close in between would drop DTR and RTS. */
static void
keep_lines_up (int fd, struct termios *before)
{
  if (tcgetattr (fd, before) < 0 || (before->c_cflag & HUPCL) == 0)
    return;
  struct termios mode = *before;
  mode.c_cflag &= ~HUPCL;
  (void)tcsetattr (fd, TCSANOW, &mode);
}

/* The kernel's tty lives from its first open to its last close, and the window size with it, which means nothing on a
 * serial port: a size that outlives our close says that another program has it open. */
gboolean
sqns_tty_is_ours (SqnsTty *tty, const char *devnode, GError **error)
{
  struct winsize before, seen = { 0 };
  const struct winsize mark = { .ws_xpixel = 0x5351, .ws_ypixel = (unsigned short)getpid () };
  struct termios line = { 0 };

  if (ioctl (tty->fd, TIOCGWINSZ, &before) < 0 || ioctl (tty->fd, TIOCSWINSZ, &mark) < 0)
    return TRUE;
  keep_lines_up (tty->fd, &line);
  unlock_and_close (tty->fd);
  if (!sqns_tty_open (tty, devnode, error))
    return FALSE;
  gboolean shared
      = ioctl (tty->fd, TIOCGWINSZ, &seen) == 0 && seen.ws_xpixel == mark.ws_xpixel && seen.ws_ypixel == mark.ws_ypixel;
  if ((line.c_cflag & HUPCL) != 0)
    (void)tcsetattr (tty->fd, TCSANOW, &line);
  if (!shared)
    return TRUE;
  (void)ioctl (tty->fd, TIOCSWINSZ, &before);
  return open_failed (devnode, EBUSY, error);
}

gboolean
sqns_tty_begin (SqnsTty *tty, guint speed, GError **error)
{
  tty->line_changed = tcgetattr (tty->fd, &tty->line) == 0;
  if (!sqns_tty_set_line (tty->fd, speed, SQNS_TTY_DATA_BITS, error))
    return FALSE;
  ask_low_latency (tty);
  tcflush (tty->fd, TCIOFLUSH);
  return TRUE;
}

void
sqns_tty_close (SqnsTty *tty)
{
  if (tty->fd < 0)
    return;
  /* nothing of this is an error: the cable may have been pulled */
  if (tty->latency_changed)
    (void)ioctl (tty->fd, TIOCSSERIAL, &tty->serial);
  if (tty->line_changed)
    (void)tcsetattr (tty->fd, TCSANOW, &tty->line);
  unlock_and_close (tty->fd);
  tty->fd = -1;
}
