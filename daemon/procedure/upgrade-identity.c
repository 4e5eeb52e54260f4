/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the modem is still the one that the job was begun on: by its IMEI, of which only a salted hash is kept. */
#include "procedure/upgrade-private.h"

#include "codec/identity.h"
#include "procedure/command.h"
#include "procedure/deadlines.h"

#define SAME_DIGITS 14 /* an IMEI, one without check digit and an IMEISV have these in common */

static guint
tag_of (const char *imei, guint salt)
{
  g_autofree char *text = g_strdup_printf ("%u:%.*s", salt, SAME_DIGITS, imei);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  char first[9] = { 0 };

  memcpy (first, hash, sizeof first - 1);
  return MAX (1, (guint)g_ascii_strtoull (first, NULL, 16));
}

static gboolean
is_same (SqnsUpgradeMemory *memory, const char *imei)
{
  if (memory->salt == 0)
    memory->salt = MAX (1, g_random_int ());
  guint tag = tag_of (imei, memory->salt);
  if (memory->tag == 0)
    memory->tag = tag;
  return memory->tag == tag;
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
      sqns_ssm_fail (ssm, g_steal_pointer (&error));
      return;
    }
  g_autofree char *imei = error == NULL ? sqns_identity_imei (&reply) : NULL;
  if (imei == NULL || is_same (&upgrade->memory, imei))
    sqns_ssm_next (ssm);
  else
    {
      upgrade->stranger = TRUE;
      sqns_ssm_fail_literal (ssm, SQNS_ERROR_WRONG_STATE,
                             "this is another modem than the one that the job was begun on: it is left as it is");
    }
}

void
sqns_upgrade_identify (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->status->mode == SQNS_MODE_FFF)
    /* the transcript shows no such numbers (sqns_at_printable()) */
    sqns_command_async (sqns_link_port (upgrade->link), &upgrade->monitor, "AT+CGSN", SQNS_PROBE_MS,
                        sqns_ssm_cancellable (ssm), on_told, ssm);
  else
    sqns_ssm_next (ssm);
}
