/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job's run: what the procedure tells is turned into what people see. */
#include "model/job-private.h"

#define HEARTBEAT_S 1
#define HAND_BOARD_S 900
#define HAND_UNKNOWN_S 45             /* with the search before it, less than 90 s in all */
#define STALL_US (5 * G_USEC_PER_SEC) /* a transfer without a byte for so long is said to be silent */

G_GNUC_PRINTF (2, 3)
static void
remark (SqnsJob *self, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  sqns_transcript_add (self->transcript, g_get_monotonic_time () - self->run_start, '#', text);
}

/* So that a log that somebody sends says by itself what it is of. */
static void
remark_order (SqnsJob *self)
{
  const SqnsDeviceInfo *device = sqns_device_info (self->device);
  g_autofree char *version = sqns_version_format (&sqns_firmware_caba (self->firmware)->version);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now);
  remark (self, "sqnsd " SQNS_VERSION ", job %s, %s", self->uuid, time);
  remark (self, "board %s at %s, USB %04x:%04x", device->id, device->devnode, device->vendor, device->product);
  remark (self, "file %s, version %s, %" G_GUINT64_FORMAT " bytes, SHA-256 %s", self->firmware_name, version,
          self->info.bytes_total, self->firmware_sha256);
}

static void
update_figures (SqnsJob *self, gint64 now)
{
  gint64 remaining = sqns_progress_remaining (&self->progress, now);
  self->info.progress = self->progress.value;
  self->info.rate = self->info.phase == SQNS_PHASE_TRANSFER ? sqns_progress_rate (&self->progress, now) : 0;
  /* whole seconds: more would only pretend */
  self->info.expected_end = remaining >= 0 ? (g_get_real_time () + remaining) / G_USEC_PER_SEC * G_USEC_PER_SEC : 0;
}

static void
update_message (SqnsJob *self, gint64 now)
{
  gint64 elapsed_s = (now - self->phase_start) / G_USEC_PER_SEC;
  gint64 stalled = now - self->last_bytes;
  g_autofree char *text = NULL;

  if (self->info.phase == SQNS_PHASE_TRANSFER && stalled >= STALL_US)
    text = g_strdup_printf ("%s, the modem has been silent for %d:%02d (up to 5 minutes are normal)", self->phase_text,
                            (int)(stalled / G_USEC_PER_SEC / 60), (int)(stalled / G_USEC_PER_SEC % 60));
  else if (self->heartbeat != 0 && self->info.phase != SQNS_PHASE_TRANSFER && elapsed_s > 0)
    text = g_strdup_printf ("%s, %d:%02d so far", self->phase_text, (int)(elapsed_s / 60), (int)(elapsed_s % 60));
  sqns_job_set_message (self, text != NULL ? text : self->phase_text);
}

static gboolean
on_heartbeat (gpointer user_data)
{
  SqnsJob *self = user_data;
  gint64 now = g_get_monotonic_time ();
  sqns_progress_tick (&self->progress, now);
  update_figures (self, now);
  if (!g_cancellable_is_cancelled (self->cancellable))
    update_message (self, now);
  sqns_job_emit_changed (self, FALSE);
  return G_SOURCE_CONTINUE;
}

void
sqns_job_stop_heartbeat (SqnsJob *self)
{
  g_clear_handle_id (&self->heartbeat, g_source_remove);
}

/* Phases in which the modem says nothing for long. */
static gboolean
is_silent (SqnsPhase phase)
{
  return phase == SQNS_PHASE_PREPARE || phase == SQNS_PHASE_TRANSFER || phase == SQNS_PHASE_APPLY
         || phase == SQNS_PHASE_REBOOT;
}

/* A job that winds up is cancelled where the modem can still be left as it is or in recovery; not when it only has to
 * boot and to be asked for its version. */
static void
wind_up_now (SqnsJob *self)
{
  if (self->winding_up && !self->info.committed && self->info.phase <= SQNS_PHASE_TRANSFER)
    g_cancellable_cancel (self->cancellable);
}

static gboolean
wind_up_in_idle (gpointer user_data)
{
  SqnsJob *self = user_data;
  if (sqns_job_is_running (self))
    wind_up_now (self);
  return G_SOURCE_REMOVE;
}

