/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which link an upgrade takes, and when it takes another one. */
#include "upgrade/upgrade-private.h"

#include "base/deadlines.h"

static void
on_linked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;

  upgrade->link = sqns_link_open_finish (result, &error);
  if (upgrade->link == NULL)
    {
      /* it was there a moment ago: that is a lost board, not a wrong name */
      if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NOT_FOUND))
        error->code = SQNS_ERROR_DEVICE_LOST;
      if (upgrade->no_hand
          && (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_NEEDS_HAND) || sqns_error_is_timeout (error)))
        sqns_upgrade_fail_with_first (ssm, error);
      else
        sqns_ssm_fail_error (ssm, error);
    }
  else if (sqns_ssm_state (ssm) == SQNS_UPGRADE_RELINK && sqns_link_kind (upgrade->link) == SQNS_LINK_PASSTHROUGH
           && upgrade->step_error == NULL && upgrade->plan != NULL)
    sqns_ssm_goto (ssm, SQNS_UPGRADE_CHECKPOINT); /* over to passthrough for a plan that stands */
  else
    sqns_ssm_goto (ssm, SQNS_UPGRADE_PROBE);
}

static void
open_link (SqnsSsm *ssm, gboolean leave, gboolean reset)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  SqnsLinkConfig config = upgrade->config.link;

  config.leave = leave;
  config.reset = reset;
  config.again = upgrade->relinks > 0;
  if (upgrade->no_hand)
    config.hand_s = 0;
  config.unsafe = config.unsafe || upgrade->checkpoint.written || sqns_upgrade_is_between (upgrade);
  config.committed = sqns_upgrade_is_between (upgrade);
  sqns_link_open_async (&config, &upgrade->monitor, sqns_ssm_cancellable (ssm), on_linked, ssm);
}

static void
on_unlinked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  sqns_link_close_finish (upgrade->link, result, NULL);
  g_clear_object (&upgrade->link);
  sqns_ssm_next (ssm);
}

/* A modem that answered and does not any more: the way to it may be gone (the ESP32 was reset), or runs at another
 * speed. */
gboolean
sqns_upgrade_look_again (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->relinks >= SQNS_RELINKS || sqns_port_is_lost (sqns_link_port (upgrade->link)))
    return FALSE;
  sqns_monitor_remark (&upgrade->monitor, "the modem has fallen silent: looks for it anew");
  upgrade->relinks++;
  upgrade->passthrough_tried = TRUE;
  g_clear_pointer (&upgrade->plan, sqns_plan_free);
  sqns_ssm_goto (ssm, SQNS_UPGRADE_UNLINK);
  return TRUE;
}

/* Native passthrough is faster than the relay, but runs at 921600 only and cannot be left: it is taken where the file
 * comes next and nothing that it cannot reach comes after. A modem that was got as far as mTools stays where it is. */
static gboolean
wants_passthrough (SqnsUpgrade *upgrade)
{
  SqnsMode mode = upgrade->status->mode;

  return sqns_link_kind (upgrade->link) == SQNS_LINK_RELAY && upgrade->config.link.kind != SQNS_LINK_RELAY
         && sqns_link_has_passthrough (upgrade->link) && !upgrade->passthrough_tried && !upgrade->plan->needs_boot_rom
         && sqns_link_speed (upgrade->link) == SQNS_MODEM_SPEED && upgrade->plan->route != SQNS_ROUTE_REBOOT
         && upgrade->plan->route != SQNS_ROUTE_WAIT
         && (mode == SQNS_MODE_FFF || mode == SQNS_MODE_RECOVERY || upgrade->config.link.kind == SQNS_LINK_PASSTHROUGH);
}

/* FFH that answers is reached already. */
static gboolean
must_leave_passthrough (SqnsUpgrade *upgrade)
{
  return sqns_link_kind (upgrade->link) == SQNS_LINK_PASSTHROUGH && upgrade->plan->needs_boot_rom
         && upgrade->status->mode != SQNS_MODE_FFH;
}

void
sqns_upgrade_relink (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->plan == NULL)
    open_link (ssm, TRUE, FALSE);
  else if (upgrade->plan->needs_boot_rom)
    {
      upgrade->passthrough_tried = TRUE;
      open_link (ssm, TRUE, TRUE);
    }
  else
    {
      upgrade->passthrough_tried = TRUE;
      open_link (ssm, FALSE, FALSE);
    }
}

void
sqns_upgrade_unlink (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->link != NULL)
    sqns_link_close_async (upgrade->link, on_unlinked, ssm);
  else
    sqns_ssm_next (ssm);
}

void
sqns_upgrade_link (SqnsSsm *ssm)
{
  open_link (ssm, TRUE, FALSE);
}

gboolean
sqns_upgrade_wants_other_link (SqnsUpgrade *upgrade)
{
  return wants_passthrough (upgrade) || must_leave_passthrough (upgrade);
}
