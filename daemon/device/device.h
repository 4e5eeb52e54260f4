/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One board with its modem: what is known of it and what uses it now. Sends nothing by itself. */
#pragma once

#include "base/board-facts.h"
#include "base/log.h"
#include "link/link.h"

#define SQNS_TYPE_DEVICE (sqns_device_get_type ())
G_DECLARE_FINAL_TYPE (SqnsDevice, sqns_device, SQNS, DEVICE, GObject)

typedef struct _SqnsConsole SqnsConsole; /* see console.h */

/* One at a time. */
typedef enum {
  SQNS_USE_NONE,
  SQNS_USE_PROBE,
  SQNS_USE_CONSOLE,
  SQNS_USE_RESET,
  SQNS_USE_JOB,
} SqnsDeviceUse;
const char *sqns_device_use_message (SqnsDeviceUse use); /* "the modem is being probed" */

/* How a port that a user added is to be opened. */
typedef struct {
  SqnsLinkKind link;
  const char *board; /* "fipy", "gpy", "g01", nullable */
  guint speed;       /* baud, 0 = find out */
} SqnsPortOptions;

/* This often within so many seconds is not done by hand (field-failures.md row 27: the supply breaks down); the figures
 * are our own. */
#define SQNS_DEVICE_UNPLUGS 3
#define SQNS_DEVICE_UNPLUGS_S 60

/* What can be seen of it. Strings are the device's and, but for board_id, never NULL. */
typedef struct {
  char *id;
  char *board_id; /* udev's, of SqnsBoardFacts; NULL for a port */
  char *devnode;
  char *id_path;
  guint16 vendor;
  guint16 product;
  char *board;
  char *board_firmware;
  SqnsBoardFlags notes; /* as seen in the present use, or the last; COMES_AND_GOES until it is used with success */
  gboolean manual;      /* made by AddPort, not found by udev */
  gboolean present;
  SqnsModemState state;
  SqnsLinkKind link;   /* AUTO: not opened yet */
  SqnsContact contact; /* in the present use, or the last */
  SqnsVersion version;
  SqnsShowver showver;
  SqnsVersion ran;      /* last reported software, perhaps to an earlier job; cleared when the modem may be another */
  SqnsVersion boot_rom; /* Bootloader0, likewise */
  char *ue;
  SqnsDeviceUse use;
  GCancellable *cancellable; /* of that use, else NULL */
  SqnsConsole *console;      /* that is open on it or is being opened, nullable */
  char *job;                 /* uuid of the job that runs on it, "" none */
  char *last_error;
  gint64 last_seen; /* µs since the epoch, 0 never */
} SqnsDeviceInfo;

SqnsDevice *sqns_device_new_board (const SqnsBoardFacts *facts, gboolean present);
/* @options: strings are copied. */
SqnsDevice *sqns_device_new_port (const char *id, const char *devnode, const SqnsPortOptions *options);

/* Valid until the next change. */
const SqnsDeviceInfo *sqns_device_info (SqnsDevice *device);
SqnsLogContext sqns_device_log_context (SqnsDevice *device); /* borrowed strings */

/* The board is there (again, perhaps as another tty), or is known now as a board though it was added as a port. */
void sqns_device_plugged (SqnsDevice *device, const SqnsBoardFacts *facts);
void sqns_device_unplugged (SqnsDevice *device);
/* Looks whether the tty of a port exists, of which udev tells nothing. Returns whether the device is present. */
gboolean sqns_device_check_presence (SqnsDevice *device);
/* A port is watched from its start, if the kernel has a watch left; else its presence is only seen when it is used. */
void sqns_device_unwatch_port (SqnsDevice *device);
void sqns_device_set_port_options (SqnsDevice *device, const SqnsPortOptions *options);

/* How to open it; strings are borrowed from the device. */
SqnsLinkConfig sqns_device_link_config (SqnsDevice *device);

/* Takes it for one use; @job: uuid, nullable. BUSY when it is used, DEVICE_LOST when it is absent. */
gboolean sqns_device_claim (SqnsDevice *device, SqnsDeviceUse use, const char *job, GError **error);
void sqns_device_release (SqnsDevice *device);
void sqns_device_interrupt (SqnsDevice *device); /* ends any use but a job */

void sqns_device_set_console (SqnsDevice *device, SqnsConsole *console);

/* Findings. */
void sqns_device_update_link (SqnsDevice *device, SqnsLinkKind kind, const SqnsBoardInfo *board);
void sqns_device_update_status (SqnsDevice *device, const SqnsModemStatus *status);
void sqns_device_set_version (SqnsDevice *device, const SqnsVersion *version); /* it runs, in application mode */
/* As reported to an earlier job, before the daemon's start; unknown versions change nothing. */
void sqns_device_update_ran (SqnsDevice *device, const SqnsVersion *software, const SqnsVersion *boot_rom);
void sqns_device_set_mode (SqnsDevice *device, SqnsMode mode); /* UNKNOWN: what was known no longer holds */
/* It may be writing its flash since @since (µs since the epoch, 0: it is not): links to it are unsafe until it reports
 * its mode, or has been silent for longer than it could write. */
void sqns_device_set_flashing_since (SqnsDevice *device, gint64 since);
void sqns_device_set_contact (SqnsDevice *device, SqnsContact contact);
/* The outcome of a use. @error NULL: success; CANCELLED is no error. After a TIMEOUT the modem is silent if it was
 * asked over a proven link, else its state is unknown. */
void sqns_device_set_error (SqnsDevice *device, const GError *error);

/* Signals, without arguments: "changed"; "presence-changed"; "released": free for the next use. */