static void
enter_phase (SqnsJob *self, SqnsPhase phase, gint64 now)
{
  self->info.phase = phase;
  self->info.state = phase == SQNS_PHASE_CONFIRM ? SQNS_JOB_VERIFYING : self->info.state;
  self->phase_start = now;
  self->last_bytes = now;
  sqns_progress_phase (&self->progress, phase, now);
  sqns_job_stop_heartbeat (self);
  if (is_silent (phase))
    self->heartbeat = g_timeout_add_seconds (HEARTBEAT_S, on_heartbeat, self);
}

static void
on_phase (gpointer data, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  SqnsJob *self = data;
  gint64 now = g_get_monotonic_time ();
  gboolean entered = phase != self->info.phase;
  gboolean prompt = entered || safe != self->info.safe || committed != self->info.committed;

  if (entered)
    enter_phase (self, phase, now);
  self->info.safe = safe;
  self->info.committed = committed;
  g_free (self->phase_text);
  self->phase_text = g_strdup (message != NULL ? message : "");
  if (!g_cancellable_is_cancelled (self->cancellable))
    update_message (self, now);
  update_figures (self, now);
  if (entered)
    {
      sqns_job_log (self, G_LOG_LEVEL_INFO, self->phase_text);
      remark (self, "phase %s: %s", sqns_phase_name (phase), self->phase_text);
    }
  sqns_job_emit_changed (self, prompt);
  /* not from inside the procedure's own callback */
  if (self->winding_up && !committed)
    g_idle_add_full (G_PRIORITY_DEFAULT, wind_up_in_idle, g_object_ref (self), g_object_unref);
}

static void
on_bytes (gpointer data, guint64 done, guint64 total)
{
  SqnsJob *self = data;
  gint64 now = g_get_monotonic_time ();
  self->last_bytes = now;
  sqns_progress_bytes (&self->progress, done, total, now);
  self->info.bytes_done = done;
  self->info.bytes_total = total;
  update_figures (self, now);
  sqns_job_emit_changed (self, FALSE);
}

static void
on_retries (gpointer data, guint more)
{
  SqnsJob *self = data;
  self->info.retries += more;
  sqns_job_emit_changed (self, FALSE);
}

static void
on_link (gpointer data, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  SqnsJob *self = data;
  sqns_device_note_link (self->device, kind, board);
}

static void
on_modem (gpointer data, const SqnsModemStatus *status)
{
  SqnsJob *self = data;
  self->mode = status->mode;
  if (!sqns_version_known (&self->info.version_before))
    self->info.version_before = status->version;
  sqns_device_note_status (self->device, status);
}

/* A person is waited for: no error, but the job does not go on without them. */
static void
on_hand (gpointer data, const char *what)
{
  SqnsJob *self = data;
  g_autofree char *text = what != NULL ? g_strdup_printf ("NeedsHand: %s; the job goes on by itself then", what) : NULL;

  self->info.state = what != NULL ? SQNS_JOB_WAITING : SQNS_JOB_RUNNING;
  if (text != NULL)
    sqns_job_log (self, G_LOG_LEVEL_MESSAGE, text);
  remark (self, "%s", text != NULL ? text : "the board is there again");
  sqns_job_set_message (self, text != NULL ? text : self->phase_text);
  sqns_job_emit_changed (self, TRUE);
}

static void
on_trace (gpointer data, char direction, const char *line)
{
  SqnsJob *self = data;
  sqns_transcript_add (self->transcript, g_get_monotonic_time () - self->run_start, direction, line);
  SqnsLogContext context = sqns_device_log_context (self->device);
  context.job = self->uuid;
  sqns_debug (&context, "%c %s", direction, line);
}

static const SqnsMonitorFuncs monitor_funcs = {
  .phase = on_phase,
  .bytes = on_bytes,
  .retries = on_retries,
  .link = on_link,
  .modem = on_modem,
  .hand = on_hand,
  .trace = on_trace,
};

/* What the end means for what is known of the modem. */
static void
tell_device (SqnsJob *self, const GError *error)
{
  if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NEEDS_RECOVERY))
    {
      if (self->mode != SQNS_MODE_FFH && self->mode != SQNS_MODE_MTOOLS)
        self->mode = SQNS_MODE_RECOVERY;
      sqns_device_note_mode (self->device, self->mode);
    }
  else if (self->info.phase > SQNS_PHASE_PREPARE
           && (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_TIMEOUT)
               || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST)))
    {
      self->mode = SQNS_MODE_UNKNOWN;
      sqns_device_note_mode (self->device, SQNS_MODE_UNKNOWN);
    }
  sqns_device_note_error (self->device, error);
}

