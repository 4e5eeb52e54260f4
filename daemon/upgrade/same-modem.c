/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the modem is still the one that the job began with. */
#include "upgrade/same-modem.h"

#include "base/deadlines.h"
#include "codec/identity.h"
#include "modem/ask.h"

#define SAME_DIGITS 14 /* an IMEI, one without check digit and an IMEISV have these in common */

/* The last bit tells whether the number's check digit is right. */
static guint
tag_of (const char *imei, guint salt)
{
  g_autofree char *text = g_strdup_printf ("%u:%.*s", salt, SAME_DIGITS, imei);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  char first[9] = { 0 };

  memcpy (first, hash, sizeof first - 1);
  return MAX (2, (guint)g_ascii_strtoull (first, NULL, 16) & ~1u) | (sqns_identity_is_sound_imei (imei) ? 1 : 0);
}

/* Both tags are of the same number, whatever their check digits. */
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

/* @imei: as reported repeatedly. A number with a wrong check digit is no evidence against one with the right one. */
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

/* The transcript shows no such numbers (sqns_at_printable()). */
static void
on_told (SqnsSsm *ssm, gpointer data, const SqnsAtReply *reply, const GError *error)
{
  Check *check = data;
  g_autofree char *imei = reply != NULL ? sqns_identity_imei (reply) : NULL;
  const char *agreed;

  switch (imei != NULL && is_known (check->checkpoint, imei) ? SQNS_IMEI_NOT_TOLD
                                                             : sqns_imei_poll (&check->poll, imei, &agreed))
    {
    case SQNS_IMEI_ASK_AGAIN:
      sqns_ssm_goto (ssm, 0);
      break;
    case SQNS_IMEI_AGREED:
      if (is_another (check->checkpoint, agreed))
        sqns_ssm_fail (ssm, SQNS_ERROR_WRONG_STATE,
                       "this is not the modem that the job was started on; it is left unchanged");
      else
        sqns_ssm_next (ssm);
      break;
    case SQNS_IMEI_NOT_TOLD:
      sqns_ssm_next (ssm);
      break;
    }
}

static void
ask_state (SqnsSsm *ssm, guint state, gpointer data)
{
  sqns_modem_ask (ssm, "AT+CGSN", SQNS_PROBE_MS, on_told);
}

void
sqns_same_modem_async (SqnsLink *link,
                       SqnsCheckpoint *checkpoint,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  static const char *const names[] = { "ask" };
  static const SqnsSsmClass klass = { "same-modem", names, 1, 1, ask_state };
  Check *check = g_new0 (Check, 1);

  check->checkpoint = checkpoint;
  sqns_ssm_run (&klass, g_task_new (link, cancellable, callback, user_data), check, g_free);
}

gboolean
sqns_same_modem_finish (SqnsLink *link, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
