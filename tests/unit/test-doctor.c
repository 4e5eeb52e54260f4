/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The findings of sqnsctl doctor: a row for each situation, with the codes and the exit code. */
#include "client/doctor/doctor.h"

#include <string.h>

#define PORT "/dev/ttyUSB0"

static char port_name[] = PORT, acm_name[] = "/dev/ttyACM0", ftdi[] = "ftdi_sio", acm[] = "cdc_acm", other[] = "cp210x",
            group[] = "dialout", minicom[] = "minicom (pid 12)", place[] = "1-2", empty[] = "", version[] = "0.1.0",
            no_bus[] = "no bus", other_host[] = "bench", fipy[] = "FiPy", firmware[] = "1.20.2.r4", relay[] = "relay",
            fw[] = "6.0.0.0-37781", family[] = "NB-IoT", newer[] = "6.0.0.0-41019", sentence[] = "it {port} went wrong",
            job[] = "0123abcd";

static GPtrArray *
new_findings (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)sqns_finding_free);
}

/* A placeholder without a value; braces in a value stay. */
static gboolean
has_hole (const char *text)
{
  const char *hole = strchr (text, '{');
  return hole != NULL && !g_str_has_prefix (hole, "{port} went wrong");
}

/* Checks the text of each finding. Returns the codes, with "!" for problems. */
static char *
codes_of (GPtrArray *findings)
{
  GString *out = g_string_new (NULL);
  for (guint i = 0; i < findings->len; i++)
    {
      const SqnsFinding *finding = findings->pdata[i];
      g_assert_false (has_hole (finding->text) || has_hole (finding->advice));
      g_assert_true (finding->level == SQNS_LEVEL_PROBLEM || finding->exit == SQNS_EXIT_DONE);
      g_string_append_printf (out, "%s%s%s", i > 0 ? " " : "", finding->code,
                              finding->level == SQNS_LEVEL_PROBLEM ? "!" : "");
    }
  return g_string_free (out, FALSE);
}

static void
check (GPtrArray *findings, gboolean asked_for, const char *codes, SqnsExit code)
{
  g_autofree char *got = codes_of (findings);
  g_assert_cmpstr (got, ==, codes);
  g_assert_cmpint (sqns_doctor_exit (findings, asked_for), ==, code);
}

/* --- host --- */

static void
check_port (const SqnsPortFacts *port, SqnsMmFact mm, gboolean own_daemon, const char *codes, SqnsExit code)
{
  g_autoptr (GPtrArray) findings = new_findings ();
  g_autoptr (GPtrArray) ports = g_ptr_array_new ();
  g_autoptr (GPtrArray) usb = g_ptr_array_new ();
  g_autofree char *want = g_strconcat ("daemon-runs ", codes, NULL);
  const SqnsHostFacts facts = {
    .daemon_version = version, .own_daemon = own_daemon, .mm = mm, .only_port = port_name, .ports = ports, .usb = usb
  };

  g_ptr_array_add (ports, (gpointer)port);
  sqns_doctor_judge_host (&facts, findings);
  check (findings, TRUE, want, code);
}

