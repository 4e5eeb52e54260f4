/* The file that arrives over STP: how much of it has arrived, and what it contains. */
#include "upload.h"

#define ELF_MAX (2 * 1024 * 1024)

void
upload_init (Upload *upload)
{
  upload->elf = g_byte_array_new ();
}

void
upload_clear (Upload *upload)
{
  upload_end (upload);
  g_clear_pointer (&upload->elf, g_byte_array_unref);
}

void
upload_begin (Upload *upload, UploadKind kind)
{
  upload_end (upload);
  upload->kind = kind;
  upload->taken = 0;
  upload->blocks = 0;
  if (kind != UPLOAD_ELF)
    upload->dup = dup_check_new ();
}

void
upload_end (Upload *upload)
{
  upload->kind = UPLOAD_NONE;
  g_clear_pointer (&upload->dup, dup_check_free);
  g_byte_array_set_size (upload->elf, 0);
}

void
upload_take (Upload *upload, const guint8 *data, gsize len)
{
  upload->taken += len;
  if (upload->dup != NULL && len > 0)
    dup_check_feed (upload->dup, data, len);
  if (upload->kind == UPLOAD_ELF && upload->elf->len + len <= ELF_MAX)
    g_byte_array_append (upload->elf, data, (guint)len);
}

double
upload_percent (const Upload *upload, guint64 size)
{
  if (size == 0 && upload->dup != NULL)
    size = dup_check_size (upload->dup);
  return size == 0 ? 0 : 100.0 * (double)upload->taken / (double)size;
}