static void
on_upgraded (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr (SqnsJob) self = user_data; /* the run's reference */
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsUpgradeResult) result = self->operations->upgrade_finish (async, &error);

  if (result != NULL)
    {
      if (sqns_version_known (&result->before))
        self->info.version_before = result->before;
      if (!self->request->dry_run)
        {
          self->info.version_after = result->after;
          sqns_device_note_version (self->device, &result->after);
        }
      sqns_job_set_message (self, result->summary != NULL ? result->summary : "done");
    }
  else
    error = sqns_error_normalize (g_steal_pointer (&error));
  remark (self, "%s: %s", error != NULL ? sqns_error_name (error) : "done",
          error != NULL ? error->message : self->message);

  g_autoptr (SqnsDevice) device = g_object_ref (self->device);
  tell_device (self, error);
  sqns_job_finish (self, g_steal_pointer (&error));
  /* after the end is known: whoever is started by the release finds this job finished */
  sqns_device_release (device);
}

/* Where a board is known to be, a person has time to come; where a bare modem may be behind the port, a dead one must
 * not be waited for. */
static guint
patience_with_people (const SqnsLinkConfig *link)
{
  if (link->kind == SQNS_LINK_DIRECT)
    return 0;
  return link->usb_board || link->board != NULL || link->kind != SQNS_LINK_AUTO ? HAND_BOARD_S : HAND_UNKNOWN_S;
}

static SqnsUpgradeConfig
make_config (SqnsJob *self, const SqnsRules *rules)
{
  const SqnsRequest *request = self->request;
  SqnsFirmware *first = request->first_step;
  SqnsLinkConfig link = sqns_device_link_config (self->device);
  if (request->link != SQNS_LINK_AUTO)
    link.kind = request->link;
  if (request->speed != 0)
    link.speed = request->speed;
  link.hand_s = request->dry_run ? 0 : patience_with_people (&link);
  return (SqnsUpgradeConfig){
    .link = link,
    .image = sqns_firmware_image (self->firmware),
    .caba = sqns_firmware_caba (self->firmware),
    .first_step = first != NULL ? sqns_firmware_image (first) : NULL,
    .first_caba = first != NULL ? sqns_firmware_caba (first) : NULL,
    .updater = request->updater != NULL ? sqns_firmware_image (request->updater) : NULL,
    .rules = rules,
    .options = request->options,
    .block_size = request->block_size,
    .dry_run = request->dry_run,
  };
}

gboolean
sqns_job_start (SqnsJob *self, const SqnsOperations *operations, const SqnsRules *rules, GError **error)
{
  g_return_val_if_fail (sqns_job_is_pending (self), FALSE);
  if (!sqns_device_claim (self->device, SQNS_USE_JOB, self->uuid, error))
    return FALSE;

  gint64 now = g_get_monotonic_time ();
  self->operations = operations;
  self->run_start = now;
  self->phase_start = now;
  self->running = TRUE;
  self->info.state = SQNS_JOB_RUNNING;
  self->info.started = TRUE;
  self->info.started_at = g_get_real_time ();
  self->info.queue_position = 0;
  enter_phase (self, SQNS_PHASE_INSPECT, now);
  sqns_job_set_message (self, "starting");
  remark_order (self);
  sqns_job_log (self, G_LOG_LEVEL_MESSAGE, "upgrade begins");
  sqns_job_emit_changed (self, TRUE);

  SqnsUpgradeConfig config = make_config (self, rules);
  SqnsMonitor monitor = { &monitor_funcs, self };
  operations->upgrade_async (&config, &monitor, self->cancellable, on_upgraded, g_object_ref (self));
  return TRUE;
}

void
sqns_job_wind_up (SqnsJob *self)
{
  if (sqns_job_is_pending (self))
    {
      sqns_job_give_up (self, g_error_new (SQNS_ERROR, SQNS_ERROR_CANCELLED,
                                           "the daemon stopped before the job began: nothing was sent to the modem"));
      return;
    }
  self->winding_up = TRUE;
  if (sqns_job_is_running (self))
    wind_up_now (self);
}