static void
test_ports (void)
{
  /* a port without problems; rows change one fact */
  const SqnsPortFacts good = { .devnode = port_name,
                               .exists = TRUE,
                               .driver = ftdi,
                               .latency_ms = 1,
                               .mm_ignores = TRUE,
                               .may_open = TRUE,
                               .group = group,
                               .sees_all = TRUE };
  SqnsPortFacts missing = good, owned = good, of_daemon = good, unseen = good, denied = good, next_login = good,
                slow = good, strange = good, probed = good, pty = good, usb_acm = good;
  missing.exists = FALSE;
  owned.owner = minicom;
  of_daemon.owner = minicom;
  of_daemon.of_daemon = TRUE;
  unseen.sees_all = FALSE;
  denied.may_open = FALSE;
  next_login.may_open = FALSE;
  next_login.joined = TRUE;
  slow.latency_ms = 16;
  strange.driver = other;
  strange.latency_ms = -1;
  probed.mm_ignores = FALSE;
  pty.driver = NULL;
  pty.mm_ignores = FALSE;
  usb_acm.driver = acm;
  usb_acm.latency_ms = -1;

  const struct {
    const SqnsPortFacts *port;
    SqnsMmFact mm;
    gboolean own_daemon;
    const char *codes;
    SqnsExit code;
  } rows[] = {
    { &good, SQNS_MM_ABSENT, FALSE, "modem-manager-absent access port-free driver latency", SQNS_EXIT_DONE },
    { &good, SQNS_MM_UNKNOWN, FALSE, "access port-free driver latency", SQNS_EXIT_DONE },
    { &good, SQNS_MM_RUNS, FALSE, "modem-manager-ignores access port-free driver latency", SQNS_EXIT_DONE },
    { &probed, SQNS_MM_RUNS, FALSE, "modem-manager! access port-free driver latency", SQNS_EXIT_FAILED },
    { &probed, SQNS_MM_ABSENT, FALSE, "modem-manager-absent access port-free driver latency", SQNS_EXIT_DONE },
    { &pty, SQNS_MM_RUNS, FALSE, "access port-free", SQNS_EXIT_DONE },
    { &missing, SQNS_MM_RUNS, FALSE, "port-missing!", SQNS_EXIT_UNKNOWN },
    { &owned, SQNS_MM_UNKNOWN, FALSE, "access port-owned! driver latency", SQNS_EXIT_FAILED },
    { &of_daemon, SQNS_MM_UNKNOWN, FALSE, "access port-of-daemon driver latency", SQNS_EXIT_DONE },
    { &unseen, SQNS_MM_UNKNOWN, FALSE, "access port-not-seen driver latency", SQNS_EXIT_DONE },
    /* the system's daemon can open the port, a private one cannot */
    { &denied, SQNS_MM_UNKNOWN, FALSE, "access-not-needed port-free driver latency", SQNS_EXIT_DONE },
    { &denied, SQNS_MM_UNKNOWN, TRUE, "access-denied! port-free driver latency", SQNS_EXIT_FAILED },
    { &next_login, SQNS_MM_UNKNOWN, TRUE, "access-next-login! port-free driver latency", SQNS_EXIT_FAILED },
    { &slow, SQNS_MM_UNKNOWN, FALSE, "access port-free driver latency-slow", SQNS_EXIT_DONE },
    { &strange, SQNS_MM_UNKNOWN, FALSE, "access port-free driver-other", SQNS_EXIT_DONE },
    { &usb_acm, SQNS_MM_UNKNOWN, FALSE, "access port-free driver", SQNS_EXIT_DONE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    check_port (rows[i].port, rows[i].mm, rows[i].own_daemon, rows[i].codes, rows[i].code);
}

static void
test_daemon (void)
{
  const SqnsPortFacts denied = { .devnode = port_name, .exists = TRUE, .driver = ftdi, .latency_ms = -1 };
  const SqnsPortFacts good = { .devnode = port_name, .exists = TRUE, .latency_ms = -1, .may_open = TRUE };
  const struct {
    SqnsDaemonFact daemon;
    char *host;
    const SqnsPortFacts *port;
    gboolean asked_for;
    const char *codes;
    SqnsExit code;
  } rows[] = {
    { SQNS_DAEMON_RUNS, other_host, NULL, TRUE, "daemon-runs other-host", SQNS_EXIT_DONE },
    { SQNS_DAEMON_DENIED, NULL, NULL, FALSE, "bus-denied! usb-none", SQNS_EXIT_NOT_ALLOWED },
    { SQNS_DAEMON_MISSING, NULL, NULL, FALSE, "no-daemon! usb-none", SQNS_EXIT_NO_DAEMON },
    { SQNS_DAEMON_MISSING, NULL, &good, FALSE, "no-daemon! access port-not-seen usb-none", SQNS_EXIT_NO_DAEMON },
    /* other problems come first; but the named modem cannot be asked */
    { SQNS_DAEMON_MISSING, NULL, &denied, FALSE, "no-daemon! access-denied! port-not-seen driver usb-none",
      SQNS_EXIT_FAILED },
    { SQNS_DAEMON_MISSING, NULL, &denied, TRUE, "no-daemon! access-denied! port-not-seen driver usb-none",
      SQNS_EXIT_NO_DAEMON },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) findings = new_findings ();
      g_autoptr (GPtrArray) ports = g_ptr_array_new ();
      g_autoptr (GPtrArray) usb = g_ptr_array_new ();
      if (rows[i].port != NULL)
        g_ptr_array_add (ports, (gpointer)rows[i].port);
      const SqnsHostFacts facts = { .daemon = rows[i].daemon,
                                    .daemon_version = version,
                                    .daemon_error = no_bus,
                                    .other_host = rows[i].host,
                                    .ports = ports,
                                    .usb = usb };
      sqns_doctor_judge_host (&facts, findings);
      check (findings, rows[i].asked_for, rows[i].codes, rows[i].code);
    }
}

static void
test_usb (void)
{
  const struct {
    SqnsUsbFacts usb;
    char *only_port;
    const char *codes;
    SqnsExit code;
  } rows[] = {
    { { place, 0x0403, 0x6015, port_name, 60000, FALSE }, NULL, "usb-board", SQNS_EXIT_DONE },
    { { place, 0x0403, 0x6015, port_name, -1, FALSE }, port_name, "usb-board", SQNS_EXIT_DONE },
    { { place, 0x04d8, 0xef98, acm_name, 3000, FALSE }, NULL, "usb-board usb-fresh", SQNS_EXIT_DONE },
    { { place, 0x04d8, 0xef98, acm_name, 3000, TRUE }, NULL, "usb-came-back! usb-board", SQNS_EXIT_FAILED },
    { { place, 0x0403, 0x6015, NULL, 60000, FALSE }, NULL, "usb-no-port!", SQNS_EXIT_FAILED },
    { { place, 0x04d8, 0xf013, NULL, 60000, FALSE }, port_name, "usb-no-port!", SQNS_EXIT_FAILED },
    /* another board that is well is not what was asked for, one that has no port may be the one */
    { { place, 0x04d8, 0xf013, acm_name, 60000, FALSE }, port_name, "", SQNS_EXIT_DONE },
    { { place, 0x04d8, 0xf014, NULL, 3000, FALSE }, port_name, "usb-bootloader!", SQNS_EXIT_FAILED },
    { { place, 0x04d8, 0xf011, NULL, 3000, FALSE }, NULL, "usb-bootloader!", SQNS_EXIT_FAILED },
    { { place, 0x04d8, 0xef37, NULL, 3000, FALSE }, NULL, "usb-bootloader!", SQNS_EXIT_FAILED },
    { { place, 0x04d8, 0xef99, NULL, 3000, FALSE }, NULL, "usb-bootloader!", SQNS_EXIT_FAILED },
    { { place, 0x04d8, 0xed15, NULL, 3000, TRUE }, NULL, "usb-came-back! usb-bootloader!", SQNS_EXIT_FAILED },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) findings = new_findings ();
      g_autoptr (GPtrArray) ports = g_ptr_array_new ();
      g_autoptr (GPtrArray) usb = g_ptr_array_new ();
      g_autofree char *want = g_strconcat ("daemon-runs", *rows[i].codes != '\0' ? " " : "", rows[i].codes, NULL);
      g_ptr_array_add (usb, (gpointer)&rows[i].usb);
      const SqnsHostFacts facts
          = { .daemon_version = version, .only_port = rows[i].only_port, .ports = ports, .usb = usb };
      sqns_doctor_judge_host (&facts, findings);
      check (findings, TRUE, want, rows[i].code);
    }
}

