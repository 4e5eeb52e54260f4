/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A firmware file: copied, sealed, hashed and parsed. */
#include "codec/caba-info.h"
#include "codec/elf.h"
#include "common/clean.h"
#include "common/memfile.h"
#include "firmware/firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_CHUNK (256 * 1024)

struct _SqnsFirmware {
  GObject parent;
  char *name;
  char *sha256;
  GBytes *image;
  SqnsCaba *caba;
};

G_DEFINE_FINAL_TYPE (SqnsFirmware, sqns_firmware, G_TYPE_OBJECT)

static void
sqns_firmware_finalize (GObject *object)
{
  SqnsFirmware *self = SQNS_FIRMWARE (object);
  g_free (self->name);
  g_free (self->sha256);
  g_clear_pointer (&self->caba, sqns_caba_free);
  g_clear_pointer (&self->image, g_bytes_unref);
  G_OBJECT_CLASS (sqns_firmware_parent_class)->finalize (object);
}

static void
sqns_firmware_class_init (SqnsFirmwareClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sqns_firmware_finalize;
}

static void
sqns_firmware_init (SqnsFirmware *self)
{
}

#define REFUSE(error, ...) sqns_refuse (error, SQNS_ERROR_INVALID_FIRMWARE, __VA_ARGS__)

static const char *
file_kind (mode_t mode)
{
  if (S_ISDIR (mode))
    return "a directory";
  if (S_ISFIFO (mode))
    return "a pipe";
  if (S_ISSOCK (mode))
    return "a socket";
  if (S_ISCHR (mode) || S_ISBLK (mode))
    return "a device";
  return "not a regular file";
}

static gboolean
check_size (guint64 size, GError **error)
{
  if (size == 0)
    return REFUSE (error, "the firmware file is empty");
  if (size < SQNS_FIRMWARE_MIN_SIZE)
    return REFUSE (error,
                   "the firmware file is too small (%" G_GUINT64_FORMAT
                   " bytes) to be firmware; the minimum is %" G_GUINT64_FORMAT " bytes",
                   size, SQNS_FIRMWARE_MIN_SIZE);
  if (size > SQNS_FIRMWARE_MAX_SIZE)
    return REFUSE (error,
                   "the firmware file is too large (%" G_GUINT64_FORMAT
                   " bytes) to be firmware; the limit is 64 MiB (%" G_GUINT64_FORMAT ")",
                   size, SQNS_FIRMWARE_MAX_SIZE);
  return TRUE;
}

gboolean
sqns_firmware_check_file (guint mode, guint64 size, GError **error)
{
  if (!S_ISREG (mode))
    return REFUSE (error, "the firmware descriptor is %s; a regular file is needed", file_kind (mode));
  return check_size (size, error);
}

GError *
sqns_firmware_fault_error (SqnsFirmwareFault fault, int code)
{
  GError *error = NULL;
  switch (fault)
    {
    case SQNS_FIRMWARE_UNEXAMINED:
      REFUSE (&error, "cannot examine the firmware file: %s", g_strerror (code));
      break;
    case SQNS_FIRMWARE_UNREAD:
      REFUSE (&error, "cannot read the firmware file: %s",
              code == EBADF ? "its descriptor is not open for reading" : g_strerror (code));
      break;
    case SQNS_FIRMWARE_CHANGED:
      REFUSE (&error, "the firmware file changed while it was read");
      break;
    case SQNS_FIRMWARE_LATE:
      REFUSE (&error, "cannot read the firmware file: its file system does not respond");
      break;
    }
  return error;
}

static gboolean
fault (GError **error, SqnsFirmwareFault what, int code)
{
  g_propagate_error (error, sqns_firmware_fault_error (what, code));
  return FALSE;
}

static gboolean
check_file (int fd, guint64 *size, GError **error)
{
  struct stat st;
  if (fstat (fd, &st) != 0)
    return fault (error, SQNS_FIRMWARE_UNEXAMINED, errno);
  *size = st.st_size;
  return sqns_firmware_check_file (st.st_mode, *size, error);
}

