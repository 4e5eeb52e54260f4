/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uploads an image by STP over a link. */
#include "modem/upload.h"

#include "base/deadlines.h"
#include "base/timeout.h"
#include "base/source.h"
#include "modem/ask.h"

/* Deadlines for one answer. The modem falls silent while it erases, seen around 0 to 10 % and at 99 %, for up to 5
 * minutes (protocol.md §3, field-failures.md rows 8 to 10); a block sent again meanwhile would overrun the board's
 * buffer. Elsewhere a missing answer means lost bytes. */
#define ERASE_LOW_PERCENT 12
#define ERASE_HIGH_PERCENT 98

typedef enum {
  STATE_COMMAND,
  STATE_REQUEST,
  STATE_ABORT, /* cleanup: RESET out of STP mode after a failure */
} State;
#define N_STATES (STATE_ABORT + 1)
static const char *const state_names[N_STATES] = { "command", "request", "abort" };

typedef struct {
  SqnsPort *port;
  char *command;
  guint command_tries;
  GBytes *image;
  SqnsStpDataType type;
  gboolean erases;
  gboolean counts;
  const char *barren;
  SqnsStpSession *session;
  SqnsStpVerdict verdict;
  gboolean resend;
  gboolean in_stp;
  gsize waited_at; /* bytes done when a whole erase went by without an answer, G_MAXSIZE never */
  guint block;     /* bytes of the last one */
  gsize traced;    /* bytes done when the last line was written to the transcript */
  guint retries;
  guint noises;    /* in a row */
  gboolean silent; /* the last request met no answer */
  guint abort_tries;
  GCancellable *hard; /* ends the exchange when the grace after a cancel is over */
  GSource *cancel;
  GSource *grace;
} Upload;

static void
upload_free (gpointer data)
{
  Upload *upload = data;
  sqns_clear_source (&upload->cancel);
  sqns_clear_source (&upload->grace);
  sqns_stp_session_free (upload->session);
  g_object_unref (upload->hard);
  g_bytes_unref (upload->image);
  g_free (upload->command);
  g_free (upload);
}

/* --- cancel with grace --- */

static gboolean
on_grace_over (gpointer data)
{
  Upload *upload = data;
  g_cancellable_cancel (upload->hard);
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Upload *upload = data;
  upload->grace = g_timeout_source_new (SQNS_UPLOAD_CANCEL_MS);
  g_source_set_callback (upload->grace, on_grace_over, upload, NULL);
  g_source_attach (upload->grace, g_main_context_get_thread_default ());
  return G_SOURCE_REMOVE;
}

static void
watch_cancel (Upload *upload, GCancellable *cancellable)
{
  upload->hard = g_cancellable_new ();
  if (cancellable == NULL)
    return;
  upload->cancel = g_cancellable_source_new (cancellable);
  g_source_set_callback (upload->cancel, G_SOURCE_FUNC (on_cancelled), upload, NULL);
  g_source_attach (upload->cancel, g_main_context_get_thread_default ());
}

/* --- the command --- */

static void
on_command (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Upload *upload = data;

  if (reply != NULL && reply->final == SQNS_AT_OK)
    {
      upload->in_stp = TRUE;
      sqns_ssm_next (ssm);
    }
  else if (--upload->command_tries > 0)
    sqns_ssm_goto (ssm, STATE_COMMAND);
  else if (reply != NULL)
    sqns_ssm_fail (ssm, SQNS_ERROR_MODEM_REFUSED, "the modem refuses %s", upload->command);
  else
    sqns_ssm_fail_error (ssm, g_error_copy (error));
}

/* --- requests --- */

static SqnsMatch
match_response (const guint8 *data, gsize len, gsize *consumed, gpointer user_data)
{
  Upload *upload = user_data;
  upload->verdict = sqns_stp_session_receive (upload->session, data, len, consumed);
  return upload->verdict == SQNS_STP_MORE ? SQNS_MATCH_MORE : SQNS_MATCH_DONE;
}

gboolean
sqns_upload_may_erase (guint64 done, guint64 total)
{
  guint64 percent = total > 0 ? done * 100 / total : 0;
  return percent < ERASE_LOW_PERCENT || percent >= ERASE_HIGH_PERCENT;
}