/* --- board and modem --- */

#define BASE                                                                                                           \
  .port = port_name, .board = empty, .firmware = empty, .link = empty, .version = empty, .family = empty,              \
  .last_error = empty, .blockers = empty
#define KNOWN_WITH(board_flags, error_sentence, blocker_sentence)                                                      \
  .port = port_name, .board = fipy, .firmware = firmware, .link = relay, .version = fw, .family = family,              \
  .last_error = error_sentence, .blockers = blocker_sentence, .flags = board_flags
#define KNOWN KNOWN_WITH (SQNS_BOARD_ANSWERS, empty, empty)
#define IN_VAIN(error_code, exit_code)                                                                                 \
  .asked = SQNS_ASKED_IN_VAIN, .by_daemon = TRUE, .code = SQNS_ERROR_##error_code, .exit = SQNS_EXIT_##exit_code,      \
  .error = sentence

static const struct {
  SqnsModemFacts facts;
  const char *codes;
  SqnsExit code;
} modems[] = {
  /* never asked */
  { { BASE, .state = SQNS_MODEM_UNKNOWN }, "board-not-asked unknown power-unsure", SQNS_EXIT_DONE },
  { { BASE, .state = SQNS_MODEM_UNKNOWN, .brief = TRUE }, "unknown", SQNS_EXIT_DONE },
  { { BASE, .state = SQNS_MODEM_GONE }, "gone!", SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_SILENT, .brief = TRUE }, "silent!", SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_PROBING }, "board-not-asked probing power-unsure", SQNS_EXIT_DONE },
  /* gone: earlier facts are outdated */
  { { KNOWN_WITH (SQNS_BOARD_ANSWERS | SQNS_BOARD_PASSTHROUGH | SQNS_BOARD_MAIN | SQNS_BOARD_OWNS_MODEM
                      | SQNS_BOARD_MODEM_HEARD,
                  sentence,
                  sentence),
      .state = SQNS_MODEM_GONE },
    "board-known gone! last-error",
    SQNS_EXIT_UNKNOWN },
  { { KNOWN, .state = SQNS_MODEM_GONE, IN_VAIN (DEVICE_LOST, UNKNOWN) },
    "board-known modem-lost! gone!",
    SQNS_EXIT_UNKNOWN },
  { { KNOWN_WITH (SQNS_BOARD_ANSWERS | SQNS_BOARD_COMES_AND_GOES, empty, empty), .state = SQNS_MODEM_GONE },
    "comes-and-goes! board-known gone!",
    SQNS_EXIT_UNKNOWN },
  /* each state */
  { { KNOWN, .state = SQNS_MODEM_APPLICATION, .asked = SQNS_ASKED_WELL },
    "board-answers application power-safe version",
    SQNS_EXIT_DONE },
  { { KNOWN, .state = SQNS_MODEM_RECOVERY, .asked = SQNS_ASKED_WELL },
    "board-answers recovery! power-safe",
    SQNS_EXIT_RECOVERY },
  { { KNOWN, .state = SQNS_MODEM_MTOOLS, .asked = SQNS_ASKED_WELL },
    "board-answers mtools! power-safe",
    SQNS_EXIT_RECOVERY },
  { { KNOWN, .state = SQNS_MODEM_FFH, .asked = SQNS_ASKED_WELL }, "board-answers ffh! power-safe", SQNS_EXIT_RECOVERY },
  { { KNOWN, .state = SQNS_MODEM_UPDATER, .asked = SQNS_ASKED_WELL },
    "board-answers updater! power-keep",
    SQNS_EXIT_RECOVERY },
  { { KNOWN, .state = SQNS_MODEM_UPDATER, .brief = TRUE }, "updater! power-keep", SQNS_EXIT_RECOVERY },
  { { KNOWN, .state = SQNS_MODEM_UNKNOWN, .asked = SQNS_ASKED_WELL },
    "board-answers modem-strange! power-unsure",
    SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_APPLICATION, .asked = SQNS_ASKED_WELL },
    "board-unseen application power-safe version-missing",
    SQNS_EXIT_DONE },
  /* could not be asked */
  { { KNOWN, .state = SQNS_MODEM_SILENT, IN_VAIN (TIMEOUT, UNKNOWN) },
    "board-answers modem-dead! power-unsure",
    SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_SILENT, IN_VAIN (TIMEOUT, UNKNOWN) },
    "board-silent! modem-not-reached! power-unsure",
    SQNS_EXIT_UNKNOWN },
  /* zeros on a bare port: no button helps */
  /* the board answers, but the modem could not be asked through it */
  { { KNOWN, .state = SQNS_MODEM_UNKNOWN, IN_VAIN (TIMEOUT, UNKNOWN) },
    "board-answers modem-not-reached! power-unsure",
    SQNS_EXIT_UNKNOWN },
  { { BASE, .flags = SQNS_BOARD_MODEM_HEARD, .state = SQNS_MODEM_SILENT, IN_VAIN (TIMEOUT, UNKNOWN) },
    "modem-heard! modem-dead! power-unsure",
    SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_UNKNOWN, IN_VAIN (NEEDS_HAND, USER_ACTION) },
    "board-needs-hand! modem-not-reached! power-unsure",
    SQNS_EXIT_USER_ACTION },
  { { BASE, .state = SQNS_MODEM_GONE, IN_VAIN (DEVICE_LOST, UNKNOWN) }, "modem-lost! gone!", SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_UNKNOWN, IN_VAIN (PORT_LOCKED, BUSY) },
    "modem-port-locked! unknown power-unsure",
    SQNS_EXIT_FAILED },
  { { BASE, .state = SQNS_MODEM_UNKNOWN, IN_VAIN (BUSY, BUSY) },
    "modem-not-asked unknown power-unsure",
    SQNS_EXIT_DONE },
  { { BASE, .state = SQNS_MODEM_UNKNOWN, IN_VAIN (PROTOCOL, UNKNOWN) },
    "modem-failed! unknown power-unsure",
    SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_UNKNOWN, .asked = SQNS_ASKED_IN_VAIN, .exit = SQNS_EXIT_NOT_ALLOWED,
      .error = sentence },
    "modem-denied! unknown power-unsure",
    SQNS_EXIT_NOT_ALLOWED },
  /* a D-Bus timeout is not a silent modem */
  { { KNOWN, .state = SQNS_MODEM_PROBING, .asked = SQNS_ASKED_IN_VAIN, .exit = SQNS_EXIT_UNKNOWN, .error = sentence },
    "board-answers modem-failed! probing power-unsure",
    SQNS_EXIT_UNKNOWN },
  /* board flags */
  { { KNOWN_WITH (SQNS_BOARD_ANSWERS | SQNS_BOARD_PASSTHROUGH | SQNS_BOARD_NEEDS_LTE_TASK | SQNS_BOARD_LTE_ON_BOOT
                      | SQNS_BOARD_MAIN | SQNS_BOARD_PROGRAM | SQNS_BOARD_SAFE_BOOT,
                  empty,
                  empty),
      .state = SQNS_MODEM_APPLICATION, .asked = SQNS_ASKED_WELL },
    "board-answers passthrough needs-lte-task lte-on-boot main-program program-interrupted safe-boot application "
    "power-safe version",
    SQNS_EXIT_DONE },
  { { KNOWN_WITH (SQNS_BOARD_ANSWERS | SQNS_BOARD_OWNS_MODEM, empty, empty), .state = SQNS_MODEM_APPLICATION,
      .asked = SQNS_ASKED_WELL },
    "board-answers owns-modem! application power-safe version",
    SQNS_EXIT_FAILED },
  { { KNOWN_WITH (SQNS_BOARD_MAIN | SQNS_BOARD_NO_LTE, empty, empty), .state = SQNS_MODEM_APPLICATION, .brief = TRUE },
    "no-lte! application version",
    SQNS_EXIT_FAILED },
  { { KNOWN_WITH (SQNS_BOARD_COMES_AND_GOES, empty, empty), .state = SQNS_MODEM_UNKNOWN, .brief = TRUE },
    "comes-and-goes! unknown",
    SQNS_EXIT_FAILED },
  /* versions */
  { { KNOWN, .state = SQNS_MODEM_APPLICATION, .boot_rom = 33080, .newer = newer },
    "board-known application power-safe version half-upgraded factory-boot-rom",
    SQNS_EXIT_DONE },
  { { KNOWN, .state = SQNS_MODEM_RECOVERY, .boot_rom = 33080, .newer = newer },
    "board-known recovery! power-safe",
    SQNS_EXIT_RECOVERY },
  /* jobs */
  { { KNOWN, .state = SQNS_MODEM_UPGRADING, .job = job, .job_message = sentence, .job_power = SQNS_POWER_KEEP },
    "board-answers job upgrading power-keep",
    SQNS_EXIT_DONE },
  { { KNOWN, .state = SQNS_MODEM_UPGRADING, .job = job, .job_message = sentence, .job_power = SQNS_POWER_UNSURE },
    "board-answers job upgrading power-unsure",
    SQNS_EXIT_DONE },
  { { KNOWN, .state = SQNS_MODEM_UPGRADING, .job = job, .job_message = sentence, .job_needs_user = TRUE,
      .job_power = SQNS_POWER_KEEP },
    "board-answers job-needs-hand! upgrading power-keep",
    SQNS_EXIT_USER_ACTION },
  { { BASE, .state = SQNS_MODEM_GONE, .interrupted = job, .interrupted_message = sentence },
    "job-interrupted gone! power-keep",
    SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_GONE, .interrupted = job, .interrupted_message = sentence, .interrupted_safe = TRUE },
    "job-interrupted gone!",
    SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_GONE, .interrupted = job, .interrupted_message = sentence,
      .interrupted_needs_resume = TRUE, .brief = TRUE },
    "job-stranded gone! power-keep",
    SQNS_EXIT_UNKNOWN },
  { { BASE, .state = SQNS_MODEM_SILENT, .interrupted = job, .interrupted_message = sentence,
      IN_VAIN (TIMEOUT, UNKNOWN) },
    "board-silent! job-interrupted modem-not-reached! power-keep",
    SQNS_EXIT_UNKNOWN },
  /* asked since then, it waits */
  { { KNOWN, .state = SQNS_MODEM_RECOVERY, .interrupted = job, .interrupted_message = sentence,
      .interrupted_needs_resume = TRUE, .asked = SQNS_ASKED_WELL },
    "board-answers job-stranded recovery! power-safe",
    SQNS_EXIT_RECOVERY },
};