/* @size: of fstat; a file that changes meanwhile is refused. */
static gboolean
copy_file (int from, int to, guint64 size, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (COPY_CHUNK);
  guint64 done = 0;

  for (;;)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      gssize n = pread (from, chunk, COPY_CHUNK, done);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fault (error, SQNS_FIRMWARE_UNREAD, errno);
      if (n == 0)
        break;
      done += n;
      if (done > size)
        break;
      if (!sqns_memfile_write (to, chunk, n, error))
        return FALSE;
    }
  if (done != size)
    return fault (error, SQNS_FIRMWARE_CHANGED, 0);
  return TRUE;
}

char *
sqns_firmware_clean_name (const char *path)
{
  const char *slash = strrchr (path, '/');
  g_autofree char *base = g_strdup (slash != NULL ? slash + 1 : path);
  if (g_str_has_suffix (base, " (deleted)"))
    base[strlen (base) - strlen (" (deleted)")] = '\0';

  return sqns_clean_line (base, -1);
}

/* Of a path in /proc; that of a memfd is "/memfd:name (deleted)". */
static char *
name_of_path (const char *path)
{
  g_autofree char *name = sqns_firmware_clean_name (path != NULL ? path : "");
  return g_str_has_prefix (name, "memfd:") ? g_strdup (name + strlen ("memfd:")) : g_steal_pointer (&name);
}

static char *
name_of_fd (int fd)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *path = g_file_read_link (link, NULL);
  return name_of_path (path);
}

static gboolean
parse (SqnsFirmware *self, SqnsFirmwareKind kind, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (self->image, &size);

  switch (kind)
    {
    case SQNS_FIRMWARE_DUP:
      self->caba = sqns_caba_parse (data, size, self->name, error);
      return self->caba != NULL;
    case SQNS_FIRMWARE_UPDATER:
      return sqns_elf_check_updater (data, size, error);
    }
  return FALSE;
}

/* Whether the content of @fd is exactly @image. */
static gboolean
has_bytes (int fd, GBytes *image)
{
  g_autofree guint8 *chunk = g_malloc (COPY_CHUNK);
  gsize size, done = 0;
  const guint8 *bytes = g_bytes_get_data (image, &size);

  for (;;)
    {
      gssize n = pread (fd, chunk, COPY_CHUNK, done);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return n == 0 && done == size;
      if ((gsize)n > size - done || memcmp (chunk, bytes + done, n) != 0)
        return FALSE;
      done += n;
    }
}

static SqnsFirmware *
find_same (int fd, guint64 size, const GPtrArray *known)
{
  for (guint i = 0; known != NULL && i < known->len; i++)
    {
      SqnsFirmware *other = known->pdata[i];
      if (g_bytes_get_size (other->image) == size && has_bytes (fd, other->image))
        return other;
    }
  return NULL;
}

static gboolean
copy (SqnsFirmware *self, int fd, guint64 size, GCancellable *cancellable, GError **error)
{
  /* a map fails if @fd is not open for reading: then copying has the right error */
  if (sqns_memfile_is_sealed (fd) && (self->image = sqns_memfile_map (fd, size, NULL)) != NULL)
    {
      self->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, self->image);
      return TRUE;
    }
  int file = sqns_memfile_new ("sqnsd-firmware", error);
  if (file < 0)
    return FALSE;
  if (copy_file (fd, file, size, cancellable, error) && sqns_memfile_seal (file, error))
    self->image = sqns_memfile_map (file, size, error);
  g_close (file, NULL);
  if (self->image == NULL)
    return FALSE;
  self->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, self->image);
  return TRUE;
}

