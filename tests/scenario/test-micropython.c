/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The board's scripts on a real MicroPython of the boards' generation: a micro:bit's 1.9.2 in QEMU, over its own raw
 * REPL, driven by the daemon's code.
 *
 * A micro:bit has neither network nor a UART class with pins. Files on its file system stand in for them, typed in
 * first; relay.py is run from a copy in which only the name of the module with UART differs, for a module that is built
 * in cannot be replaced there. What stands behind UART 1 is a few lines that answer like a modem. Not to be had at all:
 * os.dupterm, pycom, /flash. */
#include "board/repl-session.h"
#include "board/relay.h"
#include "serial/port-open.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define QEMU "qemu-system-arm"
#define QEMU_FD 3
#define FIRMWARE "/usr/share/firmware-microbit-micropython/firmware.hex"
#define DEADLINE_S 30
#define SCRIPT_MS 10000
/* The virtual UART has no line that takes its time: more would overrun the board's 64 bytes when the host is busy. */
#define PACE_MS 1
#define PACE_BYTES 2

static const char stand_ins[]
    = "f = open('network.py', 'w')\n"
      "f.write('class LTE:\\n def __init__(self):\\n  raise OSError(\"no modem\")\\n'\n"
      " ' @staticmethod\\n def modem_upgrade_mode():\\n  print(\"mirror\")\\n')\n"
      "f.close()\n"
      "f = open('bm.py', 'w')\n"
      "f.write('from microbit import uart\\nclass UART:\\n def __init__(s, n, baudrate=0, pins=()):\\n'\n"
      " '  s.n = n\\n  s.baud = baudrate\\n  s.line = b\"\"\\n  s.out = b\"\"\\n'\n"
      " ' def any(s):\\n  return len(s.out) if s.n else uart.any()\\n'\n"
      " ' def read(s, n):\\n  if not s.n:\\n   return uart.read(n)\\n  b = s.out[:n]\\n  s.out = s.out[n:]\\n  return "
      "b\\n')\n"
      "f.write(' def write(s, b):\\n  if not s.n:\\n   return uart.write(b)\\n  s.line += b\\n'\n"
      " '  if s.line[-1:] == b\"\\\\r\":\\n'\n"
      " '   s.out += b\"\\\\r\\\\n\" + bytes(str(s.baud), \"ascii\") + b\"\\\\r\\\\nOK\\\\r\\\\n\"\\n   s.line = "
      "b\"\"\\n'\n"
      " ' def deinit(s):\\n  pass\\n')\n"
      "f.close()\n"
      "print('stands')\n";

typedef struct {
  GSubprocess *qemu;
  int master; /* of the pseudo-terminal that the daemon's code opens */
  int serial; /* the board's UART */
  GByteArray *to_board;
  guint sources[3];
  char *folder; /* overlays the scripts in the program */
  SqnsPort *port;
  gboolean done;
  GError *error;
  SqnsInterrupt found;
  SqnsScriptResult script;
  GString *trace;
} Rig;

static Rig rig;

typedef struct _Step Step;
struct _Step {
  const char *name;
  void (*run) (SqnsSsm *ssm, const Step *step);
  gboolean stay;
};

static gboolean
on_too_long (gpointer data)
{
  g_error ("no end within %d s: %s\n%s", DEADLINE_S, (const char *)data, rig.trace->str);
  return G_SOURCE_REMOVE;
}

static void
wait_done (const char *what)
{
  guint watchdog = g_timeout_add_seconds (DEADLINE_S, on_too_long, (gpointer)what);
  while (!rig.done)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (watchdog);
  rig.done = FALSE;
}

static void
on_trace (gpointer data, char direction, const char *line)
{
  g_string_append_printf (rig.trace, "%c %s\n", direction, line);
}

static const SqnsMonitorFuncs funcs = { .trace = on_trace };
static const SqnsMonitor monitor = { &funcs, NULL };

/* --- the daemon's calls, waited for --- */

static void
on_step (GObject *source, GAsyncResult *result, gpointer data)
{
  g_task_propagate_boolean (G_TASK (result), &rig.error);
  rig.done = TRUE;
}

static void
step_state (SqnsSsm *ssm, guint state, gpointer data)
{
  const Step *step = data;
  step->run (ssm, step);
}

/* What the daemon has as a step of a machine, in a machine of that step alone. */
static void
run_step (Step step)
{
  static const char *const names[] = { "step" };
  static const SqnsSsmClass klass = { "rig", names, 1, 1, step_state };

  sqns_ssm_run (&klass, g_task_new (NULL, NULL, on_step, NULL), &step, NULL);
  wait_done (step.name);
  g_assert_no_error (rig.error);
}

static void
interrupt_step (SqnsSsm *ssm, const Step *step)
{
  sqns_repl_interrupt (ssm, rig.port, SQNS_INTERRUPT_LONG, &rig.found, NULL);
}

static void
interrupt (void)
{
  run_step ((Step){ "interrupt", interrupt_step, FALSE });
  g_assert_true (rig.found.prompt);
}

