/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Synthetic .dup files for tests, with the layout of protocol.md §5, written without the code of the parser. And
 * helpers for parsed files. */
#pragma once

#include "codec/caba.h"

typedef enum {
  SQNS_TEST_DUP_PACKED = 1 << 0, /* one PACK around all, as full CAT-M1 files have */
  SQNS_TEST_DUP_IELF = 1 << 1,   /* updater and fff begin with an index, as NB-IoT files do; else they are ELFs */
  SQNS_TEST_DUP_DIFF = 1 << 2,   /* a single DIFF package of fff_size bytes instead of the four */
  SQNS_TEST_DUP_SKIP_BOOTROM = 1 << 3,
  SQNS_TEST_DUP_SKIP_UPDATER = 1 << 4,
  SQNS_TEST_DUP_SKIP_FFF = 1 << 5,
  SQNS_TEST_DUP_SKIP_FS = 1 << 6,
} SqnsTestDupFlags;

#define SQNS_TEST_DUP_MIN_FFF 512u

/* @version_text: "6.0.0.0 [37781] by robot-soft at 2018-08-24 12:00:00", NULL = an fff image without a
 * version.
 * @fff_size: size of the fff image in bytes, at least SQNS_TEST_DUP_MIN_FFF; the other packages have some 3 kB
 * together. The same arguments give the same bytes. The caller unrefs them. */
GBytes *sqns_test_dup_new (const char *version_text, gsize fff_size, guint flags);

/* The ELF of the updater in each such file. The caller unrefs it. */
GBytes *sqns_test_dup_updater_elf_new (void);

/* Parts of unusual files. */
guint32 sqns_test_dup_fletcher32 (const guint8 *data, gsize len);
void sqns_test_dup_append_le16 (GByteArray *out, guint value);
void sqns_test_dup_append_le32 (GByteArray *out, guint32 value);
/* @magic: "UPGR", "DIFF" or "PACK"; @description with its NUL. */
void
sqns_test_dup_append_package (GByteArray *out, const char *magic, const char *description, const GByteArray *payload);
/* The payload of updater (kind 8) and fff (kind 2) around @image. */
GByteArray *sqns_test_dup_image_new (guint32 kind, const GByteArray *image);
/* Corrects the checksums of all packages in @dup, including those of slim images and containers. */
void sqns_test_dup_repair (GByteArray *dup);

/* Parses @dup, which has to be valid. */
SqnsCaba *sqns_test_dup_parse (const GByteArray *dup, const char *name);
/* Asserts that the parser refuses it, with @words (nullable) in the message. */
void sqns_test_dup_refused (const guint8 *data, gsize size, const char *name, const char *words);
void sqns_test_dup_warned (const SqnsCaba *caba, const char *words);

/* The .dup in the folder that SQNS_TEST_FIRMWARE names, or in a zip there; *@updater_elf is the one beside it, or NULL.
 * NULL if the variable names no such folder. */
GByteArray *sqns_test_real_dup (GByteArray **updater_elf);
