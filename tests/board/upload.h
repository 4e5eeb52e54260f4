/* The file that arrives over STP: how much of it has arrived, and what it contains. */
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
  guint64 taken; /* bytes; as blocks, stays until the next upload */
  guint64 blocks;
} Upload;

void upload_init (Upload *upload);
void upload_clear (Upload *upload);

void upload_begin (Upload *upload, UploadKind kind);
void upload_end (Upload *upload);
/* Takes the next block of the file. */
void upload_take (Upload *upload, const guint8 *data, gsize len);
/* The percentage of @size, or if that is 0, of the size that the file states; 0 if neither is known. */
double upload_percent (const Upload *upload, guint64 size);