static void
test_modems (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (modems); i++)
    {
      g_autoptr (GPtrArray) findings = new_findings ();
      sqns_doctor_judge_modem (&modems[i].facts, findings);
      check (findings, TRUE, modems[i].codes, modems[i].code);
    }
}

static void
test_last_error (void)
{
  const SqnsModemFacts before
      = { KNOWN_WITH (SQNS_BOARD_ANSWERS, sentence, sentence), .state = SQNS_MODEM_APPLICATION };
  const SqnsModemFacts told
      = { KNOWN_WITH (SQNS_BOARD_ANSWERS, sentence, empty), .state = SQNS_MODEM_SILENT, IN_VAIN (TIMEOUT, UNKNOWN) };
  const SqnsModemFacts busy = { KNOWN_WITH (SQNS_BOARD_ANSWERS, sentence, sentence), .state = SQNS_MODEM_UPGRADING,
                                .job = job, .job_message = sentence, .job_power = SQNS_POWER_KEEP };
  g_autoptr (GPtrArray) one = new_findings ();
  g_autoptr (GPtrArray) two = new_findings ();
  g_autoptr (GPtrArray) three = new_findings ();

  sqns_doctor_judge_modem (&before, one);
  check (one, TRUE, "board-known application power-safe version last-error blocked", SQNS_EXIT_DONE);
  sqns_doctor_judge_modem (&told, two);
  check (two, TRUE, "board-answers modem-dead! power-unsure", SQNS_EXIT_UNKNOWN);
  sqns_doctor_judge_modem (&busy, three);
  check (three, TRUE, "board-answers job upgrading power-keep", SQNS_EXIT_DONE);
}