static SqnsFirmware *
load (
    int fd, const char *name, SqnsFirmwareKind kind, const GPtrArray *known, GCancellable *cancellable, GError **error)
{
  guint64 size = 0;
  if (!check_file (fd, &size, error))
    return NULL;
  SqnsFirmware *same = find_same (fd, size, known);
  if (same != NULL && sqns_firmware_is_called (same, kind, name))
    return g_object_ref (same);

  g_autoptr (SqnsFirmware) self = g_object_new (SQNS_TYPE_FIRMWARE, NULL);
  self->name = g_strdup (name);
  if (same != NULL)
    {
      self->image = g_bytes_ref (same->image);
      self->sha256 = g_strdup (same->sha256);
    }
  else if (!copy (self, fd, size, cancellable, error))
    return NULL;
  return parse (self, kind, error) ? g_steal_pointer (&self) : NULL;
}

SqnsFirmware *
sqns_firmware_load (
    int fd, const char *name, SqnsFirmwareKind kind, const GPtrArray *known, GCancellable *cancellable, GError **error)
{
  g_autofree char *clean = name != NULL ? name_of_path (name) : name_of_fd (fd);
  return load (fd, clean, kind, known, cancellable, error);
}

SqnsFirmware *
sqns_firmware_load_file (const char *path, const char *name, const char *sha256, SqnsFirmwareKind kind, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
  if (fd < 0)
    {
      int code = errno;
      REFUSE (error, "cannot read the saved copy of %s: %s", name, g_strerror (code));
      return NULL;
    }
  g_autoptr (SqnsFirmware) self = load (fd, name, kind, NULL, NULL, error);
  g_close (fd, NULL);
  if (self == NULL)
    g_prefix_error (error, "the saved copy of %s is damaged: ", name);
  else if (!g_str_equal (self->sha256, sha256))
    {
      REFUSE (error, "the saved copy of %s is damaged: its SHA-256 is %s, not %s", name, self->sha256, sha256);
      return NULL;
    }
  return g_steal_pointer (&self);
}

const char *
sqns_firmware_name (SqnsFirmware *firmware)
{
  return firmware->name;
}

const char *
sqns_firmware_sha256 (SqnsFirmware *firmware)
{
  return firmware->sha256;
}

GBytes *
sqns_firmware_image (SqnsFirmware *firmware)
{
  return firmware->image;
}

const SqnsCaba *
sqns_firmware_caba (SqnsFirmware *firmware)
{
  return firmware->caba;
}

GVariant *
sqns_firmware_info (SqnsFirmware *firmware)
{
  return sqns_caba_info (firmware->caba, NULL, firmware->sha256, g_bytes_get_size (firmware->image));
}

SqnsFirmwareKind
sqns_firmware_kind (SqnsFirmware *firmware)
{
  return firmware->caba != NULL ? SQNS_FIRMWARE_DUP : SQNS_FIRMWARE_UPDATER;
}

gboolean
sqns_firmware_is_called (SqnsFirmware *firmware, SqnsFirmwareKind kind, const char *name)
{
  return sqns_firmware_kind (firmware) == kind && g_str_equal (firmware->name, name);
}

void
sqns_firmware_share_image (SqnsFirmware *firmware, SqnsFirmware *other)
{
  g_return_if_fail (g_str_equal (firmware->sha256, other->sha256));
  g_bytes_unref (firmware->image);
  firmware->image = g_bytes_ref (other->image);
}

gboolean
sqns_firmware_expect (SqnsFirmware *firmware, const char *sha256, const SqnsVersion *version, GError **error)
{
  if (sha256 != NULL && g_ascii_strcasecmp (sha256, firmware->sha256) != 0)
    return REFUSE (error, "the file's SHA-256 is %s, not the expected %s: the file is damaged or another one",
                   firmware->sha256, sha256);
  if (version == NULL || !sqns_version_known (version))
    return TRUE;

  g_autofree char *wanted = sqns_version_format (version);
  if (!sqns_version_known (&firmware->caba->version))
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_INCOMPATIBLE,
                   "version %s was expected, but the file does not say its version", wanted);
      return FALSE;
    }
  if (!sqns_version_equal (&firmware->caba->version, version))
    {
      g_autofree char *found = sqns_version_format (&firmware->caba->version);
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_INCOMPATIBLE, "the file contains version %s, not the expected %s",
                   found, wanted);
      return FALSE;
    }
  return TRUE;
}
