/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One board with its modem: what is known of it and who uses it now. Sends nothing by itself. */
#pragma once

#include "base/board-facts.h"
#include "base/log.h"
#include "link/link.h"

#define SQNS_TYPE_DEVICE (sqns_device_get_type ())
G_DECLARE_FINAL_TYPE (SqnsDevice, sqns_device, SQNS, DEVICE, GObject)

/* One at a time. */
typedef enum {
  SQNS_USE_NONE,
  SQNS_USE_PROBE,
  SQNS_USE_CONSOLE,
  SQNS_USE_RESET,
  SQNS_USE_JOB,
} SqnsDeviceUse;

/* How a port that somebody added wants to be reached. */
typedef struct {
  SqnsLinkKind link;
  const char *board; /* "fipy", "gpy", "g01", nullable */
  guint speed;       /* baud, 0 = find out */
} SqnsPortOptions;

/* So often within so many seconds is no person's hand (field-failures.md row 27: the supply breaks down); the figures
 * are our own. */
#define SQNS_DEVICE_UNPLUGS 3
#define SQNS_DEVICE_UNPLUGS_S 60

/* What can be seen of it; strings are never NULL. */
typedef struct {
  const char *id;
  const char *devnode;
  const char *id_path;
  guint16 vendor;
  guint16 product;
  const char *board;
  const char *board_firmware;
  SqnsBoardFlags notes;    /* what was seen of the board when it was last reached for */
  gboolean board_answers;  /* its prompt did, then */
  gboolean comes_and_goes; /* it was unplugged several times within a minute, and not asked with success since */
  gboolean manual;         /* made by AddPort, not found by udev */
  gboolean present;
  SqnsModemState state;
  SqnsLinkKind link; /* AUTO: not reached yet */
  SqnsVersion version;
  SqnsShowver showver;
  SqnsVersion ran;      /* software as told last, perhaps to an earlier job; unknown once another modem may be there */
  SqnsVersion boot_rom; /* Bootloader0, likewise */
  const char *ue;
  SqnsDeviceUse use;
  const char *job; /* uuid of the job that runs on it, "" none */
  const char *last_error;
  gint64 last_seen; /* µs since the epoch, 0 never */
} SqnsDeviceInfo;

SqnsDevice *sqns_device_new_board (const SqnsBoardFacts *facts);
SqnsDevice *sqns_device_new_absent (const SqnsBoardFacts *facts); /* a board that is known, and not plugged in */
/* @options: strings are copied. */
SqnsDevice *sqns_device_new_port (const char *id, const char *devnode, const SqnsPortOptions *options);

/* The names of what is set in notes, board_answers and comes_and_goes, as org.sqnsd1.Modem.BoardNotes has them. The
 * array is the caller's, the strings are static. */
const char **sqns_device_board_notes (SqnsDevice *device);

/* Valid until the next change. */
const SqnsDeviceInfo *sqns_device_info (SqnsDevice *device);
SqnsLogContext sqns_device_log_context (SqnsDevice *device); /* borrowed strings */

/* The board is there (again, perhaps as another tty), or known now as a board though it was added as a port. */
void sqns_device_plugged (SqnsDevice *device, const SqnsBoardFacts *facts);
void sqns_device_unplugged (SqnsDevice *device);
/* Looks whether the tty exists; for ports, of which udev tells nothing. Returns whether it is present. */
gboolean sqns_device_check_presence (SqnsDevice *device);
void sqns_device_set_port_options (SqnsDevice *device, const SqnsPortOptions *options);

/* How to open it; strings are borrowed from the device. */
SqnsLinkConfig sqns_device_link_config (SqnsDevice *device);

/* Takes it for one use; @job: uuid, nullable. BUSY with a sentence when it is used, DEVICE_LOST when it is absent. */
gboolean sqns_device_claim (SqnsDevice *device, SqnsDeviceUse use, const char *job, GError **error);
void sqns_device_release (SqnsDevice *device);
GCancellable *sqns_device_cancellable (SqnsDevice *device); /* of the present use, owned by the device */
void sqns_device_interrupt (SqnsDevice *device);            /* ends what is no job */

/* The console that is open on it or is being opened, nullable; see console.h. */
typedef struct _SqnsConsole SqnsConsole;
void sqns_device_set_console (SqnsDevice *device, SqnsConsole *console);
SqnsConsole *sqns_device_console (SqnsDevice *device);

/* Findings. */
void sqns_device_update_link (SqnsDevice *device, SqnsLinkKind kind, const SqnsBoardInfo *board);
void sqns_device_update_status (SqnsDevice *device, const SqnsModemStatus *status);
void sqns_device_set_version (SqnsDevice *device, const SqnsVersion *version); /* it runs, in application mode */
/* What an earlier job was told, before the daemon's start; what is unknown leaves it as it is. */
void sqns_device_update_ran (SqnsDevice *device, const SqnsVersion *software, const SqnsVersion *boot_rom);
void sqns_device_set_mode (SqnsDevice *device, SqnsMode mode); /* UNKNOWN: what was known no longer holds */
/* It may be writing its flash, since @since (µs since the epoch): links to it are unsafe until it says what it is, or
 * has been silent for longer than it could write. 0: it is not. */
void sqns_device_set_flashing_since (SqnsDevice *device, gint64 since);
/* What became of the modem in this use; NONE until told. */
void sqns_device_set_contact (SqnsDevice *device, SqnsContact contact);
SqnsContact sqns_device_contact (SqnsDevice *device);
/* @error NULL: all went well. After a TIMEOUT it counts as silent where it was asked over a proven way, else nothing is
 * known of it; CANCELLED is no error. */
void sqns_device_set_error (SqnsDevice *device, const GError *error);

/* Signals: "changed" (no arguments); "released" (no arguments): free for the next use. */
