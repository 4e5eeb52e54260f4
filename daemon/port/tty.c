/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* termios of a board's tty. */
#include "port/tty.h"

#include "port/port-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
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
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%u baud is not a speed that this port can have", baud);
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
  /* 8N1 but for commands to the PIC of expansion boards, which are told by five data bits */
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
ask_low_latency (int fd)
{
  struct serial_struct serial;
  memset (&serial, 0, sizeof serial);
  if (ioctl (fd, TIOCGSERIAL, &serial) < 0)
    return;
  serial.flags |= ASYNC_LOW_LATENCY;
  (void)ioctl (fd, TIOCSSERIAL, &serial);
}

static int
open_failed (const char *devnode, int err, GError **error)
{
  g_autofree char *owner = NULL;
  switch (err)
    {
    case ENOENT:
    case ENXIO:
    case ENODEV:
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND, "%s is not there", devnode);
      break;
    case EBUSY:
      owner = sqns_port_owner (devnode);
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED, "%s is in use by %s", devnode,
                   owner ? owner : "another program");
      break;
    case EIO:
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "%s hung up", devnode);
      break;
    default:
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "cannot open %s: %s", devnode, g_strerror (err));
    }
  return -1;
}

int
sqns_tty_open (const char *devnode, guint speed, GError **error)
{
  int fd = open (devnode, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return open_failed (devnode, errno, error);
  if (!isatty (fd))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "%s is not a serial port", devnode);
      close (fd);
      return -1;
    }
  if (!sqns_port_lock (fd, devnode, error) || !sqns_tty_set_line (fd, speed, SQNS_TTY_DATA_BITS, error))
    {
      close (fd);
      return -1;
    }
  ask_low_latency (fd);
  tcflush (fd, TCIOFLUSH);
  return fd;
}
