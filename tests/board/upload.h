/* The file that comes in over STP: how much of it is there, and what it is. */
#pragma once

#include "dup-check.h"

typedef enum {
  UPLOAD_NONE,
  UPLOAD_ON_THE_FLY,
  UPLOAD_STORE,
  UPLOAD_ELF,
} UploadKind;

typedef struct {
  UploadKind kind;
  DupCheck *dup; /* NULL for an ELF */
  GByteArray *elf;
  guint64 taken; /* bytes; stays until the next upload, as blocks does */
  guint64 blocks;
} Upload;

void upload_init (Upload *upload);
void upload_clear (Upload *upload);

void upload_begin (Upload *upload, UploadKind kind);
void upload_end (Upload *upload);
/* The next bytes of the file, those of one block. */
void upload_take (Upload *upload, const guint8 *data, gsize len);
/* Of @size, or if that is 0, of what the file says of its size; 0 when neither is known. */
double upload_percent (const Upload *upload, guint64 size);