static guint
answer_deadline_ms (Upload *upload)
{
  gsize size = g_bytes_get_size (upload->image);
  gsize done = sqns_stp_session_bytes_done (upload->session);
  /* one erase is waited for, not one for each try: after more than 5 minutes it is a fault */
  gboolean erasing = upload->erases && sqns_upload_may_erase (done, size) && done != upload->waited_at;

  switch (sqns_stp_session_operation (upload->session))
    {
    case SQNS_STP_RESET:
      return done == size ? SQNS_STP_CLOSE_MS : sqns_timeout_ms (SQNS_STP_OPEN_MS);
    case SQNS_STP_OPEN_SESSION:
    case SQNS_STP_TRANSFER_DATA_TYPE:
      return sqns_timeout_ms (SQNS_STP_OPEN_MS);
    case SQNS_STP_TRANSFER_BLOCK_CMD:
      return sqns_timeout_ms (erasing ? SQNS_STP_ERASE_ANNOUNCE_MS : SQNS_STP_ANNOUNCE_MS);
    case SQNS_STP_TRANSFER_BLOCK:
      return sqns_timeout_ms (erasing ? SQNS_STP_ERASE_MS : SQNS_STP_BLOCK_MS);
    }
  return SQNS_STP_OPEN_MS;
}

/* One line for the first block, one per twentieth of the image, and one on every trouble. */
static void
report_progress (Upload *upload, const char *trouble)
{
  gsize size = g_bytes_get_size (upload->image);
  gsize done = sqns_stp_session_bytes_done (upload->session);
  guint retries = sqns_stp_session_retries (upload->session);

  if (upload->counts)
    sqns_monitor_bytes (sqns_port_monitor (upload->port), done, size);
  if (retries != upload->retries)
    sqns_monitor_retries (sqns_port_monitor (upload->port), retries - upload->retries);
  upload->retries = retries;
  guint block = sqns_stp_session_block (upload->session);
  upload->block = block != 0 ? block : upload->block; /* none any more when all is taken */
  gboolean news = done != upload->traced && (upload->traced == 0 || done == size || done - upload->traced >= size / 20);
  if (trouble == NULL && !news)
    return;
  sqns_port_remark (upload->port,
                    "STP bytes %" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
                    ", blocks of %u, %u sent again%s%s",
                    upload->traced, done, size, upload->block, retries, trouble ? ": " : "", trouble ? trouble : "");
  upload->traced = done;
}

static void
judge (SqnsSsm *ssm)
{
  Upload *upload = sqns_ssm_data (ssm);
  gsize done;

  switch (upload->verdict)
    {
    case SQNS_STP_MORE:
    case SQNS_STP_SEND:
      report_progress (upload, NULL);
      upload->resend = FALSE;
      sqns_ssm_goto (ssm, STATE_REQUEST);
      break;
    case SQNS_STP_RESEND:
      report_progress (upload, upload->silent ? "no answer, trying again" : "refused, trying again");
      upload->resend = TRUE;
      sqns_ssm_goto (ssm, STATE_REQUEST);
      break;
    case SQNS_STP_DONE:
      report_progress (upload, NULL);
      upload->in_stp = FALSE;
      sqns_ssm_complete (ssm);
      break;
    case SQNS_STP_FAILED:
      done = sqns_stp_session_bytes_done (upload->session);
      sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL, "the upload failed after %" G_GSIZE_FORMAT " bytes: %s%s%s", done,
                     sqns_stp_session_failure (upload->session), done == 0 && upload->barren != NULL ? "; " : "",
                     done == 0 && upload->barren != NULL ? upload->barren : "");
      break;
    }
}

static gboolean
is_noise (Upload *upload)
{
  gsize len;
  const guint8 *heard = sqns_port_heard (upload->port, &len);

  upload->noises = sqns_at_classify (heard, len) == SQNS_NOISE_NONE ? 0 : upload->noises + 1;
  return upload->noises >= SQNS_STP_NOISES;
}

static void
on_response (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Upload *upload = data;
  gsize done = sqns_stp_session_bytes_done (upload->session);

  upload->silent = error != NULL;
  if (upload->silent && is_noise (upload))
    {
      sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL,
                     "the upload was interrupted after %" G_GSIZE_FORMAT
                     " bytes: other data arrives instead of answers; the board may have been reset",
                     done);
      return;
    }
  if (upload->silent)
    {
      if (sqns_stp_session_operation (upload->session) == SQNS_STP_TRANSFER_BLOCK)
        upload->waited_at = done;
      upload->verdict = sqns_stp_session_timed_out (upload->session);
    }
  judge (ssm);
}

