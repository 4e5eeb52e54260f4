/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl inspect: checks a firmware file, without the daemon. */
#include "client/commands/commands.h"
#include "client/firmware/report.h"

#include "codec/caba-info.h"

SqnsExit
sqns_cmd_inspect (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (SqnsFirmwareFile) file = sqns_firmware_file_open (argv[1], error);
  if (file == NULL)
    return SQNS_EXIT_FAILED;

  if (sqns_ctl_wants_json (ctl))
    {
      g_autoptr (GVariant) dict
          = g_variant_ref_sink (sqns_caba_info (file->caba, file->name, file->sha256, g_bytes_get_size (file->data)));
      sqns_ctl_print (ctl, "firmware", sqns_json_from_dict (dict));
    }
  else
    sqns_firmware_report_print (file);
  return SQNS_EXIT_DONE;
}
