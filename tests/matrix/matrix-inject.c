/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Injects the faults of the matrix. */
#include "matrix-inject.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* Later than the deadlines of the answers: up to 5 s for AT; those for STP are scaled. */
#define LATE_AT_MS 5500
#define LATE_STP_MS 2500
#define STOPPED_MS 300
#define BOOT_S 60

static const struct {
  gboolean immediate;
  gboolean repl;   /* also affects the board's REPL */
  const char *at;  /* fault of the virtual board for the answer to an AT command */
  const char *stp; /* and to an STP request */
} rows[MATRIX_N_FAULTS] = {
  [MATRIX_ERROR] = { .at = "error@at", .stp = "refuse@stp" },
  [MATRIX_SILENCE] = { .repl = TRUE, .at = "silence@at", .stp = "silence@stp" },
  [MATRIX_GARBAGE] = { .repl = TRUE, .at = "garbage@at", .stp = "garbage@stp" },
  [MATRIX_LATE] = { .at = "late@at:" G_STRINGIFY (LATE_AT_MS), .stp = "late@stp:" G_STRINGIFY (LATE_STP_MS) },
  [MATRIX_DUPLICATE] = { .at = "duplicate@at", .stp = "duplicate@stp" },
  [MATRIX_DAMAGE] = { .at = "corrupt@at", .stp = "corrupt@stp" },
  [MATRIX_LOSS] = { .repl = TRUE, .at = "drop-bytes@at", .stp = "drop-bytes@stp" },
  [MATRIX_SHORT_WRITE] = { .repl = TRUE },
  [MATRIX_MODEM_RESET] = { .at = "modem-reset@at", .stp = "modem-reset@stp" },
  [MATRIX_BOARD_RESET] = { .immediate = TRUE, .repl = TRUE },
  [MATRIX_UNPLUG] = { .immediate = TRUE, .repl = TRUE },
  [MATRIX_HANG] = { .at = "hang@at", .stp = "hang@stp" },
  [MATRIX_CANCEL] = { .immediate = TRUE, .repl = TRUE },
  [MATRIX_SIGTERM] = { .immediate = TRUE, .repl = TRUE },
  [MATRIX_SIGKILL] = { .immediate = TRUE, .repl = TRUE },
};

gboolean
matrix_fault_is_immediate (MatrixFault fault)
{
  return rows[fault].immediate;
}

gboolean
matrix_fault_meets_repl (MatrixFault fault)
{
  return rows[fault].repl;
}

gboolean
matrix_fault_needs_esp32 (MatrixFault fault)
{
  return fault == MATRIX_BOARD_RESET;
}

/* --- a short write --- */

static guint n_writes;
static gboolean short_write;
static char *stopped_port;

ssize_t __real_write (int fd, const void *data, size_t len);
ssize_t __wrap_write (int fd, const void *data, size_t len);

#define MAX_OWN_FDS 256

/* The descriptor of this process for the port, or -1. */
static int
find_own (const struct stat *port)
{
  struct stat st;
  for (int fd = 0; fd < MAX_OWN_FDS; fd++)
    if (fstat (fd, &st) == 0 && st.st_rdev == port->st_rdev && st.st_dev == port->st_dev)
      return fd;
  return -1;
}

/* Uses the existing descriptor, as only root can open a port twice (TIOCEXCL). */
static gboolean
on_stopped_long_enough (gpointer data)
{
  struct stat port;
  g_assert_cmpint (stat (stopped_port, &port), ==, 0);
  int own = find_own (&port);
  int fd = own >= 0 ? own : g_open (stopped_port, O_RDWR | O_NOCTTY | O_NONBLOCK);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (tcflow (fd, TCOON), ==, 0);
  if (own < 0)
    close (fd);
  return G_SOURCE_REMOVE;
}

/* Replaces write() by the linker's --wrap. It writes half of the next request and stops the terminal for a while, so
 * that the kernel refuses the rest (EAGAIN) until the terminal runs again. */
ssize_t
__wrap_write (int fd, const void *data, size_t len)
{
  if (!isatty (fd))
    return __real_write (fd, data, len);
  n_writes++;
  if (!short_write || len < 2)
    return __real_write (fd, data, len);
  short_write = FALSE;
  ssize_t n = __real_write (fd, data, len / 2);
  g_assert_cmpint (tcflow (fd, TCOOFF), ==, 0);
  g_timeout_add (STOPPED_MS, on_stopped_long_enough, NULL);
  return n;
}

