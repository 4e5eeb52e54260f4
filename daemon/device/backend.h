/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The procedures as a table, so that models can be tried with scripted ones. */
#pragma once

#include "board/reset.h"
#include "device/device.h"
#include "link/link.h"
#include "modem/identify.h"
#include "modem/probe.h"
#include "modem/reset.h"
#include "upgrade/upgrade.h"

/* Each entry has the contract of the function that it is named after. */
struct _SqnsBackend {
  void (*upgrade_async) (const SqnsUpgradeConfig *config,
                         const SqnsMonitor *monitor,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  SqnsUpgradeResult *(*upgrade_finish) (GAsyncResult *result, GError **error);

  void (*link_open_async) (const SqnsLinkConfig *config,
                           const SqnsMonitor *monitor,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
  SqnsLink *(*link_open_finish) (GAsyncResult *result, GError **error);
  void (*link_close_async) (SqnsLink *link, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*link_close_finish) (SqnsLink *link, GAsyncResult *result, GError **error);
  SqnsLinkKind (*link_kind) (SqnsLink *link);
  const SqnsBoardInfo *(*link_board) (SqnsLink *link);
  int (*link_open_console) (SqnsLink *link, GFunc closed, gpointer user_data, GError **error);
  void (*link_end_console) (SqnsLink *link, const char *farewell);

  void (*probe_async) (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  SqnsModemStatus *(*probe_finish) (SqnsLink *link, GAsyncResult *result, GError **error);
  void (*identify_async) (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  SqnsIdentity *(*identify_finish) (SqnsLink *link, GAsyncResult *result, GError **error);
  void (*modem_reset_async) (SqnsLink *link,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
  gboolean (*modem_reset_finish) (SqnsLink *link, GAsyncResult *result, SqnsMode *mode, GError **error);

  void (*board_reset_async) (const char *devnode,
                             SqnsLinkKind kind,
                             gboolean pic,
                             const SqnsMonitor *monitor,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
  gboolean (*board_reset_finish) (GAsyncResult *result, GError **error);
};

/* The real ones. Static. */
const SqnsBackend *sqns_backend (void);
