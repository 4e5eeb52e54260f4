/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes out of a channel, in one message: what a caller's descriptor is, and a file in memory with its content.
 * Both ends are of one program: no byte order, no versions. */
#pragma once

#include <glib.h>

/* Base names have at most 255 bytes, and " (deleted)" may be behind them. */
#define SQNS_PARCEL_NAME_SIZE 288u

typedef enum {
  SQNS_PARCEL_CONTENT, /* with a descriptor, unless mode and size say that it is no file to be read */
  SQNS_PARCEL_EXAMINE, /* fstat failed with code */
  SQNS_PARCEL_READ,    /* read failed with code */
  SQNS_PARCEL_CHANGED, /* its size is another than fstat told */
  SQNS_PARCEL_MEMORY,  /* no file in memory could be made: code */
  SQNS_PARCEL_LOST,    /* the descriptor did not come through */
} SqnsParcelKind;

typedef struct {
  guint32 kind; /* SqnsParcelKind */
  gint32 code;  /* errno */
  guint32 mode; /* as fstat told; 0 when it was not asked */
  guint64 size;
  char name[SQNS_PARCEL_NAME_SIZE]; /* the last part of the path, as the kernel tells it: any bytes */
} SqnsParcel;