guint
matrix_writes (void)
{
  return n_writes;
}

/* --- faults --- */

static void
tell_fault (VirtualBoard *board, const char *fault)
{
  g_autofree char *command = g_strconcat ("fault ", fault, NULL);
  g_free (virtual_board_tell (board, command));
}

/* Loses bytes on the way to the modem if a board is in between, otherwise on the way back. */
static void
lose_bytes (VirtualBoard *board, const char *mode, const char *otherwise)
{
  if (strcmp (mode, "passthrough") == 0)
    tell_fault (board, "drop-bytes@link.data");
  else if (strcmp (mode, "none") == 0)
    tell_fault (board, otherwise);
  else
    tell_fault (board, "drop-bytes@link.relay");
}

static void
inject_answer (MatrixFault fault, UpgradeRun *run, const SqnsSsmClass *klass, guint state)
{
  g_autofree char *mode = virtual_board_status (run->board, "esp32");
  gboolean in_stp = strcmp (klass->name, "upload") == 0 && strcmp (klass->state_names[state], "command") != 0
                    && virtual_board_is (run->board, "stp", "true");
  const char *name = in_stp ? rows[fault].stp : rows[fault].at;

  if (rows[fault].repl && strchr (name, '@') != NULL && (strcmp (mode, "repl") == 0 || strcmp (mode, "raw") == 0))
    {
      g_autofree char *kind = g_strndup (name, strcspn (name, "@"));
      g_autofree char *here = g_strconcat (kind, "@link.", mode, NULL);
      tell_fault (run->board, here);
    }
  else if (fault == MATRIX_LOSS)
    lose_bytes (run->board, mode, name);
  else
    tell_fault (run->board, name);
}

/* Like a job when the daemon stops (wind_up_now() in daemon/job/job-run.c). */
void
matrix_inject_again (MatrixFault fault, UpgradeRun *run)
{
  if (fault == MATRIX_SIGTERM && !run->committed && run->phase <= SQNS_PHASE_TRANSFER)
    g_cancellable_cancel (run->cancellable);
}

gboolean
matrix_inject (MatrixFault fault, UpgradeRun *run, const SqnsSsmClass *klass, guint state)
{
  switch (fault)
    {
    case MATRIX_ERROR:
    case MATRIX_SILENCE:
    case MATRIX_GARBAGE:
    case MATRIX_LATE:
    case MATRIX_DUPLICATE:
    case MATRIX_DAMAGE:
    case MATRIX_LOSS:
    case MATRIX_MODEM_RESET:
    case MATRIX_HANG:
      inject_answer (fault, run, klass, state);
      break;
    case MATRIX_SHORT_WRITE:
      short_write = TRUE;
      g_free (stopped_port);
      stopped_port = g_strdup (virtual_board_port (run->board));
      break;
    case MATRIX_BOARD_RESET:
      g_free (virtual_board_tell (run->board, "press-reset"));
      break;
    case MATRIX_UNPLUG:
      g_free (virtual_board_tell (run->board, "unplug"));
      break;
    case MATRIX_CANCEL:
      if (run->committed)
        return FALSE; /* a job refuses to cancel */
      g_cancellable_cancel (run->cancellable);
      break;
    case MATRIX_SIGTERM:
      matrix_inject_again (fault, run);
      break;
    case MATRIX_SIGKILL:
      raise (SIGKILL);
      break;
    }
  return TRUE;
}

/* Waits for the boot after a power cycle. A busy computer may not see the time without power at all. */
static void
await_boot (VirtualBoard *board)
{
  gint64 deadline = g_get_monotonic_time () + BOOT_S * G_USEC_PER_SEC;
  while (virtual_board_is (board, "modem", "hung") || virtual_board_is (board, "modem", "off")
         || virtual_board_is (board, "modem", "booting"))
    {
      if (g_get_monotonic_time () > deadline)
        g_error ("the modem does not boot");
      g_usleep (10000);
    }
}

void
matrix_repair (MatrixFault fault, VirtualBoard *board)
{
  g_free (virtual_board_tell (board, "clear-faults"));
  if (fault == MATRIX_UNPLUG)
    g_free (virtual_board_tell (board, "plug"));
  if (fault == MATRIX_HANG && virtual_board_is (board, "modem", "hung"))
    {
      g_free (virtual_board_tell (board, "power-cycle"));
      await_boot (board);
    }
}
