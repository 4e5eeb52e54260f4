/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits for the modem's report on an uploaded image. */
#include "modem/install.h"

#include "at/wake.h"
#include "base/deadlines.h"
#include "base/timeout.h"
#include "modem/ask.h"

typedef enum {
  STATE_INSTALL_PAUSE,
  STATE_INSTALL,
  STATE_POLL,
  STATE_WAKE,
  STATE_REPORT,
  STATE_PAUSE,
  STATE_NEXT_BOOT, /* AT+SMSWBOOT? names a mode once the modem is ready to be rebooted */
  STATE_NEXT_BOOT_PAUSE,
} State;
#define N_STATES (STATE_NEXT_BOOT_PAUSE + 1)
static const char *const state_names[N_STATES] = {
  "install-pause", "install", "poll", "wake", "report", "pause", "next-boot", "next-boot-pause",
};

typedef struct {
  SqnsPort *port;
  SqnsInstallHow how;
  gint64 deadline_us;
  gint64 heard_us;   /* last answer */
  gint64 answers_us; /* since when it has answered without a report; 0 not yet */
  gint64 waits_us;   /* since when it has said that a stored image waits to be installed; 0 not now */
  guint installs;    /* AT+SMUPGRADE sent */
  guint queries;
  SqnsWake wake;
} Install;

/* An application that installed an image has booted already. */
static void
reported (SqnsSsm *ssm)
{
  Install *install = sqns_ssm_data (ssm);

  if (install->how == SQNS_INSTALL_STORED)
    sqns_ssm_complete (ssm);
  else
    sqns_ssm_goto (ssm, STATE_NEXT_BOOT);
}

static void
no_report_yet (SqnsSsm *ssm)
{
  Install *install = sqns_ssm_data (ssm);
  gint64 now = g_get_monotonic_time ();

  if (install->answers_us == 0)
    install->answers_us = now;
  if (now - install->answers_us < sqns_timeout_us (SQNS_APPLY_NO_REPORT_S))
    {
      sqns_ssm_goto (ssm, STATE_PAUSE);
      return;
    }
  sqns_port_remark (install->port, "no report from the modem; its version decides");
  reported (ssm);
}

/* A modem that was reset before it began still has the image, and would keep it for ever. */
static void
not_begun (SqnsSsm *ssm)
{
  Install *install = sqns_ssm_data (ssm);
  gint64 now = g_get_monotonic_time ();

  if (install->waits_us == 0)
    install->waits_us = now;
  if (install->how != SQNS_INSTALL_STORED || install->installs == SQNS_INSTALL_TRIES
      || now - install->waits_us < sqns_timeout_us (SQNS_INSTALL_BEGIN_S))
    {
      sqns_ssm_goto (ssm, STATE_PAUSE);
      return;
    }
  sqns_port_remark (install->port, "the modem has not started installing: sending the command again");
  install->waits_us = 0;
  sqns_ssm_goto (ssm, STATE_INSTALL);
}

static void
judge_report (SqnsSsm *ssm, const SqnsAtReply *reply)
{
  Install *install = sqns_ssm_data (ssm);
  g_autofree char *reason = NULL;
  SqnsReport report = sqns_at_smupgrade (reply, &reason);

  if (report != SQNS_REPORT_AVAILABLE)
    install->waits_us = 0;
  switch (report)
    {
    case SQNS_REPORT_SUCCESS:
      reported (ssm);
      break;
    case SQNS_REPORT_FAILURE:
      sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED, "the modem did not accept the image: %s", reason);
      break;
    case SQNS_REPORT_NONE:
    case SQNS_REPORT_UNKNOWN:
      no_report_yet (ssm);
      break;
    case SQNS_REPORT_AVAILABLE:
      install->answers_us = 0;
      not_begun (ssm);
      break;
    case SQNS_REPORT_INIT:
    case SQNS_REPORT_ON_GOING:
    case SQNS_REPORT_DOWNLOADING:
      install->answers_us = 0;
      sqns_ssm_goto (ssm, STATE_PAUSE);
      break;
    }
}