static void
send_request (SqnsSsm *ssm)
{
  Upload *upload = sqns_ssm_data (ssm);
  guint timeout_ms = answer_deadline_ms (upload);
  SqnsExchange exchange = { .match = match_response,
                            .match_data = upload,
                            .timeout_ms = timeout_ms,
                            .idle_ms = MIN (timeout_ms, SQNS_STP_NOISE_MS) };

  gboolean resync = upload->resend || !sqns_port_is_synced (upload->port);

  exchange.request = sqns_stp_session_request (upload->session, &exchange.request_len);
  if (exchange.request == NULL)
    {
      upload->verdict = SQNS_STP_FAILED;
      judge (ssm);
      return;
    }
  sqns_port_exchange_async (upload->port, resync ? SQNS_UPLOAD_QUIET_MS : 0, &exchange, upload->hard,
                            sqns_ssm_step (ssm, on_response), ssm);
}

/* --- out of STP mode after a failure --- */

static void
on_abort (SqnsSsm *ssm, gpointer data, const GError *error)
{
  Upload *upload = data;

  if (error != NULL)
    upload->verdict = sqns_stp_session_timed_out (upload->session);
  if (upload->verdict == SQNS_STP_SEND)
    {
      sqns_port_remark (upload->port, "the modem is out of STP mode");
      sqns_ssm_next (ssm);
    }
  else if (--upload->abort_tries > 0)
    sqns_ssm_goto (ssm, STATE_ABORT);
  else
    sqns_ssm_next (ssm);
}

static void
abort_session (SqnsSsm *ssm)
{
  Upload *upload = sqns_ssm_data (ssm);
  SqnsExchange exchange = { .match = match_response, .match_data = upload, .timeout_ms = SQNS_UPLOAD_ABORT_MS };
  gsize size;
  const guint8 *bytes = g_bytes_get_data (upload->image, &size);

  if (!upload->in_stp || sqns_port_is_lost (upload->port))
    {
      sqns_ssm_next (ssm);
      return;
    }
  if (upload->abort_tries == SQNS_UPLOAD_ABORT_TRIES)
    {
      /* a new session begins with the RESET that is wanted here */
      sqns_stp_session_free (upload->session);
      upload->session = sqns_stp_session_new (bytes, size, upload->type, 0, 0);
    }
  exchange.request = sqns_stp_session_request (upload->session, &exchange.request_len);
  sqns_port_ask (ssm, upload->port, SQNS_UPLOAD_QUIET_MS, &exchange, on_abort);
}

static void
upload_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Upload *upload = data;

  switch ((State)state)
    {
    case STATE_COMMAND:
      sqns_modem_ask (ssm, upload->command, SQNS_UPLOAD_COMMAND_MS, on_command);
      break;
    case STATE_REQUEST:
      send_request (ssm);
      break;
    case STATE_ABORT:
      abort_session (ssm);
      break;
    }
}

void
sqns_upload_async (SqnsLink *link,
                   const SqnsUploadConfig *config,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  static const SqnsSsmClass klass = { "upload", state_names, N_STATES, STATE_ABORT, upload_state };
  Upload *upload = g_new0 (Upload, 1);
  gsize size;
  const guint8 *bytes = g_bytes_get_data (config->image, &size);

  upload->port = sqns_link_port (link);
  upload->command = g_strdup (config->command);
  upload->command_tries = SQNS_UPLOAD_COMMAND_TRIES;
  upload->image = g_bytes_ref (config->image);
  upload->type = config->type;
  upload->erases = config->erases;
  upload->counts = config->counts;
  upload->barren = config->barren;
  /* the relay's UART has 4096 bytes of buffer on the board, not passthrough's 8192 */
  guint most = sqns_link_kind (link) == SQNS_LINK_RELAY ? SQNS_STP_FIRST_BLOCK : 0;
  if (config->block_size != 0 && (most == 0 || config->block_size < most))
    most = config->block_size;
  upload->session = sqns_stp_session_new (bytes, size, config->type, 0, most);
  upload->abort_tries = SQNS_UPLOAD_ABORT_TRIES;
  upload->waited_at = G_MAXSIZE;
  watch_cancel (upload, cancellable);
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), upload, upload_free);
}

gboolean
sqns_upload_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
