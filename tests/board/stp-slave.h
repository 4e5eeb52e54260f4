/* The modem's end of STP (protocol.md, section 4). */
#pragma once

#include "modem.h"

typedef struct StpSlave StpSlave;

/* Receives the blocks. */
typedef struct {
  /* Does the modem refuse this block? May be NULL. */
  gboolean (*refuses) (gpointer user_data);
  /* Takes a block. Returns how many ms the modem is busy with it; G_MAXUINT = endlessly. */
  guint (*take) (gpointer user_data, const guint8 *data, gsize len);
  /* RESET at the end. */
  void (*uploaded) (gpointer user_data);
} StpReceiver;

StpSlave *stp_slave_new (Modem *modem, const StpReceiver *receiver, gpointer user_data);
void stp_slave_free (StpSlave *stp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StpSlave, stp_slave_free)

/* Begins an upload. */
void stp_slave_start (StpSlave *stp, UploadKind kind);
/* As if a host had opened a session. */
void stp_slave_open (StpSlave *stp);
void stp_slave_stop (StpSlave *stp);
gboolean stp_slave_is_active (StpSlave *stp);
gsize stp_slave_feed (StpSlave *stp, const guint8 *data, gsize len);
