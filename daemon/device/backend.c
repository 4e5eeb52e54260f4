/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of the real procedures. */
#include "device/backend.h"

const SqnsBackend *
sqns_backend (void)
{
  static const SqnsBackend backend = {
    .upgrade_async = sqns_upgrade_async,
    .upgrade_finish = sqns_upgrade_finish,
    .link_open_async = sqns_link_open_async,
    .link_open_finish = sqns_link_open_finish,
    .link_close_async = sqns_link_close_async,
    .link_close_finish = sqns_link_close_finish,
    .link_kind = sqns_link_kind,
    .link_board = sqns_link_board,
    .link_open_console = sqns_link_open_console,
    .link_end_console = sqns_link_end_console,
    .probe_async = sqns_probe_async,
    .probe_finish = sqns_probe_finish,
    .identify_async = sqns_identify_async,
    .identify_finish = sqns_identify_finish,
    .modem_reset_async = sqns_modem_reset_async,
    .modem_reset_finish = sqns_modem_reset_finish,
    .board_reset_async = sqns_board_reset_async,
    .board_reset_finish = sqns_board_reset_finish,
  };
  return &backend;
}