static void
script_step (SqnsSsm *ssm, const Step *step)
{
  const SqnsScript script = { .name = step->name, .timeout_ms = SCRIPT_MS, .stay = step->stay };
  sqns_repl_run (ssm, rig.port, &script, &rig.script, NULL);
}

static void
run_script (const char *name, gboolean stay)
{
  run_step ((Step){ name, script_step, stay });
}

static void
run_well (const char *name, const char *output)
{
  run_script (name, FALSE);
  g_assert_cmpstr (rig.script.errors, ==, "");
  g_assert_cmpstr (rig.script.output, ==, output);
}

static SqnsMatch
match_text (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  const char *text = user_data;
  if (memmem (data, len, text, strlen (text)) == NULL)
    return SQNS_MATCH_MORE;
  *consumed = len;
  return SQNS_MATCH_DONE;
}

static void
say (const char *text, const char *answer)
{
  const SqnsExchange exchange = {
    .request = (const guint8 *)text,
    .request_len = strlen (text),
    .match = match_text,
    .match_data = (gpointer)answer,
    .timeout_ms = SCRIPT_MS,
  };
  sqns_port_exchange_async (rig.port, 20, &exchange, NULL, on_step, NULL);
  wait_done (text);
  if (rig.error != NULL)
    {
      gsize len;
      const guint8 *heard = sqns_port_heard (rig.port, &len);
      g_autofree char *shown = sqns_at_printable (heard, len, TRUE);
      g_error ("%s: %s; heard: %s", text, rig.error->message, shown);
    }
}

/* --- the rig --- */

