/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the modem is still the one that the job was begun on: by its IMEI, of which only a salted hash is kept. */
#include "upgrade/upgrade-private.h"

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

static void ask (SqnsSsm *ssm);

/* A modem that does not tell who it is, or never the same, is taken for the one that it was. */
static void
judge (SqnsSsm *ssm, const char *imei)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  const char *agreed;

  if (imei != NULL && is_known (&upgrade->checkpoint, imei))
    {
      sqns_ssm_next (ssm);
      return;
    }
  switch (sqns_imei_poll (&upgrade->poll, imei, &agreed))
    {
    case SQNS_IMEI_ASK_AGAIN:
      ask (ssm);
      return;
    case SQNS_IMEI_NOT_TOLD:
      sqns_ssm_next (ssm);
      return;
    case SQNS_IMEI_AGREED:
      break;
    }
  if (!is_another (&upgrade->checkpoint, agreed))
    {
      sqns_ssm_next (ssm);
      return;
    }
  upgrade->stranger = TRUE;
  sqns_ssm_fail (ssm, SQNS_ERROR_WRONG_STATE,
                 "this is another modem than the one that the job was begun on: it is left as it is");
}

static void
on_told (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_auto (SqnsAtReply) reply = { 0 };

  if (!sqns_command_finish (sqns_link_port (upgrade->link), result, &reply, &error) && !sqns_error_is_timeout (error))
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  g_autofree char *imei = error == NULL ? sqns_identity_imei (&reply) : NULL;
  judge (ssm, imei);
}

/* The transcript shows no such numbers (sqns_at_printable()). */
static void
ask (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  sqns_command_async (sqns_link_port (upgrade->link), &upgrade->monitor, "AT+CGSN", SQNS_PROBE_MS,
                      sqns_ssm_cancellable (ssm), on_told, ssm);
}

/* A modem that took the file and tells the promised version is what the job was for: nothing is asked of it that could
 * end that otherwise. */
static gboolean
has_succeeded (SqnsUpgrade *upgrade)
{
  return upgrade->checkpoint.done.file_taken
         && sqns_version_equal (&upgrade->status->version, &upgrade->config.caba->version);
}

void
sqns_upgrade_identify (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  upgrade->poll = (SqnsImeiPoll){ 0 };
  if (upgrade->status->mode == SQNS_MODE_FFF && !has_succeeded (upgrade))
    ask (ssm);
  else
    sqns_ssm_next (ssm);
}