static void
silent (SqnsSsm *ssm)
{
  Install *install = sqns_ssm_data (ssm);
  gint64 now = g_get_monotonic_time ();

  if (now > install->deadline_us)
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT, "the modem has not reported within %u min", SQNS_APPLY_S / 60);
  else if (now - install->heard_us > sqns_timeout_us (SQNS_APPLY_WAKE_S))
    sqns_ssm_goto (ssm, STATE_WAKE);
  else
    sqns_ssm_goto (ssm, STATE_PAUSE);
}

static void
on_installing (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Install *install = data;

  install->heard_us = g_get_monotonic_time ();
  if (reply != NULL && reply->final != SQNS_AT_OK)
    /* not its verdict on a file: one that was reset has none stored any more */
    sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL, "the modem refuses to install the stored file (%s)",
                   reply->error_text != NULL ? reply->error_text : "ERROR");
  else
    sqns_ssm_goto (ssm, STATE_POLL); /* it may have gone down before its answer was out */
}

static void
on_poll (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Install *install = data;

  if (reply == NULL)
    {
      silent (ssm);
      return;
    }
  install->heard_us = g_get_monotonic_time ();
  sqns_ssm_goto (ssm, STATE_REPORT);
}

static void
on_report (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Install *install = data;

  if (reply != NULL)
    install->heard_us = g_get_monotonic_time ();
  if (reply == NULL || install->heard_us > install->deadline_us)
    silent (ssm);
  else
    judge_report (ssm, reply);
}

static void
on_next_boot (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  if (reply != NULL && sqns_at_smswboot (reply) != SQNS_MODE_UNKNOWN)
    sqns_ssm_complete (ssm);
  else
    sqns_ssm_goto (ssm, STATE_NEXT_BOOT_PAUSE);
}

static void
on_wake (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Install *install = data;
  SqnsNoise noise = install->wake.noise;

  install->heard_us = g_get_monotonic_time (); /* also when silent: the next try is another 40 s away */
  if (install->wake.answers)
    sqns_ssm_goto (ssm, STATE_REPORT);
  else if (noise == SQNS_NOISE_TEXT || noise == SQNS_NOISE_GARBAGE)
    sqns_ssm_fail (ssm, SQNS_ERROR_TIMEOUT,
                   "cannot read the modem's report: other data arrives instead; the board may have been reset");
  else
    silent (ssm);
}

static void
install_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Install *install = data;

  switch ((State)state)
    {
    case STATE_INSTALL_PAUSE:
      if (install->how == SQNS_INSTALL_STORED)
        sqns_ssm_next_in_ms (ssm, SQNS_INSTALL_PAUSE_MS);
      else
        sqns_ssm_goto (ssm, STATE_POLL);
      break;
    case STATE_INSTALL:
      install->installs++;
      sqns_modem_ask (ssm, "AT+SMUPGRADE", SQNS_INSTALL_MS, on_installing);
      break;
    case STATE_POLL:
      sqns_modem_ask (ssm, "AT", SQNS_APPLY_POLL_MS, on_poll);
      break;
    case STATE_WAKE:
      sqns_wake (ssm, install->port, 0, SQNS_WAKE_PPP, &install->wake, on_wake);
      break;
    case STATE_REPORT:
      sqns_modem_ask (ssm, "AT+SMUPGRADE?", SQNS_ANSWER_MS, on_report);
      break;
    case STATE_PAUSE:
      sqns_ssm_goto_in_ms (ssm, STATE_POLL, SQNS_APPLY_PAUSE_MS);
      break;
    case STATE_NEXT_BOOT:
      sqns_modem_ask (ssm, "AT+SMSWBOOT?", SQNS_ANSWER_MS, on_next_boot);
      break;
    case STATE_NEXT_BOOT_PAUSE:
      if (--install->queries > 0)
        sqns_ssm_goto_in_ms (ssm, STATE_NEXT_BOOT, SQNS_APPLY_PAUSE_MS);
      else
        sqns_ssm_complete (ssm);
      break;
    }
}

void
sqns_install_async (
    SqnsLink *link, SqnsInstallHow how, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsSsmClass klass = { "install", state_names, N_STATES, N_STATES, install_state };
  Install *install = g_new0 (Install, 1);

  install->port = sqns_link_port (link);
  install->how = how;
  install->heard_us = g_get_monotonic_time ();
  install->deadline_us = install->heard_us + sqns_timeout_us (SQNS_APPLY_S);
  install->queries = SQNS_APPLY_BOOT_TRIES;
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), install, g_free);
}

gboolean
sqns_install_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