static void
die_with_parent (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static gboolean
from_host (int fd, GIOCondition condition, gpointer data)
{
  guint8 bytes[256];
  gssize n = read (fd, bytes, sizeof bytes);
  if (n > 0)
    g_byte_array_append (rig.to_board, bytes, (guint)n);
  return G_SOURCE_CONTINUE;
}

static gboolean
from_board (int fd, GIOCondition condition, gpointer data)
{
  char bytes[256];
  gssize n = read (fd, bytes, sizeof bytes);
  if (n <= 0)
    g_error ("%s has ended", QEMU);
  g_assert_cmpint (write (rig.master, bytes, (gsize)n), ==, n);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_pace (gpointer data)
{
  guint n = MIN (rig.to_board->len, PACE_BYTES);
  if (n > 0 && write (rig.serial, rig.to_board->data, n) == (gssize)n)
    g_byte_array_remove_range (rig.to_board, 0, n);
  return G_SOURCE_CONTINUE;
}

/* Returns the pseudo-terminal behind which the board is. */
static char *
start_qemu (void)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;
  struct termios raw;
  int pair[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  g_subprocess_launcher_take_fd (launcher, pair[1], QEMU_FD);
  rig.qemu = g_subprocess_launcher_spawn (launcher, &error, QEMU, "-M", "microbit", "-nographic", "-monitor", "none",
                                          "-device", "loader,file=" FIRMWARE, "-chardev",
                                          "socket,id=s,fd=" G_STRINGIFY (QEMU_FD), "-serial", "chardev:s", NULL);
  g_assert_no_error (error);
  rig.serial = pair[0];
  rig.master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_true (rig.master >= 0 && grantpt (rig.master) == 0 && unlockpt (rig.master) == 0);
  g_assert_cmpint (tcgetattr (rig.master, &raw), ==, 0);
  cfmakeraw (&raw);
  g_assert_cmpint (tcsetattr (rig.master, TCSANOW, &raw), ==, 0);
  return g_strdup (ptsname (rig.master));
}

static void
start_bridge (void)
{
  rig.to_board = g_byte_array_new ();
  rig.sources[0] = g_unix_fd_add (rig.master, G_IO_IN, from_host, NULL);
  rig.sources[1] = g_unix_fd_add (rig.serial, G_IO_IN | G_IO_HUP, from_board, NULL);
  rig.sources[2] = g_timeout_add (PACE_MS, on_pace, NULL);
}

static void
put_file (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (rig.folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
put_relay (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("SQNS_SOURCE"), "data", "board", "relay.py", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_auto (GStrv) parts = g_strsplit (text, "\nfrom machine import UART\n", -1);
  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  g_autofree char *copy = g_strjoinv ("\nfrom bm import UART\n", parts);
  put_file ("relay.py", copy);
}

static void
on_port (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  rig.port = sqns_port_open_finish (result, &error);
  g_assert_no_error (error);
  sqns_port_set_monitor (rig.port, &monitor);
}

static void
start (void)
{
  g_autofree char *devnode = start_qemu ();

  rig.trace = g_string_new (NULL);
  put_relay ();
  put_file ("stand_ins.py", stand_ins);
  put_file ("broken.py", "print('begins')\n1 / 0\n");
  sqns_port_open_async (devnode, SQNS_REPL_SPEED, on_port, NULL);
  while (rig.port == NULL)
    g_main_context_iteration (NULL, TRUE);
  start_bridge ();
  say ("\r", ">>> "); /* a busy machine starts QEMU slowly */
  interrupt ();
  run_well ("stand_ins.py", "stands\n");
}

static gboolean
skip (void)
{
  g_autofree char *qemu = g_find_program_in_path (QEMU);

  if (qemu != NULL && g_file_test (FIRMWARE, G_FILE_TEST_EXISTS))
    return FALSE;
  g_test_skip (QEMU " and firmware-microbit-micropython are not installed");
  return TRUE;
}

static gboolean
ready (void)
{
  if (skip ())
    return FALSE;
  if (rig.port == NULL)
    start ();
  return TRUE;
}

/* --- cases --- */

static void
test_interrupt (void)
{
  if (!ready ())
    return;
  interrupt ();
  g_assert_false (rig.found.rebooted);
  say ("import utime\r", ">>> ");
  say ("while True: utime.sleep_ms(20); print('busy')\r\r\r", "busy\r\nbusy");
  interrupt ();
  g_assert_true (rig.found.program);
}

static void
test_raw_left_open (void)
{
  if (!ready ())
    return;
  say ("\x01", "raw REPL; CTRL-B to exit\r\n>");
  interrupt ();
}

static void
test_error (void)
{
  if (!ready ())
    return;
  run_script ("broken.py", FALSE);
  g_assert_cmpstr (rig.script.output, ==, "begins\n");
  g_assert_nonnull (strstr (rig.script.errors, "ZeroDivisionError"));
  run_script ("broken.py", TRUE); /* one that was to stay, and does not */
  g_assert_nonnull (strstr (rig.script.errors, "ZeroDivisionError"));
}

static void
test_identify (void)
{
  if (!ready ())
    return;
  run_well ("identify.py", "sqns board=microbit\nsqns firmware=1.0.1\nsqns lte=yes\nsqns passthrough=yes\n");
}

static void
test_lte_task (void)
{
  if (ready ())
    run_well ("lte_task.py", "sqns lte=no modem\n");
}

static void
test_passthrough (void)
{
  if (ready ())
    run_well ("passthrough.py", "mirror\n");
}

static void
relay_step (SqnsSsm *ssm, const Step *step)
{
  static const SqnsRelayConfig config
      = { .pins = "('P20','P18','P19','P17')", .host_speed = SQNS_REPL_SPEED, .modem_speed = SQNS_MODEM_SPEED };
  sqns_relay_start (ssm, rig.port, &config, NULL);
}

static void
test_relay (void)
{
  if (!ready ())
    return;
  say ("\x04", "\r\n>>> "); /* a soft reset: 9 KB of heap is little for this script after all the others */
  run_step ((Step){ "relay start", relay_step, FALSE });
  say ("AT\r", "\r\n921600\r\nOK\r\n");
  sqns_relay_set_speed_async (rig.port, 115200, NULL, on_step, NULL);
  wait_done ("relay speed");
  g_assert_no_error (rig.error);
  say ("AT\r", "\r\n115200\r\nOK\r\n");
  sqns_relay_quit_async (rig.port, on_step, NULL);
  wait_done ("relay quit");
  g_assert_no_error (rig.error);
  interrupt ();
}

/* The board really starts again: names are gone. */
static void
test_machine_reset (void)
{
  if (!ready ())
    return;
  say ("name = 6 * 7\r", ">>> ");
  say ("name\r", "42\r\n>>> ");
  run_script ("machine_reset.py", TRUE);
  interrupt ();
  say ("name\r", "NameError");
}

static void
stop (void)
{
  if (rig.port != NULL)
    {
      for (guint i = 0; i < G_N_ELEMENTS (rig.sources); i++)
        g_source_remove (rig.sources[i]);
      g_byte_array_unref (rig.to_board);
      close (rig.master);
      close (rig.serial);
      g_subprocess_force_exit (rig.qemu);
      g_subprocess_wait (rig.qemu, NULL, NULL);
      g_object_unref (rig.qemu);
      g_object_unref (rig.port);
      g_string_free (rig.trace, TRUE);
      sqns_script_result_clear (&rig.script);
    }
  for (guint i = 0; i < 3; i++)
    {
      static const char *const names[] = { "relay.py", "stand_ins.py", "broken.py" };
      g_autofree char *path = g_build_filename (rig.folder, names[i], NULL);
      g_unlink (path);
    }
  g_rmdir (rig.folder);
  g_free (rig.folder);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  rig.folder = g_dir_make_tmp ("sqns-micropython-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *overlay = g_strconcat ("/org/sqnsd1/board=", rig.folder, NULL);
  g_setenv ("G_RESOURCE_OVERLAYS", overlay, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/micropython/interrupt", test_interrupt);
  g_test_add_func ("/micropython/raw-left-open", test_raw_left_open);
  g_test_add_func ("/micropython/error", test_error);
  g_test_add_func ("/micropython/identify", test_identify);
  g_test_add_func ("/micropython/lte-task", test_lte_task);
  g_test_add_func ("/micropython/passthrough", test_passthrough);
  g_test_add_func ("/micropython/relay", test_relay);
  g_test_add_func ("/micropython/machine-reset", test_machine_reset);
  int status = g_test_run ();
  stop ();
  return status;
}