/* While the modem may be writing, no text suggests cutting its power. For a dead modem, waiting comes first. */
static void
test_power (void)
{
  static const char *const cuts[] = { "off and on", "power away", "nplug", "give it back", "ten seconds" };
  static const SqnsModemFacts writing[] = {
    { KNOWN, .state = SQNS_MODEM_UPDATER, .asked = SQNS_ASKED_WELL },
    { KNOWN, .state = SQNS_MODEM_UPGRADING, .job = job, .job_message = sentence, .job_power = SQNS_POWER_KEEP },
    { KNOWN, .state = SQNS_MODEM_UPGRADING, .job = job, .job_message = sentence, .job_needs_user = TRUE,
      .job_power = SQNS_POWER_KEEP },
    { BASE, .state = SQNS_MODEM_SILENT, .interrupted = job, .interrupted_message = sentence,
      .interrupted_needs_resume = TRUE },
    { BASE, .state = SQNS_MODEM_SILENT, IN_VAIN (TIMEOUT, UNKNOWN) },
    { BASE, .state = SQNS_MODEM_SILENT },
    { BASE, .state = SQNS_MODEM_UNKNOWN, IN_VAIN (NEEDS_HAND, USER_ACTION) },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (writing); i++)
    {
      g_autoptr (GPtrArray) findings = new_findings ();
      sqns_doctor_judge_modem (&writing[i], findings);
      for (guint f = 0; f < findings->len; f++)
        for (gsize c = 0; c < G_N_ELEMENTS (cuts); c++)
          {
            g_assert_null (strstr (((SqnsFinding *)findings->pdata[f])->advice, cuts[c]));
            g_assert_null (strstr (((SqnsFinding *)findings->pdata[f])->text, cuts[c]));
          }
    }

  const SqnsModemFacts dead = { KNOWN, .state = SQNS_MODEM_SILENT, IN_VAIN (TIMEOUT, UNKNOWN) };
  g_autoptr (GPtrArray) findings = new_findings ();
  sqns_doctor_judge_modem (&dead, findings);
  const SqnsFinding *finding = findings->pdata[1];
  g_assert_cmpstr (finding->code, ==, "modem-dead");
  const char *wait = strstr (finding->advice, "fifteen minutes");
  const char *cut = strstr (finding->advice, "power away");
  g_assert_true (wait != NULL && cut != NULL && wait < cut);
  g_assert_nonnull (strstr (finding->advice, "reset button does not reset the modem"));
  g_assert_nonnull (strstr (finding->advice, "sqnsctl doctor " PORT));
}

static void
test_missing (void)
{
  g_autoptr (GPtrArray) findings = new_findings ();
  sqns_doctor_judge_missing ("ttyUSB7", sentence, findings);
  check (findings, TRUE, "modem-not-found!", SQNS_EXIT_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/doctor/ports", test_ports);
  g_test_add_func ("/doctor/daemon", test_daemon);
  g_test_add_func ("/doctor/usb", test_usb);
  g_test_add_func ("/doctor/modems", test_modems);
  g_test_add_func ("/doctor/last-error", test_last_error);
  g_test_add_func ("/doctor/power", test_power);
  g_test_add_func ("/doctor/missing", test_missing);
  return g_test_run ();
}
