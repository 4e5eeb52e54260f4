/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the modem is still the one that the job was begun on. */
#include "upgrade/same-modem.h"

#include "at/command.h"
#include "base/deadlines.h"
#include "codec/identity.h"

#define SAME_DIGITS 14 /* an IMEI, one without check digit and an IMEISV have these in common */

/* Its last bit tells whether the number has the right check digit. */
static guint
tag_of (const char *imei, guint salt)
{
  g_autofree char *text = g_strdup_printf ("%u:%.*s", salt, SAME_DIGITS, imei);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  char first[9] = { 0 };

  memcpy (first, hash, sizeof first - 1);
  return MAX (2, (guint)g_ascii_strtoull (first, NULL, 16) & ~1u) | (sqns_identity_is_sound_imei (imei) ? 1 : 0);
}

/* One tag is the other's number, whatever became of its check digit. */
static gboolean
same_tag (guint a, guint b)
{
  return (a | 1) == (b | 1);
}

static gboolean
is_known (const SqnsCheckpoint *checkpoint, const char *imei)
{
  return checkpoint->tag != 0 && same_tag (checkpoint->tag, tag_of (imei, checkpoint->salt));
}

/* @imei: as the modem has said it repeatedly. A number without the right check digit says nothing against one with it.
 */
static gboolean
is_another (SqnsCheckpoint *checkpoint, const char *imei)
{
  if (checkpoint->salt == 0)
    checkpoint->salt = MAX (1, g_random_int ());
  guint tag = tag_of (imei, checkpoint->salt);
  if (checkpoint->tag == 0)
    checkpoint->tag = tag;
  return !same_tag (checkpoint->tag, tag) && (tag & 1) >= (checkpoint->tag & 1);
}

typedef struct {
  SqnsCheckpoint *checkpoint;
  SqnsImeiPoll poll;
} Check;

static void ask (GTask *task);

/* @imei: of the last answer, nullable. Takes @task. */
static void
judge (GTask *task, const char *imei)
{
  Check *check = g_task_get_task_data (task);
  const char *agreed;

  switch (imei != NULL && is_known (check->checkpoint, imei) ? SQNS_IMEI_NOT_TOLD
                                                             : sqns_imei_poll (&check->poll, imei, &agreed))
    {
    case SQNS_IMEI_ASK_AGAIN:
      ask (task);
      return;
    case SQNS_IMEI_AGREED:
      if (!is_another (check->checkpoint, agreed))
        break;
      g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_WRONG_STATE,
                               "this is another modem than the one that the job was begun on: it is left as it is");
      g_object_unref (task);
      return;
    case SQNS_IMEI_NOT_TOLD:
      break;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_told (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SqnsLink *link = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (!sqns_command_finish (sqns_link_port (link), result, &reply, &error) && !sqns_error_is_timeout (error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      g_object_unref (task);
      return;
    }
  g_autofree char *imei = error == NULL ? sqns_identity_imei (&reply) : NULL;
  judge (task, imei);
}

/* The transcript shows no such numbers (sqns_at_printable()). */
static void
ask (GTask *task)
{
  SqnsLink *link = g_task_get_source_object (task);

  sqns_command_async (sqns_link_port (link), sqns_link_monitor (link), "AT+CGSN", SQNS_PROBE_MS,
                      g_task_get_cancellable (task), on_told, task);
}

void
sqns_same_modem_async (SqnsLink *link,
                       SqnsCheckpoint *checkpoint,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (link, cancellable, callback, user_data);
  Check *check = g_new0 (Check, 1);

  check->checkpoint = checkpoint;
  g_task_set_task_data (task, check, g_free);
  g_task_set_check_cancellable (task, FALSE);
  ask (task);
}

gboolean
sqns_same_modem_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
