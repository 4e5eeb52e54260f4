/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer of a channel, one message: what the caller's descriptor is, and a file in memory with its content. Both
 * ends are the same program, so there is no byte order and no version. */
#pragma once

#include <glib.h>

/* A base name has at most 255 bytes, perhaps followed by " (deleted)". */
#define SQNS_PARCEL_NAME_SIZE 288u

typedef enum {
  SQNS_PARCEL_CONTENT, /* with a descriptor, unless mode and size rule the file out */
  SQNS_PARCEL_EXAMINE, /* fstat failed with code */
  SQNS_PARCEL_READ,    /* read failed with code */
  SQNS_PARCEL_CHANGED, /* its size is not what fstat said */
  SQNS_PARCEL_MEMORY,  /* no file in memory could be made, with code */
  SQNS_PARCEL_LOST,    /* the descriptor was lost on the way */
} SqnsParcelKind;

typedef struct {
  guint32 kind; /* SqnsParcelKind */
  gint32 code;  /* errno */
  guint32 mode; /* from fstat; 0 if that was not called */
  guint64 size;
  char name[SQNS_PARCEL_NAME_SIZE]; /* the last part of the path that the kernel names: any bytes */
} SqnsParcel;
