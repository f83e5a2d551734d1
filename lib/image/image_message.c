// SPDX-License-Identifier: GPL-2.0-or-later
// What a handle keeps of its last failure: what was being done, why it failed, of which file.
#include "image/image.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

errcode_t image_fail(struct e4z_image *img, errcode_t err, const char *format, ...)
{
	va_list ap;

	img->cause[0] = '\0';
	va_start(ap, format);
	vsnprintf(img->context, sizeof(img->context), format, ap);
	va_end(ap);
	return err;
}

errcode_t image_lost(struct e4z_image *img, errcode_t err)
{
	errcode_t lost = atomic_load(&img->dev->lost);

	return lost ? image_fail(img, lost, "the connection to the server of the image is lost")
		    : err;
}

errcode_t image_refuse(struct e4z_image *img, errcode_t err, const char *format, ...)
{
	va_list ap;

	img->context[0] = '\0';
	img->cause_code = err;
	img->cause_bare = 0;
	va_start(ap, format);
	vsnprintf(img->cause, sizeof(img->cause), format, ap);
	va_end(ap);
	return err;
}

/* "NAME: " or "inode N: " into BUF: its length. */
static size_t put_file(const struct e4z_image *img, uint32_t ino, char *buf, size_t size)
{
	int n = img->file_ino == ino && *img->file
			? snprintf(buf, size, "%s: ", img->file)
			: snprintf(buf, size, "inode %" PRIu32 ": ", ino);

	return n < 0 ? 0 : (size_t)n;
}

errcode_t image_refuse_file(struct e4z_image *img, uint32_t ino, errcode_t err, const char *format,
			    ...)
{
	va_list ap;

	img->context[0] = '\0';
	img->cause_code = err;
	img->cause_bare = put_file(img, ino, img->cause, sizeof(img->cause));
	va_start(ap, format);
	vsnprintf(img->cause + img->cause_bare, sizeof(img->cause) - img->cause_bare, format, ap);
	va_end(ap);
	return err;
}

errcode_t image_fail_file(struct e4z_image *img, uint32_t ino, errcode_t err, const char *format,
			  ...)
{
	size_t n = put_file(img, ino, img->context, sizeof(img->context));
	va_list ap;

	img->cause[0] = '\0';
	va_start(ap, format);
	vsnprintf(img->context + n, sizeof(img->context) - n, format, ap);
	va_end(ap);
	return err;
}

void image_name_file(struct e4z_image *img, uint32_t ino, const char *name)
{
	img->file_ino = name ? ino : 0;
	snprintf(img->file, sizeof(img->file), "%s", name ? name : "");
}

/* The cause of ERR as e4z_message() has it, without the name of a file. */
static const char *bare_cause(const struct e4z_image *img, errcode_t err)
{
	const char *cause = e4z_message(img, err);

	return cause == img->cause ? cause + img->cause_bare : cause;
}

errcode_t image_fail_below(struct e4z_image *img, errcode_t err, const char *why)
{
	bool own = (err & ~0xffL) == ERROR_TABLE_BASE_e4z;

	if (!own || err == E4Z_ET_SHORT_READ || err == E4Z_ET_CLIPPED)
		return image_fail(img, err, "%s", why);
	return image_refuse(img, err, "%s", why);
}

const char *image_sentence(const struct e4z_image *img, errcode_t err, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", img->context, img->context[0] ? ": " : "",
		 bare_cause(img, err));
	return buf;
}

bool image_has_message(const struct e4z_image *img)
{
	return img->context[0] || img->cause[0];
}

void image_forget(struct e4z_image *img)
{
	img->context[0] = img->cause[0] = '\0';
}

const char *e4z_context(const struct e4z_image *img)
{
	return img ? img->context : "";
}

const char *e4z_message(const struct e4z_image *img, errcode_t code)
{
	const char *text = NULL;

	if (img && img->cause[0] && img->cause_code == code)
		return img->cause;
	if (img && code && img->dev && img->dev->ops->explain)
		text = img->dev->ops->explain(img->dev, code);
	return text ? text : error_message(code);
}
